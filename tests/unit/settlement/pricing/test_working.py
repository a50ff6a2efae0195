"""The working: every field of a segment, under each way to say taxes, and where nothing is due."""

from collections import Counter
from datetime import time, timedelta
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from settlement.cdr import CdrDimension, ChargingPeriod
from settlement.pricing.priced import Segment
from settlement.pricing.profile import DEFAULT
from settlement.tariff import Tariff
from tests.builders import START, a_cdr, a_price_component, a_tariff
from tests.unit.settlement.pricing.records import HOUR, D, a_period, an_element, priced

WHY = "Element 0 is the first that prices this and has no restrictions."


def segments(tariff: Tariff, **volumes: Any) -> tuple[Segment, ...]:
    cdr = a_cdr(tariffs=(tariff,), charging_periods=(a_period(**volumes),), total_cost=None)
    return priced(cdr).segments


def numbers(segment: Segment) -> list[Decimal | None]:
    names = ("volume", "billed_volume", "unit_price", "before_taxes", "tax_rate", "tax")
    return [getattr(segment, name) for name in (*names, "after_taxes")]


def a_tariff_of(kind: str, price: str, vat: str | None, **changes: Any) -> Tariff:
    rate = None if vat is None else D(vat)
    component = a_price_component(type=kind, price=D(price), vat=rate, step_size=1)
    return a_tariff(elements=(an_element(component),), **changes)


@pytest.mark.parametrize(
    ("tariff", "volumes", "expected"),
    [
        (a_tariff_of("ENERGY", "0.5", "20"), {"ENERGY": 8}, [8, 8, "0.5", 4, 20, "0.8", "4.8"]),
        (
            a_tariff_of("ENERGY", "0.5", "25", tax_included="YES"),
            {"ENERGY": 8},
            [8, 8, "0.5", "3.2", 25, "0.8", 4],
        ),
        (
            a_tariff_of("ENERGY", "0.5", "21", tax_included="YES"),
            {"ENERGY": 8},
            [8, 8, "0.5", "3.305785123966942149", 21, "0.694214876033057851", 4],
        ),
        (
            a_tariff_of("ENERGY", "0.5", None, tax_included="N/A"),
            {"ENERGY": 8},
            [8, 8, "0.5", 4, None, 0, 4],
        ),
        (a_tariff_of("TIME", "3", "10"), {"TIME": 2}, [2, 2, 3, 6, 10, "0.6", "6.6"]),
        (
            a_tariff_of("TIME", "1", "20", tax_included="YES"),
            {"TIME": "0.1"},
            ["0.1", "0.1", 1, "0.083333333333333333", 20, "0.016666666666666667", "0.1"],
        ),
        (a_tariff_of("FLAT", "2", "20"), {"ENERGY": 8}, [1, 1, 2, 2, 20, "0.4", "2.4"]),
    ],
    ids=[
        "on top",
        "included",
        "included and odd",
        "no tax",
        "time",
        "a quotient that does not end",
        "a fee",
    ],
)
def test_a_segment_says_all_of_it(
    tariff: Tariff, volumes: dict[str, Any], expected: list[Any]
) -> None:
    kind = tariff.elements[0].price_components[0].type

    (found,) = [one for one in segments(tariff, **volumes) if one.dimension == kind]

    assert numbers(found) == [None if one is None else D(one) for one in expected]
    assert (found.period, found.tariff_id, found.element, found.component) == (0, "T1", 0, 0)
    assert found.why == WHY + (" Due once." if kind == "FLAT" else "")


def test_what_no_component_prices_is_free_and_says_so() -> None:
    (found,) = segments(a_tariff_of("TIME", "1", None), ENERGY=8)

    assert numbers(found) == [8, 8, 0, 0, None, 0, 0]
    assert (found.tariff_id, found.element, found.component) == ("T1", None, None)
    assert found.why == "No component of the tariff prices this here: free."


def test_a_period_without_a_tariff_is_free_and_says_so() -> None:
    cdr = a_cdr(
        tariffs=(a_tariff(),),
        charging_periods=(a_period(ENERGY=8), a_period(1, tariff=None, ENERGY=2)),
        total_cost=None,
    )

    *_, last = priced(cdr).segments

    assert numbers(last) == [2, 2, 0, 0, None, 0, 0]
    assert (last.period, last.tariff_id, last.element, last.component) == (1, "", None, None)
    assert last.why == "No tariff applies in this period: free."


def test_a_second_component_of_a_dimension_hides_none_of_another() -> None:
    components = (
        a_price_component(price=D(1)),
        a_price_component(price=D(5)),
        a_price_component(type="TIME", price=D(2)),
    )
    tariff = a_tariff(elements=(an_element(*components),))

    found = {one.dimension: one for one in segments(tariff, ENERGY=8, TIME=1)}

    assert (found["ENERGY"].component, found["ENERGY"].before_taxes) == (0, 8)
    assert (found["TIME"].component, found["TIME"].before_taxes) == (2, 2)


@pytest.mark.parametrize("is_quick", [True, False], ids=["quickly", "slowly"])
def test_volumes_of_all_periods_are_added_up(is_quick: bool) -> None:
    """A restriction on power is read period by period; without one the session is ordinary."""
    limits = {} if is_quick else {"max_power": D(50)}
    components = [a_price_component(type=kind) for kind in ("ENERGY", "TIME", "PARKING_TIME")]
    tariff = a_tariff(elements=(an_element(*components, **limits),))
    power = {} if is_quick else {"MAX_POWER": 11}
    periods = [
        a_period(place, **volumes, **power)
        for place, volumes in enumerate(
            ({"ENERGY": 3, "TIME": 1}, {"ENERGY": 4, "TIME": 1}, {"PARKING_TIME": 1}) * 2
        )
    ]
    cdr = a_cdr(
        tariffs=(tariff,),
        charging_periods=tuple(periods),
        end_date_time=START + 6 * HOUR,
        total_cost=None,
    )

    costs = priced(cdr).exact

    assert (costs.total_energy, costs.total_time, costs.total_parking_time) == (14, 6, 2)


@pytest.mark.parametrize("seconds", [0, 29, 31])
def test_a_clock_counts_the_seconds_of_a_start(seconds: int) -> None:
    """Until half a minute after eleven, local time, 1 a kWh; then 2."""
    first = an_element(a_price_component(price=D(1)), end_time=time(11, 0, 30))
    tariff = a_tariff(elements=(first, an_element(a_price_component(price=D(2)))))
    begin = START + timedelta(seconds=seconds)
    period = ChargingPeriod(begin, (CdrDimension("ENERGY", D(8)),), "T1")
    cdr = a_cdr(
        tariffs=(tariff,), start_date_time=begin, charging_periods=(period,), total_cost=None
    )

    (found,) = priced(cdr).segments

    assert found.unit_price == (1 if seconds < 30 else 2)


def test_notes_of_every_kind_stand_beside_each_other() -> None:
    """Out of order, without the power asked for, across a bound, and thrice without a tax rate."""
    bare = {"vat": None, "price": D(1)}
    elements = (
        an_element(a_price_component(**bare), max_power=D(16)),
        an_element(a_price_component(**bare), end_time=time(11, 30)),
        an_element(a_price_component(**bare), a_price_component(type="TIME", **bare)),
    )
    periods = (a_period(1, ENERGY=1, TIME=1), a_period(ENERGY=1, TIME="0.5"))
    cdr = a_cdr(
        tariffs=(a_tariff(elements=elements),),
        charging_periods=periods,
        end_date_time=START + 3 * HOUR,
        total_cost=None,
    )

    codes = Counter(note.code for note in priced(cdr).notes)

    assert codes == {
        "periods_out_of_order": 1,
        "evidence_missing": 2,
        "period_straddles": 1,
        "vat_missing": 3,
    }


def test_a_rate_that_is_missing_twice_hides_no_other() -> None:
    bare = {"vat": None, "price": D(1)}
    tariff = a_tariff(
        elements=(an_element(a_price_component(**bare), a_price_component(type="TIME", **bare)),)
    )
    periods = (a_period(ENERGY=1), a_period(1, ENERGY=1), a_period(2, TIME=1))
    cdr = a_cdr(
        tariffs=(tariff,),
        charging_periods=periods,
        end_date_time=START + 3 * HOUR,
        total_cost=None,
    )

    codes = [note.code for note in priced(cdr).notes]

    assert codes == ["vat_missing", "vat_missing"]


@pytest.mark.parametrize("kind", ["PARKING_TIME", "RESERVATION_TIME"])
def test_a_time_that_cannot_be_is_called_by_its_name(kind: str) -> None:
    cdr = a_cdr(charging_periods=(a_period(ENERGY=1, **{kind: 7200}),), total_cost=None)

    (note,) = [one for one in priced(cdr).notes if one.code == "time_unit_suspected"]

    assert note.message.startswith(f"{kind} 7200 h cannot be: ")


@pytest.mark.parametrize(
    ("beside", "is_parking_fee"),
    [
        (("PARKING_TIME",), True),
        (("PARKING_TIME", "TIME"), False),
        (("PARKING_TIME", "ENERGY"), False),
        ((), False),
    ],
)
def test_a_fee_beside_parking_alone_may_be_a_parking_cost(
    beside: tuple[str, ...], is_parking_fee: bool
) -> None:
    components = [a_price_component(type=kind, price=D(0)) for kind in beside]
    element = an_element(*components, a_price_component(type="FLAT", price=D(3)))
    rules = msgspec.structs.replace(DEFAULT, flat_fee_of_parking="parking")
    cdr = a_cdr(
        tariffs=(a_tariff(elements=(element,)),),
        charging_periods=(a_period(PARKING_TIME=2),),
        total_cost=None,
    )

    costs = priced(cdr, profile=rules).exact

    parking, fixed = costs.total_parking_cost, costs.total_fixed_cost
    found = parking if is_parking_fee else fixed
    assert found is not None
    assert found.before_taxes == 3


def test_a_clock_counts_the_fraction_of_a_start() -> None:
    """The second period begins at half a minute after eleven, to the microsecond."""
    first = an_element(a_price_component(price=D(1)), end_time=time(11, 0, 30))
    tariff = a_tariff(elements=(first, an_element(a_price_component(price=D(2)))))
    begins = [START + timedelta(seconds=30, milliseconds=-400), START + timedelta(seconds=30)]
    periods = [ChargingPeriod(one, (CdrDimension("ENERGY", D(8)),), "T1") for one in begins]
    cdr = a_cdr(
        tariffs=(tariff,),
        start_date_time=begins[0],
        charging_periods=tuple(periods),
        total_cost=None,
    )

    assert [one.unit_price for one in priced(cdr).segments] == [1, 2]
