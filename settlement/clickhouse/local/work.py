"""One request at work: calls into the engine from threads, and the stream of a result.

Rule: whoever has gone away has their query ended, and everything a request holds is let go of
however it ends.
"""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import TypeVar

import anyio
import anyio.to_thread
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from settlement.clickhouse.local.engine import Engine
from settlement.clickhouse.local.reply import EngineError

T = TypeVar("T")
# A query that had not begun when its client left is looked for again so often.
LOOK_SECONDS = 0.2


class Work:
    """Calls into the engine for one request; ends its query when the client goes away."""

    def __init__(
        self, request: Request, engine: Engine, tag: str, threads: anyio.CapacityLimiter
    ) -> None:
        self.tag = tag
        # Said by whoever begins the query, who then looks at `is_left`; this looks the other way
        # round. An insert that was begun is ended by nobody: its answer is lost, its rows are not.
        self.is_ended_by_leaving = False
        self.is_left = False
        self._request = request
        self._engine = engine
        self._threads = threads

    async def thread(self, call: Callable[[], T]) -> T:
        """Run a call in a thread."""
        return await anyio.to_thread.run_sync(call, limiter=self._threads)

    async def finish(self, call: Callable[[], None]) -> None:
        """Run what tidies up in a thread, also while this request is being cancelled."""
        with anyio.CancelScope(shield=True):
            await self.thread(call)

    async def run(self, call: Callable[[], T]) -> T:
        """Run a call in a thread; a disconnect meanwhile ends its query if leaving ends it."""
        outcome: list[T | EngineError] = []
        async with anyio.create_task_group() as group:
            group.start_soon(self._end_when_gone)
            try:
                outcome.append(await self.thread(call))
            except EngineError as error:
                outcome.append(error)
            group.cancel_scope.cancel()
        result = outcome[0]
        if isinstance(result, EngineError):
            raise result
        return result

    async def _end_when_gone(self) -> None:
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        self.is_left = True
        while True:  # until the call has ended: its query may not have begun
            if self.is_ended_by_leaving:
                await anyio.to_thread.run_sync(self._engine.cancel, self.tag)
            await anyio.sleep(LOOK_SECONDS)


class CutOffError(Exception):
    """The result ends here, before its end."""


class Stream(StreamingResponse):
    """A stream that holds what it needs until it ends, however it ends.

    It breaks off without HTTP's last chunk where the result broke off, so that no client takes
    half a result for the whole.
    """

    def __init__(
        self,
        content: AsyncIterator[bytes],
        headers: dict[str, str],
        resources: contextlib.AsyncExitStack,
    ) -> None:
        super().__init__(content, headers=headers)
        self._resources = resources

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the result, then let go of what it held."""
        async with self._resources:
            await super().__call__(scope, receive, send)

    async def stream_response(self, send: Send) -> None:
        """Send block after block."""
        with contextlib.suppress(CutOffError):
            await super().stream_response(send)
