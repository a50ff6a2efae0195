"""What the door reads, what it tolerates and says, what it cannot read."""

from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from settlement.location import Connector, Evse
from settlement.ocpi.door import (
    parse_cdr,
    parse_connector,
    parse_evse,
    parse_location,
    parse_session,
    parse_tariff,
)
from settlement.ocpi.parsed import Parsed
from settlement.ocpi.problem import Problem, UnreadableDocument
from settlement.ocpi.remark import REMARKS
from settlement.party import PartyId
from settlement.tariff import Price
from tests.builders import (
    a_cdr,
    a_cdr_document,
    a_cdr_location_document,
    a_charging_period_document,
    a_connector_document,
    a_location_document,
    a_session_document,
    a_tariff,
    a_tariff_document,
    a_token_document,
    an_evse_document,
    as_bytes,
)

JsonObject = dict[str, Any]
PERIOD_START = "$.charging_periods[0].start_date_time"


def without(document: JsonObject, *names: str) -> JsonObject:
    return {name: value for name, value in document.items() if name not in names}


def codes(parsed: Parsed[Any]) -> list[str]:
    return [remark.code for remark in parsed.remarks]


def read_cdr(**changes: Any) -> Parsed[Any]:
    return parse_cdr(as_bytes(a_cdr_document(**changes)), ocpi_version="2.2.1")


def problems_of(data: bytes) -> list[Problem]:
    with pytest.raises(UnreadableDocument) as unreadable:
        parse_cdr(data, ocpi_version="2.2.1")
    return list(unreadable.value.problems)


def dimension(kind: Any, volume: Any) -> JsonObject:
    return a_charging_period_document(dimensions=[{"type": kind, "volume": volume}])


def component(**changes: Any) -> JsonObject:
    regular = {"type": "ENERGY", "price": 0.25, "vat": 21.0, "step_size": 1}
    return a_tariff_document(elements=[{"price_components": [{**regular, **changes}]}])


def restricted(**restrictions: Any) -> JsonObject:
    element = a_tariff_document()["elements"][0]
    return a_tariff_document(elements=[{**element, "restrictions": restrictions}])


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
    session = {"renamed_code"}

    assert {code for _, code, _ in TOLERATED} | session == set(REMARKS)


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


# document | paths of its problems
UNREADABLE: list[tuple[JsonObject, list[str]]] = [
    (without(a_cdr_document(), "start_date_time"), ["$.start_date_time"]),
    (a_cdr_document(end_date_time=None), ["$.end_date_time"]),
    (a_cdr_document(end_date_time="soon"), ["$.end_date_time"]),
    (a_cdr_document(currency=""), ["$.currency"]),
    (a_cdr_document(currency=978), ["$.currency"]),
    (without(a_cdr_document(), "charging_periods", "total_energy"), ["$.charging_periods"]),
    (a_cdr_document(charging_periods="none"), ["$.charging_periods"]),
    (a_cdr_document(total_cost="much"), ["$.total_cost"]),
    (a_cdr_document(total_cost={"excl_vat": "5,00"}), ["$.total_cost.excl_vat"]),
    (a_cdr_document(total_energy=True), ["$.total_energy"]),
    (a_cdr_document(total_energy=[1]), ["$.total_energy"]),
    (
        a_cdr_document(charging_periods=[dimension("ENERGY", "NaN")]),
        ["$.charging_periods[0].dimensions[0].volume"],
    ),
    (
        a_cdr_document(charging_periods=[a_charging_period_document(start_date_time="?")]),
        [PERIOD_START],
    ),
    (
        a_cdr_document(tariffs=[component(price="cheap")]),
        ["$.tariffs[0].elements[0].price_components[0].price"],
    ),
    (a_cdr_document(tariffs=["T1"]), ["$.tariffs[0]"]),
    (
        a_cdr_document(tariffs=[restricted(day_of_week=["SOMEDAY"])]),
        ["$.tariffs[0].elements[0].restrictions.day_of_week[0]"],
    ),
    (a_cdr_document(id="CDR\0"), ["$.id"]),
    (
        a_cdr_document(start_date_time=None, currency=None, total_energy="x"),
        ["$.currency", "$.start_date_time", "$.total_energy"],
    ),
]


@pytest.mark.parametrize(("document", "paths"), UNREADABLE)
def test_all_that_cannot_be_read_is_told_with_its_path(
    document: JsonObject, paths: list[str]
) -> None:
    problems = problems_of(as_bytes(document))

    assert paths == sorted(problem.path for problem in problems)


def test_a_problem_shows_the_value_as_it_was_sent() -> None:
    [problem] = problems_of(as_bytes(a_cdr_document(total_energy="5,00")))

    assert problem == Problem("$.total_energy", '"5,00"', "must be a number")


@pytest.mark.timeout(2)
@pytest.mark.parametrize(
    "number", ["1e999999999", "1e-2000", "1" * 5000, "0." + "1" * 5000, "1e" + "9" * 5000]
)
def test_an_absurd_number_in_a_billing_field_is_a_problem_at_once(number: str) -> None:
    data = as_bytes(a_cdr_document(total_energy=7654321)).replace(b"7654321", number.encode())

    [problem] = problems_of(data)

    assert problem.path == "$.total_energy"
    assert len(problem.value) <= 80


@pytest.mark.parametrize("number", ["1e999999999", "1" * 5000])
def test_an_absurd_number_where_nobody_looks_does_not_matter(number: str) -> None:
    data = as_bytes(a_cdr_document(x_vendor=7654321)).replace(b"7654321", number.encode())

    assert codes(parse_cdr(data, ocpi_version="2.2.1")) == ["unknown_field"]


def test_sane_numbers_are_exact_whatever_their_length() -> None:
    number = "0." + "123456789" * 100

    data = as_bytes(a_cdr_document(total_energy=7654321)).replace(b"7654321", number.encode())

    assert str(parse_cdr(data, ocpi_version="2.2.1").value.total_energy) == number


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"id": "\xff"}',
        b'{"id": NaN}',
        b'{"a":' * 5000,
        b'{"a":' * 5000 + b"1" + b"}" * 5000,
    ],
)
def test_what_is_not_one_json_object_is_a_problem_of_the_whole(data: bytes) -> None:
    [problem] = problems_of(data)

    assert problem.path == "$"


def test_a_thousand_problems_are_told_as_a_hundred_and_their_number() -> None:
    document = a_cdr_document(charging_periods=[dimension("ENERGY", "x")] * 1000)

    problems = problems_of(as_bytes(document))

    assert len(problems) == 101
    assert problems[-1].rule == "and 900 more problems"


def test_the_last_of_duplicate_keys_counts_in_both_readings() -> None:
    regular = as_bytes(a_cdr_document()).replace(b'"id":"CDR-1"', b'"id":"A","id":"B"')
    irregular = regular.replace(b'"total_time":2.0', b'"total_time":"2.0"')

    assert parse_cdr(regular, ocpi_version="2.2.1").value.id == "B"
    assert parse_cdr(irregular, ocpi_version="2.2.1").value.id == "B"


def test_half_an_emoji_does_not_cost_the_document() -> None:
    data = as_bytes(a_cdr_document(id="X")).replace(b'"id":"X"', b'"id":"X\\ud83d"')

    assert parse_cdr(data, ocpi_version="2.2.1").value.id == "X\ufffd"


def test_a_tariff_is_read_with_all_it_says() -> None:
    document = restricted(
        start_time="22:00",
        end_time="24:00",
        start_date="2024-01-01",
        min_kwh=1,
        max_power="11.0",
        min_duration=60,
        day_of_week=["SUNDAY", "monday"],
        reservation="RESERVATION",
    )
    limits = {"min_price": {"excl_vat": 1}, "max_price": 9, "type": "REGULAR"}

    parsed = parse_tariff(as_bytes({**document, **limits}), ocpi_version="2.2.1")

    tariff = parsed.value
    restrictions = tariff.elements[0].restrictions
    assert restrictions is not None
    assert (restrictions.start_time, restrictions.end_time) == (time(22), time(0))
    assert restrictions.day_of_week == (0, 6)
    assert (restrictions.min_kwh, restrictions.max_power) == (Decimal(1), Decimal("11.0"))
    assert (restrictions.min_duration, restrictions.reservation) == (60, "RESERVATION")
    assert (tariff.min_price, tariff.max_price) == (Price(Decimal(1)), Price(Decimal(9)))
    assert codes(parsed) == ["lower_case_code", "time_form", "number_as_text", "price_shape"]


@pytest.mark.parametrize(
    "document",
    [
        without(a_tariff_document(), "id"),
        a_tariff_document(elements=[]),
        a_tariff_document(elements=None),
        component(price=None),
        component(type=None),
    ],
)
def test_a_tariff_that_cannot_price_is_unreadable_when_it_stands_alone(
    document: JsonObject,
) -> None:
    with pytest.raises(UnreadableDocument, match=r"is required|needs at least one entry"):
        parse_tariff(as_bytes(document), ocpi_version="2.2.1")


def test_one_price_component_instead_of_a_list_is_a_list_of_one() -> None:
    document = a_tariff_document()
    [only] = document["elements"][0]["price_components"]
    document["elements"] = {"price_components": only}

    parsed = parse_tariff(as_bytes(document), ocpi_version="2.2.1")

    assert parsed.value == a_tariff()
    assert codes(parsed) == ["not_a_list", "not_a_list"]


def test_a_session_is_read() -> None:
    document = a_session_document(status="RESERVED", end_date_time=None, kwh="1.50")

    parsed = parse_session(as_bytes(document), ocpi_version="2.2.1")

    assert (parsed.value.id, parsed.value.kwh) == ("S-1", Decimal("1.50"))
    assert (parsed.value.status, parsed.value.end_date_time) == ("RESERVATION", None)
    assert codes(parsed) == ["number_as_text", "renamed_code", "null_field"]


def test_a_location_is_read_with_its_evses_connectors_and_tariffs() -> None:
    parsed = parse_location(as_bytes(a_location_document()), ocpi_version="2.2.1")

    connector = Connector(id="1", tariff_ids=("T1",))
    assert parsed.value.evses == (
        Evse(uid="3256", evse_id="NL*TNM*E3256", connectors=(connector,)),
    )
    assert (parsed.value.time_zone, parsed.value.country) == ("Europe/Amsterdam", "NLD")
    assert parsed.remarks == ()


def test_a_part_of_a_location_without_its_id_is_left_out_not_the_location() -> None:
    nameless = without(an_evse_document(), "uid")

    parsed = parse_location(as_bytes(a_location_document(evses=[nameless])), ocpi_version="2.2.1")

    assert parsed.value.evses == ()
    assert codes(parsed) == ["missing_field"]


def test_an_evse_and_a_connector_are_read_alone() -> None:
    evse = parse_evse(as_bytes(an_evse_document()), ocpi_version="2.2.1")
    connector = parse_connector(as_bytes(a_connector_document()), ocpi_version="2.2.1")

    assert evse.value.connectors == (connector.value,)
    with pytest.raises(UnreadableDocument, match=r"\$\.uid"):
        parse_evse(as_bytes(without(an_evse_document(), "uid")), ocpi_version="2.2.1")
