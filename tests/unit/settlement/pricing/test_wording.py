"""What is said of an element: each restriction in words, numbers without zeros at their end."""

from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from settlement.pricing.wording import describe_element, describe_restrictions, number
from settlement.tariff import Restrictions
from tests.builders import a_price_component
from tests.unit.settlement.pricing.records import D, an_element


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, ""),
        ({"start_time": time(8), "end_time": time(20, 30)}, "08:00 to 20:30 local time"),
        ({"start_time": time(8)}, "08:00 to 00:00 local time"),
        ({"end_time": time(20, 30)}, "00:00 to 20:30 local time"),
        ({"day_of_week": (0, 6)}, "on Monday, Sunday"),
        (
            {"start_date": date(2024, 3, 1), "end_date": date(2024, 4, 1)},
            "from 2024-03-01; before 2024-04-01",
        ),
        ({"min_kwh": D("10.50"), "max_kwh": D(20)}, "from 10.5 kWh; below 20 kWh"),
        ({"min_current": D(16), "max_current": D(32)}, "from 16 A; below 32 A"),
        ({"min_power": D(11), "max_power": D("22.0")}, "from 11 kW; below 22 kW"),
        (
            {"min_duration": 60, "max_duration": 3600},
            "from 60 s after the start; until 3600 s after the start",
        ),
        ({"reservation": "RESERVATION"}, "during a reservation"),
        ({"reservation": "RESERVATION_EXPIRES"}, "for an expired reservation"),
    ],
)
def test_each_restriction_is_said(said: dict[str, Any], words: str) -> None:
    assert describe_restrictions(Restrictions(**said)) == words


def test_an_element_says_why_it_prices() -> None:
    plain = an_element(a_price_component())
    night = an_element(a_price_component(), end_time=time(6), day_of_week=(5,))

    assert describe_element(2, plain) == (
        "Element 2 is the first that prices this and has no restrictions."
    )
    assert describe_element(3, night) == (
        "Element 3 is the first that prices this and applies: "
        "00:00 to 06:00 local time; on Saturday."
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("3600", "3600"),
        ("0.50", "0.5"),
        ("-7.0", "-7"),
        ("1E+3", "1000"),
        ("1.5E-7", "0.00000015"),
        ("1E+99", "1E+99"),
        ("1E-99", "1E-99"),
    ],
)
def test_a_number_has_neither_zeros_at_its_end_nor_an_exponent(value: str, text: str) -> None:
    assert number(Decimal(value)) == text
