"""Starting and stopping the local ClickHouse as a process of its own.

Rule: decides nothing about `CLICKHOUSE_URL`; whoever starts a stack asks that first.
The server itself writes DIR/clickhouse/address.json once it takes connections.
"""

import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import psutil

from settlement.cli.exit import Unusable
from settlement.cli.services import read_address

PORT = 8123
MODULE = "settlement.clickhouse.local"
START_SECONDS = 60
STOP_SECONDS = 20

# A proxy of the environment cannot reach this machine's loopback.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class ClickHouseProcess(msgspec.Struct, frozen=True):
    """A running local ClickHouse; both addresses hold a password."""

    url: str
    reader_url: str
    pid: int


def start_clickhouse(*, data_dir: Path, port: int | None) -> ClickHouseProcess:
    """Start the local ClickHouse of a data directory and wait until it answers a query.

    One that runs there is given. Without a port it takes a free one. Raises Unusable where the
    port is busy or not the running one's, another process has the directory, or the server does
    not come up.
    """
    running = running_clickhouse(data_dir=data_dir)
    if running and _answers(running.url):
        if port in (None, urlsplit(running.url).port):
            return running
        raise Unusable(
            f"ClickHouse already runs here, at {urlsplit(running.url).netloc.rpartition('@')[2]}: "
            "stop it with `settle clickhouse stop` to change its port"
        )
    log = data_dir / "logs" / "clickhouse.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.touch(mode=0o600)
    with log.open("ab") as out:
        start = out.tell()
        process = subprocess.Popen(
            [sys.executable, "-m", MODULE, "--data", str(data_dir), "--port", str(port or 0)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
            env={**os.environ, "TZ": "UTC"},
        )
    # Whoever started it may outlive it: a child that is not waited for would look alive.
    threading.Thread(target=process.wait, daemon=True).start()
    try:
        return _wait_until_it_answers(process, data_dir, log, start)
    except BaseException:  # Ctrl-C too: nobody would know of a server that is still starting
        process.kill()
        raise


def _wait_until_it_answers(
    process: subprocess.Popen[bytes], data_dir: Path, log: Path, start: int
) -> ClickHouseProcess:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        found = running_clickhouse(data_dir=data_dir)
        if found and found.pid == process.pid and _answers(found.url):
            return found
        if process.poll() is not None:
            raise Unusable(_last_words(log, start))
        time.sleep(0.05)
    raise Unusable(f"ClickHouse did not answer within {START_SECONDS} s: see {log}")


def running_clickhouse(*, data_dir: Path) -> ClickHouseProcess | None:
    """Find the local ClickHouse of a data directory; None where none is running."""
    address = read_address(data_dir, "clickhouse")
    if address is None or not _is_ours(address["pid"]):
        return None
    return msgspec.convert(address, ClickHouseProcess)


def stop_clickhouse(*, data_dir: Path) -> bool:
    """Stop the local ClickHouse of a data directory; False where none was running.

    It gets SIGTERM, and SIGKILL where it has not ended in time; both lose nothing.
    """
    running = running_clickhouse(data_dir=data_dir)
    if running is None:
        return False
    process = psutil.Process(running.pid)
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except psutil.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)
    (data_dir / "clickhouse" / "address.json").unlink(missing_ok=True)
    return True


def answers(*, process: ClickHouseProcess) -> bool:
    """Tell whether a running ClickHouse answers a query now."""
    return _answers(process.url)


def _is_ours(pid: int) -> bool:
    """Tell our server from a stranger that got its number after a crash."""
    try:
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and MODULE in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def _answers(url: str) -> bool:
    scheme, _, rest = url.partition("://")
    user, _, rest = rest.partition(":")
    password, _, host = rest.rpartition("@")
    request = urllib.request.Request(  # noqa: S310 - http, on loopback
        f"{scheme}://{host}/?query=SELECT%201",
        headers={"X-ClickHouse-User": user, "X-ClickHouse-Key": password},
    )
    try:
        with _DIRECT.open(request, timeout=5) as answer:
            return bool(answer.read() == b"1\n")
    except (OSError, urllib.error.URLError):
        return False


def _last_words(log: Path, start: int) -> str:
    """Give the sentence with which the server ended."""
    with log.open("rb") as file:
        file.seek(start)
        lines = file.read().decode(errors="replace").strip().splitlines()
    prefix = "settle clickhouse: "
    for line in reversed(lines):
        if line.startswith(prefix):
            return f"ClickHouse did not start: {line.removeprefix(prefix)}"
    return f"ClickHouse did not start: see {log}"
