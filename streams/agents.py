"""The one agent over the inbox.

Rule: Faust runs it, state and output are ours (streams.partition). Events are acknowledged in
order and only after their flush; any failure that is not a dead letter ends the process.
"""

import asyncio
import contextlib
import logging
import os
import tempfile
from pathlib import Path
from typing import Any

import faust

from settlement.pricing.profile import DEFAULT
from streams.open_transactions import OpenTransactions
from streams.partition import Partition
from streams.record import record_at
from streams.settings import StreamsSettings
from streams.transport import use_prompt_transport

logger = logging.getLogger(__name__)
FAILED = 70  # EX_SOFTWARE
# A rebalance while a message waits for its partition is seen after this long.
LOOK_SECONDS = 0.5


class Inbox:
    """The partitions that this process owns, by number."""

    def __init__(self, *, app: Any, settings: StreamsSettings) -> None:
        self._app = app
        self._settings = settings
        self._partitions: dict[int, Partition] = {}
        self._transactions = OpenTransactions()
        self._is_changed = asyncio.Event()

    async def assigned(self, assigned: set[Any]) -> None:
        """Open the partitions of an assignment, all at a time."""
        generation = self._app.consumer_generation_id
        wanted = {place.partition for place in assigned} - self._partitions.keys()
        await asyncio.gather(*(self._open(number, generation) for number in sorted(wanted)))

    async def revoked(self, revoked: set[Any]) -> None:
        """Close partitions that were taken away."""
        numbers = {place.partition for place in revoked} & self._partitions.keys()
        gone = [self._partitions.pop(number) for number in sorted(numbers)]
        for partition in gone:
            partition.is_dead = True
        await asyncio.gather(*(partition.stop() for partition in gone))

    async def read(self, stream: Any) -> None:
        """Queue every event of the stream at its partition."""
        async for event in stream.noack().events():
            message = event.message
            try:
                partition = await self._owner(message)
                if partition is not None:
                    await partition.put(record_at(message), event)
            except Exception as error:  # noqa: BLE001 - leaving the agent would lose the event
                fail(error)

    async def _open(self, number: int, generation: int) -> None:
        # A stale worker must not open a producer: it would fence the owner.
        if generation != self._app.consumer_generation_id:
            return
        partition = Partition(
            number=number,
            settings=self._settings,
            profile=DEFAULT,
            transactions=self._transactions,
            on_failure=fail,
        )
        await partition.start()
        if generation != self._app.consumer_generation_id:
            await partition.stop()
            return
        self._partitions[number] = partition
        self._is_changed.set()

    async def _owner(self, message: Any) -> Partition | None:
        """Give the partition of a message, waiting until it is open; None where it is lost.

        A message of an older assignment will be read by whoever owns the partition now.
        """
        while message.generation_id == self._app.consumer_generation_id:
            partition = self._partitions.get(message.partition)
            if partition is not None:
                return partition
            self._is_changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._is_changed.wait()
        return None


def fail(error: Exception) -> None:
    """End the process at once: a restart continues from the last committed flush."""
    logger.critical("streams stops: %s: %s", type(error).__name__, error, exc_info=error)
    logging.shutdown()
    os._exit(FAILED)


def build_app(settings: StreamsSettings) -> faust.App:
    """Build the Faust application of one generation."""
    app, topic = inbox_app(settings, name="streams")
    inbox = Inbox(app=app, settings=settings)
    app.on_partitions_assigned.connect(_listener(inbox.assigned), weak=False)
    app.on_partitions_revoked.connect(_listener(inbox.revoked), weak=False)
    app.agent(topic, concurrency=1, name="inbox")(inbox.read)
    return app


def _faust_folder(settings: StreamsSettings) -> Path:
    """Give the folder that Faust makes its own folders in; nothing is kept there."""
    if settings.settle_data_dir is None:
        return Path(tempfile.gettempdir())
    folder = settings.settle_data_dir / "run"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def inbox_app(settings: StreamsSettings, *, name: str) -> tuple[faust.App, Any]:
    """Give an application of one generation and the topic `inbox`, with no agent yet."""
    app = faust.App(
        f"{name}.g{settings.streams_generation}",
        broker=[f"kafka://{one}" for one in settings.kafka_brokers.split(",")],
        store="memory://",
        datadir=str(_faust_folder(settings)),
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        stream_wait_empty=False,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=16 * 1024 * 1024,
        consumer_group_instance_id=settings.streams_instance_id or None,
        broker_commit_interval=1.0,
        broker_session_timeout=10.0,
        broker_heartbeat_interval=3.0,
        broker_max_poll_interval=600.0,
        stream_buffer_maxsize=4096,
        worker_redirect_stdouts=False,
    )
    use_prompt_transport(app)
    topic = app.topic("inbox", value_serializer="raw", key_serializer="raw", value_type=bytes)
    return app, topic


def _listener(method: Any) -> Any:
    async def listen(_app: Any, places: set[Any], **_: Any) -> None:
        try:
            await method(places)
        except Exception as error:  # noqa: BLE001 - Faust would log it and go on without state
            fail(error)

    return listen
