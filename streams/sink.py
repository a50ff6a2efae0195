"""The role `sink`: lanes from the topics into ClickHouse.

Rule: each topic is in one lane; what is in two lanes reaches the tables in no order.
"""

import asyncio
import logging
import signal

from clickhouse_connect.driver.exceptions import ClickHouseError

from streams.lane import Lane
from streams.life import show_life
from streams.rows import FEEDS
from streams.settings import StreamsSettings
from streams.topics import SETTLEMENT_CDR, SETTLEMENT_DOCUMENT

logger = logging.getLogger(__name__)
# An insert costs ClickHouse the same however few rows it has: what finance waits for goes at
# once, and what was received gathers, so as not to stand in its way. What became of a document
# goes with its CDR: who counts one has the other.
FIRST = (SETTLEMENT_CDR, SETTLEMENT_DOCUMENT)
GATHER_SECONDS = 0.5


class Sink:
    """The one writer of a generation's tables."""

    def __init__(self, *, settings: StreamsSettings) -> None:
        self._settings = settings
        rest = {feed.topic.name: feed.topic for feed in FEEDS if feed.topic not in FIRST}
        self._lanes = (
            Lane(settings=settings, topics=FIRST, pause_seconds=0),
            Lane(settings=settings, topics=tuple(rest.values()), pause_seconds=GATHER_SECONDS),
        )

    async def run(self) -> None:
        """Run the lanes until cancelled, or until one gives up: then the others end, too."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes:
                group.create_task(lane.run())
            group.create_task(self._show_life())

    async def _show_life(self) -> None:
        for lane in self._lanes:
            await lane.is_ready.wait()
        await show_life(data_dir=self._settings.settle_data_dir, role="sink")


def main() -> int:
    """Run the sink until SIGTERM or Ctrl-C."""
    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("aiokafka").setLevel("ERROR")
    settings = StreamsSettings()
    if not settings.clickhouse_url:
        raise SystemExit("settle: CLICKHOUSE_URL is not set")
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
