"""What attackers and broken systems send: an answer, quickly, and never 500."""

import time

import pytest

from tests.builders import a_cdr_document, as_bytes
from tests.unit.ingest.doubles import House

CDRS = "/ocpi/2.2.1/cdrs"
PLAIN = as_bytes(a_cdr_document())


def with_field(text: bytes) -> bytes:
    return b"{" + text + b"," + PLAIN[1:]


@pytest.mark.parametrize(
    "body",
    [
        with_field(b'"total_energy":1e999999999'),
        PLAIN.replace(b"20.5", b"1e999999999"),
        PLAIN.replace(b"20.5", b"9" * 5000),
        PLAIN.replace(b"20.5", b"-" + b"9" * 5000 + b"e-9999999"),
        PLAIN.replace(b"20.5", b"NaN"),
        with_field(b'"id":"other","id":"third"'),
        with_field(b'"country_code":"DE","country_code":"NL"'),
        with_field(b'"remark":"a\\u0000b"'),
        with_field(b'"remark":"\\ud800"'),
        PLAIN.replace(b"CDR-1", b"C\\u0000"),
        PLAIN.replace(b"CDR-1", b"C\x00"),
        PLAIN.replace(b"Utrecht", b"\xff\xfe"),
        b"\xef\xbb\xbf" + PLAIN,
        PLAIN.decode().encode("utf-16"),
        PLAIN + b"\x00",
        PLAIN + PLAIN,
        b"[" * 100_000,
        b'{"a":' * 100_000,
        with_field(b'"deep":' + b"[" * 50_000 + b"]" * 50_000),
        PLAIN.replace(b'"start_date_time":"2024', b'"start_date_time":"-2024'),
        PLAIN.replace(b"2024-03-01T12:00:00Z", b"0001-01-01T00:00:00+14:00"),
        PLAIN.replace(b"2024-03-01T12:00:00Z", b"9999-12-31T23:59:59-14:00"),
        PLAIN.replace(b"2024-03-01T12:00:00Z", b"9" * 100_000),
        PLAIN.replace(b'"CDR-1"', b"1e400"),
        PLAIN.replace(b'"CDR-1"', b'{"id":1}'),
        PLAIN.replace(b'"NL"', b"[1]", 1),
        PLAIN.replace(b'"NL"', b"1e999", 1),
        b"null",
        b"\x00",
        b"{}",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_hostile_bodies_are_answered_at_once(body: bytes) -> None:
    house = House()
    begun = time.perf_counter()

    answer = house.ask("POST", CDRS, body)

    assert answer.status in {200, 201, 400}
    assert answer.envelope["status_code"] in {1000, 2001}
    assert len(house.pen.records) == 1
    assert house.pen.records[0].value == body
    assert time.perf_counter() - begun < 2


@pytest.mark.parametrize(
    "path",
    [
        "/ocpi/2.2.1/cdrs/NL/TNM/" + "%00" * 10,
        "/ocpi/2.2.1/cdrs/NL/TNM/%E0%80%80",
        "/ocpi/2.2.1/cdrs/%2e%2e/%2e%2e/etc",
        "/ocpi/2.2.1/cdrs/NL/TNM/1/2/3/4/5/6",
        "/ocpi/2.2.1/" + "/" * 5000 + "cdrs",
        "/ocpi/2.2.1/cdrs/NL/TNM/" + "x" * 50_000,
        "/ocpi/2.2.1/cdrs/n%E2%84%AA/tnm/1",
    ],
    ids=lambda path: path[:40],
)
def test_hostile_paths_are_answered(path: str) -> None:
    answer = House().ask("GET", path)

    assert answer.status in {404, 405}
    assert answer.envelope["status_code"] == 2001


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("module", ["sessions", "tariffs", "locations"])
def test_hostile_objects_are_answered(method: str, module: str) -> None:
    house = House()
    bodies = [b"[" * 100_000, b'{"id":1e999999999}', b'{"id":"1","last_updated":1e9}', b"\xff"]

    answers = [house.ask(method, f"/ocpi/2.2.1/{module}/NL/TNM/1", body) for body in bodies]

    assert {answer.status for answer in answers} <= {200, 400, 404, 405}


@pytest.mark.parametrize(
    "value", ["Token " + "x" * 100_000, "Token \x00", "Token ====", "Token " + "=" * 9, "Token ü"]
)
def test_hostile_tokens_are_401(value: str) -> None:
    answer = House().ask("GET", "/ocpi/versions", token=None, headers={"authorization": value})

    assert answer.statuses == (401, 2000)


def test_long_headers_are_repeated_but_not_stored_whole() -> None:
    house = House()

    answer = house.ask("POST", CDRS, PLAIN, headers={"x-request-id": "r" * 5000})

    assert answer.headers["x-request-id"] == "r" * 5000
    assert house.inbox[0].envelope.request_id == "r" * 255
