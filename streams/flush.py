"""One flush: outcomes, changed state and marker in one Kafka transaction.

Rule: every batch is awaited before the commit, since a batch that the broker refuses does not
fail the transaction; whoever calls acknowledges only after this returned.
"""

from collections.abc import Awaitable, Sequence

from aiokafka import AIOKafkaProducer

from streams.batches import Message
from streams.kill_point import kill_point
from streams.settings import StreamsSettings
from streams.state import MARKER_KEY, Marker, encode
from streams.topics import STATE

# Whoever takes a partition over ends its open transaction at once. The time-out is for one that
# nobody takes over, and longer than records of many thousand periods in every partition take.
TRANSACTION_MILLISECONDS = 60_000
BATCH_BYTES = 1024 * 1024


class Flush:
    """The transactional producer of one partition; starting it fences older owners."""

    def __init__(self, *, settings: StreamsSettings, partition: int) -> None:
        self._partition = partition
        self._state_topic = STATE.in_generation(settings.streams_generation)
        self._producer = AIOKafkaProducer(
            bootstrap_servers=settings.kafka_brokers,
            transactional_id=f"streams-g{settings.streams_generation}-{partition}",
            transaction_timeout_ms=TRANSACTION_MILLISECONDS,
            max_batch_size=BATCH_BYTES,
            max_request_size=STATE.max_message_bytes,
        )

    async def start(self) -> None:
        """Fence older owners of this partition and end their open transaction."""
        await self._producer.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._producer.stop()

    async def write(
        self,
        *,
        batches: Sequence[tuple[str, Sequence[Message]]],
        changed: dict[str, bytes],
        marker: Marker,
    ) -> None:
        """Write everything or nothing; raises aiokafka's ProducerFenced for a lost partition."""
        states: list[Message] = [(key.encode(), value, []) for key, value in changed.items()]
        states.append((MARKER_KEY.encode(), encode(marker), []))
        kill_point("streams_before_transaction")
        await self._producer.begin_transaction()
        futures = []
        for topic, messages in (*batches, (self._state_topic, states)):
            futures += await self._send(topic, messages)
        for future in futures:
            await future
        kill_point("streams_in_transaction")
        await self._producer.commit_transaction()
        kill_point("streams_after_transaction")

    async def _send(self, topic: str, messages: Sequence[Message]) -> list[Awaitable[object]]:
        producer = self._producer
        futures: list[Awaitable[object]] = []
        batch = producer.create_batch()
        for key, value, headers in messages:
            if batch.append(key=key, value=value, timestamp=None, headers=headers) is None:
                futures.append(await producer.send_batch(batch, topic, partition=self._partition))
                batch = producer.create_batch()
                written = batch.append(key=key, value=value, timestamp=None, headers=headers)
                assert written is not None, (topic, key, len(value))
        if batch.record_count():
            futures.append(await producer.send_batch(batch, topic, partition=self._partition))
        return futures
