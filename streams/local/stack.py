"""The stack of a data directory, seen from outside: start it in the background, stop it, look.

Rule: what runs is read from the supervisor's record and asked of the parts themselves; this file
starts no part, only a supervisor.
"""

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from settlement.cli.exit import UNUSABLE, Unusable
from settlement.cli.services import ServiceMissing, default_data_dir
from streams.local.kafka import stop_kafka
from streams.local.layout import HEALTH_PATH, stop_orphans
from streams.local.part import stop_clickhouse
from streams.local.probe import clickhouse_answers, has_heartbeat, http_answers, kafka_answers
from streams.local.process import (
    exit_text,
    is_alive,
    is_part,
    log_tail,
    start_detached,
    stop_process,
)
from streams.local.record import FAILED, READY, STOPPING, StackRecord, read_record, running_record

LOOK_SECONDS = 0.1
# The first start fetches Kafka; each step inside has a limit of its own, below this.
UP_SECONDS = 420.0
# Five parts, each with its own limit, and only the slowest come near it.
DOWN_SECONDS = 120.0


# The parts of a stack in the order in which people look at them.
STATED = ("kafka", "clickhouse", "ingest", "streams", "sink")


class Stack(msgspec.Struct, frozen=True, kw_only=True):
    """A stack that is up: where its parts answer, and whether it was before we asked."""

    data_dir: Path
    brokers: str
    clickhouse_url: str
    reader_url: str
    ingest_url: str
    was_running: bool


class RoleState(msgspec.Struct, frozen=True, kw_only=True):
    """One line of `settle status`."""

    role: str
    pid: int | None
    address: str | None
    healthy: bool


def ensure_stack(
    data_dir: Path,
    *,
    any_port: bool = True,
    progress: Callable[[str], None] = lambda _: None,
    timeout_seconds: float = UP_SECONDS,
    command: Sequence[str] | None = None,
) -> Stack:
    """Give the stack of a data directory, starting it in the background where none runs.

    `progress` is told each step. Raises Unusable (a busy port without `any_port`) or
    ServiceMissing (a part does not come up, with the end of its log); then nothing is left.
    """
    data_dir = data_dir.resolve()
    deadline = time.monotonic() + timeout_seconds
    while (record := running_record(data_dir)) and record.state == STOPPING:
        time.sleep(LOOK_SECONDS)
    if record:
        return _await_ready(data_dir, None, deadline, progress)
    up = [sys.executable, "-m", "settlement", "up", "--data", str(data_dir)]
    up += ["--any-port"] if any_port else []
    pid = start_detached(part="up", data_dir=data_dir, command=command or up)
    try:
        return _await_ready(data_dir, pid, deadline, progress)
    except BaseException:
        stop_process(pid, timeout_seconds=DOWN_SECONDS)
        if running_record(data_dir) is None:  # stopped before it knew what an earlier one left
            _stop_parts(data_dir)
        raise


def running_stack(data_dir: Path) -> Stack | None:
    """Give the stack that is up on a data directory, or None."""
    record = running_record(data_dir.resolve())
    return _stack(data_dir, record, None) if record and record.state == READY else None


def stop_stack(data_dir: Path, *, timeout_seconds: float = DOWN_SECONDS) -> bool:
    """Stop the stack of a data directory, also what a killed supervisor left; tell if there was.

    Everything that was acknowledged stays.
    """
    data_dir = data_dir.resolve()
    record = running_record(data_dir)
    if record is not None:
        stop_process(record.pid, timeout_seconds=timeout_seconds)
    return _stop_parts(data_dir) or record is not None


def _stop_parts(data_dir: Path) -> bool:
    """Stop the parts that no supervisor knows; tell if there were any."""
    left = stop_orphans(data_dir=data_dir)
    left += int(stop_clickhouse(data_dir=data_dir))
    left += int(stop_kafka(data_dir=data_dir))
    return left > 0


def role_states(data_dir: Path) -> list[RoleState]:
    """Ask each part of the running stack how it is; raises ServiceMissing where none runs.

    A stack whose supervisor was killed runs as long as a part of it does.
    """
    data_dir = data_dir.resolve()
    record = running_record(data_dir) or _left_behind(data_dir)
    if record is None:
        raise ServiceMissing(down_text(data_dir))
    parts = {part.role: part for part in record.parts}
    external = {"kafka": record.brokers, "clickhouse": without_user(record.clickhouse_url)}
    states = []
    for role in STATED:
        part = parts.get(role)
        pid = part.pid if part else None
        address = part.address if part else external.get(role)
        runs = part is None or (pid is not None and is_alive(pid))
        healthy = runs and _is_healthy(data_dir, record, role, address)
        states.append(RoleState(role=role, pid=pid, address=address, healthy=healthy))
    return states


def absent_states() -> list[RoleState]:
    """Give the same lines where no stack runs: nothing is anywhere."""
    return [RoleState(role=role, pid=None, address=None, healthy=False) for role in STATED]


def unsupervised_text(data_dir: Path) -> str | None:
    """Say that the supervisor of a stack is gone and what can be done; None where it is there."""
    if running_record(data_dir.resolve()) is not None:
        return None
    return (
        "the supervisor of this stack is gone, what dies is not started again: "
        "`settle up` takes over what is left, `settle down` ends it"
    )


def _left_behind(data_dir: Path) -> StackRecord | None:
    """Give the record of a stack whose supervisor was killed while parts of it still run."""
    record = read_record(data_dir)
    if record is None:
        return None
    parts = [(part.pid, part.role) for part in record.parts if part.pid is not None]
    is_left = any(is_part(pid, part=role, data_dir=data_dir) for pid, role in parts)
    return record if is_left else None


def down_text(data_dir: Path) -> str:
    """Say that no stack runs here, and which command starts it."""
    option = "" if data_dir == default_data_dir().resolve() else f" --data {data_dir}"
    return f"no stack runs on {data_dir}: start it with `settle up{option}`"


def _is_healthy(data_dir: Path, record: StackRecord, role: str, address: str | None) -> bool:
    if role in ("streams", "sink"):
        return has_heartbeat(data_dir, role)
    if role == "clickhouse":
        return record.reader_url is not None and clickhouse_answers(record.reader_url)
    if address is None:
        return False
    return kafka_answers(address) if role == "kafka" else http_answers(address + HEALTH_PATH)


def _await_ready(
    data_dir: Path, pid: int | None, deadline: float, progress: Callable[[str], None]
) -> Stack:
    told = ""
    while time.monotonic() < deadline:
        record = running_record(data_dir)
        if record and record.state == READY:
            return _stack(data_dir, record, pid)
        if record and record.detail and record.detail != told:
            told = record.detail
            progress(told)
        # Without a record of its own our supervisor may have found another one at work.
        if pid is not None and not is_alive(pid) and (record is None or record.pid == pid):
            raise _failure(data_dir, pid)
        if pid is None and record is None:
            raise ServiceMissing(f"the stack on {data_dir} was stopped while it was starting")
        time.sleep(LOOK_SECONDS)
    raise ServiceMissing(f"the stack on {data_dir} is not up in time; it was still: {told}")


def _failure(data_dir: Path, pid: int) -> Exception:
    record = read_record(data_dir)
    ended = exit_text(pid)
    if record and record.pid == pid and record.state == FAILED:
        text = record.detail
    else:
        text = f"the supervisor {ended}; its log ends:\n{log_tail(data_dir, 'up')}"
    return Unusable(text) if ended.endswith(f"exit code {UNUSABLE}") else ServiceMissing(text)


def _stack(data_dir: Path, record: StackRecord, pid: int | None) -> Stack:
    return Stack(
        data_dir=data_dir,
        brokers=record.brokers or "",
        clickhouse_url=record.clickhouse_url or "",
        reader_url=record.reader_url or "",
        ingest_url=record.ingest_url or "",
        was_running=record.pid != pid,
    )


def without_user(url: str | None) -> str | None:
    """Give an address without the name and password that stand in it."""
    if url is None or "@" not in url:
        return url
    return f"{url.partition('://')[0]}://{url.rpartition('@')[2]}"
