"""Room for open transactions between records that take long.

Rule: one for all partitions of a process. While a record is folded no transaction moves on; with a
long one in each partition, one after the other, none would end within its time.
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager

# So long one record may take, or a transaction be open while short ones go on.
LONG_SECONDS = 0.2
OPEN_SECONDS = 1.0


class OpenTransactions:
    """The transactions of this process that are not committed yet."""

    def __init__(self) -> None:
        self._open: dict[asyncio.Future[None], float] = {}  # since when, the oldest first

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count a transaction as open for the time of the block."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open[ended] = time.monotonic()
        try:
            yield
        finally:
            del self._open[ended]
            ended.set_result(None)

    async def give_way(self, seconds: float) -> None:
        """Let others have their turn after so long; after long, until what is open has ended."""
        await asyncio.sleep(0)
        if self._open and (seconds > LONG_SECONDS or self._is_held_up()):
            await asyncio.wait(tuple(self._open))

    def _is_held_up(self) -> bool:
        return time.monotonic() - next(iter(self._open.values())) > OPEN_SECONDS
