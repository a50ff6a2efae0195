"""Exact arithmetic for prices.

Rule: pricing computes in `WORK` and never in the caller's context: `price` makes it the current
one while it runs, so that the operators of Decimal are exact. Products and sums are so up to 200
digits. A quotient has 80, of which `settled` keeps 40 decimals: enough to tell a true tie from a
near one, so that rounding a settled sum is rounding the true one.
"""

from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

_TRAPS = [InvalidOperation, DivisionByZero, Overflow]
WORK = Context(prec=200, rounding=ROUND_HALF_EVEN, Emin=-9999, Emax=9999, traps=_TRAPS)
_QUOTIENT = Context(prec=80, rounding=ROUND_HALF_EVEN, Emin=-9999, Emax=9999, traps=_TRAPS)

divide = _QUOTIENT.divide

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
SECONDS = Decimal(3600)  # in an hour
WATT_HOURS = Decimal(1000)  # in a kWh

_SHOWN = Decimal("1E-18")  # the scale of the columns that finance reads
_SETTLED = Decimal("1E-40")


def settled(value: Decimal) -> Decimal:
    """Cut a sum of quotients to 40 decimals: exact where the true value has no more."""
    cut = value.quantize(_SETTLED, ROUND_HALF_EVEN, WORK)
    return value if cut == value else cut


def shown(value: Decimal) -> Decimal:
    """Give a number in full where it ends within 18 decimals, else rounded there."""
    cut = value.quantize(_SHOWN, ROUND_HALF_EVEN, WORK)
    return value if cut == value else cut


def canonical(value: Decimal) -> Decimal:
    """Spell a number without trailing zeros and without an exponent."""
    short = value.normalize(WORK)
    if short.as_tuple().exponent > 0:  # type: ignore[operator]
        return short.quantize(ONE, ROUND_HALF_EVEN, WORK)
    return short
