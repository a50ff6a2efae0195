"""ClickHouse's HTTP interface over one engine: authentication, statements, results.

Rule: the engine is called in threads, never in the event loop; readers wait for each other,
never the writer for a reader.
"""

import contextlib
import hmac
import itertools
import logging
import secrets
import tempfile
from collections.abc import AsyncIterator, Iterator
from functools import partial
from pathlib import Path
from typing import IO, cast

import anyio
import msgspec
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from settlement.clickhouse.local import plan, reply
from settlement.clickhouse.local.credentials import Credentials
from settlement.clickhouse.local.engine import Engine
from settlement.clickhouse.local.formats import BlockJoiner
from settlement.clickhouse.local.limits import ReaderLimits
from settlement.clickhouse.local.reply import EngineError, Summary
from settlement.clickhouse.local.request import Envelope, read_envelope, read_statement
from settlement.clickhouse.local.work import CutOffError, Stream, Work

logger = logging.getLogger("settlement.clickhouse")

MEMORY_BYTES = 8 * 1024 * 1024  # of a body or a result; what is larger goes to a file
MAX_READER_BODY = 1024 * 1024
MAX_BODY = 4 * 1024**3
WAIT_SECONDS = 30  # for another statement of the reader to end


class Begun(msgspec.Struct):
    """An answer as far as it is known: the whole of it, or its first block and the rest."""

    plan: plan.Plan
    result: bytes
    summary: Summary
    rest: Iterator[bytes] | None = None
    size: int | None = None


class Server:
    """One engine with its two users."""

    def __init__(
        self, *, engine: Engine, credentials: Credentials, limits: ReaderLimits, scratch: Path
    ) -> None:
        self._engine = engine
        self._credentials = credentials
        self._limits = limits
        self._scratch = scratch
        self.is_stopping = False
        self._vocabulary = engine.reader_vocabulary()
        self._turns = anyio.Semaphore(limits.statements)
        self._reader_threads = anyio.CapacityLimiter(limits.statements + 1)
        self._writer_threads = anyio.CapacityLimiter(32)

    def app(self) -> Starlette:
        """Give the ASGI application."""
        return Starlette(
            routes=[
                Route("/ping", self._ok),
                Route("/replicas_status", self._ok),
                Route("/", self._serve, methods=["GET", "POST"]),
            ]
        )

    def end_statements(self) -> None:
        """End all statements under way."""
        self._engine.cancel_all()

    async def _ok(self, _: Request) -> Response:
        return PlainTextResponse("Ok.\n")

    async def _serve(self, request: Request) -> Response:
        query_id = ""
        try:
            envelope = read_envelope(request)
            query_id = envelope.query_id
            is_reader = self._authenticate(envelope)
            if request.method == "GET" and not envelope.query:
                return PlainTextResponse("Ok.\n")
            async with contextlib.AsyncExitStack() as stack:
                if is_reader:
                    await self._take_turn(stack)
                return await self._answer(request, envelope, stack, is_reader=is_reader)
        except EngineError as error:
            logger.info("%s: %s", query_id, str(error)[:500].replace("\n", " "))
            return self._error(error, query_id)
        except ClientDisconnect:
            return Response(status_code=499)

    def _authenticate(self, envelope: Envelope) -> bool:
        """Tell whether it is the reader; raises EngineError where it is nobody we know."""
        known = self._credentials.passwords().get(envelope.user, "")
        given = envelope.password.encode()
        if not hmac.compare_digest(known.encode() or secrets.token_bytes(32), given):
            raise reply.our_error(
                516,
                f"{envelope.user}: Authentication failed: password is incorrect, "
                "or there is no user with such name",
            )
        return envelope.user == "reader"

    async def _take_turn(self, stack: contextlib.AsyncExitStack) -> None:
        with anyio.move_on_after(WAIT_SECONDS) as waited:
            await self._turns.acquire()
            stack.callback(self._turns.release)
        if waited.cancelled_caught:
            raise reply.our_error(202, "Too many simultaneous queries for the reader")

    async def _answer(
        self,
        request: Request,
        envelope: Envelope,
        stack: contextlib.AsyncExitStack,
        *,
        is_reader: bool,
    ) -> Response:
        threads = self._reader_threads if is_reader else self._writer_threads
        body = self._file(stack)
        await _receive(request, body, limit=MAX_READER_BODY if is_reader else MAX_BODY)
        work = Work(request, self._engine, envelope.tag, threads)
        begin = partial(self._begin, envelope, body, stack, work, is_reader=is_reader)
        begun = await work.run(begin)
        headers = self._headers(begun.plan, envelope)
        headers["X-ClickHouse-Summary"] = begun.summary.header()
        if begun.rest is None:
            return Response(begun.result, headers=headers)
        if begun.size is not None:
            headers["Content-Length"] = str(begun.size)
        tag = secrets.token_hex(8)
        headers["X-ClickHouse-Exception-Tag"] = tag
        content = self._content(begun.result, begun.rest, work, tag)
        return Stream(content, headers, stack.pop_all())

    def _begin(
        self,
        envelope: Envelope,
        body: IO[bytes],
        stack: contextlib.AsyncExitStack,
        work: Work,
        *,
        is_reader: bool,
    ) -> Begun:
        """Plan and run in one thread: each change of threads waits for a processor.

        The first block is kept until the second one comes: a result that ends with it is given
        whole, and an error up to there is an error.
        """
        planned = self._plan(envelope, body, stack, is_reader=is_reader)
        work.is_ended_by_leaving = not planned.is_insert
        if self.is_stopping or (work.is_left and not planned.is_insert):
            raise reply.our_error(394, "the query was given up before it began")
        if not planned.is_streamed:
            return Begun(planned, *self._engine.run(planned.statement))
        blocks = self._engine.stream(planned.statement)
        with contextlib.ExitStack() as closing:
            closing.callback(blocks.close)
            joined = _joined(blocks, planned.format)
            first = next(joined, None)
            if first is None:  # no block at all: the engine itself writes the empty document
                blocks.close()
                return Begun(planned, *self._engine.run(planned.statement))
            second = next(joined, None)
            if second is None:
                return Begun(planned, first, Summary())
            rest = itertools.chain((second,), joined)
            if envelope.waits_for_end:
                whole = self._file(stack)
                _spool(first, rest, whole)
                size = whole.tell()
                whole.seek(0)
                return Begun(
                    planned, b"", Summary(), iter(partial(whole.read, 1024 * 1024), b""), size
                )
            closing.pop_all()
        stack.push_async_callback(work.finish, blocks.close)
        return Begun(planned, first, Summary(), rest)

    def _plan(
        self,
        envelope: Envelope,
        body: IO[bytes],
        stack: contextlib.AsyncExitStack,
        *,
        is_reader: bool,
    ) -> plan.Plan:
        if is_reader:
            asked = read_statement(envelope, body, data_file=None)
            return plan.plan_reader(
                asked,
                envelope,
                engine=self._engine,
                vocabulary=self._vocabulary,
                limits=self._limits,
            )
        asked = read_statement(envelope, body, data_file=partial(self._named_file, stack))
        if asked.insert:
            return plan.plan_insert(asked, envelope)
        return plan.plan_writer(asked, envelope, self._engine)

    async def _content(
        self, first: bytes, rest: Iterator[bytes], work: Work, tag: str
    ) -> AsyncIterator[bytes]:
        if first:
            yield first
        try:
            while (block := await work.thread(partial(next, rest, None))) is not None:
                yield block
        except EngineError as error:
            logger.info("%s: after the first rows: %s", work.tag, str(error)[:500])
            yield reply.late_error(error, self._engine.version, tag)
            raise CutOffError from error

    def _file(self, stack: contextlib.AsyncExitStack) -> IO[bytes]:
        """Make a temporary file that stays in memory while it is small."""
        made = tempfile.SpooledTemporaryFile(MEMORY_BYTES, dir=str(self._scratch))  # noqa: SIM115
        return cast("IO[bytes]", stack.enter_context(made))

    def _named_file(self, stack: contextlib.AsyncExitStack) -> IO[bytes]:
        """Make a temporary file that the engine can read by its name."""
        made = tempfile.NamedTemporaryFile(dir=self._scratch)  # noqa: SIM115
        return cast("IO[bytes]", stack.enter_context(made))

    def _headers(self, planned: plan.Plan, envelope: Envelope) -> dict[str, str]:
        headers = {
            "X-ClickHouse-Query-Id": envelope.query_id,
            "X-ClickHouse-Timezone": reply.TIMEZONE,
            "X-ClickHouse-Server-Display-Name": "local",
        }
        if planned.has_result:
            headers["X-ClickHouse-Format"] = planned.format
            headers["Content-Type"] = reply.content_type(planned.format)
        return headers

    def _error(self, error: EngineError, query_id: str) -> Response:
        """Answer an error; one that stopping the server caused says that it may be tried again."""
        status = 503 if self.is_stopping else reply.http_status(error.code)
        headers = {
            "X-ClickHouse-Exception-Code": str(error.code),
            "X-ClickHouse-Query-Id": query_id,
            "X-ClickHouse-Timezone": reply.TIMEZONE,
        }
        if error.code == 516:
            headers["WWW-Authenticate"] = 'Basic realm="ClickHouse server HTTP API"'
        return PlainTextResponse(
            reply.error_body(error, self._engine.version),
            status_code=status,
            headers=headers,
        )


async def _receive(request: Request, body: IO[bytes], *, limit: int) -> None:
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise reply.our_error(307, f"the body is longer than {limit} bytes")
        body.write(chunk)
    body.seek(0)


def _joined(blocks: Iterator[bytes], output_format: str) -> Iterator[bytes]:
    joiner = BlockJoiner(output_format)
    for block in blocks:
        yield joiner.join(block)


def _spool(first: bytes, rest: Iterator[bytes], whole: IO[bytes]) -> None:
    whole.write(first)
    for block in rest:
        whole.write(block)
