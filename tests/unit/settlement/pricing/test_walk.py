"""Which fees a walk still owes, and that it writes what the quick walk writes."""

from datetime import time
from typing import Any

import msgspec
import pytest

from settlement.pricing.priced import PricedCdr
from settlement.pricing.profile import DEFAULT
from settlement.tariff import Tariff, TariffElement
from tests.builders import a_cdr, a_price_component, a_tariff
from tests.unit.settlement.pricing.records import D, a_period, an_element, priced

FEE = a_price_component(type="FLAT", price=D(2))
LONG_AGO = {"min_duration": 10**6}  # never within a session


def walked(
    *elements: TariffElement, periods: Any, rules: dict[str, str] | None = None
) -> PricedCdr:
    cdr = a_cdr(tariffs=(a_tariff(elements=elements),), charging_periods=periods)
    return priced(cdr, profile=msgspec.structs.replace(DEFAULT, **rules or {}))


def fees(result: PricedCdr) -> list[tuple[int, bool]]:
    return [(s.period, s.is_reservation) for s in result.segments if s.dimension == "FLAT"]


def test_the_full_walk_writes_what_the_quick_one_writes() -> None:
    whole = an_element(
        FEE,
        a_price_component(),
        a_price_component(type="TIME", price=D(3)),
        a_price_component(type="PARKING_TIME", price=D(6)),
    )
    periods = (
        a_period(ENERGY=2, TIME="0.5"),
        a_period(1, ENERGY=1, TIME="0.25", PARKING_TIME="0.25"),
        a_period(2, PARKING_TIME="0.5"),
    )

    quick = walked(whole, an_element(a_price_component()), periods=periods)
    full = walked(whole, an_element(a_price_component(), **LONG_AGO), periods=periods)

    assert (quick.segments, quick.exact, quick.rounded) == (full.segments, full.exact, full.rounded)
    assert (D("1.50"), D("0.75")) == (full.exact.total_time, full.exact.total_parking_time)
    assert [(s.period, s.dimension, s.volume) for s in full.segments] == [
        (0, "FLAT", D(1)),
        (0, "ENERGY", D(2)),
        (0, "TIME", D("0.5")),
        (1, "ENERGY", D(1)),
        (1, "TIME", D("0.25")),
        (1, "PARKING_TIME", D("0.25")),
        (2, "PARKING_TIME", D("0.5")),
    ]


@pytest.mark.parametrize(
    ("rule", "owed"),
    [("once_per_phase", [0]), ("phase_start_only", [0]), ("once_per_tariff", [0, 1])],
)
def test_a_reservation_under_two_tariffs_owes_one_fee_or_one_each(
    rule: str, owed: list[int]
) -> None:
    def reserved(name: str) -> Tariff:
        return a_tariff(id=name, elements=(an_element(FEE, reservation="RESERVATION"),))

    periods = tuple(a_period(at, f"T{at + 1}", RESERVATION_TIME="0.5") for at in range(2))
    cdr = a_cdr(tariffs=(reserved("T1"), reserved("T2")), charging_periods=periods)

    result = priced(cdr, profile=msgspec.structs.replace(DEFAULT, flat_fee=rule))

    assert [(period, True) for period in owed] == fees(result)


@pytest.mark.parametrize("rule", ["once_per_phase", "phase_start_only", "once_per_tariff"])
def test_to_look_for_bounds_pays_no_fee(rule: str) -> None:
    until, after = (
        an_element(a_price_component(), max_duration=600),
        an_element(a_price_component()),
    )

    result = walked(
        an_element(FEE), until, after, periods=(a_period(ENERGY=1),), rules={"flat_fee": rule}
    )

    assert fees(result) == [(0, False)]
    assert [note.code for note in result.notes] == ["period_straddles"]


@pytest.mark.parametrize("rule", ["once_per_phase", "phase_start_only", "once_per_tariff"])
def test_a_fee_that_is_paid_does_not_fall_due_inside_a_later_period(rule: str) -> None:
    first, later = an_element(FEE, max_duration=1800), an_element(FEE, min_duration=5400)
    idle = an_element(a_price_component(), max_duration=5400)
    by_time = an_element(a_price_component(type="TIME"), a_price_component(price=D(9)))
    periods = (a_period(TIME=1), a_period(1, TIME=1))

    result = walked(first, later, idle, by_time, periods=periods, rules={"flat_fee": rule})

    assert fees(result) == [(0, False)]
    assert [note.path for note in result.notes] == []


def test_after_an_expired_reservation_nothing_falls_due_in_a_period_of_nothing() -> None:
    reserved = an_element(a_price_component(type="TIME"), reservation="RESERVATION_EXPIRES")
    until, after = an_element(a_price_component(), max_duration=5400), an_element(FEE)
    tariff = a_tariff(elements=(reserved, until, an_element(a_price_component()), after))
    periods = (a_period(RESERVATION_TIME=1), a_period(1, ENERGY=0))

    result = priced(
        a_cdr(tariffs=(tariff,), charging_periods=periods, session_id=None, total_energy=D(0))
    )

    assert [note.code for note in result.notes] == ["reservation_expired"]
    assert fees(result) == []


def test_a_session_of_nothing_is_no_expired_reservation() -> None:
    tariff = a_tariff(elements=(an_element(a_price_component(), **LONG_AGO),))
    periods = (a_period(ENERGY=0),)

    result = priced(
        a_cdr(tariffs=(tariff,), charging_periods=periods, session_id=None, total_energy=D(0))
    )

    assert result.notes == ()


@pytest.mark.parametrize("rule", ["whole_day", "never"])
def test_from_midnight_to_midnight_is_a_day_and_not_two_equal_times(rule: str) -> None:
    element = an_element(a_price_component(), start_time=time(0), end_time=time(0))

    result = walked(element, periods=(a_period(ENERGY=1),), rules={"equal_clock_times": rule})

    assert [segment.element for segment in result.segments] == [0]


def test_a_window_begins_and_ends_at_its_seconds() -> None:
    element = an_element(a_price_component(), start_time=time(11, 0, 1), end_time=time(12, 0, 1))
    other = an_element(a_price_component(price=D(1)))

    result = walked(element, other, periods=(a_period(ENERGY=1), a_period(1, ENERGY=1)))

    assert [segment.element for segment in result.segments] == [1, 0]


@pytest.mark.parametrize("asks", [{"day_of_week": (0,)}, {"min_power": D(11)}])
def test_nothing_is_asked_for_what_was_not_measured(asks: dict[str, Any]) -> None:
    parking = an_element(a_price_component(type="PARKING_TIME"), **asks)
    tariff = a_tariff(elements=(parking, an_element(a_price_component(), **LONG_AGO)))

    assert priced(a_cdr(tariffs=(tariff,)), zone=None).notes == ()
