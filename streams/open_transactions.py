"""Room for open transactions between records that take long.

Rule: one for all partitions of a process. While a record is folded no transaction moves on; with a
long one in each partition, one after the other, none would end within its time.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

LONG_SECONDS = 0.2


class OpenTransactions:
    """The transactions of this process that are not committed yet."""

    def __init__(self) -> None:
        self._open: set[asyncio.Future[None]] = set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count a transaction as open for the time of the block."""
        ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._open.add(ended)
        try:
            yield
        finally:
            self._open.discard(ended)
            ended.set_result(None)

    async def give_way(self, seconds: float) -> None:
        """Let others have their turn after so long; after long, until what is open has ended."""
        await asyncio.sleep(0)
        if seconds > LONG_SECONDS and self._open:
            await asyncio.wait(tuple(self._open))
