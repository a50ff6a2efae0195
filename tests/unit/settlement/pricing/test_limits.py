"""Limits, taxes, and what is not known of either."""

import msgspec
import pytest

from settlement.pricing.profile import DEFAULT
from settlement.tariff import Price
from tests.builders import a_cdr, a_price_component, a_tariff
from tests.unit.settlement.pricing.records import D, a_period, an_element, priced


def test_the_other_reading_of_prices_that_include_unknown_taxes_is_told_after_taxes() -> None:
    restricted = an_element(a_price_component(price=D("0.2"), vat=None), max_power=D(16))
    tariff = a_tariff(
        tax_included="YES", elements=(restricted, an_element(a_price_component(vat=None)))
    )

    result = priced(a_cdr(tariffs=(tariff,), total_cost=None))

    (note,) = [note for note in result.notes if note.code == "evidence_missing"]
    assert "4.1 EUR after taxes" in note.message


def test_the_other_reading_of_a_total_that_no_side_tells_is_told_as_unknown() -> None:
    by_time = a_price_component(type="TIME", price=D(1), vat=None)
    before, after = (
        a_tariff(id=name, tax_included=mode, elements=(an_element(by_time),))
        for name, mode in (("T1", "NO"), ("T2", "YES"))
    )
    periods = (a_period(TIME=1), a_period(1, tariff="T2", TIME=1800))
    cdr = a_cdr(tariffs=(before, after), total_cost=None, charging_periods=periods)

    result = priced(cdr, profile=msgspec.structs.replace(DEFAULT, missing_vat="unknown"))

    assert result.exact.total_cost == Price(None, None)
    (note,) = [note for note in result.notes if note.code == "time_unit_suspected"]
    assert note.message.endswith("As written the total would be unknown before and after taxes.")


def test_taxes_that_the_cdr_lists_split_only_what_the_tariff_cannot() -> None:
    tariff = a_tariff(
        tax_included="YES",
        elements=(
            an_element(
                a_price_component(price=D("0.5"), vat=None),
                a_price_component(type="FLAT", price=D("1.21")),
            ),
        ),
        max_price=Price(None, D("8")),
    )
    claim = Price(D("6.4"), D("8"))

    result = priced(a_cdr(tariffs=(tariff,), total_cost=claim))

    assert Price(D(1), D("1.21")) == result.exact.total_fixed_cost
    assert Price(D("8.168"), D("10.25")) == result.exact.total_energy_cost  # 20 % of 11.46 in all
    assert claim == result.exact.total_cost


@pytest.mark.parametrize(
    ("claim", "before"),
    [
        (Price(D("13.40"), D("13.50")), "12.5"),  # less than the 2.00 of energy: parking holds none
        (Price(D("12.00"), D("14.50")), "12.0"),  # 0.50 more than that: parking holds it
        (Price(D("5.00"), D("14.50")), "10"),  # more than all: all of parking is tax
        (Price(D("-1.00"), D("14.50")), "10"),
    ],
)
def test_amounts_without_a_rate_hold_some_tax_never_less_than_none_or_more_than_all(
    claim: Price, before: str
) -> None:
    element = an_element(
        a_price_component(price=D("0.60"), vat=D(20)),
        a_price_component(type="FLAT", price=D("2.50"), vat=None),
    )
    tariff = a_tariff(tax_included="YES", elements=(element,), ocpi_version="2.3.0")
    periods = (a_period(ENERGY=20),)

    result = priced(a_cdr(tariffs=(tariff,), charging_periods=periods, total_cost=claim))

    assert Price(D(before), D("14.50")) == result.exact.total_cost
    assert "tax_split_claimed" in [note.code for note in result.notes]


@pytest.mark.parametrize("claim", [None, Price(D(5), None), Price(None, D(6)), Price(D(0), D(6))])
def test_without_listed_taxes_the_amount_before_them_stays_unknown(claim: Price | None) -> None:
    element = an_element(a_price_component(vat=None))
    tariff = a_tariff(tax_included="YES", elements=(element,), ocpi_version="2.3.0")

    result = priced(a_cdr(tariffs=(tariff,), total_cost=claim))

    assert Price(None, D("5.125")) == result.exact.total_cost
    assert Price(None, D("5.13")) == result.rounded.total_energy_cost
    assert [s.tax for s in result.segments if s.element is not None] == [None]


def test_rounded_segments_leave_out_what_is_free() -> None:
    rules = msgspec.structs.replace(DEFAULT, rounding_point="segment")

    result = priced(a_cdr(), profile=rules)

    assert D("5.13") == result.rounded.total_cost.before_taxes  # type: ignore[union-attr]


# limits, total before and after taxes, codes
LIMITS: list[tuple[dict[str, Price], tuple[str, str], list[str]]] = [
    (
        {"max_price": Price(None, D("5"))},
        ("4.132231404958677686", "5"),
        ["max_price", "tax_scaled"],
    ),
    ({"min_price": Price(None, D("12.1"))}, ("10", "12.1"), ["min_price", "tax_scaled"]),
    ({"min_price": Price(D(10), None), "max_price": Price(D(8), None)}, ("8", "9.68"), []),
    ({"min_price": Price(None, None)}, ("5.125", "6.20125"), []),
    ({"min_price": Price(D(1), D(1)), "max_price": Price(D(9), D(9))}, ("5.125", "6.20125"), []),
]


@pytest.mark.parametrize(("limits", "total", "codes"), LIMITS)
def test_a_limit_clamps_its_side_and_scales_the_other(
    limits: dict[str, Price], total: tuple[str, str], codes: list[str]
) -> None:
    result = priced(a_cdr(tariffs=(a_tariff(**limits),)))

    assert Price(D(total[0]), D(total[1])) == result.exact.total_cost
    assert not codes or codes == [note.code for note in result.notes]


def test_a_limit_on_a_side_that_is_not_known_scales_nothing() -> None:
    element = an_element(a_price_component(vat=None))
    tariff = a_tariff(
        tax_included="YES", elements=(element,), max_price=Price(D(1), None), min_price=None
    )

    result = priced(a_cdr(tariffs=(tariff,), total_cost=None))

    assert Price(None, D("5.125")) == result.exact.total_cost


def test_a_lower_limit_after_taxes_leaves_an_unknown_side_unknown() -> None:
    element = an_element(a_price_component(vat=None))
    tariff = a_tariff(tax_included="YES", elements=(element,), min_price=Price(None, D(9)))

    result = priced(a_cdr(tariffs=(tariff,), total_cost=None))

    assert Price(None, D(9)) == result.exact.total_cost


def test_from_nothing_a_limit_bears_no_tax() -> None:
    tariff = a_tariff(min_price=Price(D(1), None))

    result = priced(a_cdr(tariffs=(tariff,), charging_periods=(a_period(TIME=1),)))

    assert Price(D(1), D(1)) == result.exact.total_cost


@pytest.mark.parametrize("side", ["min_price", "max_price"])
def test_a_limit_that_the_total_just_meets_takes_no_hold(side: str) -> None:
    just = {side: Price(D("5.125"), D("6.20125"))}

    assert priced(a_cdr(tariffs=(a_tariff(**just),))).notes == ()
