"""The gateway's process on a real Kafka: what is acknowledged is in the log, byte for byte."""

import asyncio
import base64
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ingest.partner import load_partners, register_partner, revoke_partner
from settlement.party import PartyId
from streams.events import envelope_of
from streams.topics import INBOX, PARTNER, REJECTED
from tests.builders import a_cdr_document, a_session_document, as_bytes
from tests.integration.gateway_process import (
    GatewayProcess,
    create_topics,
    new_partner,
    records_of,
    running_gateway,
)

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

CDRS = "/ocpi/2.2.1/cdrs/"


@pytest.fixture(scope="module")
def brokers(kafka: str) -> str:
    create_topics(kafka)
    return kafka


@pytest.fixture(scope="module")
def gateway(brokers: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProcess]:
    with running_gateway(brokers=brokers, data_dir=tmp_path_factory.mktemp("gateway")) as running:
        yield running


def cdr_of(party: str, **changes: object) -> bytes:
    country_code, party_id = party.split("*")
    return as_bytes(a_cdr_document(country_code=country_code, party_id=party_id, **changes))


def test_an_acknowledged_cdr_is_in_the_inbox(gateway: GatewayProcess, brokers: str) -> None:
    token = new_partner(brokers, "NL*A01")
    sent = cdr_of("NL*A01")

    answer = gateway.ask("POST", CDRS, token, content=sent)

    assert (answer.status_code, answer.json()["status_code"]) == (201, 1000)
    written = records_of(brokers, INBOX, key="NL*A01")
    envelope = envelope_of(written[0].headers)
    assert [record.value for record in written] == [sent]
    assert (envelope.cpo, envelope.partner, envelope.object_id) == ("NL*A01", "NL*A01", "CDR-1")
    assert PartyId("NL", "A01") == PartyId(*envelope.cpo.split("*"))


def test_get_finds_the_cdr_right_after_post(gateway: GatewayProcess, brokers: str) -> None:
    token = new_partner(brokers, "NL*A02")

    location = gateway.ask("POST", CDRS, token, content=cdr_of("NL*A02")).headers["location"]

    assert location == f"{gateway.url}/ocpi/2.2.1/cdrs/NL/A02/CDR-1"
    answer = gateway.ask("GET", location, token)
    assert (answer.status_code, answer.json()["data"]["id"]) == (200, "CDR-1")


def test_repeated_and_differing_copies_are_accepted_and_all_kept(
    gateway: GatewayProcess, brokers: str
) -> None:
    token = new_partner(brokers, "NL*A03")
    copies = [cdr_of("NL*A03"), cdr_of("NL*A03"), cdr_of("NL*A03", total_energy=99)]

    answers = [gateway.ask("POST", CDRS, token, content=copy) for copy in copies]

    assert [answer.json()["status_code"] for answer in answers] == [1000, 1000, 1000]
    assert len({answer.headers["location"] for answer in answers}) == 1
    assert [record.value for record in records_of(brokers, INBOX, key="NL*A03")] == copies
    assert gateway.ask("GET", CDRS + "NL/A03/CDR-1", token).json()["data"]["total_energy"] == 20.5


def test_many_partners_at_once_lose_nothing(gateway: GatewayProcess, brokers: str) -> None:
    token = new_partner(brokers, "NL*A04")
    bodies = [cdr_of("NL*A04", id=f"C-{number}") for number in range(200)]

    with ThreadPoolExecutor(16) as pool:
        answers = list(
            pool.map(lambda body: gateway.ask("POST", CDRS, token, content=body), bodies)
        )

    assert {answer.status_code for answer in answers} == {201}
    stored = sorted(record.value for record in records_of(brokers, INBOX, key="NL*A04"))
    assert stored == sorted(bodies)


def test_both_forms_of_a_token_work(gateway: GatewayProcess, brokers: str) -> None:
    token = new_partner(brokers, "NL*A05")
    encoded = base64.b64encode(token.encode()).decode()
    with_newline = base64.b64encode(f"{token}\n".encode()).decode()

    answers = [
        gateway.ask("GET", "/ocpi/versions", form) for form in (token, encoded, with_newline)
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200]


def test_further_tokens_work_beside_the_first_until_they_are_replaced(
    gateway: GatewayProcess, brokers: str
) -> None:
    first = new_partner(brokers, "NL*A06")
    second = new_partner(brokers, "NL*A06", "EMSP")
    both = [gateway.ask("GET", "/ocpi/versions", one).status_code for one in (first, second)]
    third = new_partner(brokers, "NL*A06", replace=True)

    assert both == [200, 200]
    assert gateway.ask("GET", "/ocpi/versions", third).status_code == 200
    assert [gateway.ask("GET", "/ocpi/versions", old).status_code for old in (first, second)] == [
        401,
        401,
    ]


def test_a_revoked_token_stops_working(gateway: GatewayProcess, brokers: str) -> None:
    token = new_partner(brokers, "NL*A07")
    before = gateway.ask("GET", "/ocpi/versions", token).status_code

    ended = asyncio.run(revoke_partner(brokers=brokers, party="nl*a07"))

    assert (before, ended) == (200, 1)
    deadline = time.monotonic() + 2
    while gateway.ask("GET", "/ocpi/versions", token).status_code == 200:
        assert time.monotonic() < deadline
    assert gateway.ask("GET", "/ocpi/versions", token).status_code == 401


def test_tokens_registered_at_the_same_moment_all_stay(brokers: str) -> None:
    async def register() -> list[str]:
        return await asyncio.gather(
            *(register_partner(brokers=brokers, party="NL*A08", roles=["CPO"]) for _ in range(5))
        )

    tokens = asyncio.run(register())
    partners = asyncio.run(load_partners(brokers=brokers))

    assert len(set(tokens)) == 5
    assert [len(one.tokens) for one in partners if one.party == "NL*A08"] == [5]


def test_no_token_stands_in_kafka_in_clear(gateway: GatewayProcess, brokers: str) -> None:
    token = new_partner(brokers, "NL*A09")
    gateway.ask("POST", CDRS, token, content=cdr_of("NL*A09"))

    records = [
        *records_of(brokers, PARTNER, key="NL*A09"),
        *records_of(brokers, INBOX, key="NL*A09"),
    ]

    assert len(records) == 2
    assert [record for record in records if token.encode() in repr(record).encode()] == []


def test_two_gateways_know_a_new_token_and_an_object_at_once(
    gateway: GatewayProcess, brokers: str, tmp_path: Path
) -> None:
    with running_gateway(brokers=brokers, data_dir=tmp_path) as other:
        token = new_partner(brokers, "NL*A10")

        answers = [
            one.ask("POST", CDRS, token, content=cdr_of("NL*A10")) for one in (gateway, other)
        ]

        assert [answer.status_code for answer in answers] == [201, 201]
        assert other.stop() == 0


def test_what_is_refused_is_in_rejected(gateway: GatewayProcess, brokers: str) -> None:
    token = new_partner(brokers, "NL*A11")
    sent = [b"\xff not json", cdr_of("NL*A11", currency=None), cdr_of("NL*B11")]

    answers = [gateway.ask("POST", CDRS, token, content=body) for body in sent]

    assert [(one.status_code, one.json()["status_code"]) for one in answers] == [
        (400, 2001),
        (200, 2001),
        (200, 2001),
    ]
    kept = records_of(brokers, REJECTED, key="NL*A11")
    headers = [{name: text.decode() for name, text in record.headers} for record in kept]
    assert [record.value for record in kept] == sent
    assert [one["reason_code"] for one in headers] == [
        "not_json",
        "incomplete",
        "party_not_the_partners",
    ]
    assert [json.loads(one["paths"]) for one in headers][1] == ["$.currency"]
    assert [envelope_of(record.headers).partner for record in kept] == ["NL*A11"] * 3


def test_a_document_up_to_the_limit_is_accepted_and_a_larger_one_kept_as_rejected(
    gateway: GatewayProcess, brokers: str
) -> None:
    token = new_partner(brokers, "NL*A12")
    fits = cdr_of("NL*A12", remark="x" * (5 * 1024 * 1024 - 64 * 1024 - 2000))
    larger = cdr_of("NL*A12", remark="x" * (5 * 1024 * 1024 - 10_000))
    far_larger = cdr_of("NL*A12", remark="x" * (8 * 1024 * 1024))

    answers = [gateway.ask("POST", CDRS, token, content=one) for one in (fits, larger, far_larger)]

    assert [answer.status_code for answer in answers] == [201, 413, 413]
    assert [len(one.value) for one in records_of(brokers, INBOX, key="NL*A12")] == [len(fits)]
    assert [len(one.value) for one in records_of(brokers, REJECTED, key="NL*A12")] == [
        len(larger),
        0,
    ]


def test_sessions_are_written_in_the_order_in_which_they_were_answered(
    gateway: GatewayProcess, brokers: str
) -> None:
    token = new_partner(brokers, "NL*A13")
    url = "/ocpi/2.2.1/sessions/NL/A13/S-1"

    gateway.ask("PUT", url, token, json=a_session_document(party_id="A13"))
    for kwh in range(5):
        assert gateway.ask("PATCH", url, token, json={"kwh": kwh}).status_code == 200

    envelopes = [envelope_of(one.headers) for one in records_of(brokers, INBOX, key="NL*A13")]
    assert [one.http_method for one in envelopes] == ["PUT", *["PATCH"] * 5]
    assert sorted(one.received_time for one in envelopes) == [
        one.received_time for one in envelopes
    ]


def test_the_command_line_prints_a_token_alone_and_lists_no_secret(
    gateway: GatewayProcess, brokers: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_BROKERS", brokers)
    settle = [sys.executable, "-m", "settlement", "partner"]

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*settle, *arguments], capture_output=True, text=True, check=False)

    added = run("add", "--party", "nl*a15", "--role", "cpo", "--role", "EMSP", "--name", "Fifteen")
    token = added.stdout.strip()
    works = gateway.ask("GET", "/ocpi/versions", token).status_code
    listed = run("list", "--json")
    revoked = run("revoke", "--party", "NL*A15")
    unknown = run("revoke", "--party", "NL*ZZZ")
    wrong = run("add", "--party", "NLA15", "--role", "CPO")

    assert (added.returncode, works, revoked.returncode) == (0, 200, 0)
    assert added.stdout == f"{token}\n"
    assert re.fullmatch(r"[A-Za-z0-9_.-]{43,64}", token)
    entry = next(one for one in json.loads(listed.stdout)["partners"] if one["party"] == "NL*A15")
    assert entry == {
        "party": "NL*A15",
        "name": "Fifteen",
        "roles": [{"party": "NL*A15", "role": "CPO"}, {"party": "NL*A15", "role": "EMSP"}],
        "tokens": 1,
    }
    assert (unknown.returncode, wrong.returncode) == (2, 2)


def test_sigterm_lets_requests_finish_and_exits_with_0(brokers: str, tmp_path: Path) -> None:
    token = new_partner(brokers, "NL*A14")
    with running_gateway(brokers=brokers, data_dir=tmp_path) as gateway:
        gateway.ask("POST", CDRS, token, content=cdr_of("NL*A14"))

        assert gateway.stop() == 0
