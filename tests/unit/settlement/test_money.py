"""Minor units and rounding that keeps the sum."""

from decimal import Decimal

import pytest

from settlement.money import Money, minor_unit, rounded, spread


@pytest.mark.parametrize(
    ("currency", "unit"), [("EUR", "0.01"), ("JPY", "1"), ("BHD", "0.001"), ("??", "0.01")]
)
def test_minor_unit_is_that_of_iso_4217(currency: str, unit: str) -> None:
    assert Decimal(unit) == minor_unit(currency)


@pytest.mark.parametrize(
    ("amount", "expected"), [("5.125", "5.13"), ("5.1249", "5.12"), ("-5.125", "-5.13")]
)
def test_rounding_is_half_away_from_zero(amount: str, expected: str) -> None:
    assert Decimal(expected) == rounded(Decimal(amount), "EUR")


@pytest.mark.parametrize(
    ("parts", "total", "expected"),
    [
        (["3.333", "3.333", "3.334"], "10.00", ["3.33", "3.33", "3.34"]),
        (["0.005", "0.005"], "0.01", ["0.01", "0.00"]),
        (["-1.005", "-1.005"], "-2.01", ["-1.01", "-1.00"]),
        (["1", "2"], "3", ["1.00", "2.00"]),
        ([], "0", []),
    ],
)
def test_spread_parts_sum_to_the_total(parts: list[str], total: str, expected: list[str]) -> None:
    found = spread([Decimal(part) for part in parts], Decimal(total), "EUR")

    assert [Decimal(part) for part in expected] == found
    assert Decimal(total) == sum(found, Decimal(0))


def test_amounts_of_two_currencies_do_not_add_up() -> None:
    with pytest.raises(AssertionError):
        Money(Decimal(1), "EUR") + Money(Decimal(1), "SEK")
