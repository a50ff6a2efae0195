"""Each way in which a mistake is made is recognised."""

from typing import Any

import pytest

from settlement import price_cdr
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


def test_prices_with_tax_that_are_taxed_are_taxed_twice() -> None:
    document = in_2_3_0(a_claim("6", "7.2", an_element(HALF | {"price": 0.6})))
    document["tariffs"][0]["tax_included"] = "YES"

    answer = price_cdr(as_bytes(document))

    assert codes_of(answer) == ["tax_twice"]
    assert [str(cause.amount) for cause in answer.causes] == ["1.00"]


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [("5", "7.2", "tax_twice"), ("6", "6", "tax_already_included"), ("5", "5", "tax_forgotten")],
)
def test_taxes_of_prices_that_include_them(before: str, after: str, code: str) -> None:
    document = in_2_3_0(a_claim(before, after, an_element(HALF | {"price": 0.6})))
    document["tariffs"][0]["tax_included"] = "YES"

    assert codes_of(price_cdr(as_bytes(document))) == [code]
