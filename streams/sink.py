"""The role `sink`: from Kafka into ClickHouse, in batches.

Rule: nothing is skipped: ClickHouse away is waited for, a database that was emptied fills itself
from the beginning. The offsets that count stand in the database, written last; Kafka's are for
lag alone.
"""

import asyncio
import logging
import math
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from clickhouse_connect.driver.exceptions import ClickHouseError, OperationalError

from settlement.clickhouse.client import ClickHouseUnreachable, connect
from streams.gathered import Gathered
from streams.kill_point import kill_point
from streams.life import show_life
from streams.local.probe import require_kafka
from streams.outcome import DeadLetter
from streams.rows import FEEDS
from streams.settings import FETCH_BYTES_AT_LEAST, FETCH_WAIT_MILLISECONDS, StreamsSettings
from streams.steps.admit import REASON_CHARACTERS
from streams.store import Place, RefusedRow, Store
from streams.topics import DEAD_LETTER

logger = logging.getLogger(__name__)
POLL_SECONDS = 0.05
# An insert costs ClickHouse the same however few rows it has. While more comes, what finance waits
# for goes this often, and first; all other tables are filled, and offsets written, less often.
PROMPT = ("cdr_settled",)
PROMPT_SECONDS = 0.2
GATHER_SECONDS = 0.5
# A sink to which nothing comes asks so often whether the database still has what it wrote.
LOOK_SECONDS = 1.0
RETRY_SECONDS = 1.0
FETCH_BYTES = 16 * 1024 * 1024


class Sink:
    """The one writer of a generation's tables."""

    def __init__(self, *, settings: StreamsSettings) -> None:
        self._settings = settings
        generation = settings.streams_generation
        self._database = f"settlement_g{generation}"
        fed = (feed.topic for feed in FEEDS)
        self._topics = {topic.in_generation(generation): topic for topic in fed}
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
        self._gathered = Gathered(topics={name: topic.name for name, topic in self._topics.items()})
        self._written: dict[Place, int] = {}
        self._due = 0.0  # only a full batch is inserted before
        self._advanced = 0.0  # when the offsets were written last
        self._looked = 0.0  # when the database was last asked for them
        self._store: Store | None = None

    async def run(self) -> None:
        """Read, insert, advance, until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                await self._start()
                group.create_task(show_life(data_dir=self._settings.settle_data_dir, role="sink"))
                while True:
                    await self._turn()
        finally:
            try:
                await self._consumer.stop()
            finally:
                await self._producer.stop()

    async def _start(self) -> None:
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

    async def _turn(self) -> None:
        """Read until an insert is due, and insert."""
        most = self._settings.sink_batch_records
        has_news = await self._read(POLL_SECONDS)
        while self._gathered.reached and self._gathered.records < most:
            if (left := self._due - time.monotonic()) <= 0:
                break
            has_news |= await self._read(min(POLL_SECONDS, left))
        began = time.monotonic()
        if not self._gathered.reached:
            if began - self._looked > LOOK_SECONDS:
                await self._insist(self._look)
            return
        self._due = began + PROMPT_SECONDS
        is_full = self._gathered.records >= most
        is_due = not has_news or is_full or began - self._advanced > GATHER_SECONDS
        has_cdrs = bool(self._gathered.rows(PROMPT))
        if await self._insist(partial(self._insert, PROMPT)):
            if has_cdrs:
                kill_point("sink_before_rest")
            if is_due and await self._insist(partial(self._insert, None)):
                reached = self._gathered.reached
                await self._insist(self._advance)
                await self._commit(reached)

    async def _read(self, seconds: float) -> bool:
        """Take what came, waiting so long for it at most; tell whether anything did.

        Called again and again until an insert is due: the consumer fetches from no partition of
        which it still holds something.
        """
        room = max(1, self._settings.sink_batch_records - self._gathered.records)
        milliseconds = math.ceil(seconds * 1000)
        polled = await self._consumer.getmany(timeout_ms=milliseconds, max_records=room)
        batch = {
            (place.topic, place.partition): records for place, records in polled.items() if records
        }
        if batch:
            await asyncio.to_thread(self._gathered.add, batch)
        return bool(batch)

    async def _insist(self, action: Callable[[], Awaitable[None]]) -> bool:
        """Do it, and tell whether that went well; a refusal for its content ends the process.

        Where ClickHouse is away, what was inserted and is not accounted for may be away with it:
        once it is back, reading goes on from the offsets that it has.
        """
        is_done = True
        while True:
            try:
                await action()
            except (ClickHouseUnreachable, OperationalError, OSError) as error:
                self._store = None
                logger.warning("ClickHouse is away, waiting: %s", error)
                await asyncio.sleep(RETRY_SECONDS)
                is_done, action = False, self._seek
            else:
                return is_done

    async def _connected(self) -> Store:
        if self._store is None:
            client = await asyncio.to_thread(connect, self._settings.clickhouse_url)
            self._store = Store(client=client, database=self._database, topics=list(self._topics))
        return self._store

    async def _seek(self) -> None:
        """Go to where the database has come to; what it does not know starts at the beginning."""
        store = await self._connected()
        offsets = await self._offsets(store)
        for place in self._consumer.assignment():
            known = offsets.get((place.topic, place.partition), 0)
            self._consumer.seek(place, known)
        self._written = offsets
        self._gathered.clear()

    async def _look(self) -> None:
        await self._is_as_written(await self._connected())

    async def _is_as_written(self, store: Store) -> bool:
        """Tell whether the database has come to where this sink has; else go back to where."""
        if await self._offsets(store) == self._written:
            return True
        logger.warning("the database has other offsets than were written: reading from them")
        await self._seek()
        return False

    async def _offsets(self, store: Store) -> dict[Place, int]:
        self._looked = time.monotonic()
        return await asyncio.to_thread(store.offsets)

    async def _insert(self, tables: tuple[str, ...] | None) -> None:
        store = await self._connected()
        rows = self._gathered.rows(tables)
        if rows:
            self._gathered.inserted(rows, await asyncio.to_thread(store.insert, rows))

    async def _advance(self) -> None:
        """Write how far the tables have come, once they hold all rows up to there."""
        for row in self._gathered.refused:
            await self._bury(row)
        store = await self._connected()
        # Asked after the inserts: what is emptied before this is filled again from the beginning.
        if not await self._is_as_written(store):
            return
        kill_point("sink_before_offset")
        reached = self._gathered.reached
        await asyncio.to_thread(store.advance, reached)
        kill_point("sink_after_offset")
        self._written = self._written | reached
        self._gathered.clear()
        self._advanced = time.monotonic()

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

    async def _commit(self, reached: Mapping[Place, int]) -> None:
        offsets = {
            TopicPartition(*place): self._written[place]
            for place in reached
            if place in self._written  # an emptied database has come nowhere yet
        }
        if offsets:
            await self._consumer.commit(offsets)


def main() -> int:
    """Run the sink until SIGTERM or Ctrl-C; raises ServiceMissing where no Kafka answers."""
    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("aiokafka").setLevel("ERROR")
    settings = StreamsSettings()
    if not settings.clickhouse_url:
        raise SystemExit("settle: CLICKHOUSE_URL is not set")
    require_kafka(settings.kafka_brokers)
    return asyncio.run(_run(settings))


async def _run(settings: StreamsSettings) -> int:
    task = asyncio.ensure_future(Sink(settings=settings).run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return 0
    except BaseExceptionGroup as several:
        if several.split(ClickHouseError)[1] is not None:
            raise
        logger.critical("ClickHouse refused what was inserted", exc_info=True)
        return 1
    return 0
