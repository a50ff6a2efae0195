"""What a GET of OCPI answers is read like what is in it, by every command that reads files."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from settlement.cli.envelope import content_of
from tests.builders import a_cdr_document, a_tariff_document, as_bytes

Run = Callable[..., tuple[int, str, str]]

SESSION = ("--start", "2026-01-13T10:00Z", "--hours", "2", "--kwh", "20")


def answer(data: Any) -> dict[str, Any]:
    return {"data": data, "status_code": 1000, "timestamp": "2024-01-01T00:00:00Z"}


def test_an_answer_gives_its_object_or_the_entries_of_its_list() -> None:
    assert content_of(b'{"status_code": 1000, "data": {"id": "T"}}') == b'{"id": "T"}'
    assert content_of(b'{"data": [{"a": 1}, 2], "status_code": 1000}') == [b'{"a": 1}', b"2"]
    assert content_of(b'{"data": [], "status_code": 1000}') == []


@pytest.mark.parametrize(
    "text",
    [
        b'{"id": "T"}',
        b'{"data": {"status_code": 1000}}',
        b'{"status_code": 2001, "status_message": "no"}',
        b'{"status_code": 1000, "data": null}',
        b'{"status_code": 1000, "data": {"id": }}',
        b'["status_code"]',
    ],
)
def test_what_is_no_answer_is_left_as_it_is(text: bytes) -> None:
    assert content_of(text) is None


@pytest.mark.parametrize("command", [("explain",), ("lint",), ("generate", *SESSION)])
def test_a_tariff_in_an_answer_is_as_good_as_bare(settle: Run, command: tuple[str, ...]) -> None:
    name, *options = command
    bare = settle(name, "-", *options, stdin=as_bytes(a_tariff_document()))

    wrapped = settle(name, "-", *options, stdin=as_bytes(answer(a_tariff_document())))
    spread = json.dumps(answer([a_tariff_document()]), indent=2).encode()
    listed = settle(name, "-", *options, stdin=spread)

    assert bare[0] == 0
    assert [one[:2] for one in (wrapped, listed)] == [
        (0, bare[1].replace("stdin: ", f"stdin {place}: ")) for place in ("/data", "/data/0")
    ]


def test_cdrs_in_an_answer_are_priced_one_by_one(settle: Run, written: Any) -> None:
    _, bare, _ = settle("price", written(a_cdr_document()))

    code, out, _ = settle("price", written(answer(a_cdr_document())))
    _, listed, err = settle("price", written(answer([a_cdr_document(), {"id": "X"}])))

    assert (code, out) == (0, bare)
    assert listed.startswith("CDR-1: matched, ")
    assert "cdr.json:2: $.start_date_time: nothing: is required" in err
    assert "2 CDRs: 1 matched, 0 with findings, 1 unusable" in err


def test_a_tariff_to_price_with_may_be_in_an_answer(settle: Run, written: Any) -> None:
    tariff = written(answer([a_tariff_document()]), "tariff.json")

    code, out, _ = settle("price", written(a_cdr_document()), "--tariff", tariff)

    assert code == 0
    assert "price basis published" in out
