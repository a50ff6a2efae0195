"""What a finding says of the engine is what the engine does, also where that is rare."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from settlement.cdr import CdrDimension
from settlement.ocpi.door import parse_tariff
from settlement.pricing.engine import price
from settlement.pricing.priced import PricedCdr
from settlement.tariff import Tariff
from settlement.tariff_tools.lint.fix import fix
from settlement.tariff_tools.lint.linter import lint
from tests.builders import START, a_cdr, a_charging_period, a_tariff_document, as_bytes

Volumes = dict[str, str]

ELSE = {"type": "ENERGY", "price": 2, "vat": 0, "step_size": 1}
FIRST = ELSE | {"price": 1}
EVEN = {"ENERGY": "1", "MIN_POWER": "15", "MAX_POWER": "15", "MIN_CURRENT": "60"}
UNEVEN = {"ENERGY": "1", "MIN_POWER": "5", "MAX_POWER": "30"}
UNEVEN_CURRENT = {"ENERGY": "1", "MIN_CURRENT": "5", "MAX_CURRENT": "30"}
FED_BACK = {"ENERGY": "-1", "MIN_POWER": "-5", "MAX_POWER": "-4"}


def a_document(*elements: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return a_tariff_document(elements=list(elements), **changes)


def an_element(*components: dict[str, Any], **restrictions: Any) -> dict[str, Any]:
    element: dict[str, Any] = {"price_components": list(components)}
    return element | ({"restrictions": restrictions} if restrictions else {})


def found(document: dict[str, Any], code: str) -> str:
    (linted,) = lint(as_bytes(document))
    (message,) = [one.message for one in linted.findings if one.code == code]
    return message


def total(
    document: dict[str, Any], hours: Sequence[Volumes], *, begins: timedelta = timedelta(0)
) -> Decimal:
    """Price a session of so many hours, from 10:00 UTC, which may say that it began later."""
    tariff: Tariff = parse_tariff(as_bytes(document), ocpi_version="2.2.1").value
    periods = tuple(
        a_charging_period(
            start_date_time=START + timedelta(hours=place),
            dimensions=tuple(CdrDimension(name, Decimal(value)) for name, value in hour.items()),
        )
        for place, hour in enumerate(hours)
    )
    end = START + timedelta(hours=len(hours))
    cdr = a_cdr(
        start_date_time=START + begins,
        charging_periods=periods,
        end_date_time=end,
        tariffs=(tariff,),
        total_cost=None,
    )
    priced = price(cdr=cdr, tariffs=(tariff,), zone="UTC")
    assert isinstance(priced, PricedCdr)
    assert priced.rounded.total_cost is not None
    assert priced.rounded.total_cost.before_taxes is not None
    return priced.rounded.total_cost.before_taxes


# restrictions; what is said; hours in which the element does not price, and in which it does
HELD: tuple[tuple[dict[str, Any], str, str, Volumes, Volumes | None], ...] = (
    (
        {"min_power": 20, "max_power": 10},
        "bounds_crossed",
        "prices only periods with a reading below 10 kW and one of 20 kW or more.",
        EVEN,
        UNEVEN,
    ),
    (
        {"min_current": 20, "max_current": 20},
        "bounds_crossed",
        "prices only periods with a reading below 20 A and one of 20 A or more.",
        EVEN,
        UNEVEN_CURRENT,
    ),
    ({"min_kwh": 2, "max_kwh": 1}, "bounds_crossed", "element 0 prices nothing.", EVEN, None),
    ({"min_duration": 9, "max_duration": 9}, "bounds_crossed", "prices nothing.", UNEVEN, None),
    (
        {"max_duration": 0},
        "restriction_impossible",
        "is met only in a period that begins before its session",
        EVEN,
        None,
    ),
    (
        {"max_kwh": 0},
        "restriction_impossible",
        "is met only while more was fed back than charged",
        EVEN,
        FED_BACK,
    ),
    ({"max_power": 0}, "restriction_impossible", "only by a reading below 0", EVEN, FED_BACK),
    (
        {"min_power": 11},
        "evidence_optional",
        "holds only in charging periods that state MIN_POWER or MAX_POWER",
        {"ENERGY": "1"},
        EVEN,
    ),
    (
        {"min_power": 11, "max_current": 63},
        "evidence_optional",
        (
            "max_current and min_power of element 0 hold only in charging periods that state "
            "MIN_CURRENT or MAX_CURRENT and MIN_POWER or MAX_POWER"
        ),
        UNEVEN,
        EVEN,
    ),
)


@pytest.mark.parametrize(("given", "code", "said", "without", "within"), HELD)
def test_an_element_prices_where_it_is_said_to(
    given: dict[str, Any], code: str, said: str, without: Volumes, within: Volumes | None
) -> None:
    document = a_document(an_element(FIRST, **given), an_element(ELSE))

    assert said in found(document, code)
    # the first hour is charged; what comes after it is priced at 1 where the element holds
    before = total(document, [without])
    assert abs(total(document, [without, without]) - before) == 2
    if within is not None:
        fed_back = [within, within, within]
        assert abs(total(document, fed_back) - total(document, fed_back[:2])) == 1


def test_min_kwh_of_0_restricts_where_more_is_fed_back_than_charged() -> None:
    document = a_document(an_element(FIRST, min_kwh=0), an_element(ELSE))

    said = found(document, "restriction_whole_range")

    assert (
        said
        == "min_kwh 0 of element 0 restricts nothing, unless more is fed back than was charged."
    )
    assert total(document, [EVEN, EVEN]) == 2
    assert total(document, [FED_BACK, EVEN]) == -1 + 2
    assert "never prices ENERGY in a regular session: " in found(document, "element_unreachable")


def test_durations_of_0_matter_in_a_period_that_begins_before_its_session() -> None:
    early = timedelta(minutes=30)
    lower = a_document(an_element(FIRST, min_duration=0), an_element(ELSE))
    upper = a_document(an_element(FIRST, max_duration=0), an_element(ELSE))

    assert found(lower, "restriction_whole_range") == (
        "min_duration 0 of element 0 restricts nothing, unless a period begins before its session."
    )
    assert [total(lower, [EVEN], begins=late) for late in (timedelta(0), early)] == [1, 2]
    assert "prices nothing else." in found(upper, "restriction_impossible")
    assert [total(upper, [EVEN], begins=late) for late in (timedelta(0), early)] == [2, 1]
    for document in (lower, upper):
        assert fix(as_bytes(document))[0] == as_bytes(document)


def test_where_nothing_is_fed_back_an_element_is_never_reached_at_all() -> None:
    document = a_document(an_element(FIRST), an_element(ELSE, min_kwh=20))

    assert found(document, "element_unreachable").startswith("Element 1 never prices ENERGY: ")


def test_an_element_that_covers_another_is_named_alone() -> None:
    document = a_document(
        an_element(FIRST, start_time="08:00", end_time="12:00"),
        an_element(ELSE),
        an_element(FIRST | {"price": 3}, min_kwh=5),
    )

    assert ": element 1 holds wherever it holds" in found(document, "element_unreachable")


@pytest.mark.parametrize("price_", [1, 7, 50])
def test_crossed_limits_make_every_session_cost_the_upper_one(price_: int) -> None:
    limits = {"min_price": {"excl_vat": 10}, "max_price": {"excl_vat": 5}}
    document = a_document(an_element(FIRST | {"price": price_}), **limits)

    assert "every session costs 5 before taxes" in found(document, "limits_crossed")
    assert total(document, [EVEN]) == 5


@pytest.mark.parametrize(("end", "last"), [("23:59", "minute"), ("23:59:59", "second")])
def test_the_end_of_the_day_is_left_out(end: str, last: str) -> None:
    document = a_document(an_element(FIRST, start_time="09:00", end_time=end), an_element(ELSE))

    said = found(document, "end_before_midnight")

    assert said.startswith(f"end_time of element 0 is {end}, which is excluded: ")
    assert f"the last {last} of the day" in said


def test_a_fee_is_due_in_a_hole_and_named() -> None:
    fee = {"type": "FLAT", "price": 3, "vat": 0, "step_size": 1}
    document = a_document(an_element(FIRST, max_kwh=1), an_element(fee))

    said = found(document, "charging_hole")

    assert said == "Charging is free, but for the fee, from 1 kWh: no element prices ENERGY there."
    assert total(document, [EVEN, EVEN]) == 1 + 3


@pytest.mark.parametrize(
    ("step", "kwh", "billed"), [(1000, "1.2", 2), (5000, "1.2", 5), (5000, "5.1", 10)]
)
def test_every_started_unit_is_charged_in_full(step: int, kwh: str, billed: int) -> None:
    document = a_document(an_element(FIRST | {"step_size": step}))

    told = "kWh" if step == 1000 else "5 kWh"
    assert f"charges every started {told} in full" in found(document, "step_size_like_unit")
    assert total(document, [{"ENERGY": kwh}]) == billed


def test_a_step_of_time_is_inert_where_parking_is_priced() -> None:
    time = {"type": "TIME", "price": 60, "vat": 0, "step_size": 600}
    parking = {"type": "PARKING_TIME", "price": 0, "vat": 0, "step_size": 1}
    document = a_document(an_element(time, parking))

    found(document, "step_size_inert")

    assert total(document, [{"TIME": "0.25"}]) == 20
    assert total(document, [{"TIME": "0.25"}, {"PARKING_TIME": "1"}]) == 15


def test_a_session_has_one_fee_and_a_later_one_is_never_due() -> None:
    fee = {"type": "FLAT", "price": 1, "vat": 0, "step_size": 1}
    late = an_element(fee | {"price": 10}, min_duration=3600)

    always = a_document(late, an_element(fee))
    with_energy = a_document(late, an_element(fee, max_kwh=1))
    at_night = a_document(late, an_element(fee, start_time="20:00"))

    for document in (always, with_energy):
        said = "element 1 holds at every start."
        assert found(document, "fee_never_due").endswith(said)
        assert total(document, [EVEN] * 3) == 1
    assert total(at_night, [EVEN] * 3) == 10
    codes = [one.code for one in lint(as_bytes(at_night))[0].findings]
    assert "fee_never_due" not in codes
