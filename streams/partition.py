"""One partition of one assignment: its producer, its state and its flushes.

Rule: a flush is one transaction of outcomes, changed state and marker, and only after its commit
are the records acknowledged, in order. An object that lost its partition is dead for ever.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import Protocol

from aiokafka import AIOKafkaProducer

from settlement.pricing.profile import Profile
from settlement.rules import RULES_VERSION
from streams.apply import Application, Applied
from streams.batches import Batches, Message
from streams.documents import Documents
from streams.load import load_state
from streams.record import Record
from streams.settings import StreamsSettings
from streams.state import MARKER_KEY, Marker, State, encode
from streams.topics import SETTLEMENT_CDR, STATE

logger = logging.getLogger(__name__)
TRANSACTION_MILLISECONDS = 10_000
FLUSH_TIMEOUT_SECONDS = 40
STOP_TIMEOUT_SECONDS = 2
# One transaction holds what fits its time-out (tech-notes: 200,000 outcomes took 6 s).
BATCH_BYTES = 1024 * 1024


class Acknowledged(Protocol):
    """What is told when a record's outcome is durable."""

    def ack(self) -> object:
        """Acknowledge the record."""


class Partition:
    """The fold of one inbox partition as long as this process owns it."""

    def __init__(
        self,
        *,
        number: int,
        settings: StreamsSettings,
        profile: Profile,
        on_failure: Callable[[BaseException], None],
    ) -> None:
        self.number = number
        self.is_dead = False
        self._settings = settings
        self._profile = profile
        self._on_failure = on_failure
        self._producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka_brokers,
            transactional_id=f"streams-g{settings.streams_generation}-{number}",
            transaction_timeout_ms=TRANSACTION_MILLISECONDS,
            max_batch_size=BATCH_BYTES,
            max_request_size=SETTLEMENT_CDR.max_message_bytes,
        )
        self._documents = Documents(brokers=settings.kafka_brokers, partition=number)
        self._state = State()
        self._marker: Marker | None = None
        self._batches = Batches()
        self._unacked: deque[Acknowledged] = deque()
        self._has_work = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._flusher: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take the partition over: fence older owners first, only then read the state."""
        await self._producer.start()
        objects, self._marker = await load_state(
            brokers=self._settings.kafka_brokers,
            topic=STATE.in_generation(self._settings.streams_generation),
            partition=self.number,
        )
        self._state.load(objects)
        self._flusher = asyncio.create_task(self._flush_for_ever())
        logger.warning(
            "partition %s: %s objects, applied up to %s",
            self.number,
            len(self._state),
            self._marker.offset if self._marker else "nothing",
        )

    async def apply(self, record: Record, event: Acknowledged) -> None:
        """Apply one record, or acknowledge it where the state already holds it."""
        if self._marker is not None and record.offset <= self._marker.offset:
            self._unacked.append(event)
            self._has_work.set()
            return
        application = Application(record=record, state=self._state, profile=self._profile)
        read = application.begin()
        self._documents.keep(read)
        wanted = [offset for offset in application.wanted() if offset not in read]
        if wanted:
            read = read | await self._documents.load(wanted)
        if self.is_dead:
            return
        applied = application.finish(read)
        self._take(record, applied, event)
        await self._has_room.wait()

    async def stop(self) -> None:
        """Give the partition up: let a flush in flight end, then never write again."""
        self.is_dead = True
        self._has_room.set()
        if self._flusher is not None:
            self._has_work.set()
            _, pending = await asyncio.wait([self._flusher], timeout=STOP_TIMEOUT_SECONDS)
            for task in pending:
                task.cancel()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_SECONDS):
                await self._producer.stop()
                await self._documents.stop()
        except TimeoutError:
            logger.warning("partition %s: the broker does not answer, left it", self.number)

    def _take(self, record: Record, applied: Applied, event: Acknowledged) -> None:
        self._marker = Marker(
            offset=record.offset, ce_id=record.envelope.ce_id, rules_version=RULES_VERSION
        )
        self._batches.add(record, applied)
        self._unacked.append(event)
        self._has_work.set()
        if len(self._unacked) >= self._settings.streams_unacked_records:
            self._has_room.clear()

    async def _flush_for_ever(self) -> None:
        try:
            while not self.is_dead:
                await self._has_work.wait()
                if len(self._unacked) < self._settings.streams_flush_records:
                    await asyncio.sleep(self._settings.streams_flush_seconds)
                self._has_work.clear()
                async with asyncio.timeout(FLUSH_TIMEOUT_SECONDS):
                    await self._flush()
        except BaseException as error:
            if not self.is_dead:
                self._on_failure(error)
            raise

    async def _flush(self) -> None:
        if self.is_dead:
            return
        unacked = len(self._unacked)
        changed = self._state.take_changed()
        batches = self._batches.take(
            generation=self._settings.streams_generation, partition=self.number
        )
        if changed or batches:
            assert self._marker is not None
            states: list[Message] = [
                (key.encode(), encode(value), []) for key, value in changed.items()
            ]
            states.append((MARKER_KEY.encode(), encode(self._marker), []))
            await self._write(batches, states)
        for _ in range(unacked):
            self._unacked.popleft().ack()
        if len(self._unacked) < self._settings.streams_unacked_records:
            self._has_room.set()

    async def _write(
        self,
        batches: list[tuple[str, list[Message]]],
        states: list[Message],
    ) -> None:
        producer = self._producer
        state_topic = STATE.in_generation(self._settings.streams_generation)
        everything = [*batches, (state_topic, states)]
        await producer.begin_transaction()
        futures = []
        for topic, messages in everything:
            batch = producer.create_batch()
            for key, value, headers in messages:
                written = batch.append(key=key, value=value, timestamp=None, headers=headers)
                if written is None:
                    futures.append(await producer.send_batch(batch, topic, partition=self.number))
                    batch = producer.create_batch()
                    batch.append(key=key, value=value, timestamp=None, headers=headers)
            if batch.record_count():
                futures.append(await producer.send_batch(batch, topic, partition=self.number))
        # A batch that the broker refuses does not fail the transaction: await all of them first.
        for future in futures:
            await future
        await producer.commit_transaction()
