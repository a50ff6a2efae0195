"""Processes of the local stack: start one that outlives us, find it again, end it.

Rule: a process is ours only if its own environment names the part and the data directory, so a
reused process number is never taken for one of ours, nor ended.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil

PART = "SETTLE_PART"
DATA_DIR = "SETTLE_DATA_DIR"
LOG_BYTES_KEPT = 16 * 1024 * 1024

# Children are kept so that a dead one is reaped (no zombie) and asked for its exit code.
_children: dict[int, subprocess.Popen[bytes]] = {}


def start_detached(
    *,
    part: str,
    data_dir: Path,
    command: Sequence[str],
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> int:
    """Start a process in its own session, its output appended to DIR/logs/PART.log; give its pid.

    It is marked with its part and data directory, and neither Ctrl-C nor our death ends it.
    """
    log = log_path(data_dir, part)
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES_KEPT:
        log.replace(log.with_suffix(".log.1"))
    marked = {**(environment or os.environ), PART: part, DATA_DIR: str(data_dir.resolve())}
    log.touch(mode=0o600)  # it may hold the reader's password
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            env=marked,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    _children[child.pid] = child
    return child.pid


def log_path(data_dir: Path, part: str) -> Path:
    """Say where a part's output goes."""
    return data_dir / "logs" / f"{part}.log"


def log_end(data_dir: Path, part: str) -> int:
    """Say how long a part's log is, in bytes."""
    path = log_path(data_dir, part)
    return path.stat().st_size if path.exists() else 0


def log_tail(data_dir: Path, part: str, *, lines: int = 15, since: int = 0) -> str:
    """Give the last lines of a part's log, of what came after the byte `since`."""
    if since > log_end(data_dir, part):  # the log has been started anew
        since = 0
    try:
        with log_path(data_dir, part).open("rb") as file:
            file.seek(max(since, file.seek(0, os.SEEK_END) - 16_384))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; a zombie does not."""
    if pid in _children and _children[pid].poll() is not None:
        return False
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def is_part(pid: int, *, part: str, data_dir: Path) -> bool:
    """Tell whether a process runs and is this part of this data directory."""
    try:
        environment = psutil.Process(pid).environ()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False
    marks = (environment.get(PART), environment.get(DATA_DIR))
    return marks == (part, str(data_dir.resolve())) and is_alive(pid)


def find_part(*, part: str, data_dir: Path) -> list[int]:
    """Find the processes that are this part of this data directory, whoever started them."""
    return [pid for pid in psutil.pids() if is_part(pid, part=part, data_dir=data_dir)]


def find_command(*words: str) -> list[int]:
    """Find the processes that have all these words among those of their command."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
            if set(words) <= set(process.cmdline()):
                found.append(process.pid)
    return found


def exit_text(pid: int) -> str:
    """Say how a process ended, as far as it is known."""
    child = _children.get(pid)
    code = child.poll() if child else None
    if code is None:
        return "is gone"
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"


def stop_process(pid: int, *, timeout_seconds: float) -> None:
    """End a process: SIGTERM, and SIGKILL when it takes longer than the time given."""
    for number, limit_seconds in ((signal.SIGTERM, timeout_seconds), (signal.SIGKILL, 10.0)):
        if not is_alive(pid):
            return
        with suppress(ProcessLookupError):
            os.kill(pid, number)
        if _is_gone_within(pid, limit_seconds):
            return


def _is_gone_within(pid: int, seconds: float) -> bool:
    """Wait for a process to end. One that nobody has reaped yet has ended too."""
    deadline = time.monotonic() + seconds
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
