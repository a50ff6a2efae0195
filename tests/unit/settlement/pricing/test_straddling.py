"""Periods inside which another price comes to apply."""

from datetime import UTC, datetime, timedelta

import msgspec

from settlement.cdr import CdrDimension, ChargingPeriod
from settlement.pricing.profile import DEFAULT
from tests.builders import START, a_cdr, a_price_component, a_tariff
from tests.unit.settlement.pricing.records import HOUR, D, a_period, an_element, priced


def test_a_fee_that_falls_due_inside_a_period_is_straddled() -> None:
    element = an_element(a_price_component(type="FLAT", price=D(2)), min_duration=1800)
    cdr = a_cdr(tariffs=(a_tariff(elements=(element, an_element(a_price_component()))),))

    start, split = (
        priced(cdr, profile=msgspec.structs.replace(DEFAULT, straddling=value))
        for value in ("priced_at_start", "split")
    )

    assert start.exact.total_fixed_cost is None
    assert split.exact.total_fixed_cost is not None
    assert D(2) == split.exact.total_fixed_cost.before_taxes
    assert [note.code for note in start.notes] == ["period_straddles"]


def test_a_reservation_is_split_at_a_bound_too() -> None:
    tariff = a_tariff(
        elements=(
            an_element(
                a_price_component(type="TIME", price=D(6)),
                reservation="RESERVATION",
                max_duration=1800,
            ),
            an_element(
                a_price_component(type="TIME", price=D(12)),
                reservation="RESERVATION",
            ),
        )
    )
    cdr = a_cdr(
        tariffs=(tariff,),
        charging_periods=(a_period(RESERVATION_TIME=1),),
        end_date_time=START + HOUR,
    )

    result = priced(cdr, profile=msgspec.structs.replace(DEFAULT, straddling="split"))

    assert D(9) == result.exact.total_cost.before_taxes  # type: ignore[union-attr]


def test_energy_fed_back_straddles_a_bound_downwards() -> None:
    tariff = a_tariff(
        elements=(
            an_element(a_price_component(price=D(1)), min_kwh=D(5)),
            an_element(a_price_component(price=D("0.5"))),
        )
    )
    periods = (a_period(ENERGY=8), a_period(1, ENERGY=-6))
    cdr = a_cdr(tariffs=(tariff,), charging_periods=periods)

    result = priced(cdr, profile=msgspec.structs.replace(DEFAULT, straddling="split"))

    # 5 kWh at 0.50, 3 at 1, then 3 back at 1 (down to the bound, which belongs above), 3 at 0.50
    assert D("1") == result.exact.total_cost.before_taxes  # type: ignore[union-attr]


def test_a_period_of_years_is_not_searched_for_bounds() -> None:
    element = an_element(a_price_component(), day_of_week=(0, 1, 2, 3, 4))
    cdr = a_cdr(
        tariffs=(a_tariff(elements=(element,)),), end_date_time=START + timedelta(days=4000)
    )

    assert priced(cdr).notes == ()


def test_a_clock_that_is_moved_inside_a_period_counts() -> None:
    begin = datetime(2024, 3, 31, 0, 30, tzinfo=UTC)  # 01:30 in Amsterdam, until 04:30
    element = an_element(
        a_price_component(price=D(1)), start_time=datetime(2024, 1, 1, 3, tzinfo=UTC).time()
    )
    cdr = a_cdr(
        start_date_time=begin,
        end_date_time=begin + 2 * HOUR,
        tariffs=(a_tariff(elements=(element, an_element(a_price_component(price=D("0.5"))))),),
        charging_periods=(ChargingPeriod(begin, (CdrDimension("ENERGY", D(4)),), "T1"),),
    )

    result = priced(cdr, profile=msgspec.structs.replace(DEFAULT, straddling="split"))

    # at 02:00 it is 03:00: half an hour at 0.50, an hour and a half at 1
    assert D("3.5") == result.exact.total_cost.before_taxes  # type: ignore[union-attr]


def test_a_wall_time_that_does_not_occur_is_passed_when_the_clock_is_moved() -> None:
    begin = datetime(2024, 3, 31, 0, 0, tzinfo=UTC)  # 01:00 in Amsterdam; 02:30 does not occur
    element = an_element(
        a_price_component(price=D(1)), start_time=datetime(2024, 1, 1, 2, 30, tzinfo=UTC).time()
    )
    cdr = a_cdr(
        start_date_time=begin,
        end_date_time=begin + 2 * HOUR,
        tariffs=(a_tariff(elements=(element, an_element(a_price_component(price=D("0.5"))))),),
        charging_periods=(ChargingPeriod(begin, (CdrDimension("ENERGY", D(4)),), "T1"),),
    )

    result = priced(cdr, profile=msgspec.structs.replace(DEFAULT, straddling="split"))

    assert D("3") == result.exact.total_cost.before_taxes  # type: ignore[union-attr]


def test_a_period_without_length_straddles_nothing() -> None:
    element = an_element(a_price_component(), max_duration=1800)
    periods = (a_period(ENERGY=1), a_period(ENERGY=1), a_period(1, ENERGY=1))

    result = priced(a_cdr(tariffs=(a_tariff(elements=(element,)),), charging_periods=periods))

    assert [note.path for note in result.notes if note.code == "period_straddles"] == [
        "$.charging_periods[1]"
    ]


def test_only_bounds_inside_a_period_cut_it() -> None:
    tariff = a_tariff(
        elements=(
            an_element(a_price_component(price=D(1)), max_duration=600, max_kwh=D(50)),
            an_element(a_price_component(price=D(2)), max_duration=1800, min_kwh=D(1)),
            an_element(a_price_component(price=D(3)), max_duration=86_400),
        )
    )
    periods = (a_period(ENERGY=1), a_period(1, ENERGY=1))
    rules = msgspec.structs.replace(DEFAULT, straddling="split")

    result = priced(a_cdr(tariffs=(tariff,), charging_periods=periods), profile=rules)

    # 600 s at 1; the second element needs 1 kWh so far, so the rest of the hour is at 3
    assert result.exact.total_cost is not None
    assert D("5.666666666666666667") == result.exact.total_cost.before_taxes


def test_a_fee_of_the_start_of_the_session_never_falls_due_inside_a_period() -> None:
    fee = an_element(a_price_component(type="FLAT", price=D(2)), min_duration=1800)
    day = an_element(a_price_component(price=D(1)), max_duration=1800)
    tariff = a_tariff(elements=(fee, day, an_element(a_price_component())))
    rules = msgspec.structs.replace(DEFAULT, flat_fee="phase_start_only", straddling="split")

    result = priced(a_cdr(tariffs=(tariff,)), profile=rules)

    assert {segment.dimension for segment in result.segments} == {"ENERGY", "TIME"}
