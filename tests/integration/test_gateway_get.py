"""Reading back through ClickHouse: by another process, behind a sink that is late or away.

A stand-in for the sink copies the inbox when a test says so.
"""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from settlement.clickhouse.client import Client, connect
from settlement.clickhouse.local.process import (
    running_clickhouse,
    start_clickhouse,
    stop_clickhouse,
)
from settlement.clickhouse.migrate import migrate
from streams.rows import received_row
from streams.topics import INBOX
from tests.builders import a_cdr_document, a_session_document, a_tariff_document, as_bytes
from tests.integration.gateway_process import (
    GatewayProcess,
    create_topics,
    ends_of,
    new_partner,
    records_of,
    running_gateway,
)

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(180)]

CDRS = "/ocpi/2.2.1/cdrs"


class LateSink:
    """Puts records of one CPO where the sink would, when it is told to."""

    def __init__(self, *, brokers: str, url: str) -> None:
        self._brokers = brokers
        self._client: Client = connect(url)

    def store(self, cpo: str) -> None:
        rows = [received_row(record) for record in records_of(self._brokers, INBOX, key=cpo)]
        self._client.insert(
            "document_received",
            [list(row.values()) for row in rows],
            column_names=list(rows[0]),
            database="settlement_g1",
        )

    def pass_everything(self) -> None:
        """Say that the sink has come to the end of every partition."""
        self._client.insert(
            "sink_offset",
            [
                [INBOX.name, partition, end, end]
                for partition, end in ends_of(self._brokers, INBOX).items()
            ],
            column_names=["topic", "kafka_partition", "next_offset", "version"],
            database="settlement_g1",
        )


@pytest.fixture(scope="module")
def clickhouse_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("clickhouse-of-the-gateway")


@pytest.fixture(scope="module")
def clickhouse_url(clickhouse_dir: Path) -> Iterator[str]:
    """A ClickHouse of these tests alone: what the sink says of itself is theirs to decide."""
    running = start_clickhouse(data_dir=clickhouse_dir, port=None)
    migrate(url=running.url)
    yield running.url
    stop_clickhouse(data_dir=clickhouse_dir)


@pytest.fixture(scope="module")
def brokers(kafka: str) -> str:
    create_topics(kafka)
    return kafka


@pytest.fixture(scope="module")
def sink(brokers: str, clickhouse_url: str) -> LateSink:
    return LateSink(brokers=brokers, url=clickhouse_url)


@pytest.fixture(scope="module")
def gateways(
    brokers: str, clickhouse_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[GatewayProcess, GatewayProcess]]:
    """Two processes over the same Kafka and ClickHouse."""
    first, second = (tmp_path_factory.mktemp("gateway") for _ in range(2))
    with (
        running_gateway(brokers=brokers, data_dir=first, clickhouse_url=clickhouse_url) as one,
        running_gateway(brokers=brokers, data_dir=second, clickhouse_url=clickhouse_url) as other,
    ):
        yield one, other


Gateways = tuple[GatewayProcess, GatewayProcess]


def test_a_cdr_is_found_through_another_process_byte_for_byte(
    gateways: Gateways, brokers: str, sink: LateSink
) -> None:
    one, other = gateways
    token = new_partner(brokers, "NL*G01")
    sent = b'{"remark":"\xc3\xa4 \\u0000",' + as_bytes(a_cdr_document(party_id="G01"))[1:]
    location = one.ask("POST", CDRS, token, content=sent).headers["location"]
    sink.store("NL*G01")

    answer = other.ask("GET", location.replace(one.url, other.url), token)

    assert answer.status_code == 200
    assert answer.content.startswith(b'{"data":' + sent + b',"status_code":1000')


def test_get_waits_for_a_sink_that_is_late_by_a_second(
    gateways: Gateways, brokers: str, sink: LateSink
) -> None:
    one, other = gateways
    token = new_partner(brokers, "NL*G02")
    sink.pass_everything()
    one.ask("POST", CDRS, token, content=as_bytes(a_cdr_document(party_id="G02")))

    def resume() -> None:
        sink.store("NL*G02")
        sink.pass_everything()

    timer = threading.Timer(1.0, resume)
    timer.start()
    answer = other.ask("GET", f"{CDRS}/NL/G02/cdr-1", token)
    timer.join()

    assert (answer.status_code, answer.json()["data"]["id"]) == (200, "CDR-1")


def test_what_never_came_is_404_only_where_the_sink_has_passed_the_end(
    gateways: Gateways, brokers: str, sink: LateSink
) -> None:
    one, other = gateways
    token = new_partner(brokers, "NL*G03")
    one.ask("POST", CDRS, token, content=as_bytes(a_cdr_document(party_id="G03")))
    begun = time.monotonic()
    behind = other.ask("GET", f"{CDRS}/NL/G03/CDR-1", token)
    waited = time.monotonic() - begun
    sink.pass_everything()
    passed = other.ask("GET", f"{CDRS}/NL/G03/CDR-2", token)

    assert (behind.status_code, behind.json()["status_code"]) == (503, 3000)
    assert waited < 5
    assert (passed.status_code, passed.json()["status_code"]) == (404, 2001)


def test_of_copies_that_differ_the_first_accepted_is_given(
    gateways: Gateways, brokers: str, sink: LateSink
) -> None:
    one, other = gateways
    token = new_partner(brokers, "NL*G04")
    for energy in (1, 2):
        body = as_bytes(a_cdr_document(party_id="G04", total_energy=energy))
        one.ask("POST", CDRS, token, content=body)
    sink.store("NL*G04")

    found = other.ask("GET", f"{CDRS}/NL/G04/CDR-1", token).json()["data"]

    assert found["total_energy"] == 1


def test_sessions_tariffs_and_locations_are_read_back_folded(
    gateways: Gateways, brokers: str, sink: LateSink
) -> None:
    one, other = gateways
    token = new_partner(brokers, "NL*G05")
    session, tariff, location = (
        f"/ocpi/2.2.1/{module}/NL/G05/X1" for module in ("sessions", "tariffs", "locations")
    )
    newest = as_bytes(a_tariff_document(party_id="G05", id="X1"))
    one.ask("PUT", session, token, json=a_session_document(party_id="G05", id="X1"))
    patch = {"kwh": 77.5, "last_updated": "2030-01-01T00:00:00Z"}
    one.ask("PATCH", session, token, json=patch)
    one.ask("PUT", tariff, token, content=newest)
    evse = {"uid": "E1", "connectors": [{"id": "1"}], "last_updated": "2024-01-01T00:00:00Z"}
    whole = {"id": "X1", "evses": [evse], "last_updated": "2024-01-01T00:00:00Z"}
    one.ask("PUT", location, token, json=whole)
    change = {"tariff_ids": ["T9"], "last_updated": "2024-02-01T00:00:00Z"}
    one.ask("PATCH", f"{location}/e1/1", token, json=change)
    sink.store("NL*G05")
    sink.pass_everything()

    assert other.ask("GET", session, token).json()["data"]["kwh"] == 77.5
    assert other.ask("GET", tariff, token).content.startswith(b'{"data":' + newest)
    connector = other.ask("GET", f"{location}/E1/1", token).json()["data"]
    assert connector["tariff_ids"] == ["T9"]
    assert other.ask("GET", f"{location}/E1/2", token).status_code == 404


def test_a_patch_of_what_provably_does_not_exist_is_404_and_in_the_inbox(
    gateways: Gateways, brokers: str, sink: LateSink
) -> None:
    one, _ = gateways
    token = new_partner(brokers, "NL*G06")
    url = "/ocpi/2.2.1/sessions/NL/G06/S-1"
    # The look is brief on purpose; a busy machine may need another try.
    deadline = time.monotonic() + 20
    statuses: list[tuple[int, int]] = []
    while (404, 2001) not in statuses:
        assert time.monotonic() < deadline
        sink.pass_everything()
        unknown = one.ask("PATCH", url, token, json={"kwh": 1})
        statuses.append((unknown.status_code, unknown.json()["status_code"]))
    sink.store("NL*G06")  # without saying that the sink has passed: nothing is proven now
    maybe = one.ask("PATCH", url, token, json={"kwh": 2})

    assert (maybe.status_code, maybe.json()["status_code"]) == (200, 1000)
    assert set(statuses) <= {(404, 2001), (200, 1000)}
    assert len(records_of(brokers, INBOX, key="NL*G06")) == len(statuses) + 1


def test_a_frozen_clickhouse_holds_up_no_write_and_bounds_every_read(
    gateways: Gateways, brokers: str, sink: LateSink, clickhouse_dir: Path
) -> None:
    one, other = gateways
    token = new_partner(brokers, "NL*G08")
    sink.pass_everything()
    running = running_clickhouse(data_dir=clickhouse_dir)
    assert running is not None
    timed: list[tuple[int, float]] = []

    def ask(gateway: GatewayProcess, method: str, path: str, body: bytes = b"") -> None:
        begun = time.monotonic()
        answer = gateway.ask(method, path, token, content=body)
        timed.append((answer.status_code, time.monotonic() - begun))

    os.kill(running.pid, signal.SIGSTOP)
    try:
        ask(one, "POST", CDRS, as_bytes(a_cdr_document(party_id="G08")))
        ask(one, "PATCH", "/ocpi/2.2.1/sessions/NL/G08/S-1", b'{"kwh":1}')
        ask(one, "GET", f"{CDRS}/NL/G08/CDR-1")
        ask(other, "GET", f"{CDRS}/NL/G08/CDR-1")
    finally:
        os.kill(running.pid, signal.SIGCONT)
    sink.store("NL*G08")
    ask(other, "GET", f"{CDRS}/NL/G08/CDR-1")

    assert [status for status, _ in timed] == [201, 200, 200, 503, 200]
    assert max(seconds for _, seconds in timed[:3]) < 2
    assert timed[3][1] < 6


def test_without_clickhouse_documents_are_accepted_and_reading_says_3000(
    brokers: str, tmp_path: Path
) -> None:
    token = new_partner(brokers, "NL*G07")
    nobody = "http://writer:x@127.0.0.1:9"
    with running_gateway(brokers=brokers, data_dir=tmp_path, clickhouse_url=nobody) as gateway:
        body = as_bytes(a_cdr_document(party_id="G07"))

        posted = gateway.ask("POST", CDRS, token, content=body)
        patched = gateway.ask("PATCH", "/ocpi/2.2.1/sessions/NL/G07/S", token, json={"kwh": 1})
        found = gateway.ask("GET", f"{CDRS}/NL/G07/CDR-1", token)
        other = gateway.ask("GET", f"{CDRS}/NL/G07/other", token)

    assert [one.status_code for one in (posted, patched, found)] == [201, 200, 200]
    assert (other.status_code, other.json()["status_code"]) == (503, 3000)
