"""Amounts of money and how they are rounded.

Rule: a number with a currency, always Decimal; the only place where money is rounded.
"""

from collections.abc import Sequence
from decimal import ROUND_DOWN, ROUND_HALF_UP, Context, Decimal
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


def spread(parts: Sequence[Decimal], total: Decimal, currency: str) -> list[Decimal]:
    """Round `parts` to minor units so that they sum to the rounded `total`.

    Largest remainder: each part is cut, what is missing goes in minor units to the parts that
    lost most (ties: the earlier). `total` must be a multiple of the minor unit and differ from
    the sum of the parts by rounding only.
    """
    unit = minor_unit(currency)
    cut = [part.quantize(unit, ROUND_DOWN, _WIDE) for part in parts]
    given = Decimal(0)
    for part in cut:
        given = _WIDE.add(given, part)
    missing = int(_WIDE.divide(_WIDE.subtract(total, given), unit))
    if not missing:
        return cut
    step = unit if missing > 0 else unit.copy_negate()
    lost = [_WIDE.subtract(part, kept) for part, kept in zip(parts, cut, strict=True)]
    order = sorted(
        range(len(parts)), key=lambda i: (lost[i].copy_negate() if missing > 0 else lost[i], i)
    )
    assert abs(missing) <= len(parts), (parts, total)
    for i in order[: abs(missing)]:
        cut[i] = _WIDE.add(cut[i], step)
    return cut
