"""Waiting until everything that was acknowledged stands in the tables.

Rule: measured by offsets, not by time: each inbox record is decided, and no committed message is
left that the sink has not written.
"""

import asyncio
from collections.abc import Callable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import OperationalError

from settlement.clickhouse.migrate import live_generation
from settlement.clickhouse.report import Passed, load_decided, load_passed, load_sink_offsets
from streams.topics import GENERATION, INBOX, REJECTED, TOPICS

LOOK_SECONDS = 0.5
PROBE_MILLISECONDS = 400
PROBES = 20
# A worker that was killed is back within half of this.
STANDSTILL_SECONDS = 90.0


async def wait_until_passed(
    *,
    brokers: str,
    reader: Client,
    progress: Callable[[Passed], None] = lambda _: None,
    standstill_seconds: float = STANDSTILL_SECONDS,
) -> bool:
    """Wait until the tables hold all that Kafka holds; False where nothing moves any more."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers,
        group_id=None,
        enable_auto_commit=False,
        isolation_level="read_committed",
        max_poll_records=1,
        max_partition_fetch_bytes=1,  # one batch says enough
    )
    await consumer.start()
    try:
        loop = asyncio.get_running_loop()
        moved, seen = loop.time(), None
        while True:
            passed = await look(reader)
            if passed is not None:
                progress(passed)
                if await _is_through(consumer, reader, passed):
                    return True
            if passed is not None and passed != seen:
                moved, seen = loop.time(), passed
            elif loop.time() - moved > standstill_seconds:
                return False
            await asyncio.sleep(LOOK_SECONDS)
    finally:
        await consumer.stop()


async def look(reader: Client) -> Passed | None:
    """Count how far documents have come; None while ClickHouse is away."""
    try:
        return await asyncio.to_thread(load_passed, reader)
    except OperationalError:
        return None


async def _is_through(consumer: AIOKafkaConsumer, reader: Client, passed: Passed) -> bool:
    """Tell whether all has passed; not while Kafka or ClickHouse is away."""
    inbox = [TopicPartition(INBOX.name, number) for number in range(INBOX.partitions)]
    try:
        records = sum((await consumer.end_offsets(inbox)).values())
        if passed.received < records or await asyncio.to_thread(load_decided, reader) < records:
            return False
        return not await _is_anything_left(consumer, reader)
    except (KafkaError, OperationalError):
        return False


async def _is_anything_left(consumer: AIOKafkaConsumer, reader: Client) -> bool:
    """Tell whether a committed message is not in the tables yet.

    The end offset alone cannot tell: behind the last message stand the marks of transactions.
    They are read over without being given; what gives nothing and comes to the end holds no more.
    """
    offsets = await asyncio.to_thread(load_sink_offsets, reader)
    derived = [topic for topic in TOPICS if topic.is_derived and not topic.is_compacted]
    generation = await asyncio.to_thread(live_generation, reader) or GENERATION
    places = [
        TopicPartition(topic.in_generation(generation), number)
        for topic in (REJECTED, *derived)
        for number in range(topic.partitions)
    ]
    consumer.assign(places)
    for place in places:
        consumer.seek(place, offsets.get((place.topic, place.partition), 0))
    ends = await consumer.end_offsets(places)
    for _ in range(PROBES):
        if all([await consumer.position(place) >= ends[place] for place in places]):
            return False
        if any((await consumer.getmany(timeout_ms=PROBE_MILLISECONDS)).values()):
            return True
    return True  # nobody knows
