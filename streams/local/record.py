"""DIR/stack.json: what a supervisor says of its stack, for `settle status`, `down` and `demo`.

Rule: written by the supervisor alone, atomically, readable by its owner only (it holds the
passwords); it counts only while that supervisor lives.
"""

from pathlib import Path

import msgspec
import psutil

STARTING, READY, STOPPING, FAILED = "starting", "ready", "stopping", "failed"
# Linux counts a process's start in hundredths of a second from a boot time known to the second.
START_TOLERANCE_SECONDS = 2.0


class PartRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One part: a process of ours, or (without a pid) what the environment names."""

    role: str
    pid: int | None
    address: str | None
    restarts: int = 0


class StackRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A stack: its supervisor, how far it is, and where its parts answer."""

    state: str
    # What is being done while starting; why, and of which part, when failed.
    detail: str
    pid: int
    started: float
    brokers: str | None = None
    clickhouse_url: str | None = None
    reader_url: str | None = None
    ingest_url: str | None = None
    parts: tuple[PartRecord, ...] = ()

    def is_alive(self) -> bool:
        """Tell whether the supervisor that wrote this still runs."""
        try:
            process = psutil.Process(self.pid)
            began = process.create_time()
            if process.status() == psutil.STATUS_ZOMBIE:
                return False
        except psutil.NoSuchProcess:
            return False
        return abs(began - self.started) < START_TOLERANCE_SECONDS


def record_path(data_dir: Path) -> Path:
    """Say where the record of a data directory's stack is."""
    return data_dir / "stack.json"


def write_record(data_dir: Path, record: StackRecord) -> None:
    """Write the record down, in one move."""
    path = record_path(data_dir)
    draft = path.with_suffix(".json.new")
    draft.touch(mode=0o600)
    draft.write_bytes(msgspec.json.format(msgspec.json.encode(record)))
    draft.replace(path)


def read_record(data_dir: Path) -> StackRecord | None:
    """Read the last record, alive or not; None where there is none."""
    try:
        return msgspec.json.decode(record_path(data_dir).read_bytes(), type=StackRecord)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def running_record(data_dir: Path) -> StackRecord | None:
    """Read the record of the stack that runs on a data directory; None where none runs."""
    record = read_record(data_dir)
    return record if record and record.is_alive() else None
