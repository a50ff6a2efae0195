"""Where the partitions of the inbox end, as of a request.

Rule: an end is asked of Kafka after the request came, never remembered: it proves that nothing
older is missing. Its consumer reads no record, so no long poll stands before its requests.
"""

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner

from ingest.coalesced import Coalesced
from streams.topics import INBOX, PARTNER, Topic

LOGGER = logging.getLogger(__name__)
RECONNECT_SECONDS = 0.5
_ASKED = [
    TopicPartition(topic.name, number)
    for topic in (INBOX, PARTNER)
    for number in range(topic.partitions)
]
_ALL = list(range(INBOX.partitions))
_PARTITIONER = DefaultPartitioner()


class KafkaAway(Exception):  # noqa: N818 - the broker's state, not an error of ours
    """Kafka did not say where its partitions end."""


def partition_of(key: str) -> int:
    """Give the partition of the inbox in which the producer puts a key."""
    chosen: int = _PARTITIONER(key.encode(), _ALL, _ALL)
    return chosen


class Offsets:
    """The end offsets of inbox and partner, asked once for all who wait."""

    def __init__(self, *, brokers: str, timeout_seconds: float = 1.0) -> None:
        self._brokers = brokers
        self._timeout_seconds = timeout_seconds
        self._consumer: AIOKafkaConsumer | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._looks = Coalesced(self._look)

    async def start(self) -> None:
        """Begin to connect; goes on until it succeeds."""
        self._connecting = asyncio.create_task(self._connect())

    async def stop(self) -> None:
        """Disconnect."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        if self._consumer is not None:
            await self._consumer.stop()

    async def ends(self, topic: Topic) -> Mapping[int, int]:
        """Give the end of each partition of inbox or partner, asked after this call.

        Raises KafkaAway.
        """
        try:
            async with asyncio.timeout(self._timeout_seconds):
                ends = await self._looks.fresh()
        except TimeoutError as error:
            raise KafkaAway("no end offsets in time") from error
        return {tp.partition: end for tp, end in ends.items() if tp.topic == topic.name}

    async def _look(self) -> dict[TopicPartition, int]:
        if self._consumer is None:
            raise KafkaAway("not connected")
        try:
            ends: dict[TopicPartition, int] = await self._consumer.end_offsets(_ASKED)
        except KafkaError as error:
            raise KafkaAway(str(error)) from error
        return ends

    async def _connect(self) -> None:
        while True:
            consumer = AIOKafkaConsumer(
                bootstrap_servers=self._brokers,
                group_id=None,
                enable_auto_commit=False,
                request_timeout_ms=int(self._timeout_seconds * 1000),
            )
            try:
                await consumer.start()
            except KafkaError:
                with contextlib.suppress(KafkaError):
                    await consumer.stop()
                await asyncio.sleep(RECONNECT_SECONDS)
            else:
                self._consumer = consumer
                with contextlib.suppress(KafkaAway):
                    await self._look()  # learns who leads the partitions, so that no request has to
                return
