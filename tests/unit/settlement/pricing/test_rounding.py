"""Where and how costs are rounded, in a currency without decimals."""

import msgspec
import pytest

from settlement.pricing.priced import Costs
from settlement.pricing.profile import DEFAULT
from settlement.tariff import Price, Tariff
from tests.builders import a_cdr, a_price_component, a_tariff
from tests.unit.settlement.pricing.records import D, a_period, an_element, priced


def yen(fixed: str, energy: str, time: str, parking: str) -> Tariff:
    """Give a tariff of which the session below comes to these amounts, half of energy each hour."""
    return a_tariff(
        currency="JPY",
        elements=(
            an_element(
                a_price_component(type="FLAT", price=D(fixed), vat=None),
                a_price_component(price=D(energy) / 20, vat=None),
                a_price_component(type="TIME", price=D(time), vat=None),
            ),
            an_element(a_price_component(type="PARKING_TIME", price=D(parking), vat=None)),
        ),
    )


def rounded(tariff: Tariff, **rules: str) -> Costs:
    periods = (a_period(ENERGY=10, TIME=1), a_period(1, ENERGY=10, PARKING_TIME=1))
    cdr = a_cdr(currency="JPY", tariffs=(tariff,), charging_periods=periods, total_cost=None)
    return priced(cdr, profile=msgspec.structs.replace(DEFAULT, **rules)).rounded


def shown(costs: Costs) -> str:
    """Write total, fixed, energy, time and parking; without taxes both sides are the same."""
    prices = (
        costs.total_cost,
        costs.total_fixed_cost,
        costs.total_energy_cost,
        costs.total_time_cost,
        costs.total_parking_cost,
    )
    known = [price for price in prices if price is not None]
    assert [price.before_taxes for price in known] == [price.after_taxes for price in known]
    return " ".join(str(price.before_taxes) for price in known)


AMOUNTS = yen("66", "110.5", "32.25", "57.5")
# rounding_point, rounding_mode: total, fixed, energy, time and parking
ROUNDINGS = {
    ("total", "half_up"): "266 66 111 32 57",
    ("total", "half_even"): "266 66 110 32 58",
    ("total", "up"): "267 66 111 32 58",
    ("total", "down"): "266 66 111 32 57",
    ("part", "half_up"): "267 66 111 32 58",
    ("part", "half_even"): "266 66 110 32 58",
    ("part", "up"): "268 66 111 33 58",
    ("part", "down"): "265 66 110 32 57",
    ("segment", "half_up"): "266 66 110 32 58",
    ("segment", "half_even"): "266 66 110 32 58",
    ("segment", "up"): "269 66 112 33 58",
    ("segment", "down"): "265 66 110 32 57",
}


@pytest.mark.parametrize(("point", "mode"), ROUNDINGS)
def test_parts_are_rounded_where_and_as_the_profile_says(point: str, mode: str) -> None:
    costs = rounded(AMOUNTS, rounding_point=point, rounding_mode=mode)

    assert ROUNDINGS[point, mode] == shown(costs)


def test_parts_without_minor_units_add_up_though_their_hundredths_would() -> None:
    assert shown(rounded(yen("10.4", "10.2", "0.4", "0"))) == "21 11 10 0 0"


def test_where_parts_do_not_add_up_each_is_first_rounded_in_the_mode() -> None:
    costs = rounded(yen("2.5", "7.5", "71.5", "15.9"), rounding_mode="half_even")

    assert shown(costs) == "97 2 8 71 16"


def test_two_parts_are_not_both_the_total() -> None:
    element = an_element(a_price_component(), a_price_component(type="FLAT", price=D(1)))

    result = priced(a_cdr(tariffs=(a_tariff(elements=(element,)),)))

    assert Price(D("1.00"), D("1.21")) == result.rounded.total_fixed_cost
    assert Price(D("5.13"), D("6.20")) == result.rounded.total_energy_cost
    assert Price(D("6.13"), D("7.41")) == result.rounded.total_cost


def test_a_limit_is_rounded_to_the_currency() -> None:
    limited = msgspec.structs.replace(AMOUNTS, max_price=Price(D("100.5"), D("100.5")))

    assert Price(D(101), D(101)) == rounded(limited).total_cost
    assert Price(D(100), D(100)) == rounded(limited, rounding_mode="down").total_cost


# 5.125 with taxes of a rate that is not given, far from its limit
TAXED = a_tariff(
    ocpi_version="2.3.0",
    tax_included="YES",
    elements=(an_element(a_price_component(vat=None)),),
    max_price=Price(None, D(99)),
)


@pytest.mark.parametrize("limit", [None, TAXED.max_price])
def test_segments_are_split_as_the_listed_taxes_say_before_they_are_rounded(
    limit: Price | None,
) -> None:
    tariff = msgspec.structs.replace(TAXED, max_price=limit)
    rules = msgspec.structs.replace(DEFAULT, rounding_point="segment")

    result = priced(a_cdr(tariffs=(tariff,), total_cost=Price(D(4), D(5))), profile=rules)

    assert Price(D("4.10"), D("5.13")) == result.rounded.total_energy_cost


def test_a_side_that_is_not_known_has_no_sign_to_turn() -> None:
    known = priced(a_cdr(credit=True, tariffs=(TAXED,), total_cost=None))
    rules = msgspec.structs.replace(DEFAULT, missing_vat="unknown")
    element = an_element(a_price_component(vat=None))
    other = priced(a_cdr(credit=True, tariffs=(a_tariff(elements=(element,)),)), profile=rules)

    assert Price(None, D("-5.125")) == known.exact.total_cost
    assert Price(D("-5.125"), None) == other.exact.total_cost
