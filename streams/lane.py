"""One lane of the sink: from some topics into ClickHouse, in batches.

Rule: nothing is skipped: ClickHouse away is waited for, a database that was emptied fills itself
from the beginning. The offsets that count stand in the database; Kafka's are for lag alone.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from functools import partial

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from clickhouse_connect.driver.exceptions import OperationalError

from settlement.clickhouse.client import ClickHouseUnreachable, connect
from streams.kill_point import kill_point
from streams.outcome import DeadLetter
from streams.settings import FETCH_BYTES_AT_LEAST, FETCH_WAIT_MILLISECONDS, StreamsSettings
from streams.steps.admit import REASON_CHARACTERS
from streams.store import Place, RefusedRow, Store
from streams.topics import DEAD_LETTER, Topic

logger = logging.getLogger(__name__)
POLL_MILLISECONDS = 50
# A lane to which nothing comes asks so often whether the database still has what it wrote.
LOOK_SECONDS = 1.0
RETRY_SECONDS = 1.0
FETCH_BYTES = 16 * 1024 * 1024


class Lane:
    """The one writer of what some topics of a generation feed."""

    def __init__(
        self, *, settings: StreamsSettings, topics: Collection[Topic], pause_seconds: float
    ) -> None:
        """After a batch that is not full the lane lets records gather for `pause_seconds`."""
        self._settings = settings
        self._pause_seconds = pause_seconds
        generation = settings.streams_generation
        self._database = f"settlement_g{generation}"
        self._topics = {topic.in_generation(generation): topic for topic in topics}
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.kafka_brokers,
            group_id=f"sink.g{generation}",
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=FETCH_BYTES,
            fetch_max_bytes=2 * FETCH_BYTES,
            fetch_max_wait_ms=FETCH_WAIT_MILLISECONDS,
            fetch_min_bytes=FETCH_BYTES_AT_LEAST,
            max_poll_records=settings.sink_batch_records,
        )
        self._producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka_brokers,
            acks="all",
            enable_idempotence=True,
            max_request_size=DEAD_LETTER.max_message_bytes,
        )
        self._written: dict[Place, int] = {}
        self._looked = 0.0  # when the database was last asked for the offsets
        self._store: Store | None = None
        self.is_ready = asyncio.Event()

    async def run(self) -> None:
        """Read, insert, advance, until cancelled."""
        try:
            await self._consumer.start()
            await self._producer.start()
            self._consumer.assign(
                [
                    TopicPartition(name, number)
                    for name, topic in self._topics.items()
                    for number in range(topic.partitions)
                ]
            )
            await self._insist(self._seek)
            self.is_ready.set()
            while True:
                await self._turn()
        finally:
            try:
                await self._consumer.stop()
            finally:
                await self._producer.stop()

    async def _turn(self) -> None:
        polled = await self._consumer.getmany(timeout_ms=POLL_MILLISECONDS)
        batch = {
            (place.topic, place.partition): records for place, records in polled.items() if records
        }
        if not batch:
            if time.monotonic() - self._looked > LOOK_SECONDS:
                await self._insist(self._look)
            return
        await self._insist(partial(self._write, batch))
        await self._commit(batch)
        if sum(map(len, batch.values())) < self._settings.sink_batch_records:
            await asyncio.sleep(self._pause_seconds)

    async def _insist(self, action: Callable[[], Awaitable[None]]) -> None:
        """Repeat until ClickHouse is there; a refusal for its content ends the process."""
        while True:
            try:
                await action()
            except (ClickHouseUnreachable, OperationalError, OSError) as error:
                self._store = None
                logger.warning("ClickHouse is away, waiting: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return

    async def _connected(self) -> Store:
        if self._store is None:
            client = await asyncio.to_thread(connect, self._settings.clickhouse_url)
            topics = {name: topic.name for name, topic in self._topics.items()}
            self._store = Store(client=client, database=self._database, topics=topics)
        return self._store

    async def _seek(self) -> None:
        """Go to where the database has come to; what it does not know starts at the beginning."""
        store = await self._connected()
        offsets = await self._offsets(store)
        for place in self._consumer.assignment():
            known = offsets.get((place.topic, place.partition), 0)
            self._consumer.seek(place, known)
        self._written = offsets

    async def _look(self) -> None:
        await self._is_as_written(await self._connected())

    async def _is_as_written(self, store: Store) -> bool:
        """Tell whether the database has come to where this lane has; else go back to where."""
        if await self._offsets(store) == self._written:
            return True
        logger.warning("the database has other offsets than were written: reading from them")
        await self._seek()
        return False

    async def _offsets(self, store: Store) -> dict[Place, int]:
        self._looked = time.monotonic()
        return await asyncio.to_thread(store.offsets)

    async def _write(self, batch: dict[Place, Sequence[ConsumerRecord]]) -> None:
        store = await self._connected()
        refused = await asyncio.to_thread(store.insert, batch)
        # Asked after the insert: what is emptied before this is filled again from the beginning.
        if not await self._is_as_written(store):
            return
        for row in refused:
            await self._bury(row)
        kill_point("sink_before_offset")
        reached = {place: records[-1].offset + 1 for place, records in batch.items()}
        await asyncio.to_thread(store.advance, reached)
        kill_point("sink_after_offset")
        self._written = self._written | reached

    async def _bury(self, row: RefusedRow) -> None:
        """Turn a row that ClickHouse refuses into a dead letter, and say so loudly."""
        record = row.record
        headers = dict(record.headers)
        letter = DeadLetter(
            origin_topic=record.topic,
            origin_partition=record.partition,
            origin_offset=record.offset,
            cpo=headers.get("cpo", b"").decode(errors="replace"),
            module=row.table,
            object_key=(record.key or b"").decode(errors="replace"),
            reason="row_refused",
            message=row.reason[:REASON_CHARACTERS],
            version=record.offset,
        )
        logger.error("ALARM: ClickHouse refuses a row, it is a dead letter now: %s", row.reason)
        await self._producer.send_and_wait(
            DEAD_LETTER.in_generation(self._settings.streams_generation),
            value=record.value,
            key=record.key,
            headers=[*record.headers, ("dead_letter", msgspec.json.encode(letter))],
            partition=record.partition,
        )

    async def _commit(self, batch: dict[Place, Sequence[ConsumerRecord]]) -> None:
        offsets = {
            TopicPartition(*place): self._written[place]
            for place in batch
            if place in self._written  # an emptied database has come nowhere yet
        }
        if offsets:
            await self._consumer.commit(offsets)
