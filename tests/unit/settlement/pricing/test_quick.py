"""Which sessions are ordinary enough to be walked quickly."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec
import pytest

from settlement.cdr import CdrDimension, ChargingPeriod
from settlement.pricing.profile import DEFAULT
from settlement.pricing.quick import is_ordinary, walk_quickly
from settlement.pricing.references import Assigned, assign
from settlement.pricing.volumes import Odd
from settlement.zone import load_zone
from tests.builders import END, START, a_cdr, a_price_component, a_tariff
from tests.unit.settlement.pricing.records import HOUR, D, a_period, an_element

ZONE = load_zone("Europe/Amsterdam")
BY_DAY = a_tariff(
    elements=(
        an_element(a_price_component(), start_time=time(7), end_time=time(13)),
        an_element(a_price_component(type="FLAT")),
    )
)


def is_quick(zone: Any = ZONE, **changes: Any) -> bool:
    cdr = a_cdr(**{"tariffs": (BY_DAY,), "end_date_time": START + HOUR} | changes)
    assigned = assign(cdr, cdr.tariffs, [])
    assert isinstance(assigned, Assigned)
    assert assigned.traits.is_simple
    odd: list[Odd] = []
    return walk_quickly(cdr=cdr, assigned=assigned, zone=zone, rules=DEFAULT, odd=odd) is not None


def test_a_session_by_the_time_of_day_is_walked_quickly() -> None:
    assert is_quick(charging_periods=(a_period(ENERGY=2, TIME=1, MAX_POWER=11),))


ODD: list[tuple[str, dict[str, Any]]] = [
    ("a reservation", {"charging_periods": (a_period(RESERVATION_TIME="0.5"),)}),
    ("fed back", {"charging_periods": (a_period(ENERGY=-1),)}),
    ("a negative time", {"charging_periods": (a_period(TIME=-1),)}),
    ("too long a time", {"charging_periods": (a_period(TIME=3),)}),
    ("a dimension of sessions", {"charging_periods": (a_period(POWER=3),)}),
    ("a period without a tariff", {"charging_periods": (a_period(), a_period(tariff=None))}),
    ("periods out of order", {"charging_periods": (a_period(1), a_period(0))}),
    ("no whole seconds", {"end_date_time": START + timedelta(milliseconds=1500)}),
    ("a bound is passed", {"end_date_time": END + HOUR}),
    ("no zone", {"zone": None}),
    ("the clock is moved", {"end_date_time": START + 40 * 24 * HOUR}),
    ("an end before the start", {"end_date_time": START - HOUR}),
]


@pytest.mark.parametrize("changes", [row[1] for row in ODD], ids=[row[0] for row in ODD])
def test_what_is_odd_is_left_to_the_full_walk(changes: dict[str, Any]) -> None:
    assert not is_quick(**changes)


def test_the_last_days_of_the_calendar_have_no_day_after_to_look_at() -> None:
    start = datetime(9999, 12, 31, 8, tzinfo=UTC)
    period = ChargingPeriod(start, (CdrDimension("ENERGY", D(1)),), "T1")

    assert not is_quick(
        start_date_time=start,
        end_date_time=start + HOUR,
        charging_periods=(period,),
    )


@pytest.mark.parametrize("kind", ["ENERGY", "TIME", "PARKING_TIME"])
def test_a_dimension_that_is_stated_twice_is_left_to_the_full_walk(kind: str) -> None:
    period = a_period()
    twice = (CdrDimension(kind, D("0.25")), CdrDimension(kind, D("0.25")))

    assert not is_quick(
        charging_periods=(msgspec.structs.replace(period, dimensions=twice),),
    )


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("time_volume", "as_written", False),
        ("flat_fee", "phase_start_only", False),
        ("flat_fee", "once_per_tariff", False),
        ("flat_fee_of_parking", "parking", False),
        ("step_size", "off", True),
    ],
)
def test_a_profile_that_reads_such_sessions_otherwise_is_not_ordinary(
    field: str, value: str, expected: bool
) -> None:
    assert is_ordinary(DEFAULT)
    assert expected == is_ordinary(msgspec.structs.replace(DEFAULT, **{field: value}))
