"""Numbers as documents, the log and rows write them, and how money is rounded.

Rule: exact decimals, and no currency table but this one; independent of what it checks.
"""

import re
from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal, InvalidOperation
from typing import Any

_WIDE = Context(prec=120)
ZERO = Decimal(0)
# Decimal(38, 18) columns, with room for sums.
LARGEST = Decimal(10_000_000_000)
SCALE = 18
LAST = Decimal(1).scaleb(-SCALE)
_INTEGER_DIGITS = 11  # of LARGEST
# One unit in the last decimal of a column, a hundred times: what rounding there adds up to.
NOISE = Decimal("1E-16")
MOST_DIGITS = 1_000
_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?|\.[0-9]+)")
# ISO 4217: currencies whose smallest unit is not a hundredth.
_WHOLE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_DECIMALS = {
    **dict.fromkeys(_WHOLE.split(), 0),
    **dict.fromkeys(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], 3),
    **dict.fromkeys(["CLF", "UYW"], 4),
}


def add(*numbers: Decimal) -> Decimal:
    """Add without losing a digit."""
    total = ZERO
    for number in numbers:
        total = _WIDE.add(total, number)
    return total


def total(numbers: Iterable[Decimal]) -> Decimal:
    """Add up without losing a digit."""
    return add(*numbers)


def subtract(number: Decimal, other: Decimal) -> Decimal:
    """Subtract without losing a digit."""
    return _WIDE.subtract(number, other)


def multiply(number: Decimal, other: Decimal) -> Decimal:
    """Multiply without losing a digit."""
    return _WIDE.multiply(number, other)


def divide(number: Decimal, other: Decimal) -> Decimal:
    """Divide to 120 digits."""
    return _WIDE.divide(number, other)


def minor_unit(currency: str) -> Decimal:
    """Give the smallest amount of a currency."""
    return Decimal(1).scaleb(-_DECIMALS.get(currency, 2))


def half_up(amount: Decimal, currency: str) -> Decimal:
    """Round to the smallest amount of a currency, half away from zero."""
    return amount.quantize(minor_unit(currency), ROUND_HALF_UP, _WIDE)


def is_near(amount: Decimal, other: Decimal, noise: Decimal = NOISE) -> bool:
    """Tell whether two amounts differ by no more than rounding at 18 decimals does."""
    return subtract(amount, other).copy_abs() <= noise


def read_number(value: Any) -> Decimal | None:
    """Read a number of JSON, also one that is spelled as a text; None where it is none.

    What nobody computes with, of more than a thousand digits, is none.
    """
    number = None
    if isinstance(value, Decimal):
        number = value
    elif isinstance(value, int) and not isinstance(value, bool):
        number = Decimal(value)
    elif isinstance(value, str) and _NUMBER.fullmatch(value.strip()):
        try:
            number = Decimal(value.strip())
        except InvalidOperation:
            return None
    if number is None or not number.is_finite() or abs(number.adjusted()) > MOST_DIGITS:
        return None
    return number


def column(value: Decimal | None) -> Decimal | None:
    """Give a number as its column holds it: null where digits would be lost."""
    if value is None or value.copy_abs() > LARGEST:
        return None
    return value if value == value.quantize(LAST, context=_WIDE) else None


def computed_column(value: Decimal | None) -> Decimal | None:
    """Give a computed number as its column holds it: half-even, null where it is too large."""
    if not value:
        return value if value is None else ZERO
    if value.adjusted() >= _INTEGER_DIGITS:
        return None
    held = value.quantize(LAST, ROUND_HALF_EVEN, _WIDE)
    return None if held.copy_abs() > LARGEST else held


def text_of(value: Decimal | int | None) -> str | None:
    """Spell a number in the one way that its value has."""
    if value is None:
        return None
    text = str(value)
    if isinstance(value, int) or ("E" not in text and text[-1] != "0"):
        return text
    plain = format(value, "f")
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    return "0" if plain in {"-0", ""} else str(Decimal(plain))
