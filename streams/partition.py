"""One partition of one assignment: its queue, its state and its flushes.

Rule: records are applied in order, one at a time; a flush holds what was sealed, and only after
its commit are the records acknowledged, in order. What lost its partition is dead for ever.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Protocol

from settlement.pricing.profile import Profile
from settlement.rules import RULES_VERSION
from streams.apply import Application, Applied
from streams.batches import Batches
from streams.decision import MODULE
from streams.documents import Documents, read_all
from streams.flush import Flush
from streams.load import load_state
from streams.open_transactions import OpenTransactions
from streams.record import Record
from streams.settings import StreamsSettings
from streams.state import STEP_FAILED, Marker, State
from streams.steps.settle import Document
from streams.takeover import StateDoesNotFit, fit, read_inbox_facts
from streams.topics import MEBIBYTE, STATE

logger = logging.getLogger(__name__)
FLUSH_TIMEOUT_SECONDS = 40
STOP_TIMEOUT_SECONDS = 2
# While at least so many records wait in the queue a flush is put off, but for no longer than this.
MANY_RECORDS = 50
LONGEST_FLUSH_SECONDS = 1.0
# Records wait so long for others and are applied in one run. One by one, as Faust hands them over,
# a CDR costs a quarter more: its code and the steps' drive each other out of the caches.
RUN_SECONDS = 0.02
# A fact that touches more CDRs than this is flushed in between, with the cursor in the marker.
RUNS_A_FLUSH = 500
# Others get their turn after this long.
SLICE_SECONDS = 0.02
# A partition that runs many CDRs must not stop the others: so much may wait for it, some ten
# thousand records. A record weighs its document and about this for its headers and envelope.
QUEUED_BYTES = 64 * MEBIBYTE
RECORD_BYTES = 4_000


class Acknowledged(Protocol):
    """What is told when a record's outcome is durable."""

    def ack(self) -> object:
        """Acknowledge the record."""


class TooManyFailures(Exception):  # noqa: N818 - a stop on purpose
    """Steps failed on so many records in a row that the program is wrong, not the documents."""


class Partition:
    """The fold of one inbox partition as long as this process owns it."""

    def __init__(
        self,
        *,
        number: int,
        settings: StreamsSettings,
        profile: Profile,
        transactions: OpenTransactions,
        on_failure: Callable[[Exception], None],
    ) -> None:
        self.number = number
        self.is_dead = False
        self._settings = settings
        self._profile = profile
        self._transactions = transactions
        self._on_failure = on_failure
        self._flush = Flush(settings=settings, partition=number)
        self._documents = Documents(brokers=settings.kafka_brokers, partition=number)
        self._state = State()
        self._marker: Marker | None = None
        self._batches = Batches()
        self._queue: deque[tuple[Record, Acknowledged]] = deque()
        self._queued_bytes = 0
        self._unacked: deque[Acknowledged] = deque()
        self._failures = 0  # records in a row at which a step failed, the last one here:
        self._failed_at: int | None = None
        self._flushes_begun = 0
        self._flushes_ended = 0
        self._has_records = asyncio.Event()
        self._has_work = asyncio.Event()
        self._has_room = asyncio.Event()
        self._is_full = asyncio.Event()
        self._is_flushed = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Take the partition over: fence older owners first, only then read the state.

        Raises StateDoesNotFit where the state must not be continued on this inbox.
        """
        brokers, generation = self._settings.kafka_brokers, self._settings.streams_generation
        await self._flush.start()
        started = time.monotonic()
        objects, self._marker = await load_state(
            brokers=brokers, topic=STATE.in_generation(generation), partition=self.number
        )
        facts = await read_inbox_facts(
            brokers=brokers,
            group=f"streams.g{generation}",
            partition=self.number,
            marker=self._marker,
        )
        fit(partition=self.number, marker=self._marker, facts=facts)
        self._state.load(objects)
        self._failures = failures_in_a_row(self._state, self._marker)
        if self._marker is not None and self._failures:
            self._failed_at = self._marker.offset
        logger.warning(
            "partition %s: %s objects in %.2f s, applied up to %s",
            self.number,
            len(self._state),
            time.monotonic() - started,
            self._marker.offset if self._marker else "nothing",
        )
        self._tasks = [
            asyncio.create_task(self._guarded(self._apply_for_ever)),
            asyncio.create_task(self._guarded(self._flush_for_ever)),
        ]

    async def put(self, record: Record, event: Acknowledged) -> None:
        """Queue a record; waits only while very many are queued."""
        self._queue.append((record, event))
        self._queued_bytes += len(record.value) + RECORD_BYTES
        self._has_records.set()
        while self._queued_bytes >= QUEUED_BYTES and not self.is_dead:
            self._has_room.clear()
            await self._has_room.wait()

    async def stop(self) -> None:
        """Give the partition up: let a flush in flight end, then never write again."""
        self.is_dead = True
        for event in (
            self._has_records,
            self._has_work,
            self._has_room,
            self._is_full,
            self._is_flushed,
        ):
            event.set()
        if self._tasks:
            _, pending = await asyncio.wait(self._tasks, timeout=STOP_TIMEOUT_SECONDS)
            for task in pending:
                task.cancel()
        try:
            async with asyncio.timeout(STOP_TIMEOUT_SECONDS):
                await self._flush.stop()
                await self._documents.stop()
        except TimeoutError:
            logger.warning("partition %s: the broker does not answer, left it", self.number)

    async def _guarded(self, loop: Callable[[], object]) -> None:
        try:
            while not self.is_dead:
                await loop()  # type: ignore[misc]  # a coroutine function
        except Exception as error:
            if not self.is_dead:
                self._on_failure(error)
            raise

    async def _apply_for_ever(self) -> None:
        await self._has_records.wait()
        await asyncio.sleep(RUN_SECONDS)
        self._has_records.clear()
        turn = time.monotonic()
        while self._queue and not self.is_dead:
            record, event = self._queue.popleft()
            self._queued_bytes -= len(record.value) + RECORD_BYTES
            if self._queued_bytes < QUEUED_BYTES // 2:
                self._has_room.set()
            await self._apply(record, event)
            if (took := time.monotonic() - turn) > SLICE_SECONDS:
                await self._transactions.give_way(took)
                turn = time.monotonic()
            if len(self._unacked) >= self._settings.streams_unacked_records:
                await self._flushed()
                turn = time.monotonic()

    async def _apply(self, record: Record, event: Acknowledged) -> None:
        marker = self._marker
        resumed = None
        if marker is not None:
            if record.offset == marker.offset and marker.cursor is not None:
                resumed = marker.cursor
            elif record.offset <= marker.offset:  # redelivered: the state holds it already
                self._applied(event)
                return
        expected = 0 if marker is None else marker.offset + (0 if resumed else 1)
        if record.offset != expected:
            raise StateDoesNotFit(
                f"partition {self.number} of the inbox goes on at offset {record.offset}, "
                f"{expected} was next: records are missing, restore the inbox"
            )
        if record.envelope.module == MODULE:
            await self._decide(record)
        else:
            await self._run(record, resumed)
        if not self.is_dead:
            self._applied(event)

    def _applied(self, event: Acknowledged) -> None:
        self._unacked.append(event)
        self._has_work.set()
        if len(self._unacked) >= self._settings.streams_flush_records:
            self._is_full.set()

    async def _run(self, record: Record, resumed: str | None) -> None:
        """Run what a fact touches in slices; many CDRs are flushed in between.

        The marker moves with each slice, without a pause after its changes were sealed: a
        flush at any moment holds exactly what the marker says.
        """
        application = Application(
            record=record, state=self._state, profile=self._profile, after=resumed
        )
        read = application.begin()
        if read:
            self._documents.keep(record)
        touched = application.touched
        for start in range(0, max(len(touched), 1), RUNS_A_FLUSH):
            keys = touched[start : start + RUNS_A_FLUSH]
            records = await self._load(application, keys, read)
            turn = time.monotonic()
            for place in range(max(len(keys), 1)):
                if self.is_dead:
                    return
                done = keys[place : place + 1]
                # Read only now: hundreds of large documents at a time would be gigabytes.
                documents = read_all(records, application.wanted(done), read) if records else read
                self._take(application.run(done, documents))
                is_last = start + place + len(done) >= len(touched)
                self._marker = marker_of(record, cursor=None if is_last else done[-1])
                await self._stop_after_failures()
                if not is_last and (took := time.monotonic() - turn) > SLICE_SECONDS:
                    await self._transactions.give_way(took)
                    turn = time.monotonic()
            if start + len(keys) < len(touched):
                await self._flushed()

    async def _decide(self, record: Record) -> None:
        """Apply a decision, and the dead-lettered record it wants applied again, as one."""
        decision = Application(record=record, state=self._state, profile=self._profile)
        decision.begin()
        documents = await self._read(decision, {})
        again = None
        if decision.retried is not None:
            again = await self._documents.record(decision.retried)
        if self.is_dead:
            return
        self._take(decision.run(decision.touched, documents))
        if again is not None:
            retry = Application(
                record=again, state=self._state, profile=self._profile, cause=record
            )
            read = retry.begin()  # staged: no flush comes between this and its end
            documents = await self._read(retry, read)
            if self.is_dead:
                return
            self._take(retry.run(retry.touched, documents))
        self._marker = marker_of(record)
        await self._stop_after_failures()

    async def _load(
        self, application: Application, keys: tuple[str, ...], read: Mapping[int, Document]
    ) -> dict[int, Record]:
        wanted = [offset for offset in application.wanted(keys) if offset not in read]
        return await self._documents.load(wanted) if wanted else {}

    async def _read(
        self, application: Application, read: dict[int, Document]
    ) -> dict[int, Document]:
        touched = application.touched
        records = await self._load(application, touched, read)
        return read_all(records, application.wanted(touched), read)

    def _take(self, applied: Applied) -> None:
        self._batches.add(applied)
        if any(letter.reason == STEP_FAILED for letter in applied.dead_letters):
            # Of one fact many runs may fail: it is one record all the same.
            self._failures += applied.record.offset != self._failed_at
            self._failed_at = applied.record.offset
        elif applied.document is not None and not applied.dead_letters:
            self._failures, self._failed_at = 0, None

    async def _stop_after_failures(self) -> None:
        """Stop where the steps failed too often in a row, all that was said of it written.

        What cannot be read is the partner's and does not count. A program that is started again
        and fails on the next record writes nothing: restarts must not send everything there.
        """
        most = self._settings.streams_dead_letters_in_a_row
        if self._failures <= most:
            return
        if self._failures == most + 1:
            await self._flushed()
        raise TooManyFailures(
            f"partition {self.number}: steps failed on more than {most} records in a row, the "
            "program is wrong: see `settle dead-letters list`, run a mended one, then "
            "`settle dead-letters retry`; STREAMS_DEAD_LETTERS_IN_A_ROW moves the limit"
        )

    async def _flushed(self) -> None:
        """Wait for a flush that begins from now on: one under way does not hold all."""
        wanted = self._flushes_begun + 1
        while self._flushes_ended < wanted and not self.is_dead:
            self._is_flushed.clear()
            self._has_work.set()
            self._is_full.set()
            await self._is_flushed.wait()

    async def _flush_for_ever(self) -> None:
        await self._has_work.wait()
        await self._gathered()
        self._has_work.clear()
        self._is_full.clear()
        self._flushes_begun += 1
        async with asyncio.timeout(FLUSH_TIMEOUT_SECONDS):
            await self._flush_once()
        self._flushes_ended = self._flushes_begun
        self._is_flushed.set()

    async def _gathered(self) -> None:
        """Wait for what one transaction shall hold.

        A transaction costs as much as the outcomes of many CDRs. While many records wait in the
        queue, more transactions only make these wait longer: it is put off until it is worth it.
        """
        if not self._is_flushed.is_set():
            return  # somebody waits for this flush
        longest = time.monotonic() + LONGEST_FLUSH_SECONDS
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._settings.streams_flush_seconds):
                    await self._is_full.wait()
            has_backlog = len(self._queue) >= MANY_RECORDS
            if self._is_full.is_set() or not has_backlog or time.monotonic() > longest:
                return

    async def _flush_once(self) -> None:
        if self.is_dead or self._state.is_staged:
            return
        unacked = len(self._unacked)
        changed = self._state.take_changed()
        batches = self._batches.take(
            generation=self._settings.streams_generation, partition=self.number
        )
        if changed or batches:
            assert self._marker is not None
            with self._transactions.one():
                await self._flush.write(batches=batches, changed=changed, marker=self._marker)
        for _ in range(unacked):
            self._unacked.popleft().ack()


def failures_in_a_row(state: State, marker: Marker | None) -> int:
    """Count the failures that end at the marker: a restart does not forgive them."""
    if marker is None:
        return 0
    offsets = state.open_failures()
    count = 0
    while marker.offset - count in offsets:
        count += 1
    return count


def marker_of(record: Record, *, cursor: str | None = None) -> Marker:
    """Give the marker after a record, or within the runs of one."""
    return Marker(
        offset=record.offset,
        ce_id=record.envelope.ce_id,
        rules_version=RULES_VERSION,
        cursor=cursor,
    )
