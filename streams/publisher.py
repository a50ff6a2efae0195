"""Publishing to Kafka: what is acknowledged is durable.

Rule: a record counts only after the brokers acknowledged it (acks=all, idempotent producer);
nothing here decides what to publish.
"""

import asyncio

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError

from streams.events import Headers
from streams.topics import INBOX, MEBIBYTE


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

    def __init__(
        self, *, brokers: str, timeout_seconds: float = 5.0, linger_milliseconds: int = 0
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._producer = AIOKafkaProducer(
            bootstrap_servers=brokers,
            acks="all",
            enable_idempotence=True,
            linger_ms=linger_milliseconds,
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
        try:
            async with asyncio.timeout(self._timeout_seconds):
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
        return Position(record.partition, record.offset)
