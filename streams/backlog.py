"""Whether the sink has written everything that is committed.

Rule: offsets decide; neither a count nor the time does.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.topics import REJECTED, TOPICS

PROBE_MILLISECONDS = 400
PROBES = 20
# Waited whenever a topic is asked about first.
RETRY_MILLISECONDS = 10
Ends = Mapping[TopicPartition, int]


@asynccontextmanager
async def backlog_consumer(brokers: str) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a consumer that reads as little as says enough, for the time of the block."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers,
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_poll_records=1,
        max_partition_fetch_bytes=1,  # one batch says enough
        retry_backoff_ms=RETRY_MILLISECONDS,
    )
    try:
        await consumer.start()
        # aiokafka 0.14 cancels a task of its own at the end and waits for it: one that has not had
        # its first turn by then, since nothing had to be asked, would raise its CancelledError.
        await asyncio.sleep(0)
        yield consumer
    finally:
        await consumer.stop()


async def committed_ends(consumer: AIOKafkaConsumer, *, generation: int) -> Ends:
    """Give the ends of what a generation derives, and of what the gateway rejected."""
    derived = [topic for topic in TOPICS if topic.is_derived and not topic.is_compacted]
    places = [
        TopicPartition(topic.in_generation(generation), number)
        for topic in (REJECTED, *derived)
        for number in range(topic.partitions)
    ]
    found: Ends = await consumer.end_offsets(places)
    return found


async def is_anything_left(
    consumer: AIOKafkaConsumer, *, ends: Ends, stored: Mapping[tuple[str, int], int]
) -> bool:
    """Tell whether a committed message below `ends` is not in the tables: those hold `stored`.

    The end offset alone cannot tell: behind the last message stand the marks of transactions.
    They are read over without being given; what gives nothing and comes to the end holds no more.
    """
    places = list(ends)
    consumer.assign(places)
    for place in places:
        consumer.seek(place, stored.get((place.topic, place.partition), 0))
    for _ in range(PROBES):
        if all([await consumer.position(place) >= ends[place] for place in places]):
            return False
        found = await consumer.getmany(timeout_ms=PROBE_MILLISECONDS)
        if any(record.offset < ends[place] for place in found for record in found[place]):
            return True
    return True  # nobody knows
