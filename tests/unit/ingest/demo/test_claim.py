"""The demo's own arithmetic, worked out by hand."""

from decimal import Decimal
from typing import Any

import pytest

from ingest.demo.arrivals import charge_of
from ingest.demo.claim import WATT_HOUR, Cost, claim_of, periods_of
from tests.unit.ingest.demo.charges import a_charge, at, some_terms


def cost(before: str, after: str) -> Cost:
    return Cost(Decimal(before), Decimal(after))


# given: 20 kWh from 08:00 to 10:00 UTC (09:00 to 11:00 in Utrecht), parked until 11:00; VAT 20 %
CASES = {
    "energy": (
        {"kwh": "0.45"},
        cost("9.00", "10.80"),
        {"total_energy_cost": cost("9.00", "10.80")},
    ),
    "time": (
        {"hour": "3.60", "hour_step": 60},
        cost("7.20", "8.64"),
        {"total_time_cost": cost("7.20", "8.64")},
    ),
    "parking after charging, taxed otherwise": (
        {"kwh": "0.40", "parking_hour": "3.00", "parking_vat": "9"},
        cost("11.00", "12.87"),
        {"total_energy_cost": cost("8.00", "9.60"), "total_parking_cost": cost("3.00", "3.27")},
    ),
    "start fee": (
        {"start_fee": "0.35", "kwh": "0.47"},
        cost("9.75", "11.70"),
        {"total_fixed_cost": cost("0.35", "0.42"), "total_energy_cost": cost("9.40", "11.28")},
    ),
    "blocking after ninety minutes": (
        {"kwh": "0.40", "blocking_hour": "6.00", "blocking_after": 5400},
        cost("17.00", "20.40"),
        {
            "total_energy_cost": cost("8.00", "9.60"),
            "total_time_cost": cost("3.00", "3.60"),
            "total_parking_cost": cost("6.00", "7.20"),
        },
    ),
    "at least": (
        {"kwh": "0.10", "min_price": "2.50"},
        cost("2.50", "3.00"),
        {"total_energy_cost": cost("2.00", "2.40")},
    ),
    "at most": (
        {"kwh": "0.90", "max_price": "15.00"},
        cost("15.00", "18.00"),
        {"total_energy_cost": cost("18.00", "21.60")},
    ),
    "free": ({}, cost("0.00", "0.00"), {"total_fixed_cost": cost("0.00", "0.00")}),
}


@pytest.mark.parametrize(("prices", "total", "parts"), CASES.values(), ids=CASES.keys())
def test_a_claim_is_what_the_tariff_gives(
    prices: dict[str, Any], total: Cost, parts: dict[str, Cost]
) -> None:
    claim = claim_of(a_charge(), some_terms(**prices))

    assert total == claim.total
    assert parts == claim.parts


def test_started_minutes_are_billed_whole() -> None:
    charge = a_charge(charged="10:00:01")

    claim = claim_of(charge, some_terms(hour="3.60", hour_step=60))

    assert cost("7.26", "8.71") == claim.total


def test_a_night_tariff_is_cut_where_the_local_clock_says() -> None:
    charge = a_charge(
        plugged="20:00:00", charging="20:00:00", charged="06:00:00", left="06:30:00", days=1
    )

    claim = claim_of(charge, some_terms(kwh="0.50", night_kwh="0.25"))

    # 22:00 and 06:00 in Utrecht are 21:00 and 05:00 UTC in winter: 1 h, 8 h and 1 h of 2 kWh.
    starts = [period.start for period in claim.periods]
    assert [at("20:00:00"), at("21:00:00"), at("05:00:00", 4), at("06:00:00", 4)] == starts
    assert cost("6.00", "7.20") == claim.total


def test_parking_before_charging_is_a_period_of_its_own() -> None:
    charge = a_charge(charging="09:00:00")

    periods = periods_of(charge, some_terms(kwh="0.45"))

    assert [period.is_charging for period in periods] == [False, True, False]


@pytest.mark.parametrize("number", range(60))
def test_periods_hold_all_the_energy_and_all_the_time(number: int) -> None:
    charge = charge_of(7, number)

    claim = claim_of(charge, charge.evse.terms)

    assert charge.energy_kwh == sum(period.energy_kwh for period in claim.periods)
    seconds = (charge.connection_end - charge.connection_start).total_seconds()
    assert seconds == sum(period.seconds for period in claim.periods)
    assert all(period.seconds > 0 for period in claim.periods)
    assert all(period.energy_kwh % WATT_HOUR == 0 for period in claim.periods)


@pytest.mark.parametrize("number", range(60))
def test_the_parts_of_a_claim_add_up_unless_a_limit_replaces_them(number: int) -> None:
    charge = charge_of(8, number)

    claim = claim_of(charge, charge.evse.terms)

    if charge.evse.terms.max_price is None:
        assert claim.total.before == sum(part.before for part in claim.parts.values())
        assert claim.total.after == sum(part.after for part in claim.parts.values())
