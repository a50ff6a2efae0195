"""The supervisor: starts the parts in order, restarts one that died, stops all in reverse.

Rule: it decides only when; what a part is stands in `part.py`. It is asked to stop by a flag, never
by an exception, so no process is ever started without being known to it.
"""

import os
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from settlement.cli.exit import Unusable
from settlement.cli.services import ServiceMissing
from streams.local.jars import Abandoned
from streams.local.part import Part, end_of
from streams.local.process import log_path, log_tail
from streams.local.record import (
    FAILED,
    READY,
    STARTING,
    STOPPING,
    PartRecord,
    StackRecord,
    record_path,
    write_record,
)

LOOK_SECONDS = 0.2
HEALTHY_SECONDS = 120.0
# A supervisor that was just killed holds its lock for a moment longer.
LOCK_SECONDS = 1.0
# A part that dies at once is tried again after 0.5, 1, 2, ... seconds, at most every 30.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 0.5, 30.0
# One that ran this long before it died is no crash loop.
SETTLED_SECONDS = 60.0
# While the stack comes up, so many deaths of one part are a failure, not an accident.
DEATHS_WHILE_STARTING = 3


class Supervisor:
    """One stack on one data directory."""

    def __init__(
        self,
        *,
        data_dir: Path,
        services: Sequence[Part],
        roles: Sequence[Part],
        prepare: Callable[[], None],
        addresses: Callable[[], dict[str, str | None]],
        say: Callable[[str], None],
    ) -> None:
        """Take the parts: services are started at once, then `prepare` runs, then the roles.

        `addresses` gives the record's fields that say where things answer, `say` tells people.
        """
        self.data_dir = data_dir
        self.say = say
        self.prepare = prepare
        self.addresses = addresses
        self.services = [Tended(part, self) for part in services]
        self.roles = [Tended(part, self) for part in roles]
        self.is_stopping = False
        self.state = STARTING
        self.detail = ""
        self.pool = ThreadPoolExecutor(max_workers=len(services) + len(roles) + 1)

    def ask_to_stop(self) -> None:
        """Ask for a clean stop; may be called from a signal handler, at any moment."""
        self.is_stopping = True

    def was_asked(self) -> bool:
        """Tell whether a stop was asked for."""
        return self.is_stopping

    def run(self, *, ready: Callable[[], None]) -> None:
        """Run the stack until asked to stop, and call `ready` when every part is healthy.

        Raises Unusable or ServiceMissing where a part does not come up. Everything is stopped
        in each case.
        """
        failure = ""
        try:
            self._start()
            self._note(READY, "")
            ready()
            while not self.is_stopping:
                time.sleep(LOOK_SECONDS)
                self._tend()
        except Abandoned:
            pass
        except (Unusable, ServiceMissing) as known:
            failure = str(known)
            raise
        finally:
            self._stop()
            if failure:
                self._note(FAILED, failure)
            else:
                record_path(self.data_dir).unlink(missing_ok=True)

    def _start(self) -> None:
        self._note(STARTING, "starting " + " and ".join(t.part.name for t in self.services))
        for tended in self.services:
            tended.start()
        self._until(lambda: all(tended.is_started for tended in self.services))
        self._note(STARTING, "bringing tables and topics up to date")
        prepared = self.pool.submit(self.prepare)
        self._until(prepared.done)
        prepared.result()
        self._note(STARTING, "starting " + ", ".join(t.part.name for t in self.roles))
        for tended in self.roles:
            tended.start()
        self._await_health()

    def _await_health(self) -> None:
        waiting = list(self.roles)
        deadline = time.monotonic() + HEALTHY_SECONDS
        while waiting:
            self._until(lambda: True)
            self._tend()
            failing = next((t for t in waiting if t.deaths_in_a_row >= DEATHS_WHILE_STARTING), None)
            if failing or time.monotonic() > deadline:
                raise ServiceMissing(self._failure((failing or waiting[0]).part.name))
            waiting = [t for t in waiting if not (t.is_started and t.part.is_healthy())]
            time.sleep(LOOK_SECONDS)

    def _failure(self, name: str) -> str:
        tail = log_tail(self.data_dir, name)
        return f"{name} does not come up; its log {log_path(self.data_dir, name)} ends:\n{tail}"

    def _until(self, is_done: Callable[[], bool]) -> None:
        """Wait, tending what is being started; raise Abandoned when asked to stop."""
        while True:
            if self.is_stopping:
                raise Abandoned
            for tended in self.services:
                tended.collect(is_patient=False)
            if is_done():
                return
            time.sleep(LOOK_SECONDS)

    def _tend(self) -> None:
        before = self._parts()
        for tended in (*self.services, *self.roles):
            tended.tend()
        if before != self._parts():
            self._note(self.state, self.detail)

    def _stop(self) -> None:
        self.is_stopping = True
        parts = list(reversed((*self.services, *self.roles)))
        self._note(STOPPING, "stopping " + ", ".join(tended.part.name for tended in parts))
        for tended in parts:
            tended.stop()
        self.pool.shutdown()

    def _parts(self) -> tuple[PartRecord, ...]:
        return tuple(
            PartRecord(
                role=tended.part.name,
                pid=tended.part.pid if tended.is_started else None,
                address=tended.part.address,
                restarts=tended.restarts,
            )
            for tended in (*self.services, *self.roles)
        )

    def _note(self, state: str, detail: str) -> None:
        if detail and detail != self.detail and state in (STARTING, STOPPING):
            self.say(detail)
        self.state, self.detail = state, detail
        me = os.getpid()
        write_record(
            self.data_dir,
            StackRecord(
                state=state,
                detail=detail,
                pid=me,
                started=psutil.Process(me).create_time(),
                parts=self._parts(),
                **self.addresses(),
            ),
        )


class Tended:
    """A part under supervision: being started, running, or waiting for its next try."""

    def __init__(self, part: Part, supervisor: Supervisor) -> None:
        self.part = part
        self.supervisor = supervisor
        self.starting: Future[None] | None = None
        self.is_started = False
        self.restarts = 0
        self.deaths_in_a_row = 0
        self.since = 0.0
        self.due: float | None = None

    def start(self) -> None:
        """Begin to start the part, without waiting for it."""
        self.due = None
        self.starting = self.supervisor.pool.submit(self.part.start, self.supervisor.was_asked)

    def collect(self, *, is_patient: bool) -> None:
        """Take note of a start that has ended; raise its error unless there is another try."""
        if self.starting is None or not self.starting.done():
            return
        starting, self.starting = self.starting, None
        try:
            starting.result()
        except (Unusable, ServiceMissing) as failure:
            if not is_patient:
                raise
            self._retry_later(f"{self.part.name} does not start: {failure}")
            return
        self.is_started = True
        self.since = time.monotonic()

    def tend(self) -> None:
        """Look after the part: notice that it died, start it again when its time has come."""
        self.collect(is_patient=True)
        if self.starting is not None:
            return
        if self.due is not None:
            if time.monotonic() >= self.due:
                self.restarts += 1
                self.start()
        elif self.is_started and not self.part.is_alive():
            if time.monotonic() - self.since > SETTLED_SECONDS:
                self.deaths_in_a_row = 0
            self.is_started = False
            self._retry_later(f"{self.part.name} (process {self.part.pid}) {end_of(self.part)}")

    def _retry_later(self, what: str) -> None:
        pause = pause_seconds(self.deaths_in_a_row)
        self.deaths_in_a_row += 1
        self.due = time.monotonic() + pause
        self.supervisor.say(f"{what}; starting it again in {pause:g} s")

    def stop(self) -> None:
        """Stop the part, after waiting for a start under way (it ends by itself when asked)."""
        if self.starting is not None:
            self.starting.exception()
        self.part.stop()
        self.is_started = False


def pause_seconds(deaths_in_a_row: int) -> float:
    """Say how long to wait before a part that has died so often in a row is started again."""
    return min(FIRST_PAUSE_SECONDS * 2.0 ** min(deaths_in_a_row, 16), LONGEST_PAUSE_SECONDS)


@contextmanager
def stack_lock(data_dir: Path) -> Iterator[None]:
    """Hold the lock that keeps two stacks off one directory, or raise Unusable."""
    run = data_dir / "run"
    lock = FileLock(run / "stack.lock")
    try:
        run.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=LOCK_SECONDS)
    except Timeout:
        raise Unusable(
            f"a stack already runs on {data_dir}: look at it with `settle status`, "
            "stop it with `settle down`, or choose another folder with --data"
        ) from None
    except OSError as error:
        raise Unusable(f"{run} cannot be used ({error.strerror}): choose another --data") from error
    try:
        yield
    finally:
        lock.release()
