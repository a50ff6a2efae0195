"""Volumes at the edges of what is believed, and without the periods that hold them."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from settlement.pricing.profile import DEFAULT
from settlement.tariff import Tariff
from tests.builders import START, a_cdr, a_price_component, a_tariff
from tests.unit.settlement.pricing.records import D, a_period, an_element, priced

BY_SECOND = a_tariff(elements=(an_element(a_price_component(type="TIME", price=D(3600))),))


def seconds(hours: str, length: str, tariff: Tariff = BY_SECOND, **rules: Any) -> Decimal:
    """Give the seconds that are priced of a period of so many seconds that states its hours."""
    end = START + timedelta(microseconds=int(D(length) * 1_000_000))
    cdr = a_cdr(tariffs=(tariff,), end_date_time=end, charging_periods=(a_period(TIME=hours),))
    result = priced(cdr, profile=msgspec.structs.replace(DEFAULT, **rules))
    assert result.exact.total_cost is not None
    assert result.exact.total_cost.before_taxes is not None
    return result.exact.total_cost.before_taxes


@pytest.mark.parametrize(
    ("hours", "length", "expected"),
    [
        ("9.9999", "3600", "36000"),  # not quite: as written, to the second
        ("10", "3600", "3600"),
        ("20", "3600.4", "3600"),
        ("20", "3600.6", "3601"),
    ],
)
def test_ten_times_the_length_of_a_period_is_no_time(
    hours: str, length: str, expected: str
) -> None:
    assert D(expected) == seconds(hours, length)


@pytest.mark.parametrize(
    ("hours", "length", "expected"),
    [
        ("0.01", "35", "36"),  # a second more is no reason for doubt
        ("0.0104", "35", "35"),  # two are
        ("0.0099", "35.4", "36"),
        ("0.01", "35.4", "36"),
        ("0.0101", "35.4", "35"),
        ("0.01", "34", "34"),
        ("1", "0", "3600"),  # there is no length to go by
    ],
)
def test_a_second_more_than_the_period_is_believed(hours: str, length: str, expected: str) -> None:
    assert D(expected) == seconds(hours, length, time_unit_factor=D(1))


@pytest.mark.parametrize(
    ("hours", "length", "expected"),
    [
        ("2.0001", "7200.54", "7201"),  # 0.18 s off: what four decimals of an hour can be
        ("2.0001", "7200.540001", "7200"),
        ("2.00015", "7200.36", "7200"),
        ("2.00015", "7200.359999", "7201"),
        ("2.0002", "7200.6", "7201"),
    ],
)
def test_a_time_that_fills_a_period_of_no_whole_seconds_is_its_length(
    hours: str, length: str, expected: str
) -> None:
    assert D(expected) == seconds(hours, length)


@pytest.mark.parametrize(
    ("totals", "time", "parking"),
    [
        ({"total_time": D(3), "total_parking_time": D(1)}, "3", "1"),
        ({"total_time": None, "total_parking_time": D(1)}, "1", "1"),
        ({"total_time": D(2), "total_parking_time": None}, "2", "0"),
    ],
)
def test_without_periods_the_totals_are_one(
    totals: dict[str, Any], time: str, parking: str
) -> None:
    element = an_element(
        a_price_component(type="TIME", price=D(1)),
        a_price_component(type="PARKING_TIME", price=D(10)),
    )
    end = START + timedelta(hours=3)
    tariff = a_tariff(elements=(element,))

    costs = priced(a_cdr(tariffs=(tariff,), charging_periods=(), end_date_time=end, **totals)).exact

    assert (D(time), D(parking)) == (costs.total_time, costs.total_parking_time)
    assert costs.total_cost is not None
    assert D(time) - D(parking) + 10 * D(parking) == costs.total_cost.before_taxes


def test_a_credit_cdr_of_volumes_of_both_signs_is_as_written() -> None:
    periods = (a_period(ENERGY="0.5"), a_period(1, ENERGY=-2))

    result = priced(a_cdr(credit=True, charging_periods=periods, total_cost=None))

    assert D("-1.5") == result.exact.total_energy


def test_durations_of_a_session_that_is_only_reserved_start_nowhere() -> None:
    reserved = an_element(
        a_price_component(type="TIME", price=D(6)), reservation="RESERVATION", max_duration=60
    )
    rules = msgspec.structs.replace(DEFAULT, duration_starts="after_reservation")
    cdr = a_cdr(
        tariffs=(a_tariff(elements=(reserved,)),),
        charging_periods=(a_period(RESERVATION_TIME="0.5"),),
    )

    cost = priced(cdr, profile=rules).exact.total_cost

    assert cost is not None
    assert D(3) == cost.before_taxes


@pytest.mark.parametrize("kind", ["TIME", "PARKING_TIME", "RESERVATION_TIME"])
@pytest.mark.parametrize("hours", ["-0.0001", "-1"])
def test_a_negative_time_is_told_however_short(kind: str, hours: str) -> None:
    volumes: dict[str, Any] = {kind: hours}

    (note,) = priced(a_cdr(charging_periods=(a_period(**volumes),))).notes

    assert (note.code, note.path, note.message) == (
        "time_negative",
        "$.charging_periods[0]",
        f"{kind} is {hours} h: a negative time is not priced.",
    )


@pytest.mark.parametrize(
    ("kwh", "length", "codes"),
    [
        ("2000", 3600, []),  # 2000 kW, which is plausible
        ("2000.001", 3600, ["energy_unit_suspected"]),
        ("1000", 1800, []),
        ("1000.001", 1800, ["energy_unit_suspected"]),
        ("1", 0, []),
        ("1", -60, []),
    ],
)
@pytest.mark.parametrize("is_quick", [True, False])
def test_energy_is_doubted_beyond_the_plausible_power(
    kwh: str, length: int, codes: list[str], is_quick: bool
) -> None:
    other = an_element(a_price_component(), **({} if is_quick else {"min_duration": 10**6}))
    tariff = a_tariff(elements=(an_element(a_price_component()), other))
    end = START + timedelta(seconds=length)

    result = priced(
        a_cdr(tariffs=(tariff,), end_date_time=end, charging_periods=(a_period(ENERGY=kwh),))
    )

    assert codes == [note.code for note in result.notes]
