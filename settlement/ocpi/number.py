"""Numbers of a document: exact, and never absurd.

Rule: no float; a number beyond 1,000 digits or an exponent beyond 1,000 is not computed with.
"""

import re
from decimal import (
    MAX_EMAX,
    MIN_EMIN,
    Clamped,
    Context,
    Decimal,
    Inexact,
    InvalidOperation,
    Overflow,
    Rounded,
    Subnormal,
    Underflow,
)
from typing import Any

import msgspec

# Wide enough that sums and differences of two numbers within the bounds are exact.
EXACT = Context(prec=5000, Emax=MAX_EMAX, Emin=MIN_EMIN)

LONGEST = 1000  # digits, and the exponent either way
_LARGEST_INT = 10**LONGEST
_LONGEST_REGULAR_TEXT = 40

_TEXT = re.compile(r"\s*([+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|[+-]?\.[0-9]+)\s*")


class OutOfBounds(msgspec.Struct, frozen=True):
    """A number that nobody should compute with, as it was sent, cut to 80 characters."""

    text: str


class IrregularForm(Exception):  # noqa: N818 - a document in another form, not an error
    """The document is not in regular form: read it tolerantly."""


def number_literal(text: str) -> Decimal | OutOfBounds:
    """Turn the text of a JSON number into a Decimal with the same digits."""
    if len(text) > _LONGEST_REGULAR_TEXT or "e" in text or "E" in text:
        return _bounded(text)
    return Decimal(text)


# What a typed decode turns numbers into: well inside the bounds, every digit is kept; outside
# this raises an ArithmeticError, and the document is read tolerantly.
_REGULAR = Context(
    prec=LONGEST // 2,
    Emax=LONGEST,
    Emin=-LONGEST // 2,
    traps=[Clamped, Inexact, InvalidOperation, Overflow, Rounded, Subnormal, Underflow],
)
regular_literal = _REGULAR.create_decimal


def _bounded(text: str) -> Decimal | OutOfBounds:
    if len(text) > LONGEST + 100:
        return OutOfBounds(text[:80])
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent that does not even fit a Decimal
        return OutOfBounds(text[:80])
    _, digits, exponent = number.as_tuple()
    if len(digits) > LONGEST or not -LONGEST <= int(exponent) <= LONGEST:
        return OutOfBounds(text[:80])
    return number


def regular_number(value: Any) -> Decimal:
    """Take a JSON number as a typed decode gives it; raises IrregularForm for all else."""
    kind = type(value)
    if kind is Decimal:
        return value  # type: ignore[no-any-return]
    if kind is int and -_LARGEST_INT < value < _LARGEST_INT:
        return Decimal(value)
    raise IrregularForm


def optional_number(value: Any) -> Decimal | None:
    """As `regular_number`; None for a field that was not sent (UNSET, never null)."""
    return None if value is msgspec.UNSET else regular_number(value)


def parse_number(value: Any) -> Decimal | OutOfBounds | None:
    """Read a number or a text that spells one; None where it is neither."""
    kind = type(value)
    if kind is Decimal or kind is OutOfBounds:
        return value  # type: ignore[no-any-return]
    if kind is int:
        in_bounds = -_LARGEST_INT < value < _LARGEST_INT
        return Decimal(value) if in_bounds else OutOfBounds("an integer of over 1000 digits")
    if kind is str and len(value) <= LONGEST + 100 and (match := _TEXT.fullmatch(value)):
        return _bounded(match[1])
    return None
