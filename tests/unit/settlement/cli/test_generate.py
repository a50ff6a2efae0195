"""`settle generate` as it is called."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import a_tariff_document

Run = Callable[..., tuple[int, str, str]]

SESSION = ("--start", "2026-01-13T10:00Z", "--hours", "2", "--kwh", "20")


def test_what_is_generated_is_priced_as_matched(settle: Run, written: Any) -> None:
    code, out, err = settle("generate", written(a_tariff_document()), *SESSION)

    assert (code, err) == (0, "")
    assert json.loads(out)["total_cost"] == {"excl_vat": 5.0, "incl_vat": 6.05}
    assert settle("price", written(out.encode()))[0] == 0


def test_a_tariff_may_come_from_stdin_and_from_among_several(settle: Run) -> None:
    both = json.dumps([a_tariff_document(id="A"), a_tariff_document(id="B")]).encode()

    code, out, _ = settle("generate", "-", "--tariff-id", "b", *SESSION, stdin=both)

    assert code == 0
    assert json.loads(out)["tariffs"][0]["id"] == "B"
    code, out, err = settle("generate", "-", *SESSION, stdin=both)
    assert (code, out) == (2, "")
    assert err == "settle: stdin: holds the tariffs A, B: choose with --tariff-id\n"


def test_of_two_versions_of_a_tariff_none_is_taken_by_chance(settle: Run) -> None:
    older = a_tariff_document(last_updated="2023-01-01T00:00:00Z")
    both = json.dumps([older, a_tariff_document()]).encode()
    copies = json.dumps([a_tariff_document()] * 2).encode()

    code, out, err = settle("generate", "-", *SESSION, stdin=both)

    assert (code, out) == (2, "")
    assert err == "settle: stdin: holds 2 tariffs of the id T1: give it one of them\n"
    assert settle("generate", "-", *SESSION, stdin=copies)[0] == 0


@pytest.mark.parametrize(
    ("stdin", "options", "told"),
    [
        (b"{", (), "stdin: not JSON at line 1, column 2"),
        (b'{"id": "T"}', (), "the tariff cannot be read: "),
        (b"null", (), "the tariff cannot be read: "),
        (b"[]", (), "stdin: holds no tariff"),
        (None, ("--hours", "-1"), "hours -1: must be 0 or more"),
        (None, ("--hours", "two"), "--hours two: must be a number"),
        (None, ("--parking-hours", "x"), "--parking-hours x: must be a number"),
        (None, ("--start", "2026-01-13T10:00"), "needs the location's time zone"),
        (None, ("--cpo", "NL-TNM"), "--cpo: party 'NL-TNM'"),
        (None, ("--tariff-id", "T9"), "stdin: holds no tariff T9"),
    ],
)
def test_unusable_input_ends_with_2_and_a_sentence(
    settle: Run, stdin: bytes | None, options: tuple[str, ...], told: str
) -> None:
    given = json.dumps(a_tariff_document()).encode() if stdin is None else stdin

    code, out, err = settle("generate", "-", *SESSION, *options, stdin=given)

    assert (code, out) == (2, "")
    assert err.startswith("settle: ")
    assert told in err


def test_a_hint_goes_to_stderr(settle: Run) -> None:
    document = a_tariff_document(country_code="US")
    document["elements"][0]["restrictions"] = {"start_time": "01:00"}

    code, out, err = settle(
        "generate",
        "-",
        *SESSION,
        "--time-zone",
        "America/Chicago",
        stdin=json.dumps(document).encode(),
    )

    assert code == 0
    assert json.loads(out)["cdr_location"]["country"] == "USA"
    assert err.startswith("settle: price it with --time-zone America/Chicago")
