"""Each way in which a mistake is made is recognised."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from settlement import price_cdr
from settlement.pricing.profile import DEFAULT
from settlement.tariff_tools.cause.table import MISTAKES
from tests.builders import as_bytes, in_2_3_0
from tests.unit.settlement.tariff_tools.claims import (
    DAY,
    FEE,
    FIFTH,
    HALF,
    NIGHT,
    PARKED,
    PARKING,
    TIME,
    a_claim,
    an_element,
    codes_of,
)

# what the sender did: claim before taxes, after; elements; volumes; other fields of the tariff
WAYS: dict[str, tuple[list[str], dict[str, Any]]] = {
    # 10 kWh x 0.50 = 5.00, with 20 % 6.00; 6.00 x 1.20 = 7.20
    "tax added to the amount with tax, which is stated before taxes": (
        ["tax_twice"],
        a_claim("6", "7.2", an_element(HALF)),
    ),
    "the amount with tax stated on both sides": (
        ["tax_already_included"],
        a_claim("6", "6", an_element(HALF)),
    ),
    # 0.20 x 10 = 2.00; 0.50 x 10 = 5.00; fees 1.00 each
    "all elements that apply added up, fees too": (
        ["overlapping_elements_added"],
        a_claim("9", "10.8", an_element(FEE, HALF, **DAY), an_element(FEE, FIFTH)),
    ),
    "the fees of all elements that apply, and of one that does not": (
        ["flat_in_every_element"],
        a_claim("7", "8.4", an_element(FEE, HALF, **DAY), an_element(FEE, FIFTH, **NIGHT)),
    ),
    # 2 h x 3.00 + 3 h x 6.00 = 24.00
    "charging charged as parking too": (
        ["charged_and_parked_together"],
        a_claim("24", "28.8", an_element(TIME, PARKING), volumes=PARKED),
    ),
    # 3 h x 3.00 + 3 h x 6.00 = 27.00
    "all time charged as both": (
        ["charged_and_parked_together"],
        a_claim("27", "32.4", an_element(TIME, PARKING), volumes=PARKED),
    ),
    # 1000 kWh x 0.50 = 500.00; 1 kWh = 0.50
    "kWh taken for Wh": (
        ["wh_for_kwh"],
        a_claim("0.5", "0.6", an_element(HALF), volumes=({"ENERGY": "1000", "TIME": "1"},)),
    ),
    # above 20 kWh 0.20; 10 kWh are 5.00, and 10000 Wh at 0.50 are 5000.00
    "Wh charged at the price that is right for the kWh": (
        ["wh_for_kwh", "price_per_step"],
        a_claim("5000", "6000", an_element(HALF, max_kwh=20), an_element(FIFTH)),
    ),
    # 20 Wh at 0.50 and the rest at 0.20 by a reading of all in Wh: all periods at their start
    "Wh that pass a limit in kWh": (
        ["wh_for_kwh"],
        a_claim(
            "7000",
            "8400",
            an_element(HALF, max_kwh=20),
            an_element(FIFTH),
            volumes=({"ENERGY": "10"}, {"ENERGY": "10"}),
        ),
    ),
    # 10 h x 3.00 = 30.00 is 10 / 3600 x 3.00 = 0.0083
    "hours taken for seconds": (
        ["hours_as_seconds"],
        a_claim("0.01", "0.01", an_element(TIME), volumes=({"TIME": "1"},) * 10),
    ),
    # 3600 s written as hours are priced as the hour that the period lasts, 3.00
    "seconds written and charged as hours": (
        ["hours_as_seconds"],
        a_claim(
            "10800",
            "12960",
            an_element(TIME | {"step_size": 60}),
            volumes=({"TIME": "3600"},),
        ),
    ),
    # 12 steps of 5 minutes x 3.00 + 1 h x 6.00
    "a price a step for charging alone": (
        ["price_per_step"],
        a_claim(
            "42",
            "50.4",
            an_element(TIME | {"step_size": 300}, PARKING | {"step_size": 300}),
            volumes=({"TIME": "1"}, {"PARKING_TIME": "1"}),
        ),
    ),
    # 12 steps x 3.00 + 12 steps x 6.00
    "a price a step for all": (
        ["price_per_step"],
        a_claim(
            "108",
            "129.6",
            an_element(TIME | {"step_size": 300}, PARKING | {"step_size": 300}),
            volumes=({"TIME": "1"}, {"PARKING_TIME": "1"}),
        ),
    ),
    # before taxes alone: 6.00 is with tax, whatever was meant by it
    "only the amount before taxes": (
        ["tax_twice", "tax_already_included"],
        a_claim("6", None, an_element(HALF)),
    ),
    # 20 kWh x 0.50 = 10.00 in two periods with a fee each
    "a fee in each of two periods": (
        ["flat_per_period"],
        a_claim("12", "14.4", an_element(FEE, HALF), volumes=({"ENERGY": "10"},) * 2),
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_way_of_a_mistake_is_recognised(way: str) -> None:
    expected, document = WAYS[way]

    answer = price_cdr(as_bytes(document))

    assert expected == codes_of(answer)


INCLUDED = "Tax was added to prices that already include it."
STRICT = msgspec.structs.replace(
    DEFAULT, name="strict", tolerance_total_minor_units=Decimal(0)
)  # so that a cent that was rounded otherwise is a finding
TWO_AND_TWO = (
    *({"RESERVATION_TIME": "1"},) * 2,
    *({"ENERGY": "10"},) * 2,
)
FIVE = {"step_size": 300}


def priced_at(component: dict[str, Any], price: float, **changes: Any) -> dict[str, Any]:
    return component | {"price": price, "vat": 0} | changes


# forms that no way above has: what is told, and a claim that is made so
FORMS: dict[str, dict[str, Any]] = {
    # 0.509 + 0.509 = 1.018; each cut off 1.00
    "The total was rounded down.": a_claim(
        "1.01",
        "1.01",
        an_element(priced_at(HALF, 0.509), priced_at(TIME, 0.509)),
        volumes=({"ENERGY": "1", "TIME": "1"},),
    ),
    # 2 x 0.5095 + 3.009 + 6.009 = 10.037; 1.01 + 3.00 + 6.00; two lines of 0.50 are 1.00
    "Each cost was rounded down.": a_claim(
        "10.01",
        "10.01",
        an_element(priced_at(HALF, 0.5095), priced_at(TIME, 3.009), priced_at(PARKING, 6.009)),
        volumes=({"ENERGY": "1", "TIME": "1"}, {"ENERGY": "1"}, {"PARKING_TIME": "1"}),
    ),
    # 2 x 0.2525 + 0.505 = 1.01; 0.51 + 0.51; two lines of 0.25 and one of 0.51 are 1.01
    "Money was rounded in each cost, not once in the total.": a_claim(
        "1.02",
        "1.02",
        an_element(priced_at(HALF, 0.2525), priced_at(TIME, 0.505)),
        volumes=({"ENERGY": "1"}, {"ENERGY": "1", "TIME": "1"}),
    ),
    # 20 kWh x 0.50 = 10.00, twice a fee of 1.00 for the reservation, twice for the session
    "The FLAT fees of the reservation and of the session were charged in each period.": a_claim(
        "14",
        "16.8",
        an_element(FEE, reservation="RESERVATION"),
        an_element(FEE, HALF),
        volumes=TWO_AND_TWO,
    ),
    # 10 kWh x 0.50 = 5.00, and the fees of the day and of always, not of the night
    "The FLAT fees of all elements that apply were charged, not of the first.": a_claim(
        "7",
        "8.4",
        an_element(FEE, HALF, **DAY),
        an_element(FEE, **NIGHT),
        an_element(FEE),
    ),
    # 0.50 x 10 + 0.20 x 10, one fee
    "The prices of all elements that apply were added up, but for the FLAT fees.": a_claim(
        "8", "9.6", an_element(FEE, HALF, **DAY), an_element(FEE, FIFTH)
    ),
    # 1 kWh is 10 steps of 100 Wh: 5.00, and an hour is 3.00
    "The price of energy was taken for each step of step_size, not for each kWh.": a_claim(
        "8",
        "9.6",
        an_element(HALF | {"step_size": 100}, TIME | FIVE),
        volumes=({"ENERGY": "1", "TIME": "1"},),
    ),
    # 1 h x 3.00 and 12 steps of 5 minutes x 6.00
    "The price of parking was taken for each step of step_size, not for each hour.": a_claim(
        "75", "90", an_element(TIME | FIVE, PARKING | FIVE), volumes=PARKED[1:]
    ),
}


@pytest.mark.parametrize("sentence", FORMS)
def test_a_form_of_a_mistake_is_told(sentence: str) -> None:
    answer = price_cdr(as_bytes(FORMS[sentence]), profile=STRICT)

    assert sentence in [cause.message for cause in answer.causes]


def test_every_form_is_told_by_some_claim() -> None:
    told = {*FORMS, INCLUDED}
    for _, document in WAYS.values():
        told |= {cause.message for cause in price_cdr(as_bytes(document)).causes}

    several = [mistake for mistake in MISTAKES if len(mistake.forms) > 1]
    forms = {form.sentence for mistake in several for form in mistake.forms}
    cases = {
        "Tax was added once more to the amount after taxes.",
        "Tax was taken for included in prices that are without it.",
        "Each line was rounded down.",
        "Money was rounded in each line, not once in the total.",
        "Parking time was charged as charging time as well.",
    }  # of tests/cause_cases, which hold their words
    assert forms - told == cases


def test_where_two_forms_give_the_claim_neither_is_told() -> None:
    # both fees apply, so those that apply are all
    document = a_claim("7", "8.4", an_element(FEE, HALF, **DAY), an_element(FEE))

    messages = {cause.code: cause.message for cause in price_cdr(as_bytes(document)).causes}

    assert messages["flat_in_every_element"] == next(
        mistake.sentence for mistake in MISTAKES if mistake.code == "flat_in_every_element"
    )


def test_prices_with_tax_that_are_taxed_are_taxed_twice() -> None:
    document = in_2_3_0(a_claim("6", "7.2", an_element(HALF | {"price": 0.6})))
    document["tariffs"][0]["tax_included"] = "YES"

    answer = price_cdr(as_bytes(document))

    (cause,) = answer.causes
    assert (cause.code, str(cause.amount)) == ("tax_twice", "1.00")
    assert cause.message == INCLUDED


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [("5", "7.2", "tax_twice"), ("6", "6", "tax_already_included"), ("5", "5", "tax_forgotten")],
)
def test_taxes_of_prices_that_include_them(before: str, after: str, code: str) -> None:
    document = in_2_3_0(a_claim(before, after, an_element(HALF | {"price": 0.6})))
    document["tariffs"][0]["tax_included"] = "YES"

    assert codes_of(price_cdr(as_bytes(document))) == [code]


def test_a_rate_that_takes_all_back_is_no_way_to_include_a_tax() -> None:
    energy = {**HALF, "vat": -100}

    answer = price_cdr(as_bytes(a_claim("6", "7.2", an_element(energy))))

    assert (answer.verdict, answer.causes) == ("disputed", ())
