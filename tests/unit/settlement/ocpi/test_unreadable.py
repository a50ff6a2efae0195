"""What the door cannot read, and that it says so quickly and completely."""

from decimal import Decimal
from typing import Any

import pytest

from settlement.ocpi.door import (
    parse_cdr,
    parse_object,
)
from settlement.ocpi.parsed import Parsed
from settlement.ocpi.problem import Problem, UnreadableDocument
from tests.builders import (
    a_cdr_document,
    a_charging_period_document,
    a_tariff_document,
    as_bytes,
)

JsonObject = dict[str, Any]
PERIOD_START = "$.charging_periods[0].start_date_time"


def without(document: JsonObject, *names: str) -> JsonObject:
    return {name: value for name, value in document.items() if name not in names}


def codes(parsed: Parsed[Any]) -> list[str]:
    return [remark.code for remark in parsed.remarks]


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


@pytest.mark.parametrize("mapping", [{"id": "\ud83d"}, {"id": float("nan")}, {}])
def test_a_mapping_that_is_no_cdr_is_unreadable_too(mapping: JsonObject) -> None:
    with pytest.raises(UnreadableDocument):
        parse_cdr(mapping, ocpi_version="2.2.1")


def test_plain_json_is_read_or_refused_in_the_same_way() -> None:
    assert parse_object(b'{"a": 1.10}') == {"a": Decimal("1.10")}
    with pytest.raises(UnreadableDocument, match="not a JSON object"):
        parse_object(b"[]")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"credit": "maybe"}, "$.credit"),
        ({"total_cost": {"excl_vat": 1, "taxes": "none"}}, "$.total_cost.taxes"),
        ({"total_cost": {"before_taxes": 1, "taxes": [5]}}, "$.total_cost.taxes[0]"),
        (
            {"total_cost": {"before_taxes": 1, "taxes": {"name": "VAT"}}},
            "$.total_cost.taxes[0].amount",
        ),
        (
            {"tariffs": [component(step_size=0.5)]},
            "$.tariffs[0].elements[0].price_components[0].step_size",
        ),
        (
            {"tariffs": [restricted(start_date="soon")]},
            "$.tariffs[0].elements[0].restrictions.start_date",
        ),
        ({"tariffs": "T1"}, "$.tariffs"),
        ({"auth_method": "A\0"}, "$.auth_method"),
    ],
)
def test_what_billing_needs_is_not_guessed(changes: JsonObject, path: str) -> None:
    [problem] = problems_of(as_bytes(a_cdr_document(**changes)))

    assert problem.path == path
