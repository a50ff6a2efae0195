"""What step_size adds, to which line, and what the line says of it."""

from decimal import Decimal

import msgspec
import pytest

from settlement.cdr import ChargingPeriod
from settlement.pricing.priced import PricedCdr, Segment
from settlement.pricing.profile import DEFAULT
from settlement.tariff import Tariff
from tests.builders import a_cdr, a_price_component, a_tariff
from tests.unit.settlement.pricing.records import D, a_period, an_element, priced

ALONE = "Element 0 is the first that prices this and has no restrictions."


def stepped(tariff: Tariff, *periods: ChargingPeriod, **rules: str) -> PricedCdr:
    cdr = a_cdr(tariffs=(tariff,), charging_periods=periods, total_cost=None)
    return priced(cdr, profile=msgspec.structs.replace(DEFAULT, **rules))


def hours(result: PricedCdr) -> list[Decimal]:
    return [segment.billed_volume for segment in result.segments if segment.dimension != "FLAT"]


def by_the_hour(price: str = "1", kind: str = "TIME") -> Tariff:
    return a_tariff(
        elements=(an_element(a_price_component(type=kind, price=D(price), step_size=3600)),)
    )


def last_of(result: PricedCdr) -> Segment:
    return result.segments[-1]


def test_a_line_says_how_its_energy_was_rounded_up() -> None:
    tariff = a_tariff(elements=(an_element(a_price_component(step_size=500)),))

    result = stepped(tariff, a_period(ENERGY="1.25"))

    assert D("1.5") == last_of(result).billed_volume
    assert last_of(result).why == (
        f"{ALONE} step_size 500 Wh rounds the 1.25 kWh of the session up to 1.5 kWh; "
        "the difference is billed here."
    )


def test_a_line_says_how_its_time_was_rounded_up() -> None:
    result = stepped(by_the_hour(), a_period(TIME="0.25"), a_period(1, TIME="0.5"))

    assert [D("0.25"), D("0.75")] == hours(result)
    assert last_of(result).why == (
        f"{ALONE} step_size 3600 s rounds the 2700 s of the session up to 3600 s; "
        "the difference is billed here."
    )
    assert result.segments[0].why == ALONE


@pytest.mark.parametrize(
    ("kwh", "billed"), [("1.00005", "1"), ("1.00006", "1.5"), ("-1.00005", "-1.00005")]
)
def test_noise_of_the_last_digit_is_rounded_away_to_its_limit(kwh: str, billed: str) -> None:
    tariff = a_tariff(elements=(an_element(a_price_component(step_size=500)),))

    result = stepped(tariff, a_period(ENERGY=kwh))

    assert D(billed) == last_of(result).billed_volume


def test_energy_that_is_fed_back_is_rounded_towards_nothing_where_the_profile_says_so() -> None:
    tariff = a_tariff(elements=(an_element(a_price_component(step_size=500)),))

    result = stepped(tariff, a_period(ENERGY="-1.25"), negative_energy="rounded")

    assert D(-1) == last_of(result).billed_volume


def test_parking_that_is_priced_last_is_stepped_by_its_own_step() -> None:
    element = an_element(
        a_price_component(type="TIME", step_size=600),
        a_price_component(type="PARKING_TIME", step_size=3600),
    )
    periods = (a_period(TIME="0.25"), a_period(1, PARKING_TIME="0.25"))

    result = stepped(a_tariff(elements=(element,)), *periods, step_size_parking="last_priced")

    assert [D("0.25"), D(1)] == hours(result)


@pytest.mark.parametrize(
    ("price", "free", "billed"),
    [
        ("1", "counts", "0.75"),
        ("1", "ignored", "0.75"),
        ("0", "counts", "0.75"),
        ("0", "ignored", "0.5"),
    ],
)
def test_all_that_the_last_tariff_prices_is_rounded(price: str, free: str, billed: str) -> None:
    result = stepped(
        by_the_hour(price),
        a_period(TIME="0.25"),
        a_period(1, TIME="0.5"),
        step_size_tariffs="last_tariff",
        step_size_free_component=free,
    )

    assert [D("0.25"), D(billed)] == hours(result)


def test_a_fee_is_no_second_of_the_reservation() -> None:
    reserved = an_element(
        a_price_component(type="FLAT", price=D(1)),
        a_price_component(type="TIME", step_size=3600),
        reservation="RESERVATION",
    )
    tariff = a_tariff(elements=(reserved, an_element(a_price_component())))

    result = stepped(tariff, a_period(RESERVATION_TIME="0.5"), step_size_tariffs="last_tariff")

    assert [D(1)] == hours(result)


def test_without_taxes_both_sides_are_the_same_whatever_a_missing_rate_means() -> None:
    element = an_element(a_price_component(vat=None))
    tariff = a_tariff(ocpi_version="2.3.0", tax_included="N/A", elements=(element,))

    result = stepped(tariff, a_period(ENERGY=20), missing_vat="unknown")

    assert (D(5), D(5)) == (last_of(result).before_taxes, last_of(result).after_taxes)
