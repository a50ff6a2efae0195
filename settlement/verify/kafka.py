"""Reading topics as they lie in Kafka.

Rule: plain aiokafka, no consumer group, read committed; nothing is written. How far a group says
it has come is asked, not joined.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from settlement.verify.difference import CannotLook

FETCH_BYTES = 16 * 1024 * 1024
# To pick single records it does not pay to fetch much around them.
PICK_BYTES = 1024 * 1024
NEAR_RECORDS = 300
# Kafka's own records at a partition's end give nothing to wait for.
WAIT_MILLISECONDS = 50
# What the broker still holds at a partition's end delays the next partition as long.
HELD_MILLISECONDS = 5
RETRY_MILLISECONDS = 10
# A broker that gives nothing for so long although the partition goes on is not well.
STANDSTILL_SECONDS = 60.0
Ends = Mapping[int, int]  # by partition: the offset after the last record


class Log:
    """The topics of one Kafka."""

    def __init__(self, *, brokers: str, consumer: Any, topics: Mapping[str, Sequence[int]]) -> None:
        self._brokers = brokers
        self._consumer = consumer
        self._topics = topics

    def has(self, topic: str) -> bool:
        """Tell whether there is such a topic."""
        return topic in self._topics

    async def ends(self, topic: str) -> dict[int, int]:
        """Give where each partition ends, open transactions left out."""
        places = [TopicPartition(topic, one) for one in self._topics.get(topic, ())]
        ends = await self._consumer.end_offsets(places) if places else {}
        return {place.partition: end for place, end in ends.items()}

    async def starts(self, topic: str) -> dict[int, int]:
        """Give the first offset that each partition still holds."""
        places = [TopicPartition(topic, one) for one in self._topics.get(topic, ())]
        starts = await self._consumer.beginning_offsets(places) if places else {}
        return {place.partition: start for place, start in starts.items()}

    async def committed(self, group: str) -> dict[tuple[str, int], int]:
        """Give how far a consumer group says it has come, by topic and partition."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self._brokers)
        await admin.start()
        try:
            found = await admin.list_consumer_group_offsets(group)
        finally:
            await admin.close()
        return {(place.topic, place.partition): told.offset for place, told in found.items()}

    async def read(
        self, topic: str, partition: int, *, start: int, end: int
    ) -> AsyncIterator[Sequence[Any]]:
        """Give the records of a partition in batches, from `start` up to before `end`."""
        place = TopicPartition(topic, partition)
        self._consumer.assign([place])
        self._consumer.seek(place, start)
        moved = time.monotonic()
        while await self._consumer.position(place) < end:
            found = await self._consumer.getmany(place, timeout_ms=WAIT_MILLISECONDS)
            records = found.get(place, [])
            if records:
                moved = time.monotonic()
            elif time.monotonic() - moved > STANDSTILL_SECONDS:
                raise CannotLook(f"Kafka gives no records of {topic}/{partition} up to {end}")
            below = [record for record in records if record.offset < end]
            if below:
                yield below

    async def edges(
        self, ranges: Mapping[tuple[str, int], tuple[int, int]]
    ) -> dict[tuple[str, int], tuple[Any, int]]:
        """Give by topic and partition the first record of a range and the offset of its last.

        A range without records, of Kafka's own ones alone, is left out.
        """
        found: dict[tuple[str, int], tuple[Any, int]] = {}
        open_ends = {TopicPartition(*place): end for place, (_, end) in ranges.items()}
        self._consumer.assign(list(open_ends))
        for place, (start, _) in ranges.items():
            self._consumer.seek(TopicPartition(*place), start)
        moved = time.monotonic()
        while open_ends:
            got = await self._consumer.getmany(*open_ends, timeout_ms=WAIT_MILLISECONDS)
            for at, records in got.items():
                below = [record for record in records if record.offset < open_ends[at]]
                if below:
                    first = found.get((at.topic, at.partition), (below[0], 0))[0]
                    found[at.topic, at.partition] = (first, below[-1].offset)
                    moved = time.monotonic()
            for at, end in list(open_ends.items()):
                if await self._consumer.position(at) >= end:
                    del open_ends[at]
            if time.monotonic() - moved > STANDSTILL_SECONDS:
                raise CannotLook(f"Kafka gives no records of {sorted(open_ends)}")
        return found

    async def pick(self, topic: str, partition: int, offsets: Iterable[int]) -> AsyncIterator[Any]:
        """Give single records in the order of their offsets; near ones are read in one go."""
        wanted = sorted(set(offsets))
        while wanted:
            near = [one for one in wanted if one < wanted[0] + NEAR_RECORDS]
            wanted = wanted[len(near) :]
            among = set(near)
            async for records in self.read(topic, partition, start=near[0], end=near[-1] + 1):
                for record in records:
                    if record.offset in among:
                        yield record


@asynccontextmanager
async def open_log(brokers: str, *, fetch_bytes: int = FETCH_BYTES) -> AsyncIterator[Log]:
    """Connect to Kafka; raises CannotLook where it does not answer or loses what it held."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        max_partition_fetch_bytes=fetch_bytes,
        fetch_max_bytes=2 * fetch_bytes,
        fetch_max_wait_ms=HELD_MILLISECONDS,
        retry_backoff_ms=RETRY_MILLISECONDS,  # waited whenever a topic is asked about first
        max_poll_records=2_000,
    )
    try:
        topics = await _topics(brokers)
        await consumer.start()
        await asyncio.sleep(0)  # its tasks cannot be stopped before they have begun
        yield Log(brokers=brokers, consumer=consumer, topics=topics)
    except (OffsetOutOfRangeError, NoOffsetForPartitionError) as lost:
        raise CannotLook(f"Kafka at {brokers} does not hold the offsets it told: {lost}") from lost
    except KafkaError as away:
        raise CannotLook(f"Kafka at {brokers} cannot be read: {away!r}") from away
    finally:
        await consumer.stop()


async def _topics(brokers: str) -> dict[str, list[int]]:
    """Give the partitions of every topic."""
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    try:
        described = await admin.describe_topics(await admin.list_topics())
    finally:
        await admin.close()
    return {
        topic["topic"]: sorted(partition["partition"] for partition in topic["partitions"])
        for topic in described
    }
