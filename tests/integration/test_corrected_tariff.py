"""A corrected tariff that touches many CDRs: bounded transactions, nobody starves, a kill resumes.

Rule: CORRECTED_CDRS says how many (4,000 in the ordinary run, see tests/README.md); everything is
counted from Kafka as it was committed, the rows from ClickHouse.
"""

import asyncio
import contextlib
import itertools
import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Self

import msgspec
import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from streams.events import headers_of
from streams.publisher import Publisher
from streams.topics import INBOX, SETTLEMENT_CDR
from tests.builders import a_cdr_document, a_tariff_document
from tests.integration.clickhouse_fixture import ClickHouse
from tests.integration.inbox_topic import recreate_topic
from tests.integration.rig import Rig, a_rig
from tests.pipeline.inbox import Sent, a_sent

COUNT = int(os.environ.get("CORRECTED_CDRS", "4000"))
pytestmark = [
    pytest.mark.kafka,
    pytest.mark.clickhouse,
    pytest.mark.timeout(300 + COUNT // 50),
]
# They stand in different partitions of the inbox.
TOUCHED, OTHER = "FR*XYZ", "NL*TNM"
LONGEST_SECONDS = 3.0
LIMIT_SECONDS = 120 + COUNT / 100
PROBE_SECONDS = 0.03
OUTCOMES_A_TRANSACTION = 1_000
IN_FLIGHT = 500
BEFORE = datetime(2023, 3, 1, tzinfo=UTC)
INSTANCE = {"STREAMS_INSTANCE_ID": "one"}


@pytest.fixture
def rig(own_kafka: str, clickhouse: ClickHouse, tmp_path: Path) -> Iterator[Rig]:
    """Give a rig over an empty inbox."""
    recreate_topic(own_kafka, INBOX)
    with a_rig(brokers=own_kafka, clickhouse=clickhouse, folder=tmp_path) as running:
        yield running


def a_tariff(price: float, updated: str) -> Sent:
    document = a_tariff_document(last_updated=updated)
    document["elements"][0]["price_components"][0]["price"] = price
    return a_sent("tariffs", "PUT", document, cpo=TOUCHED, received=BEFORE)


def a_cdr(cdr_id: str, cpo: str) -> Sent:
    return a_sent("cdrs", "POST", a_cdr_document(id=cdr_id, tariffs=[]), cpo=cpo)


class Publishing:
    """A publisher that keeps many documents in flight, in their order."""

    def __init__(self, brokers: str) -> None:
        self._publisher = Publisher(brokers=brokers, timeout_seconds=30)
        self._numbers = itertools.count()

    async def __aenter__(self) -> Self:
        await self._publisher.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._publisher.stop()

    async def send(self, *documents: Sent) -> None:
        for start in range(0, len(documents), IN_FLIGHT):
            await asyncio.gather(
                *(
                    self._publisher.publish(
                        topic=INBOX.name,
                        key=sent.cpo,
                        value=sent.body,
                        headers=headers_of(sent.envelope(f"event-{next(self._numbers)}")),
                    )
                    for sent in documents[start : start + IN_FLIGHT]
                )
            )


@dataclass
class Committed:
    """The outcomes of CDRs as they were committed, read as they come."""

    consumer: AIOKafkaConsumer
    outcomes: dict[str, list[ConsumerRecord]] = field(default_factory=dict)  # by CPO
    seen: dict[str, float] = field(default_factory=dict)  # key of a CDR -> when

    async def look(self) -> None:
        for records in (await self.consumer.getmany(timeout_ms=20)).values():
            for record in records:
                cpo, key = record.key.decode().split("|")
                self.outcomes.setdefault(cpo, []).append(record)
                self.seen.setdefault(key, time.monotonic())

    async def until(self, is_reached: Callable[[], bool]) -> None:
        begun = time.monotonic()
        while not is_reached():
            await self.look()
            assert time.monotonic() - begun < LIMIT_SECONDS


class Probes:
    """CDRs of the other CPO, one every few milliseconds, whatever becomes of those before."""

    def __init__(self, publishing: Publishing, committed: Committed) -> None:
        self._publishing = publishing
        self._committed = committed
        self._sent: dict[str, float] = {}  # key of a CDR -> when

    async def send_for_ever(self) -> None:
        for number in itertools.count():
            name = f"PROBE-{number}"
            self._sent[name] = time.monotonic()
            await self._publishing.send(a_cdr(name, OTHER))
            await asyncio.sleep(PROBE_SECONDS)

    def answered(self) -> list[float]:
        """Give the seconds from sending to outcome of what has one, and forget the rest."""
        sent, self._sent = self._sent, {}
        seen = self._committed.seen
        return [seen[name] - at for name, at in sent.items() if name in seen]

    def committed_by(self, moment: float) -> int:
        """Count what was sent since the last call and had its outcome by then."""
        seen = self._committed.seen
        return sum(seen.get(name, moment) < moment for name in self._sent)

    async def all_answered(self) -> list[float]:
        """Give them once all that was sent since the last call has its outcome."""
        sent = set(self._sent)
        await self._committed.until(lambda: self._committed.seen.keys() >= sent)
        return self.answered()


@dataclass
class Watched:
    """What was seen of the correction."""

    quiet: list[float]  # latencies of the other CPO before it
    meanwhile: list[float]  # and while it ran, those across the kill left out
    overtook: int  # of them, those that were sent and committed while the correction went on
    at_kill: int  # outcomes that were committed when the worker was killed
    outcomes: list[ConsumerRecord]  # of the corrected tariff
    seconds: float  # that the correction took

    @property
    def bound(self) -> float:
        """Give what nobody may wait longer than; who starves waits until all is over."""
        return max(LONGEST_SECONDS, self.seconds / 4)


async def watch(rig: Rig) -> Watched:
    """Correct the tariff, kill the worker in the middle, measure the other CPO all the time."""
    name = SETTLEMENT_CDR.in_generation(rig.generation)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=rig.brokers, group_id=None, isolation_level="read_committed"
    )
    await consumer.start()
    places = [TopicPartition(name, number) for number in range(SETTLEMENT_CDR.partitions)]
    consumer.assign(places)
    await consumer.seek_to_end(*places)
    committed = Committed(consumer)
    done = committed.outcomes.setdefault(TOUCHED, [])
    try:
        async with Publishing(rig.brokers) as publishing:
            probes = Probes(publishing, committed)
            sending = asyncio.create_task(probes.send_for_ever())
            try:
                await asyncio.sleep(1)
                quiet = await probes.all_answered()
                begun = time.monotonic()
                await publishing.send(a_tariff(0.2, "2024-02-01T00:00:00Z"))
                await committed.until(lambda: len(done) >= COUNT // 4)
                at_kill, overtook = len(done), probes.committed_by(time.monotonic())
                meanwhile = probes.answered()
                rig.processes[0].kill()
                assert rig.processes[0].wait(timeout=20) == -signal.SIGKILL
                rig.start("streams", log_name="after-the-kill", **INSTANCE)
                await committed.until(lambda: len(done) > at_kill)
                probes.answered()  # those across the kill are left out
                await committed.until(lambda: len(done) >= COUNT)
                seconds = time.monotonic() - begun
                overtook += probes.committed_by(time.monotonic())
                meanwhile += await probes.all_answered()
            finally:
                sending.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await sending
    finally:
        await consumer.stop()
    return Watched(
        quiet=quiet,
        meanwhile=meanwhile,
        overtook=overtook,
        at_kill=at_kill,
        outcomes=done,
        seconds=seconds,
    )


def longest_transaction(records: list[ConsumerRecord]) -> int:
    """Give the most records of one transaction: its end takes an offset of its own."""
    offsets = sorted(record.offset for record in records)
    longest, length = 1, 1
    for before, offset in itertools.pairwise(offsets):
        length = length + 1 if offset == before + 1 else 1
        longest = max(longest, length)
    return longest


async def send_all(rig: Rig) -> None:
    async with Publishing(rig.brokers) as publishing:
        cdrs = [a_cdr(f"T-{number}", TOUCHED) for number in range(COUNT)]
        await publishing.send(a_tariff(0.25, "2024-01-01T00:00:00Z"), *cdrs)


def test_a_correction_of_many_cdrs_starves_nobody_and_resumes_after_a_kill(rig: Rig) -> None:
    rig.start("streams", **INSTANCE)
    rig.start("sink")
    asyncio.run(send_all(rig))
    rig.wait_until_settled(300 + COUNT / 100)

    watched = asyncio.run(watch(rig))
    rig.wait_until_settled()

    said = Counter(record.key for record in watched.outcomes)
    prices = Counter(
        msgspec.json.decode(record.value)["priced_before_taxes"] for record in watched.outcomes
    )
    assert (len(said), set(said.values())) == (COUNT, {1})
    assert prices == {"4.1": COUNT}
    assert 0 < watched.at_kill < COUNT
    assert longest_transaction(watched.outcomes) <= OUTCOMES_A_TRANSACTION
    assert watched.overtook >= 3
    assert median(watched.meanwhile) < LONGEST_SECONDS
    assert max(watched.meanwhile) < watched.bound
    assert rig.differences() == []
    print(
        f"{COUNT} CDRs in {watched.seconds:.1f} s, killed after {watched.at_kill}; "
        f"longest transaction {longest_transaction(watched.outcomes)} outcomes; "
        f"another partition waited {median(watched.quiet):.3f} s before, "
        f"{median(watched.meanwhile):.3f} s meanwhile "
        f"(longest {max(watched.meanwhile):.3f} s, {len(watched.meanwhile)} CDRs)"
    )
