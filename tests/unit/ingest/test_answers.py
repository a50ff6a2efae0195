"""The envelope, the headers and the methods of every answer."""

import pytest

from tests.builders import a_cdr_document
from tests.unit.ingest.doubles import STRANGER, TOKEN, House

CDRS = "/ocpi/2.2.1/cdrs"


def test_every_answer_carries_code_and_timestamp() -> None:
    house = House()

    answers = [
        house.ask("GET", "/ocpi/versions"),
        house.ask("GET", "/ocpi/versions", token=None),
        house.ask("GET", "/ocpi/nowhere"),
        house.ask("POST", CDRS, b"not json"),
        house.ask("PUT", CDRS, {}),
        house.ask("POST", CDRS, a_cdr_document()),
    ]

    assert [(one.status, one.envelope["status_code"]) for one in answers] == [
        (200, 1000),
        (401, 2000),
        (404, 2001),
        (400, 2001),
        (405, 2001),
        (201, 1000),
    ]
    assert {one.envelope["timestamp"] for one in answers} == {"2024-03-01T12:30:00.123456Z"}
    assert {one.headers["content-type"] for one in answers} == {"application/json"}


def test_message_ids_are_repeated() -> None:
    sent = {"X-Request-ID": "r-1", "X-Correlation-ID": "c-1"}

    answer = House().ask("POST", CDRS, a_cdr_document(), headers=sent)

    assert (answer.headers["x-request-id"], answer.headers["x-correlation-id"]) == ("r-1", "c-1")


def test_missing_message_ids_are_made_and_stored() -> None:
    house = House()

    answer = house.ask("POST", CDRS, a_cdr_document())

    assert answer.headers["x-request-id"] == house.inbox[0].envelope.request_id
    assert answer.headers["x-correlation-id"] == house.inbox[0].envelope.correlation_id
    assert answer.headers["x-request-id"] != answer.headers["x-correlation-id"]


def test_routing_headers_change_sides() -> None:
    sent = {
        "OCPI-from-country-code": "NL",
        "OCPI-from-party-id": "TNM",
        "OCPI-to-country-code": "DE",
        "OCPI-to-party-id": "EMP",
    }

    answer = House().ask("POST", CDRS, b"x", headers=sent)

    routed = {name: text for name, text in answer.headers.items() if name.startswith("ocpi-")}
    assert routed == {
        "ocpi-from-country-code": "DE",
        "ocpi-from-party-id": "EMP",
        "ocpi-to-country-code": "NL",
        "ocpi-to-party-id": "TNM",
    }


def test_writes_are_answered_without_data() -> None:
    answer = House().ask("POST", CDRS, a_cdr_document())

    assert "data" not in answer.envelope


@pytest.mark.parametrize(
    "path",
    ["/ocpi/2.2.1/cdrs", "/ocpi/2.2.1/cdrs/", "//ocpi//2.2.1///cdrs//", "/ocpi/2.2.1//cdrs"],
)
def test_slashes_make_no_difference(path: str) -> None:
    assert House().ask("POST", path, a_cdr_document()).statuses == (201, 1000)


@pytest.mark.parametrize(
    ("path", "served"),
    [
        ("/ocpi", "/ocpi/2.2.1/cdrs"),
        ("/ocpi/2.3.0/cdrs", "OCPI 2.2.1 alone is served, at /ocpi/2.2.1/cdrs, /ocpi/2.2.1/ses"),
        ("/ocpi/2.2.1/tokens", "/ocpi/2.2.1/locations; /ocpi/versions lists it"),
        ("/ocpi/2.1.1", "OCPI 2.2.1 alone"),
        ("/ocpi/2.2.1/cdrs/a/b/c/d/e/f", "OCPI 2.2.1 alone"),
        (
            f"{CDRS}/NL/TNM/1/2",
            "is /ocpi/2.2.1/cdrs, /ocpi/2.2.1/cdrs/{country_code}/{party_id}/{id}",
        ),
    ],
)
def test_a_url_that_does_not_exist_is_told_what_is_served(path: str, served: str) -> None:
    answer = House().ask("POST", path, a_cdr_document())

    assert answer.statuses == (404, 2001)
    assert served in answer.envelope["status_message"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", CDRS, "OPTIONS, POST"),
        ("GET", CDRS, "OPTIONS, POST"),
        ("POST", f"{CDRS}/NL/TNM/1", "GET, HEAD, OPTIONS"),
        ("POST", "/ocpi/2.2.1/sessions/NL/TNM/1", "GET, HEAD, OPTIONS, PATCH, PUT"),
        ("DELETE", "/ocpi/2.2.1/sessions/NL/TNM/1", "GET, HEAD, OPTIONS, PATCH, PUT"),
        ("PATCH", "/ocpi/2.2.1/tariffs/NL/TNM/1", "DELETE, GET, HEAD, OPTIONS, PUT"),
        ("DELETE", "/ocpi/2.2.1/locations/NL/TNM/1", "GET, HEAD, OPTIONS, PATCH, PUT"),
        ("POST", "/ocpi/versions", "GET, HEAD, OPTIONS"),
        ("TRACE", CDRS, "OPTIONS, POST"),
    ],
)
def test_methods_that_are_not_used_say_which_are(method: str, path: str, allowed: str) -> None:
    answer = House().ask(method, path, {})

    assert (405, allowed) == (answer.status, answer.headers["allow"])


def test_options_lists_the_methods() -> None:
    answer = House().ask("OPTIONS", "/ocpi/2.2.1/tariffs/NL/TNM/1")

    assert answer.statuses == (200, 1000)
    assert answer.headers["allow"] == "DELETE, GET, HEAD, OPTIONS, PUT"


def test_head_is_get_without_its_body() -> None:
    house = House()
    house.ask("POST", CDRS, a_cdr_document())

    got = house.ask("GET", f"{CDRS}/NL/TNM/CDR-1")
    head = house.ask("HEAD", f"{CDRS}/NL/TNM/CDR-1")

    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == got.headers["content-length"] == str(len(got.body))


def test_versions_point_to_the_details_and_these_to_the_modules() -> None:
    house = House()

    versions = house.ask("GET", "/ocpi/versions").envelope["data"]
    details = house.ask("GET", "/ocpi/2.2.1/").envelope["data"]

    assert versions == [{"version": "2.2.1", "url": "http://settle.example/ocpi/2.2.1"}]
    assert {one["identifier"]: (one["role"], one["url"]) for one in details["endpoints"]} == {
        name: ("RECEIVER", f"http://settle.example/ocpi/2.2.1/{name}/")
        for name in ("cdrs", "sessions", "tariffs", "locations")
    }


def test_the_public_url_wins_over_the_host_header() -> None:
    house = House(public_url="https://roaming.example/hub/")

    answer = house.ask("POST", CDRS, a_cdr_document())

    expected = "https://roaming.example/hub/ocpi/2.2.1/cdrs/NL/TNM/CDR-1"
    assert expected == answer.headers["location"]


def test_a_host_header_that_is_none_is_not_repeated() -> None:
    answer = House().ask("GET", "/ocpi/versions", headers={"host": 'x"/><script>'})

    assert answer.envelope["data"][0]["url"] == "http://127.0.0.1:8000/ocpi/2.2.1"


@pytest.mark.parametrize(
    "path", ["/ocpi", "/ocpi/2.1.1", "/ocpi/2.2.1/tokens/NL/TNM/1", "/ocpi/2.2.1/nothing"]
)
def test_unknown_urls_are_404(path: str) -> None:
    house = House()

    assert house.ask("GET", path).status == 404
    assert house.ask("GET", path, token=None).status == 401


def test_kafka_away_claims_nothing() -> None:
    house = House()
    house.pen.is_away = True

    answer = house.ask("POST", CDRS, a_cdr_document())

    assert answer.statuses == (503, 3000)
    assert "location" not in answer.headers


def test_a_refused_document_that_cannot_be_kept_is_not_refused_yet() -> None:
    house = House()
    house.pen.is_away = True

    assert house.ask("POST", CDRS, b"not json").statuses == (503, 3000)


def test_health_says_whether_kafka_answers() -> None:
    house = House()
    healthy = house.ask("GET", "/healthz", token=None)
    house.pen.is_away = True
    house.ask("POST", CDRS, a_cdr_document())

    away = house.ask("GET", "/healthz", token=None)
    house.pen.is_away = False

    assert (healthy.status, away.status) == (200, 503)
    assert house.ask("GET", "/healthz", token=None).status == 200


def test_metrics_are_for_this_machine_only() -> None:
    house = House()
    house.ask("POST", CDRS, a_cdr_document())
    house.ask("GET", "/ocpi/versions", token=STRANGER)

    text = house.ask("GET", "/metrics", token=None).body.decode()

    assert 'ocpi_ingest_documents_accepted_total{module="cdrs",partner="NL*TNM"} 1.0' in text
    assert "ocpi_ingest_unknown_tokens_total 1.0" in text
    assert house.ask("GET", "/metrics", token=TOKEN, client="192.0.2.1").status == 404
