"""What holds for every price, whatever its tariff."""

from datetime import UTC, datetime, timedelta
from decimal import localcontext
from typing import Any

import msgspec
import pytest

from settlement.cdr import CdrDimension, CdrLocation, ChargingPeriod
from settlement.pricing import plan as plans
from settlement.pricing.engine import price
from settlement.pricing.plan import plan_of
from settlement.pricing.priced import PricedCdr, Unpriceable
from settlement.pricing.references import tariff_ids
from tests.builders import START, a_cdr, a_price_component, a_tariff
from tests.unit.settlement.pricing.records import HOUR, D, a_period, an_element, priced


def test_a_price_depends_on_no_ambient_context() -> None:
    element = an_element(a_price_component(type="TIME", price=D("3.3333"), vat=D("19.25")))
    cdr = a_cdr(
        tariffs=(a_tariff(elements=(element,)),),
        charging_periods=(a_period(TIME="0.3334"), a_period(1, TIME="0.7777")),
    )
    calm = priced(cdr)

    with localcontext() as context:
        context.prec = 3
        context.Emax = 2
        narrow = priced(cdr)

    assert calm == narrow


def test_the_cache_of_plans_changes_no_price() -> None:
    spelled = a_tariff(elements=(an_element(a_price_component(price=D("0.250"))),))
    other = a_tariff(elements=(an_element(a_price_component(price=D("0.25"))),))

    first, second = priced(a_cdr(tariffs=(spelled,))), priced(a_cdr(tariffs=(other,)))

    assert spelled == other
    assert msgspec.json.encode(first) == msgspec.json.encode(second)


def test_the_cache_of_plans_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "_CACHED_PLANS", 3)
    monkeypatch.setattr(plans, "_plans", {})
    monkeypatch.setattr(plans, "_plans_by_object", {})

    for number in range(10):
        plan_of(a_tariff(id=f"T{number}"))

    assert len(plans._plans) <= 3
    assert len(plans._plans_by_object) <= 3


def test_a_tariff_of_equal_content_is_compiled_once() -> None:
    assert plan_of(a_tariff()) is plan_of(a_tariff())


def test_the_basis_and_the_profile_are_told() -> None:
    result = priced(a_cdr(), basis="agreed")

    assert (result.basis, result.profile, result.currency) == ("agreed", "default@1", "EUR")


NUMBERS = ["1e999", "-1e999", "9" * 300, "1e-999"]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("kind", ["ENERGY", "TIME", "PARKING_TIME", "RESERVATION_TIME"])
def test_a_volume_beyond_all_measure_never_raises(number: str, kind: str) -> None:
    element = an_element(
        a_price_component(),
        a_price_component(type="TIME"),
        a_price_component(type="PARKING_TIME"),
    )
    cdr = a_cdr(
        tariffs=(a_tariff(elements=(element,)),), charging_periods=(a_period(**{kind: number}),)
    )

    result = price(cdr=cdr, tariffs=cdr.tariffs, zone=None)

    assert isinstance(result, PricedCdr) or result.code == "out_of_range"


@pytest.mark.parametrize("number", NUMBERS)
def test_a_price_beyond_all_measure_never_raises(number: str) -> None:
    component = a_price_component(price=D(number), vat=D(number))
    cdr = a_cdr(tariffs=(a_tariff(elements=(an_element(component),)),))

    result = price(cdr=cdr, tariffs=cdr.tariffs, zone=None)

    assert isinstance(result, PricedCdr) or result.code == "out_of_range"


def test_a_clock_at_the_end_of_time_never_raises() -> None:
    late = datetime(9999, 12, 31, 23, 30, tzinfo=UTC)
    element = an_element(a_price_component(), day_of_week=(0,))
    cdr = a_cdr(
        start_date_time=late,
        end_date_time=late + timedelta(minutes=20),
        tariffs=(a_tariff(elements=(element,)),),
        charging_periods=(ChargingPeriod(late, (CdrDimension("ENERGY", D(1)),), "T1"),),
    )

    result = price(cdr=cdr, tariffs=cdr.tariffs, zone="Asia/Tokyo")

    assert isinstance(result, Unpriceable)
    assert result.code == "out_of_range"


def test_a_session_that_ends_before_it_starts_is_priced_as_written() -> None:
    result = priced(a_cdr(end_date_time=START - HOUR))

    assert result.exact.total_cost is not None
    assert D("5.125") == result.exact.total_cost.before_taxes


def test_an_unknown_zone_is_told_where_the_clock_decides() -> None:
    element = an_element(a_price_component(), day_of_week=(0,))
    cdr = a_cdr(tariffs=(a_tariff(elements=(element,)),))

    result = price(cdr=cdr, tariffs=cdr.tariffs, zone="Mars/Olympus")

    assert isinstance(result, Unpriceable)
    assert result.waits_for == ("time_zone",)
    assert "Mars/Olympus" in result.message


def test_a_missing_tariff_is_told_with_its_folded_id() -> None:
    cdr = a_cdr(charging_periods=(a_period(tariff="night-1", ENERGY=1), a_period(1, ENERGY=1)))

    result = price(cdr=cdr, tariffs=(), zone=None)

    assert isinstance(result, Unpriceable)
    assert (result.code, result.waits_for) == ("tariff_missing", ("NIGHT-1", "T1"))


def test_no_tariff_at_all_waits_for_those_that_the_cdr_embeds() -> None:
    cdr = a_cdr(charging_periods=(a_period(tariff=None, ENERGY=1),), tariffs=())

    result = price(cdr=cdr, tariffs=(), zone=None)

    assert isinstance(result, Unpriceable)
    assert (result.code, result.waits_for) == ("tariff_missing", ())


def test_the_currency_of_one_of_several_tariffs_differs() -> None:
    other = a_tariff(id="T2", currency="SEK")
    cdr = a_cdr(charging_periods=(a_period(ENERGY=1), a_period(1, tariff="t2", ENERGY=1)))

    result = price(cdr=cdr, tariffs=(*cdr.tariffs, other), zone=None)

    assert isinstance(result, Unpriceable)
    assert (result.code, result.path) == ("currency_differs", "$.currency")


def test_a_currency_differs_also_where_no_period_names_the_tariff() -> None:
    cdr = a_cdr(charging_periods=(a_period(tariff=None, ENERGY=1),), currency="SEK")

    result = price(cdr=cdr, tariffs=cdr.tariffs, zone=None)

    assert isinstance(result, Unpriceable)
    assert result.code == "currency_differs"


def test_a_tariff_without_a_currency_is_taken_in_that_of_the_cdr() -> None:
    assert priced(a_cdr(tariffs=(a_tariff(currency=""),))).currency == "EUR"


PLACE = CdrLocation(connector_tariff_ids=("Plug-1",))


IDS: list[tuple[dict[str, Any], tuple[str, ...], tuple[str, ...]]] = [
    ({}, (), ("T1",)),
    ({"charging_periods": (a_period(tariff="a"), a_period(tariff="A"))}, (), ("A",)),
    ({"charging_periods": (a_period(tariff=None),)}, ("C",), ("T1",)),
    ({"charging_periods": (a_period(tariff=None),), "tariffs": ()}, ("c", "d"), ("C", "D")),
    (
        {"charging_periods": (), "tariffs": (), "cdr_location": PLACE},
        (),
        ("PLUG-1",),
    ),
    ({"charging_periods": (), "tariffs": (), "cdr_location": None}, (), ()),
]


@pytest.mark.parametrize(("changes", "connector", "expected"), IDS)
def test_the_tariffs_of_a_cdr_are_those_of_its_periods_else_embedded_else_of_the_connector(
    changes: dict[str, Any], connector: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    assert expected == tariff_ids(a_cdr(**changes), connector)


def test_only_the_first_component_of_a_dimension_in_an_element_counts() -> None:
    element = an_element(a_price_component(price=D(1)), a_price_component(price=D(9)))

    result = priced(a_cdr(tariffs=(a_tariff(elements=(element,)),)))

    assert [segment.component for segment in result.segments][:1] == [0]
    assert D("20.5") == result.exact.total_cost.before_taxes  # type: ignore[union-attr]


def test_volumes_of_one_dimension_in_one_period_add_up() -> None:
    dimensions = tuple(
        CdrDimension(kind, D(volume))
        for kind in ("ENERGY", "TIME", "PARKING_TIME", "MIN_POWER", "MAX_POWER")
        for volume in ("0.25", "0.5")
    )
    cdr = a_cdr(charging_periods=(ChargingPeriod(START, dimensions, "T1"),))

    result = priced(cdr)

    costs = result.exact
    assert (costs.total_energy, costs.total_time, costs.total_parking_time) == (
        D("0.75"),
        D("1.50"),
        D("0.75"),
    )


def test_the_lowest_and_the_highest_reading_of_a_period_count() -> None:
    readings = (
        CdrDimension("ENERGY", D(1)),
        CdrDimension("MAX_POWER", D(50)),
        CdrDimension("MAX_POWER", D(20)),
        CdrDimension("MIN_POWER", D(10)),
        CdrDimension("MIN_POWER", D(30)),
    )
    element = an_element(a_price_component(), min_power=D(50), max_power=D(11))
    cdr = a_cdr(
        tariffs=(a_tariff(elements=(element,)),),
        charging_periods=(ChargingPeriod(START, readings, "T1"),),
    )

    assert priced(cdr).segments[0].element == 0


def test_energy_in_wh_is_told_beside_time_and_without_a_total() -> None:
    result = priced(a_cdr(charging_periods=(a_period(TIME=2, ENERGY=20500),), total_energy=None))

    (note,) = [note for note in result.notes if note.code == "energy_unit_suspected"]
    assert "5.125 EUR" in note.message


def test_a_time_far_from_the_length_of_its_fractional_period_counts_as_written() -> None:
    element = an_element(a_price_component(type="PARKING_TIME", price=D("3.6"), vat=D(0)))
    cdr = a_cdr(
        tariffs=(a_tariff(elements=(element,)),),
        charging_periods=(a_period(PARKING_TIME="0.25"),),
        end_date_time=START + timedelta(milliseconds=1_000_500),
    )

    assert D("0.9") == priced(cdr).exact.total_cost.before_taxes  # type: ignore[union-attr]


@pytest.mark.parametrize("field", ["start_date_time", "end_date_time"])
def test_a_time_that_nobody_knows_is_noted(field: str) -> None:
    result = priced(a_cdr(**{field: datetime(1970, 1, 1, tzinfo=UTC)}))

    assert [note.code for note in result.notes] == ["time_not_known"]
