"""What is said where there is no price: the place, the sentence, and what would help."""

from typing import Any

import pytest

from settlement.pricing.engine import price
from settlement.pricing.priced import Unpriceable
from tests.builders import START, a_cdr, a_price_component, a_tariff
from tests.unit.settlement.pricing.records import HOUR, D, a_period, an_element

UNNAMED = (a_period(tariff=None, ENERGY=1),)
ON_MONDAYS = a_tariff(elements=(an_element(a_price_component(), day_of_week=(0,)),))


def answer(*tariffs: Any, zone: str | None = None, **changes: Any) -> Any:
    return price(cdr=a_cdr(**{"tariffs": tariffs} | changes), tariffs=tariffs, zone=zone)


def test_the_tariffs_that_periods_name_are_missing() -> None:
    periods = (a_period(tariff="night-1"), a_period(1), a_period(2, tariff="Night-1"))

    assert answer(charging_periods=periods) == Unpriceable(
        code="tariff_missing",
        path="$.charging_periods",
        message="tariff not known: NIGHT-1, T1",
        waits_for=("NIGHT-1", "T1"),
    )


def test_no_tariff_is_named_or_given() -> None:
    assert answer(charging_periods=UNNAMED) == Unpriceable(
        code="tariff_missing",
        path="$.tariffs",
        message="tariff not known: no tariff is named or given",
    )


def test_a_tariff_is_given_twice_with_different_content() -> None:
    other = a_tariff(id="t1", elements=(an_element(a_price_component(price=D(9))),))

    assert answer(a_tariff(), other) == Unpriceable(
        code="tariff_ambiguous",
        path="$.tariffs",
        message="tariff t1 is given twice with different content",
        waits_for=("T1",),
    )


def test_no_period_names_one_of_several_valid_tariffs() -> None:
    tariffs = (a_tariff(), a_tariff(id="T2"))

    assert answer(*tariffs, charging_periods=UNNAMED) == Unpriceable(
        code="tariff_ambiguous",
        path="$.charging_periods",
        message=(
            "no charging period names one of the tariffs T1, T2 and "
            "2 of them are valid at the start"
        ),
        waits_for=("T1", "T2"),
    )


def test_of_several_tariffs_the_one_that_is_valid_at_the_first_moment_prices() -> None:
    over = a_tariff(end_date_time=START)
    begun = a_tariff(id="T2", start_date_time=START, end_date_time=START + HOUR)
    later = a_tariff(id="T3", start_date_time=START + HOUR)

    result = answer(over, begun, later, charging_periods=UNNAMED)

    assert {segment.tariff_id for segment in result.segments} == {"T2"}
    (note,) = result.notes
    assert (note.code, note.path, note.message) == (
        "tariff_chosen_by_validity",
        "$",
        "No charging period names a tariff: of several, T2 alone is valid at the start.",
    )


def test_a_currency_differs() -> None:
    assert answer(a_tariff(currency="SEK")) == Unpriceable(
        code="currency_differs",
        path="$.currency",
        message="the CDR is in EUR, its tariff T1 in SEK",
    )


@pytest.mark.parametrize(
    ("zone", "known"), [(None, "none is known"), ("Mars/X", "'Mars/X' is no IANA time zone")]
)
def test_a_time_zone_is_missing(zone: str | None, known: str) -> None:
    assert answer(ON_MONDAYS, zone=zone) == Unpriceable(
        code="time_zone_missing",
        path="$.cdr_location",
        message=f"the tariff depends on local time; of the location's time zone {known}",
        waits_for=("time_zone",),
    )


def test_a_number_is_beyond_all_measure() -> None:
    assert answer(a_tariff(), charging_periods=(a_period(ENERGY="1E+9999"),)) == Unpriceable(
        code="out_of_range",
        path="$",
        message="a number or time of the CDR or its tariff is beyond all measure",
    )


@pytest.mark.parametrize("kind", ["ENERGY", "TIME", "FLAT"])
def test_taxes_that_are_included_leave_nothing(kind: str) -> None:
    component = a_price_component(type=kind, price=D(3), vat=D(-100))
    tariff = a_tariff(elements=(an_element(component),), tax_included="YES")

    told = answer(tariff, charging_periods=(a_period(ENERGY=1, TIME=1),))

    assert told == Unpriceable(
        code="out_of_range",
        path="$.tariffs",
        message="a tariff includes taxes of -100 %: no amount before taxes gives its prices",
    )
