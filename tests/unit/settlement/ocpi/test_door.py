"""What the door reads, what it tolerates and says."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from settlement.ocpi.door import (
    parse_cdr,
)
from settlement.ocpi.parsed import Parsed
from settlement.ocpi.remark import REMARKS
from settlement.party import PartyId
from settlement.tariff import Price
from tests.builders import (
    a_cdr,
    a_cdr_document,
    a_cdr_location_document,
    a_charging_period_document,
    a_tariff,
    a_tariff_document,
    a_token_document,
    as_bytes,
)

JsonObject = dict[str, Any]


def without(document: JsonObject, *names: str) -> JsonObject:
    return {name: value for name, value in document.items() if name not in names}


def codes(parsed: Parsed[Any]) -> list[str]:
    return [remark.code for remark in parsed.remarks]


def read_cdr(**changes: Any) -> Parsed[Any]:
    return parse_cdr(as_bytes(a_cdr_document(**changes)), ocpi_version="2.2.1")


def dimension(kind: Any, volume: Any) -> JsonObject:
    return a_charging_period_document(dimensions=[{"type": kind, "volume": volume}])


def component(**changes: Any) -> JsonObject:
    regular = {"type": "ENERGY", "price": 0.25, "vat": 21.0, "step_size": 1}
    return a_tariff_document(elements=[{"price_components": [{**regular, **changes}]}])


def test_a_regular_cdr_is_read_without_a_remark() -> None:
    parsed = read_cdr()

    assert parsed == Parsed(a_cdr())


def test_a_mapping_is_read_like_its_bytes() -> None:
    document = a_cdr_document(total_energy=Decimal("20.50"))

    parsed = parse_cdr(document, ocpi_version="2.2.1")

    assert str(parsed.value.total_energy) == "20.50"
    assert parsed.value == a_cdr()


# change of the regular CDR | code of the remark | path
TOLERATED: list[tuple[JsonObject, str, str]] = [
    ({"total_energy": "20.50"}, "number_as_text", "$.total_energy"),
    (
        {"charging_periods": [dimension("ENERGY", " 1.5 ")]},
        "number_as_text",
        "$.charging_periods[0].dimensions[0].volume",
    ),
    ({"id": 17}, "text_as_number", "$.id"),
    ({"auth_method": "whitelist"}, "lower_case_code", "$.auth_method"),
    ({"currency": "eur"}, "lower_case_code", "$.currency"),
    ({"auth_method": "MAGIC"}, "unknown_code", "$.auth_method"),
    (
        {"charging_periods": [dimension("RAIN", 1)]},
        "unknown_code",
        "$.charging_periods[0].dimensions[0].type",
    ),
    ({"charging_periods": a_charging_period_document()}, "not_a_list", "$.charging_periods"),
    (
        {
            "charging_periods": [
                a_charging_period_document(dimensions={"type": "ENERGY", "volume": 1})
            ]
        },
        "not_a_list",
        "$.charging_periods[0].dimensions",
    ),
    ({"tariffs": a_tariff_document()}, "not_a_list", "$.tariffs"),
    ({"charging_periods": []}, "empty_list", "$.charging_periods"),
    ({"session_id": ""}, "empty_text", "$.session_id"),
    ({"total_cost": None}, "missing_field", "$.total_cost"),
    ({"id": None}, "missing_field", "$.id"),
    (
        {"cdr_token": without(a_token_document(), "party_id")},
        "missing_field",
        "$.cdr_token.party_id",
    ),
    ({"session_id": None}, "null_field", "$.session_id"),
    ({"total_parking_time": None}, "null_field", "$.total_parking_time"),
    ({"x_vendor": {"a": 1}}, "unknown_field", "$.x_vendor"),
    ({"total_cost": 5.125}, "price_shape", "$.total_cost"),
    ({"total_cost": {"before_taxes": 5}}, "price_shape", "$.total_cost"),
    (
        {"cdr_location": a_cdr_location_document(country="NL")},
        "country_alpha_2",
        "$.cdr_location.country",
    ),
    ({"end_date_time": "2024-03-01 12:00:00Z"}, "time_separator", "$.end_date_time"),
    ({"end_date_time": "2024-03-01T13:00:00+01:00"}, "time_offset", "$.end_date_time"),
    ({"end_date_time": "2024-3-1T12:00:00Z"}, "time_form", "$.end_date_time"),
    ({"end_date_time": "2024-03-01T12:00:00.0000009Z"}, "time_fraction_cut", "$.end_date_time"),
    ({"start_date_time": "1970-1-1T00:00:00Z"}, "time_unknown", "$.start_date_time"),
    ({"start_date_time": "1970-01-01T00:00:00Z"}, "time_unknown", "$.start_date_time"),
    ({"credit": "false"}, "flag_form", "$.credit"),
    ({"session_id": "x" * 37}, "wrong_length", "$.session_id"),
    ({"last_updated": "yesterday"}, "unreadable_value", "$.last_updated"),
    ({"cdr_token": "ABC"}, "unreadable_value", "$.cdr_token"),
    ({"tariffs": [component(step_size=300.0)]}, "whole_as_decimal", "$.tariffs[0]"),
    ({"tariffs": [component(price=None)]}, "tariff_unusable", "$.tariffs[0]"),
]


@pytest.mark.parametrize(("change", "code", "path"), TOLERATED)
def test_a_deviation_is_tolerated_with_its_remark(change: JsonObject, code: str, path: str) -> None:
    parsed = read_cdr(**change)

    assert any(remark.code == code and remark.path.startswith(path) for remark in parsed.remarks)


def test_every_remark_code_is_known_and_shown_by_a_test() -> None:
    elsewhere = {"renamed_code", "later_field"}  # of a session, of 2.1.1

    assert {code for _, code, _ in TOLERATED} | elsewhere == set(REMARKS)


# change of the regular CDR | field of the record | its value
READ: list[tuple[JsonObject, str, Any]] = [
    ({"total_energy": "20.50"}, "total_energy", Decimal("20.50")),
    ({"total_energy": 20}, "total_energy", Decimal(20)),
    ({"id": 17}, "id", "17"),
    ({"currency": "eur"}, "currency", "EUR"),
    ({"country_code": "nl", "party_id": "tnm"}, "cpo", PartyId("NL", "TNM")),
    ({"country_code": "NLD"}, "cpo", None),
    ({"total_cost": 5.125}, "total_cost", Price(Decimal("5.125"))),
    ({"total_cost": "5.125"}, "total_cost", Price(Decimal("5.125"))),
    ({"total_cost": {"incl_vat": 6}}, "total_cost", Price(None, Decimal(6))),
    ({"total_cost": {}}, "total_cost", None),
    ({"total_cost": {"before_taxes": 5, "taxes": []}}, "total_cost", Price(Decimal(5))),
    (
        {"total_cost": {"before_taxes": 5, "taxes": [{"name": "VAT", "amount": "0.5"}]}},
        "total_cost",
        Price(Decimal(5), Decimal("5.5")),
    ),
    (
        {"total_cost": {"before_taxes": 5, "after_taxes": 6}},
        "total_cost",
        Price(Decimal(5), Decimal(6)),
    ),
    ({"end_date_time": "2024-03-01T13:00:00+01:00"}, "end_date_time", a_cdr().end_date_time),
    ({"end_date_time": "2024-03-01 12:00:00"}, "end_date_time", a_cdr().end_date_time),
    ({"end_date_time": "2024-03-01T12:00:00"}, "end_date_time", a_cdr().end_date_time),
    (
        {"start_date_time": "1970-1-1T00:00:00Z"},
        "start_date_time",
        datetime(1970, 1, 1, tzinfo=UTC),
    ),
    ({"credit": "true"}, "credit", True),
    ({"credit": None}, "credit", False),
    ({"tariffs": a_tariff_document()}, "tariffs", (a_tariff(),)),
    ({"tariffs": [None, a_tariff_document()]}, "tariffs", (a_tariff(),)),
    ({"tariffs": [component(price=None)]}, "tariffs", ()),
    ({"tariffs": [a_tariff_document(currency=None)]}, "tariffs", (a_tariff(),)),
    ({"tariffs": [without(a_tariff_document(), "id")]}, "tariffs", (a_tariff(id=""),)),
    ({"charging_periods": []}, "charging_periods", ()),
    ({"cdr_location": None}, "cdr_location", None),
    ({"cdr_token": {}}, "cdr_token", msgspec.convert({}, type(a_cdr().cdr_token))),
]


@pytest.mark.parametrize(("change", "field", "value"), READ)
def test_a_deviation_is_read_as(change: JsonObject, field: str, value: Any) -> None:
    parsed = read_cdr(**change)

    assert value == getattr(parsed.value, field)


def test_a_missing_designator_means_utc_and_is_no_deviation() -> None:
    parsed = read_cdr(end_date_time="2024-03-01T12:00:00.000")

    assert parsed == Parsed(a_cdr())


def test_a_period_without_a_start_begins_where_the_one_before_it_does() -> None:
    later = a_charging_period_document(start_date_time="2024-03-01T11:00:00Z")
    lost = without(a_charging_period_document(), "start_date_time")

    parsed = read_cdr(charging_periods=[lost, later, lost])

    starts = [period.start_date_time.hour for period in parsed.value.charging_periods]
    assert starts == [10, 11, 11]
    assert codes(parsed) == ["missing_field"]


def test_nulls_and_unknown_fields_are_one_remark_each_with_their_number() -> None:
    parsed = read_cdr(
        session_id=None,
        credit=None,
        remark=None,
        x_a=1,
        x_b=None,
        tariffs=[a_tariff_document(x_c=1, type=None)],
    )

    assert codes(parsed) == ["null_field", "unknown_field"]
    assert (parsed.null_fields, parsed.unknown_fields) == (4, 3)
    assert " 4: $.credit, $.remark, $.session_id and 1 more." in parsed.remarks[0].message
    assert "$.tariffs[0].x_c" in parsed.remarks[1].message


def test_like_deviations_are_told_once_with_their_number() -> None:
    periods = [dimension("ENERGY", "1.5"), dimension("ENERGY", "2.5")]

    parsed = read_cdr(charging_periods=periods)

    assert codes(parsed) == ["number_as_text"]
    assert "2 times alike" in parsed.remarks[0].message
