"""Which values fit the columns they are stored in.

Rule: a value that does not fit becomes null and a finding with its text, never a cut digit:
ClickHouse cuts decimals and wraps sums and dates without an error.
"""

from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal

# Decimal(38, 18): 18 decimals; 10^10 in a column keeps a sum over 10^9 rows below 10^20.
SCALE = 18
LARGEST = Decimal(10) ** 10
INTEGER_DIGITS = 11
PLAIN_CHARACTERS = 10  # at most that many digits: below LARGEST, far less decimals than SCALE
_UNIT = Decimal(1).scaleb(-SCALE)
# Sums of what columns hold never need more digits; the ambient context is never used.
EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
_ZERO = Decimal(0)
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def fits_number(value: Decimal) -> bool:
    """Tell whether a number fits a Decimal(38, 18) column and its sums, with every digit."""
    text = str(value)
    if len(text) <= PLAIN_CHARACTERS and _is_plain(text):
        return True  # nearly all numbers: fewer than eleven characters, all digits shown
    if not value.is_finite():
        return False
    _, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    if len(digits) + exponent > INTEGER_DIGITS or value.copy_abs() > LARGEST:
        return not any(digits)
    if exponent >= -SCALE:
        return True
    return not any(digits[exponent + SCALE :])


def _is_plain(text: str) -> bool:
    """Tell whether a Decimal's text is digits alone: no exponent, no NaN, no infinity."""
    return "E" not in text and "N" not in text and "I" not in text


def fits_time(value: datetime) -> bool:
    """Tell whether a time lies between the years 2000 and 2100."""
    return EARLIEST <= value < LATEST


def canonical(value: Decimal) -> Decimal:
    """Give the one spelling of a number: no trailing zeros, no exponent, no negative zero.

    One of more digits than any sum has (`EXACT`) keeps its exponent; it fits no column.
    """
    text = str(value)
    if text[-1] != "0" and _is_plain(text):
        return value
    if not value:
        return _ZERO
    shortest = value.normalize(EXACT)
    _, digits, exponent = shortest.as_tuple()
    assert isinstance(exponent, int)
    if exponent <= 0 or len(digits) + exponent > EXACT.prec:
        return shortest
    return shortest.quantize(Decimal(1), context=EXACT)


def stored(value: Decimal) -> Decimal:
    """Give a computed number as its column holds it: half-even at 18 decimals, canonical."""
    text = str(value)
    if len(text) <= SCALE and _is_plain(text):
        return canonical(value)
    _, _, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    if exponent < -SCALE:
        value = value.quantize(_UNIT, context=EXACT)
    return canonical(value)
