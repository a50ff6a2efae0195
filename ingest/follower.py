"""Following the topic `partner`, so that tokens given and taken anywhere hold here.

Rule: a token is called unknown only after the topic was read to the end it had when the request
came; unknown tokens cost Kafka a bounded rate of looks, however many come.
"""

import asyncio
import contextlib
import logging

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from ingest.coalesced import Coalesced
from ingest.offsets import RECONNECT_SECONDS, KafkaAway, Offsets
from ingest.registry import Caller, Registry
from streams.topics import PARTNER

LOGGER = logging.getLogger(__name__)
_PARTITIONS = [TopicPartition(PARTNER.name, number) for number in range(PARTNER.partitions)]
POLL_MILLISECONDS = 500
# At most ten looks a second at the end of the topic, whoever knocks.
PAUSE_SECONDS = 0.1
CATCH_UP_SECONDS = 1.0


class Follower:
    """The registry of this process, kept up to date by a task of its own."""

    def __init__(self, *, brokers: str, offsets: Offsets) -> None:
        self.registry = Registry()
        self._brokers = brokers
        self._offsets = offsets
        self._applied: dict[int, int] = {}
        self._progress = asyncio.Condition()
        self._catching_up = Coalesced(self._read_to_end, pause_seconds=PAUSE_SECONDS)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to follow; where Kafka is away, as soon as it is back."""
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def find(self, digests: tuple[bytes, ...]) -> Caller | None:
        """Find whose token this is, after reading the topic to its end where it is not known.

        Raises KafkaAway where the end could not be read in time.
        """
        if caller := self.registry.find(digests):
            return caller
        try:
            async with asyncio.timeout(CATCH_UP_SECONDS):
                await self._catching_up.fresh()
        except TimeoutError as error:
            raise KafkaAway("the registry of partners was not read in time") from error
        return self.registry.find(digests)

    async def _read_to_end(self) -> None:
        ends = await self._offsets.ends(PARTNER)
        async with asyncio.timeout(CATCH_UP_SECONDS), self._progress:
            await self._progress.wait_for(
                lambda: all(self._applied.get(number, -1) >= end for number, end in ends.items())
            )

    async def _follow(self) -> None:
        while True:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._brokers,
                group_id=None,
                enable_auto_commit=False,
                auto_offset_reset="earliest",
                request_timeout_ms=5000,
            )
            try:
                await consumer.start()
                consumer.assign(_PARTITIONS)
                while True:
                    await self._read(consumer)
            except KafkaError as error:
                LOGGER.warning("the topic %s cannot be read: %s", PARTNER.name, error)
            finally:
                with contextlib.suppress(KafkaError):
                    await consumer.stop()
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        """Apply what has come and say how far the registry is."""
        fetched = await consumer.getmany(timeout_ms=POLL_MILLISECONDS)
        for records in fetched.values():
            for record in records:
                self._apply(record.key, record.value, record.offset)
        for partition in _PARTITIONS:
            self._applied[partition.partition] = await consumer.position(partition)
        async with self._progress:
            self._progress.notify_all()

    def _apply(self, key: bytes | None, value: bytes | None, offset: int) -> None:
        try:
            self.registry.apply(key=(key or b"").decode(), value=value)
        except (msgspec.DecodeError, ValueError) as error:
            # The record is at fault, not the code: no traceback.
            LOGGER.error("record %d of %s: %s", offset, PARTNER.name, error)  # noqa: TRY400
