"""The gateway's look: whose document it is, and nothing refused that can be settled."""

from datetime import UTC, datetime
from typing import Any

import pytest

from settlement.ocpi.glance import Glance, NotJson, glance
from settlement.ocpi.reader import shown
from settlement.party import PartyId
from tests.builders import (
    CPO,
    EMSP,
    END,
    a_cdr_document,
    a_session_document,
    a_token_document,
    an_evse_document,
    as_bytes,
)


def look(document: dict[str, Any], **given: Any) -> Glance:
    return glance(as_bytes(document), **{"module": "cdrs", "ocpi_version": "2.2.1", **given})


def paths(seen: Glance) -> list[str]:
    return [problem.path for problem in seen.problems]


def test_a_cdr_says_whose_it_is_and_when_it_ended() -> None:
    seen = look(a_cdr_document())

    updated = datetime(2024, 3, 1, 12, 1, tzinfo=UTC)
    assert seen == Glance(cpo=CPO, emsp=EMSP, id="CDR-1", last_updated=updated, occurred=END)


def test_a_session_happened_when_it_was_last_updated() -> None:
    seen = look(a_session_document(), module="sessions")

    assert seen.occurred == seen.last_updated == datetime(2024, 3, 1, 10, 0, 5, tzinfo=UTC)


def test_an_evse_is_known_by_its_uid() -> None:
    assert look(an_evse_document(), module="evses").id == "3256"


def test_a_patch_needs_no_id() -> None:
    seen = look({"kwh": 5}, module="sessions", is_partial=True)

    assert (seen.id, seen.problems) == (None, ())


@pytest.mark.parametrize(
    "changes",
    [
        {"country_code": "nl", "party_id": "tnm", "id": 17},
        {"charging_periods": [], "total_energy": "20"},
        {"total_energy": None, "charging_periods": a_cdr_document()["charging_periods"][0]},
        {"start_date_time": "1970-1-1T00:00:00Z", "end_date_time": "2024-03-01 12:00:00"},
        {"total_cost": "much", "cdr_token": "?", "tariffs": 5, "last_updated": False},
        {"cdr_token": a_token_document(party_id=None)},
    ],
)
def test_what_can_be_settled_or_at_least_kept_is_not_refused(changes: dict[str, Any]) -> None:
    seen = look(a_cdr_document(**changes))

    assert seen.problems == ()
    assert seen.cpo == PartyId("NL", "TNM")


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"id": None}, "$.id"),
        ({"id": " "}, "$.id"),
        ({"id": "A\0"}, "$.id"),
        ({"id": ["A"]}, "$.id"),
        ({"start_date_time": None}, "$.start_date_time"),
        ({"end_date_time": "soon"}, "$.end_date_time"),
        ({"currency": ""}, "$.currency"),
        ({"currency": 978}, "$.currency"),
        ({"charging_periods": [], "total_energy": None}, "$.charging_periods"),
    ],
)
def test_what_nobody_could_settle_is_refused_with_its_path(
    changes: dict[str, Any], path: str
) -> None:
    assert paths(look(a_cdr_document(**changes))) == [path]


def test_an_end_that_is_missing_is_of_2_1_1_only_where_its_field_is_there() -> None:
    (problem,) = look(a_cdr_document(end_date_time="soon", stop_date_time="soon")).problems

    assert str(problem) == (
        '$.end_date_time: "soon": must be the end, a time such as 2024-03-01T10:00:00Z'
    )


@pytest.mark.timeout(2)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b'"text"',
        b'{"id": "\xff"}',
        b'{"id": 1} x',
        b'{"x":' * 100_000,
        b'{"x":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"x": "' + b"\\" * 99_999,
    ],
)
def test_what_is_not_one_json_object_is_not_json(data: bytes) -> None:
    with pytest.raises(NotJson):
        glance(data, module="cdrs", ocpi_version="2.2.1")


@pytest.mark.timeout(2)
@pytest.mark.parametrize(
    "value", [b"1e999999999", b"9" * 1_000_000, b'"\\ud800"', b'"' + b"x" * 1_000_000 + b'"']
)
@pytest.mark.parametrize("name", [b"id", b"currency", b"start_date_time", b"x", b"party_id"])
def test_hostile_values_are_looked_at_quickly(name: bytes, value: bytes) -> None:
    data = b'{"' + name + b'": ' + value + b"}"

    seen = glance(data, module="cdrs", ocpi_version="2.2.1")

    assert seen.cpo is None
    assert all(len(problem.value) <= 80 for problem in seen.problems)


def test_braces_inside_texts_are_not_nesting() -> None:
    data = b'{"id": "' + b"{[" * 1000 + b'\\"{", "x": 1}'

    assert glance(data, module="tariffs", ocpi_version="2.2.1").problems == ()


def test_what_is_shown_of_a_long_text_has_no_control_characters() -> None:
    text = shown("\x1b[31m\r\n" * 40)

    assert text.isprintable()
    assert text.startswith('"\\u001b[31m')
    assert len(text) == 80
