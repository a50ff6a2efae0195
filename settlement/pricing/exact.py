"""Exact arithmetic for prices.

Rule: pricing computes in the context below and never in the ambient one. Products and sums are
exact; a quotient carries 200 digits, of which `settled` keeps 40 decimals: enough to tell a true
tie from a near one, so that rounding on the settled value is rounding on the exact value.
"""

from decimal import (
    ROUND_CEILING,
    ROUND_HALF_EVEN,
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
)

_WORK = Context(
    prec=200,
    rounding=ROUND_HALF_EVEN,
    Emin=-9999,
    Emax=9999,
    traps=[InvalidOperation, DivisionByZero, Overflow],
)

add = _WORK.add
subtract = _WORK.subtract
multiply = _WORK.multiply
divide = _WORK.divide
remainder = _WORK.remainder

ZERO = Decimal(0)
ONE = Decimal(1)
HUNDRED = Decimal(100)
SECONDS = Decimal(3600)  # in an hour
WATT_HOURS = Decimal(1000)  # in a kWh

_SHOWN = Decimal("1E-18")  # the scale of the columns that finance reads
_SETTLED = Decimal("1E-40")


def settled(value: Decimal) -> Decimal:
    """Cut a sum of quotients to 40 decimals: exact where the true value has no more."""
    return value.quantize(_SETTLED, ROUND_HALF_EVEN, _WORK)


def shown(value: Decimal) -> Decimal:
    """Give a quotient in full where it ends within 18 decimals, else rounded there."""
    cut = value.quantize(_SHOWN, ROUND_HALF_EVEN, _WORK)
    return canonical(cut)


def canonical(value: Decimal) -> Decimal:
    """Spell a number without trailing zeros and without an exponent."""
    short = value.normalize(_WORK)
    if short.as_tuple().exponent > 0:  # type: ignore[operator]
        return short.quantize(ONE, ROUND_HALF_EVEN, _WORK)
    return short


def rounded_to(value: Decimal, unit: Decimal, mode: str) -> Decimal:
    """Round to a multiple of a power of ten."""
    return value.quantize(unit, mode, _WORK)


def whole(value: Decimal) -> int:
    """Round to the nearest whole number, halves up."""
    return int(value.to_integral_value(ROUND_HALF_UP, _WORK))


def ceiling(value: Decimal) -> Decimal:
    """Round up to a whole number."""
    return value.to_integral_value(ROUND_CEILING, _WORK)
