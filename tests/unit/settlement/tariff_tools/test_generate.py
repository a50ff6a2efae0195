"""A CDR from a tariff: where it is cut, what it states, what it costs."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from settlement.answer import price_cdr
from settlement.ocpi.door import parse_cdr
from settlement.party import PartyId
from settlement.tariff_tools.generate.generator import Generated, generate_cdr
from settlement.tariff_tools.generate.wanted import CannotGenerate, PaysTheDriver, Wanted
from tests.builders import a_tariff_document, as_bytes

Json = dict[str, Any]

# A Tuesday, 10:00 in Amsterdam.
START = datetime(2026, 1, 13, 9, tzinfo=UTC)


def component(kind: str, price: float, **more: Any) -> Json:
    return {"type": kind, "price": price, "step_size": 1, **more}


def element(*components: Json, **restrictions: Any) -> Json:
    return {"price_components": list(components)} | (
        {"restrictions": restrictions} if restrictions else {}
    )


ENERGY = component("ENERGY", 0.4, vat=21)
CHEAPER = element(component("ENERGY", 0.3, vat=21))


def wanted(**changes: Any) -> Wanted:
    told: Json = {"start": START, "charging": 7200, "parking": 3600, "kwh": Decimal(20)}
    return Wanted(**(told | {"time_zone": "Europe/Amsterdam"} | changes))


def made(*elements: Json, tariff: Json | None = None, **changes: Any) -> Generated:
    document = a_tariff_document(elements=list(elements or [element(ENERGY)]), **(tariff or {}))
    return generate_cdr(as_bytes(document), wanted=wanted(**changes))


def cdr_of(generated: Generated) -> Json:
    document: Json = msgspec.json.decode(generated.text)
    return document


def periods(generated: Generated) -> list[tuple[str, dict[str, float]]]:
    return [
        (
            period["start_date_time"][11:19],
            {one["type"]: one["volume"] for one in period["dimensions"]},
        )
        for period in cdr_of(generated)["charging_periods"]
    ]


def starts(generated: Generated) -> list[str]:
    return [start for start, _ in periods(generated)]


def test_a_session_without_bounds_is_charging_and_then_parking() -> None:
    assert periods(made()) == [
        ("09:00:00", {"ENERGY": 20, "TIME": 2}),
        ("11:00:00", {"PARKING_TIME": 1}),
    ]


@pytest.mark.parametrize(
    ("restrictions", "cuts"),
    [
        ({"start_time": "08:00", "end_time": "10:30"}, ["09:30:00"]),
        ({"min_duration": 600}, ["09:10:00"]),
        ({"max_duration": 9000}, ["11:30:00"]),
        ({"max_kwh": 5}, ["09:30:00"]),
        ({"max_kwh": 0.001}, ["09:00:01"]),
        ({"max_kwh": 20}, []),
        ({"min_kwh": 50}, []),
        ({"end_time": "10:00"}, []),
    ],
)
def test_a_session_is_cut_where_a_bound_lies_in_it(restrictions: Json, cuts: list[str]) -> None:
    generated = made(element(ENERGY, **restrictions), CHEAPER)

    assert starts(generated) == sorted({"09:00:00", *cuts, "11:00:00"})


def test_a_day_ends_at_local_midnight() -> None:
    night = datetime(2026, 1, 13, 22, 30, tzinfo=UTC)

    generated = made(element(ENERGY, day_of_week=["TUESDAY"]), CHEAPER, start=night)

    assert starts(generated) == ["22:30:00", "23:00:00", "00:30:00"]


def test_the_clock_that_is_moved_cuts_and_the_hour_that_occurs_twice_does_so_twice() -> None:
    night = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)

    generated = made(element(ENERGY, start_time="02:15"), CHEAPER, start=night, parking=0)

    assert starts(generated) == ["23:30:00", "00:15:00", "01:00:00", "01:15:00"]


def test_energy_at_a_bound_is_the_bound_to_the_last_digit() -> None:
    generated = made(element(ENERGY, max_kwh=3.3333), CHEAPER, parking=0)

    (_, first), (_, second) = periods(generated)
    assert first["ENERGY"] == 3.3333
    assert Decimal(str(second["ENERGY"])) == Decimal(20) - Decimal("3.3333")


def test_bounds_in_one_second_get_a_second_each() -> None:
    rows = [element(component("ENERGY", 1 + n), max_kwh=5 + n / 10_000) for n in range(3)]

    generated = made(*rows, CHEAPER, parking=0)

    assert starts(generated) == ["09:00:00", "09:30:00", "09:30:01", "09:30:02"]


def test_a_session_too_short_for_its_bounds_is_refused() -> None:
    rows = [element(ENERGY, max_kwh=n / 1000) for n in range(1, 4)]

    with pytest.raises(CannotGenerate, match="too short"):
        made(*rows, charging=3, kwh=Decimal("0.01"))


def test_readings_are_stated_where_the_tariff_asks_for_them() -> None:
    fast = element(ENERGY, min_power=11)

    assert periods(made(fast, CHEAPER, max_power_kw=Decimal(11))) == [
        ("09:00:00", {"ENERGY": 15.9989, "TIME": 1.4544, "MIN_POWER": 11, "MAX_POWER": 11}),
        ("10:27:16", {"ENERGY": 4.0011, "TIME": 0.5456, "MIN_POWER": 7.334, "MAX_POWER": 7.334}),
        ("11:00:00", {"PARKING_TIME": 1, "MIN_POWER": 0, "MAX_POWER": 0}),
    ]
    assert "MIN_CURRENT" in periods(made(element(ENERGY, min_current=16), CHEAPER))[0][1]
    assert "MIN_POWER" not in periods(made(element(ENERGY, min_current=16), CHEAPER))[0][1]


@pytest.mark.parametrize("version", ["2.1.1", "2.2.1", "2.3.0"])
def test_a_cdr_is_in_the_form_of_its_version(version: str) -> None:
    plain = element(component("ENERGY", 0.4), component("PARKING_TIME", 2), max_kwh=5)

    generated = made(
        plain, CHEAPER | {"price_components": [component("ENERGY", 0.3)]}, ocpi_version=version
    )

    parsed = parse_cdr(generated.text, ocpi_version=version)
    assert (parsed.remarks, parsed.null_fields) == ((), 0)
    assert parsed.value.tariffs[0].ocpi_version == version
    answer = price_cdr(generated.text)
    assert answer.cdr.ocpi_version == version
    assert answer.verdict == "matched"
    assert str(answer.priced.rounded.total_cost.before_taxes) == "6.50"  # type: ignore[union-attr]


def test_costs_stand_beside_their_volumes_and_taxes_have_their_rate() -> None:
    energy = element(ENERGY, component("FLAT", 1, vat=21), component("PARKING_TIME", 3, vat=21))

    cdr = cdr_of(made(energy, ocpi_version="2.3.0"))

    assert {name: value for name, value in cdr.items() if name.startswith("total")} == {
        "total_cost": taxed(12.0, 2.52),
        "total_fixed_cost": taxed(1.0, 0.21),
        "total_energy": 20,
        "total_energy_cost": taxed(8.0, 1.68),
        "total_time": 3,
        "total_parking_time": 1,
        "total_parking_cost": taxed(3.0, 0.63),
    }


def taxed(before: float, tax: float) -> Json:
    return {
        "before_taxes": before,
        "taxes": [{"name": "VAT", "percentage": 21, "amount": tax}],
    }


def test_what_people_read_of_a_tariff_is_kept_and_its_numbers_keep_their_digits() -> None:
    text = b"""{"country_code": "nl", "party_id": "tnm", "id": "T1", "currency": "eur",
      "tariff_alt_text": [{"language": "en", "text": "forty cents"}],
      "elements": [{"price_components": [{"type": "energy", "price": 0.400, "vat": 21.0,
      "step_size": 1}], "restrictions": {}}], "last_updated": "2025-01-01 00:00:00Z"}"""

    generated = generate_cdr(text, wanted=wanted())

    assert cdr_of(generated)["tariffs"] == [
        {
            "country_code": "NL",
            "party_id": "TNM",
            "id": "T1",
            "currency": "EUR",
            "tariff_alt_text": [{"language": "en", "text": "forty cents"}],
            "elements": [
                {"price_components": [{"type": "ENERGY", "price": 0.4, "vat": 21, "step_size": 1}]}
            ],
            "last_updated": "2025-01-01T00:00:00Z",
        }
    ]
    assert b'"price": 0.400' in generated.text


def test_parties_and_id_can_be_chosen() -> None:
    cdr = cdr_of(made(cpo=PartyId("FR", "ABC"), emsp=PartyId("BE", "XYZ"), cdr_id="C-1"))

    assert (cdr["country_code"], cdr["party_id"], cdr["id"]) == ("FR", "ABC", "C-1")
    assert (cdr["tariffs"][0]["country_code"], cdr["tariffs"][0]["party_id"]) == ("FR", "ABC")
    assert cdr["cdr_token"]["contract_id"] == "BE-XYZ-C00000000-0"
    assert cdr["cdr_location"]["evse_id"] == "FR*ABC*EGENERATED"


def test_it_is_the_same_each_time() -> None:
    assert made().text == made().text


def test_the_country_tells_the_zone_where_it_can_and_a_hint_where_not() -> None:
    night = element(ENERGY, start_time="20:00")

    amsterdam = made(night, CHEAPER)
    new_york = made(night, CHEAPER, time_zone="America/New_York")

    assert amsterdam.hints == ()
    assert cdr_of(amsterdam)["cdr_location"]["country"] == "NLD"
    assert cdr_of(new_york)["cdr_location"]["country"] == "USA"
    assert new_york.hints == (
        "price it with --time-zone America/New_York: by itself the CDR does not tell the zone",
    )


def test_a_cdr_of_2_1_1_has_its_zone_and_no_power() -> None:
    night = element(component("ENERGY", 0.4), start_time="20:00", min_power=5)
    free = element(component("ENERGY", 0))

    generated = made(
        night,
        free,
        ocpi_version="2.1.1",
        time_zone="America/New_York",
        start=datetime(2026, 1, 14, 2, tzinfo=UTC),
    )

    assert cdr_of(generated)["location"]["time_zone"] == "America/New_York"
    assert [hint.partition(":")[0] for hint in generated.hints] == [
        "a CDR of OCPI 2.1.1 cannot state the power that element 0 of the tariff asks for"
    ]


@pytest.mark.parametrize(
    ("tariff", "version", "told"),
    [
        ({"currency": None}, None, "has no currency"),
        ({"id": None}, None, "cannot be read"),
        ({"start_date_time": "2026-02-01T00:00:00Z"}, None, "begins at 2026-02-01T00:00:00Z"),
        ({"end_date_time": "2026-01-13T09:00:00Z"}, None, "ended at 2026-01-13T09:00:00Z"),
        ({"tax_included": "YES"}, "2.2.1", "tax_included YES, for which OCPI 2.2.1"),
        ({"min_price": {"excl_vat": 1}}, "2.1.1", "min_price, for which OCPI 2.1.1"),
        ({}, "2.1.1", "vat, for which OCPI 2.1.1"),
        ({}, "2.2", "one of 2.1.1, 2.2.1, 2.3.0"),
    ],
)
def test_a_tariff_of_which_no_cdr_can_be_made_is_refused(
    tariff: Json, version: str | None, told: str
) -> None:
    with pytest.raises(CannotGenerate, match=told):
        made(tariff=tariff, ocpi_version=version)


def test_a_tariff_that_asks_the_clock_needs_a_zone_where_the_country_has_several() -> None:
    night = element(ENERGY, start_time="20:00")

    assert made(night, CHEAPER, time_zone=None).hints == ()
    with pytest.raises(CannotGenerate, match="give the location's time zone"):
        made(night, CHEAPER, tariff={"country_code": "US"}, time_zone=None)


def test_a_tariff_that_pays_the_driver_has_no_cdr() -> None:
    with pytest.raises(PaysTheDriver):
        made(element(component("ENERGY", -0.1)))


def test_taxes_that_are_included_at_no_rate_are_claimed_as_none() -> None:
    cdr = cdr_of(made(element(component("ENERGY", 0.5)), tariff={"tax_included": "YES"}))

    assert cdr["total_cost"] == {
        "before_taxes": 10.0,
        "taxes": [{"name": "VAT", "amount": 0.0}],
    }


def in_sentences(*components: Json, **tariff: Any) -> str:
    told = {"tax_included": "YES"} | tariff
    with pytest.raises(CannotGenerate) as reason:
        made(element(*components), tariff=told)
    return str(reason.value)


def test_taxes_of_minus_100_percent_that_prices_include_end_in_a_sentence() -> None:
    assert in_sentences(component("ENERGY", 0.4, vat=-100)) == (
        "the session cannot be priced: a tariff includes taxes of -100 %: "
        "no amount before taxes gives its prices"
    )


def test_a_limit_that_lifts_one_side_of_a_negative_price_ends_in_a_sentence() -> None:
    limit = {"before_taxes": 0, "taxes": []}

    assert "is not determined" in in_sentences(component("ENERGY", -1), min_price=limit)
