"""The gateway's pen: writes that are acknowledged, or refused in bounded time.

Rule: nothing waits in line for a broker that does not answer. Writes in flight are bounded in
number and bytes; after one that was not acknowledged in time only a few try again, everything
else is refused at once until one of them succeeds. A connection that does not come back by
itself is replaced.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from aiokafka.errors import KafkaError

from ingest.offsets import RECONNECT_SECONDS
from streams.events import Headers
from streams.publisher import NotPublished, Position, ProducerBroken, Publisher

LOGGER = logging.getLogger(__name__)
# With the look at the registry (1 s) an answer takes less than 5 s whatever Kafka does.
ACKNOWLEDGE_SECONDS = 3.5
MAX_WRITES = 2000
MAX_BYTES = 64 * 1024 * 1024
MAX_PROBES = 4
REPLACE_SECONDS = 20.0


class Pen(Protocol):
    """What writes one record; the real one is `streams.publisher.Publisher`."""

    async def start(self) -> None:
        """Connect; raises KafkaError where no broker answers."""

    async def stop(self) -> None:
        """Disconnect."""

    async def publish(self, *, topic: str, key: str, value: bytes, headers: Headers) -> Position:
        """Publish one record; raises NotPublished or TooLarge."""


class Writer:
    """Publishes for all requests of this process over one connection."""

    def __init__(self, make_pen: Callable[[], Pen]) -> None:
        self._make_pen = make_pen
        self._pen: Pen | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._stalled_since: float | None = None
        self.writes_in_flight = 0
        self._bytes_in_flight = 0

    @property
    def is_stalled(self) -> bool:
        """Whether the last write was not acknowledged in time."""
        return self._stalled_since is not None

    @property
    def is_connected(self) -> bool:
        """Whether a broker has answered and the last writes were acknowledged."""
        return self._pen is not None and not self.is_stalled

    async def start(self) -> None:
        """Begin to connect; goes on until it succeeds, so the gateway starts without Kafka."""
        self._in_background(self._connect())

    async def stop(self) -> None:
        """Disconnect; what was not acknowledged was not promised."""
        for task in (waiting := set(self._tasks)):
            task.cancel()
        if waiting:
            await asyncio.wait(waiting)
        if self._pen is not None:
            await self._pen.stop()

    async def publish(self, *, topic: str, key: str, value: bytes, headers: Headers) -> Position:
        """Publish one record and give its position after the acknowledgement.

        Raises NotPublished, at once where Kafka is known to be away; TooLarge.
        """
        pen = self._pen
        limit = MAX_PROBES if self.is_stalled else MAX_WRITES
        if pen is None:
            raise NotPublished("Kafka is away")
        if self.writes_in_flight >= limit or self._bytes_in_flight > MAX_BYTES:
            raise NotPublished("too many writes wait for Kafka")
        self.writes_in_flight += 1
        self._bytes_in_flight += len(value)
        try:
            position = await pen.publish(topic=topic, key=key, value=value, headers=headers)
        except NotPublished as error:
            self._missed(pen, error)
            raise
        finally:
            self.writes_in_flight -= 1
            self._bytes_in_flight -= len(value)
        if self.is_stalled:
            LOGGER.warning("Kafka acknowledges again")
            self._stalled_since = None
        return position

    def _missed(self, pen: Pen, error: NotPublished) -> None:
        """Take note of a write without acknowledgement; replace what will never give one."""
        now = time.monotonic()
        if self._stalled_since is None:
            LOGGER.warning("Kafka does not acknowledge: %s", error)
            self._stalled_since = now
        is_lasting = now - self._stalled_since > REPLACE_SECONDS
        if self._pen is pen and (isinstance(error, ProducerBroken) or is_lasting):
            LOGGER.warning("the connection to Kafka is replaced: %s", error)
            self._pen = None
            self._stalled_since = now
            self._in_background(self._connect())
            self._in_background(pen.stop())

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            LOGGER.warning("a connection to Kafka did not end well: %s", error)

    async def _connect(self) -> None:
        while True:
            pen = self._make_pen()
            try:
                await pen.start()
            except (KafkaError, OSError) as error:
                LOGGER.info("Kafka is away: %s", error)
                with contextlib.suppress(KafkaError, TimeoutError):
                    await pen.stop()
                await asyncio.sleep(RECONNECT_SECONDS)
            else:
                self._pen = pen
                return


def kafka_writer(*, brokers: str) -> Writer:
    """Give the writer of a real gateway."""
    return Writer(lambda: Publisher(brokers=brokers, timeout_seconds=ACKNOWLEDGE_SECONDS))
