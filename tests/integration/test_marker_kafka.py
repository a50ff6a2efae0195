"""A state and an inbox that do not belong together, on the real Kafka: each stops the worker.

Rule: a stop is one sentence and exit code 70, and nothing derived was written by it.
"""

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.agents import FAILED
from streams.topics import INBOX, STATE, TOPICS
from tests.integration.clickhouse_fixture import ClickHouse
from tests.integration.inbox_topic import leave_a_gap, recreate_topic, truncate_inbox
from tests.integration.other_rules import OTHER
from tests.integration.rig import Rig, a_rig
from tests.integration.traffic import cdrs
from tests.pipeline.inbox import Sent

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]
SENTENCE = re.compile(r"streams stops: StateDoesNotFit: (.+)")
INSTANCE = {"STREAMS_INSTANCE_ID": "one"}


@pytest.fixture
def rig(own_kafka: str, clickhouse: ClickHouse, tmp_path: Path) -> Iterator[Rig]:
    """Give a rig over an empty inbox."""
    recreate_topic(own_kafka, INBOX)
    with a_rig(brokers=own_kafka, clickhouse=clickhouse, folder=tmp_path) as running:
        yield running


def stop_of(rig: Rig, *, module: str = "settlement") -> str:
    """Start a worker that must stop; give the sentence it stops with."""
    log = rig.folder / "refused.log"
    log.unlink(missing_ok=True)
    before = ends(rig)

    worker = rig.start("streams", module=module, log_name="refused", **INSTANCE)
    code = worker.wait(timeout=120)

    assert code == FAILED, log.read_text()
    assert before == ends(rig)
    sentences: set[str] = set(SENTENCE.findall(log.read_text()))
    assert len(sentences) == 1, log.read_text()
    return sentences.pop().strip()


def ends(rig: Rig) -> dict[TopicPartition, int]:
    """Give the committed end of everything that the worker derives."""
    places = [
        TopicPartition(topic.in_generation(rig.generation), number)
        for topic in TOPICS
        if topic.is_derived
        for number in range(topic.partitions)
    ]

    async def ask() -> dict[TopicPartition, int]:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=rig.brokers, group_id=None, isolation_level="read_committed"
        )
        await consumer.start()
        try:
            found: dict[TopicPartition, int] = await consumer.end_offsets(places)
            return found
        finally:
            await consumer.stop()

    return asyncio.run(ask())


def settle_and_kill(rig: Rig, documents: list[Sent]) -> None:
    worker = rig.start("streams", **INSTANCE)
    rig.start("sink")
    rig.send(documents)
    rig.wait_until_settled()
    worker.kill()
    worker.wait(timeout=20)


def test_a_worker_stops_before_an_inbox_that_was_re_created(rig: Rig) -> None:
    settle_and_kill(rig, cdrs("FIRST"))

    recreate_topic(rig.brokers, INBOX)
    empty = stop_of(rig)
    for part in ("OTHER", "MORE"):  # a rig counts its events' ids anew each time
        rig.send(cdrs(part, 3))
    other = stop_of(rig)

    assert "ends at offset 0, its state has applied 4: records are missing" in empty
    assert "at offset 4, its state has applied" in other
    assert other.endswith("it is another inbox")


def test_a_worker_stops_before_what_it_cannot_go_on_with(rig: Rig) -> None:
    settle_and_kill(rig, cdrs("FIRST"))

    rules = stop_of(rig, module="tests.integration.other_rules")
    # The right program goes on as if the other had never been there, until a record is missing.
    worker = rig.start("streams", **INSTANCE)
    rig.send(cdrs("SECOND"))
    rig.wait_until_settled()
    undisturbed = rig.differences()
    leave_a_gap(rig.brokers, cdrs("BEFORE-THE-GAP", 1))
    rig.send(cdrs("BEHIND-THE-GAP"))
    ended = worker.wait(timeout=120)
    gap = stop_of(rig)
    recreate_topic(rig.brokers, STATE, generation=rig.generation)
    lost = stop_of(rig)
    (partition,) = {record.partition for record in rig.inbox()}
    truncate_inbox(rig.brokers, partition, before=3)
    truncated = stop_of(rig)

    assert f"this program has rules {OTHER}: replay into the next generation" in rules
    assert undisturbed == []
    assert ended == FAILED
    assert "goes on at offset 12, 11 was next: records are missing" in gap
    assert rig.rows("cdr_settled", ["cdr_key"], prefix="BEHIND") == []
    assert "was read up to offset" in lost
    assert "its state is gone" in lost
    assert "begins at offset 3, not at 0: it was truncated" in truncated
