"""What fits a column, and the one spelling of a number."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from settlement.bounds import canonical, fits_number, fits_time, stored


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", True),
        ("10000000000", True),
        ("10000000000.000000000000000001", False),
        ("-10000000000", True),
        ("10000000001", False),
        ("0.000000000000000001", True),
        ("0.0000000000000000001", False),
        ("1.0000000000000000000000", True),
        ("0E-999", True),
        ("1E+999999", False),
        ("NaN", False),
        ("Infinity", False),
        ("10.639999999999999", True),
    ],
)
def test_a_number_fits_with_every_digit_or_not_at_all(text: str, expected: bool) -> None:
    assert expected == fits_number(Decimal(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("1.2300", "1.23"), ("1E+2", "100"), ("-0.00", "0"), ("0E+5", "0"), ("7", "7")],
)
def test_a_number_has_one_spelling(text: str, expected: str) -> None:
    assert expected == str(canonical(Decimal(text)))


def test_a_computed_number_is_rounded_half_even_at_the_columns_scale() -> None:
    assert str(stored(Decimal(1) / Decimal(3))) == "0.333333333333333333"
    assert stored(Decimal("0.0000000000000000025")) == Decimal("0.000000000000000002")


@pytest.mark.parametrize(
    ("year", "expected"), [(1999, False), (2000, True), (2099, True), (2100, False)]
)
def test_a_time_outside_the_century_does_not_fit(year: int, expected: bool) -> None:
    assert expected == fits_time(datetime(year, 6, 1, tzinfo=UTC))


@pytest.mark.parametrize(
    "text",
    ["0", "-0", "0.0", "-0.00", "10", "100", "1E+1", "0.10", "20.5", "NaN", "sNaN", "-Infinity"],
)
def test_the_short_way_and_the_long_way_agree(text: str) -> None:
    value = Decimal(text)
    longer = value.scaleb(-12).scaleb(12) if value.is_finite() else value

    assert fits_number(value) == fits_number(longer)
    if value.is_finite():
        assert str(canonical(value)) == str(canonical(longer)) == str(stored(value))
        assert not str(canonical(value)).startswith("-0")
