"""Amounts of money and how they are rounded.

Rule: a number with a currency, always Decimal; the only place where money is rounded.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache

import iso4217
import msgspec

# Rounding must not depend on the precision that the caller's thread happens to have.
_WIDE = Context(prec=200)


class Money(msgspec.Struct, frozen=True):
    """An exact amount in one currency."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        """Add an amount of the same currency."""
        assert self.currency == other.currency, (self.currency, other.currency)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: "Money") -> "Money":
        """Subtract an amount of the same currency."""
        return self + (-other)

    def __neg__(self) -> "Money":
        """Turn the sign."""
        return Money(-self.amount, self.currency)


@cache
def minor_unit(currency: str) -> Decimal:
    """Give the smallest amount of a currency (ISO 4217): 0.01 for EUR, 1 for JPY.

    A code that ISO 4217 does not know, or that has no minor unit there, counts two decimals.
    """
    try:
        exponent = iso4217.Currency(currency).exponent
    except ValueError:
        exponent = None
    return Decimal(1).scaleb(-(2 if exponent is None else exponent))


def rounded(amount: Decimal, currency: str, mode: str = ROUND_HALF_UP) -> Decimal:
    """Round to the currency's minor unit; half away from zero unless `mode` says otherwise."""
    return amount.quantize(minor_unit(currency), mode, _WIDE)


def spread(
    parts: Sequence[Decimal], total: Decimal, currency: str, mode: str = ROUND_HALF_UP
) -> list[Decimal]:
    """Round `parts` to minor units so that they sum to the rounded `total`.

    Largest remainder: each part is rounded; what is then missing or too much goes, unit by unit,
    to the part whose rounding was furthest off (ties: an amount grows first, and shrinks last,
    where it comes first). `total` must be a multiple of the minor unit and differ from the sum
    of the parts by rounding only.
    """
    unit = minor_unit(currency)
    near = [part.quantize(unit, mode, _WIDE) for part in parts]
    missing = total
    for part in near:
        missing = _WIDE.subtract(missing, part)
    if not missing:
        return near
    assert missing.copy_abs() <= _WIDE.multiply(unit, Decimal(len(parts))), (parts, total)
    is_short = missing > 0
    step = unit if is_short else unit.copy_negate()
    while missing:
        place = _furthest_off(parts, near, is_short=is_short)
        near[place] = _WIDE.add(near[place], step)
        missing = _WIDE.subtract(missing, step)
    return near


def _furthest_off(parts: Sequence[Decimal], near: Sequence[Decimal], *, is_short: bool) -> int:
    """Find the part whose rounding took most away (or, the other way, gave most)."""
    best, most, rank = 0, None, 0
    for place, part in enumerate(parts):
        lost = _WIDE.subtract(part, near[place])
        if not is_short:
            lost = lost.copy_negate()
        order = -place if (part >= 0) == is_short else place
        if most is None or lost > most or (lost == most and order > rank):
            best, most, rank = place, lost, order
    return best
