"""Publishing to Kafka: what is acknowledged is durable.

Rule: a record counts only after the brokers acknowledged it (acks=all, idempotent producer);
nothing here decides what to publish. Records that come together travel together.
"""

import asyncio

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from streams.events import Headers
from streams.topics import INBOX, MEBIBYTE

# A request costs the brokers and us as much as several records in it. A record that comes while
# others are on their way waits up to this long for more, and so does one that comes soon after
# several have waited; aiokafka's linger_ms lets each partition wait for itself, which saves none.
GATHER_SECONDS = 0.01
SOON_SECONDS = 2 * GATHER_SECONDS


class NotPublished(Exception):  # noqa: N818 - the broker's state, not an error of ours
    """No acknowledgement in time: the record may or may not be in the log."""


class ProducerBroken(NotPublished):
    """The producer will never publish again: make a new one.

    aiokafka 0.14 drops a batch that has expired while its partition had no leader, and has given
    it its sequence numbers all the same: after a restart of Kafka every further record can be out
    of sequence, for ever.
    """


class TooLarge(Exception):  # noqa: N818 - the document's property, not an error of ours
    """The record is larger than its topic takes; it was not sent."""


class Position(msgspec.Struct, frozen=True):
    """Where a record stands."""

    partition: int
    offset: int


class Publisher:
    """One idempotent producer of this process."""

    def __init__(self, *, brokers: str, timeout_seconds: float = 5.0) -> None:
        self._timeout_seconds = timeout_seconds
        self._on_their_way = 0
        self._gate: asyncio.Event | None = None  # opens for all that wait at it
        self._waiting = 0  # at that gate
        self._crowded_until = 0.0  # by the loop's clock
        self._producer = AIOKafkaProducer(
            bootstrap_servers=brokers,
            acks="all",
            enable_idempotence=True,
            max_request_size=INBOX.max_message_bytes,
            # aiokafka's 16 KiB hold a handful of CDRs, and every writer waits for room in turn:
            # eight times slower than a batch that holds what comes while one is on its way.
            max_batch_size=MEBIBYTE,
            request_timeout_ms=int(timeout_seconds * 1000),
            compression_type=None,
        )

    async def start(self) -> None:
        """Connect; raises aiokafka's KafkaConnectionError where no broker answers."""
        await self._producer.start()

    async def stop(self) -> None:
        """Send what waits and disconnect, within the time limit."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._producer.stop()
        except TimeoutError:
            return  # what was not acknowledged was never promised

    async def publish(
        self,
        *,
        topic: str,
        key: str,
        value: bytes,
        headers: Headers,
        partition: int | None = None,
    ) -> Position:
        """Publish one record and give its position after the acknowledgement.

        The key chooses the partition unless one is named. Raises NotPublished where no
        acknowledgement comes in time (ProducerBroken where none will ever come through this
        producer), TooLarge before sending.
        """
        self._on_their_way += 1
        try:
            async with asyncio.timeout(self._timeout_seconds):
                await self._gathered()
                record = await self._producer.send_and_wait(
                    topic, value=value, key=key.encode(), partition=partition, headers=headers
                )
        except MessageSizeTooLargeError as error:
            raise TooLarge(str(error)) from error
        except (KafkaError, TimeoutError) as error:
            text = f"{topic}: {type(error).__name__}: {error}"
            if isinstance(error, TimeoutError | KafkaTimeoutError) or error.retriable:
                raise NotPublished(text) from error
            raise ProducerBroken(text) from error
        finally:
            self._on_their_way -= 1
        return Position(record.partition, record.offset)

    async def _gathered(self) -> None:
        loop = asyncio.get_running_loop()
        if self._on_their_way == 1 and loop.time() >= self._crowded_until:
            return
        if self._gate is None:
            self._gate = asyncio.Event()
            loop.call_later(GATHER_SECONDS, self._open, self._gate)
        gate = self._gate
        self._waiting += 1
        try:
            await gate.wait()
        finally:
            if self._gate is gate:  # gave up before it opened
                self._waiting -= 1

    def _open(self, gate: asyncio.Event) -> None:
        now = asyncio.get_running_loop().time()
        self._crowded_until = now + SOON_SECONDS if self._waiting > 1 else now
        self._waiting, self._gate = 0, None
        gate.set()
