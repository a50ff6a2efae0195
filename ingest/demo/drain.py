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
from streams.backlog import backlog_consumer, committed_ends, is_anything_left
from streams.topics import GENERATION, INBOX

LOOK_SECONDS = 0.5
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
    async with backlog_consumer(brokers) as consumer:
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
        return not await _is_behind(consumer, reader)
    except (KafkaError, OperationalError):
        return False


async def _is_behind(consumer: AIOKafkaConsumer, reader: Client) -> bool:
    """Tell whether a committed message is not in the tables yet."""
    stored = await asyncio.to_thread(load_sink_offsets, reader)
    generation = await asyncio.to_thread(live_generation, reader) or GENERATION
    ends = await committed_ends(consumer, generation=generation)
    return await is_anything_left(consumer, ends=ends, stored=stored)
