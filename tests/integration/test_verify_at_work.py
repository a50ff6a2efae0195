"""`settle verify` finds nothing in a stack that is healthy, whatever it is doing or went through.

Rule: each test has a generation of its own; the inbox is one, and only ever grows.
"""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from settlement.cli import app
from settlement.clickhouse.local.process import (
    running_clickhouse,
    start_clickhouse,
    stop_clickhouse,
)
from settlement.clickhouse.migrate import migrate
from streams.local.kafka import running_kafka, start_kafka, stop_kafka
from tests.builders import a_cdr_document
from tests.integration.clickhouse_fixture import ClickHouse
from tests.integration.gateway_process import create_topics
from tests.integration.rig import Rig, a_rig
from tests.integration.verified import CPO, START, a_document, a_tariff, looked, traffic, verified
from tests.pipeline.documents import awkward_documents

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]
MANY = 1_300  # more CDRs than one transaction settles


@pytest.fixture
def rig(own_kafka: str, clickhouse: ClickHouse, tmp_path: Path) -> Iterator[Rig]:
    with a_rig(brokers=own_kafka, clickhouse=clickhouse, folder=tmp_path) as running:
        yield running


def at_work(rig: Rig) -> Rig:
    rig.start("streams")
    rig.start("sink")
    return rig


def test_nothing_is_found_while_documents_come(rig: Rig) -> None:
    at_work(rig).wait_until_settled()
    documents = traffic()

    with ThreadPoolExecutor() as pool:
        sent = pool.submit(rig.send, documents * 8)
        reports = [looked(rig, wait=20) for _ in range(3)]
        sent.result()

    assert [report["differences"] for report in reports] == [[], [], []]
    assert looked(rig, wait=60)["whole"]


def test_nothing_is_found_after_worker_and_sink_were_killed(rig: Rig) -> None:
    rig.send([*awkward_documents(), *traffic()])
    for point in ("streams_in_transaction:2", "streams_after_transaction:2"):
        worker = rig.start("streams", SETTLE_KILL_POINT=point, STREAMS_UNACKED_RECORDS="20")
        assert worker.wait(timeout=120) == -signal.SIGKILL, rig.logs()
        rig.send(traffic()[:20])
    rig.start("streams")
    sink = rig.start("sink", SETTLE_KILL_POINT="sink_before_offset:3", SINK_BATCH_RECORDS="20")
    assert sink.wait(timeout=120) == -signal.SIGKILL, rig.logs()
    rig.start("sink")

    report = looked(rig, wait=100)

    assert (report["differences"], report["whole"]) == ([], True)


def test_a_batch_that_a_killed_sink_left_without_its_offsets_is_no_difference(rig: Rig) -> None:
    rig.send(traffic())
    at_work(rig).wait_until_settled()
    rig.stop()
    sink = rig.start("sink", SETTLE_KILL_POINT="sink_before_offset:1")
    rig.start("streams")
    rig.send(traffic()[:20])
    assert sink.wait(timeout=120) == -signal.SIGKILL, rig.logs()

    report = looked(rig, wait=1)

    assert report["differences"] == []


def test_a_fact_that_is_half_applied_is_not_looked_at(rig: Rig) -> None:
    early = START.replace(year=2023)
    cdrs = [
        a_document("cdrs", "POST", a_cdr_document(id=f"HALF-{number}", tariffs=[]))
        for number in range(MANY)
    ]
    rig.send([a_tariff("T1", 0.3, "2022-12-01T00:00:00Z", early), *cdrs])
    at_work(rig).wait_until_settled()
    whole = looked(rig, wait=30)  # the sink tells its offsets a moment after the last row
    rig.stop()
    rig.start("sink")
    worker = rig.start("streams", SETTLE_KILL_POINT="streams_in_transaction:2")

    rig.send([a_tariff("T1", 0.2, "2023-01-02T00:00:00Z", early)])
    assert worker.wait(timeout=150) == -signal.SIGKILL, rig.logs()
    half = looked(rig, wait=1)
    rig.start("streams")
    after = looked(rig, wait=100)

    assert [report["differences"] for report in (whole, half, after)] == [[], [], []]
    assert [report["whole"] for report in (whole, half, after)] == [True, False, True]
    assert half["changed_meanwhile"] > 0


def test_nothing_is_found_after_decisions_about_dead_letters(rig: Rig) -> None:
    at_work(rig)
    for number in range(3):
        body = b"{" * (number + 1)
        rig.send([a_document("cdrs", "POST", body, object_id=f"DEAD-{number}")])
    rig.wait_until_settled()
    dead = rig.clickhouse.client().query(
        f"SELECT kafka_partition, kafka_offset FROM {rig.database}.document_outcome FINAL "
        f"WHERE cpo = '{CPO}' AND startsWith(object_key, 'DEAD-') ORDER BY kafka_offset"
    )
    (retried, dropped, _) = dead.result_rows

    rig.send([a_decision("RETRY", *retried), a_decision("DROP", *dropped)])
    rig.send([a_document("cdrs", "POST", a_cdr_document(id="DEAD-2"))])
    report = looked(rig, wait=60)

    assert (report["differences"], report["whole"]) == ([], True)
    assert report["documents"]["dead_lettered"] >= len(dead.result_rows)


def a_decision(method: str, partition: int, offset: int) -> Any:
    body = {"partition": partition, "offset": offset, "actor": "ops", "reason": "looked at it"}
    return a_document("decisions", method, body, object_id=str(offset))


def test_what_the_sink_has_not_stored_is_not_looked_at_and_said_so(rig: Rig) -> None:
    rig.send(traffic())
    at_work(rig).wait_until_settled()
    ends = {one["partition"]: one["end"] for one in looked(rig, wait=60)["inbox"]}
    rig.stop()

    rig.send(traffic()[6:8])  # worker and sink are gone
    report = looked(rig)

    assert (report["differences"], report["whole"]) == ([], False)
    assert {one["partition"]: one["looked_below"] for one in report["inbox"]} == ends


def test_a_generation_that_nothing_has_filled_cannot_be_looked_at(rig: Rig) -> None:
    rig.send(traffic()[:1])

    result = verified(rig)

    assert str(result.exception).startswith("could not look: none of the inbox's records")


def test_services_that_are_down_are_started_for_the_look_and_stopped(tmp_path: Path) -> None:
    started = start_clickhouse(data_dir=tmp_path, port=None)
    migrate(url=started.url)
    stop_clickhouse(data_dir=tmp_path)
    create_topics(start_kafka(data_dir=tmp_path, port=None).brokers)
    stop_kafka(data_dir=tmp_path)

    result = CliRunner().invoke(
        app, ["verify", "--data", str(tmp_path)], env={"KAFKA_BROKERS": "", "CLICKHOUSE_URL": ""}
    )

    assert (result.exit_code, "Everything agrees." in result.stderr) == (0, True), result.output
    assert running_kafka(data_dir=tmp_path) is None
    assert running_clickhouse(data_dir=tmp_path) is None


@pytest.mark.parametrize(
    ("brokers", "generation"), [("127.0.0.1:9", "1"), ("", "77777")], ids=["Kafka", "tables"]
)
def test_where_it_cannot_look_it_says_why(
    own_kafka: str, clickhouse: ClickHouse, brokers: str, generation: str
) -> None:
    environment = {"KAFKA_BROKERS": brokers or own_kafka, "CLICKHOUSE_URL": clickhouse.url}

    result = CliRunner().invoke(app, ["verify", "--generation", generation], env=environment)

    assert str(result.exception).startswith("could not look: ")
