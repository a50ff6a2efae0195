"""Sharing one look at a remote state among all who ask for it at the same time.

Rule: a caller always gets a look that began after it asked; what began earlier may be too old
to prove anything. Looks never overlap and are never closer than the pause.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Coalesced(Generic[T]):
    """One look at a time, shared; however many ask, the remote side sees a bounded rate."""

    def __init__(self, look: Callable[[], Awaitable[T]], *, pause_seconds: float = 0.0) -> None:
        self._look = look
        self._pause_seconds = pause_seconds
        self._current: asyncio.Task[T] | None = None
        self._next: asyncio.Task[T] | None = None
        self._begun = float("-inf")

    async def fresh(self) -> T:
        """Give the result of a look that begins after this call; raises what the look raises."""
        if self._next is None:
            self._next = asyncio.create_task(self._begin(self._current))
            self._next.add_done_callback(_seen)
        # Shielded: a caller that gives up must not end the look for the others.
        return await asyncio.shield(self._next)

    async def _begin(self, previous: asyncio.Task[T] | None) -> T:
        if previous is not None:
            await asyncio.wait([previous])
        loop = asyncio.get_running_loop()
        wait = self._begun + self._pause_seconds - loop.time()
        if wait > 0:
            await asyncio.sleep(wait)
        self._begun = loop.time()
        self._current, self._next = self._next, None
        return await self._look()


def _seen(task: asyncio.Task[T]) -> None:
    """Mark a failure as seen: where all callers gave up nobody else would."""
    if not task.cancelled():
        task.exception()
