"""From the inbox to the tables on the real Kafka and the local ClickHouse.

Rule: rows must be exactly those that the same records give in memory, whatever was killed.
"""

import asyncio
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from settlement.clickhouse.local.process import start_clickhouse, stop_clickhouse
from streams.topics import INBOX, SETTLEMENT_CDR
from tests.builders import a_cdr_document
from tests.integration.clickhouse_fixture import ClickHouse
from tests.integration.inbox_topic import recreate_topic
from tests.integration.rig import Rig, a_rig, wait_until
from tests.pipeline.documents import awkward_documents
from tests.pipeline.inbox import Sent, a_sent

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(400)]
# A worker that is to be killed in the middle of its work: few CDRs in each of its transactions.
# With a name of its own nobody waits until the group has missed the one before.
SLOWLY = {
    "STREAMS_UNACKED_RECORDS": "20",
    "STREAMS_FLUSH_SECONDS": "0.3",
    "STREAMS_INSTANCE_ID": "spine",
}


OURS = (b"KILL", b"MORE")


@pytest.fixture
def rig(own_kafka: str, clickhouse: ClickHouse, tmp_path: Path) -> Iterator[Rig]:
    """Give a rig over an empty inbox: no worker reads what other tests have sent."""
    recreate_topic(own_kafka, INBOX)
    with a_rig(brokers=own_kafka, clickhouse=clickhouse, folder=tmp_path) as running:
        yield running


def many_cdrs(prefix: str, count: int, cpo: str = "NL*TNM") -> list[Sent]:
    country_code, party_id = cpo.split("*")
    return [
        a_sent(
            "cdrs",
            "POST",
            a_cdr_document(
                id=f"{prefix}-{number}",
                country_code=country_code,
                party_id=party_id,
                total_cost={"excl_vat": 5 + number % 7 / 10},
            ),
            cpo=cpo,
        )
        for number in range(count)
    ]


def test_awkward_documents_become_the_rows_that_memory_gives(rig: Rig) -> None:
    rig.start("streams")
    rig.start("sink")

    rig.send(awkward_documents())
    rig.wait_until_settled()

    assert rig.differences() == []


def test_a_worker_killed_in_traffic_loses_and_doubles_nothing(rig: Rig) -> None:
    rig.start("sink")
    sent = many_cdrs("KILL", 300) + many_cdrs("KILL", 300, "DE*ABC")
    rig.send(sent)
    at_kill = []

    for number in range(2):
        before = committed_cdrs(rig)
        worker = rig.start("streams", **SLOWLY)
        wait_until(partial(is_beyond, rig, before), told=rig.logs)
        traffic = many_cdrs(f"KILL{number}", 100) + many_cdrs(f"MORE{number}", 100, "DE*ABC")
        rig.send(traffic)
        sent += traffic
        worker.kill()
        assert worker.wait(timeout=20) == -signal.SIGKILL
        at_kill.append((before, committed_cdrs(rig), len(sent)))
    rig.start("streams", STREAMS_INSTANCE_ID=SLOWLY["STREAMS_INSTANCE_ID"])
    rig.wait_until_settled()

    assert all(before < done < total for before, done, total in at_kill), at_kill
    assert committed_cdrs(rig) == len(sent)
    assert rig.differences() == []


def is_beyond(rig: Rig, count: int) -> bool:
    return committed_cdrs(rig) > count


def committed_cdrs(rig: Rig) -> int:
    """Count the CDRs whose outcomes workers have committed so far."""
    return asyncio.run(_committed_cdrs(rig))


async def _committed_cdrs(rig: Rig) -> int:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=rig.brokers, group_id=None, isolation_level="read_committed"
    )
    await consumer.start()
    try:
        topic = SETTLEMENT_CDR.in_generation(rig.generation)
        places = [TopicPartition(topic, number) for number in range(SETTLEMENT_CDR.partitions)]
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        ends = await consumer.end_offsets(places)  # of what is committed
        keys: set[bytes] = set()
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=200)).values():
                # Documents of other tests in the same inbox are none of ours.
                keys |= {one.key for one in records if one.key.split(b"|")[1][:4] in OURS}
        return len(keys)
    finally:
        await consumer.stop()


def test_clickhouse_away_for_a_while_loses_and_doubles_nothing(
    own_kafka: str, tmp_path: Path
) -> None:
    home = tmp_path / "clickhouse"
    first = start_clickhouse(data_dir=home, port=None)
    port = int(first.url.rsplit(":", 1)[1])
    server = ClickHouse(url=first.url, reader_url=first.reader_url, pid=first.pid)
    try:
        with a_rig(brokers=own_kafka, clickhouse=server, folder=tmp_path) as rig:
            rig.start("streams")
            sink = rig.start("sink")
            rig.send(many_cdrs("AWAY", 200))
            rig.wait_until_settled()

            stop_clickhouse(data_dir=home)
            rig.send(many_cdrs("GONE", 200))
            start_clickhouse(data_dir=home, port=port)
            rig.wait_until_settled()

            assert sink.poll() is None
            assert rig.differences() == []
    finally:
        stop_clickhouse(data_dir=home)


def test_a_database_that_was_emptied_fills_itself(rig: Rig) -> None:
    rig.start("streams")
    rig.start("sink")
    rig.send(many_cdrs("EMPTY", 100))
    rig.wait_until_settled()

    client = rig.clickhouse.client()
    tables = client.query(
        f"SELECT name FROM system.tables WHERE database = '{rig.database}' "
        "AND name != 'schema_migration'"
    )
    names = [name for (name,) in tables.result_rows]
    for table in sorted(names, key=lambda name: name == "sink_offset"):  # that one last
        client.command(f"TRUNCATE TABLE {rig.database}.{table}")
    rig.wait_until_settled()  # though nothing comes

    assert rig.differences() == []
    rig.send(many_cdrs("AFTER", 5))
    rig.wait_until_settled()
    assert rig.differences() == []
