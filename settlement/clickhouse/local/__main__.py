"""The process of the local ClickHouse: `python -m settlement.clickhouse.local --data DIR`.

Rule: one process a directory (a lock says so at once), loopback only, UTC only.
"""

import argparse
import logging
import os
import socket
import sys
import time
from pathlib import Path

import filelock

from settlement.cli.exit import UNUSABLE, Unusable
from settlement.clickhouse.local.reply import EngineError

HOST = "127.0.0.1"


def main() -> int:
    """Serve until SIGTERM or Ctrl-C; gives the exit code."""
    parser = argparse.ArgumentParser(prog="settle clickhouse", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    os.environ["TZ"] = "UTC"  # the engine takes the process's zone for the server's
    time.tzset()
    data_dir: Path = arguments.data.resolve()  # the engine compares paths as text
    home = data_dir / "clickhouse"
    home.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(home / "lock")
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return _refuse(f"another ClickHouse process has {home} open")
    with lock, socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((HOST, arguments.port))
        except OSError:
            return _refuse(
                f"port {arguments.port} for ClickHouse is busy: choose another with --port or "
                "CLICKHOUSE_PORT"
            )
        from settlement.clickhouse.local.serve import serve  # noqa: PLC0415 - 1 s; refuse first

        try:
            serve(data_dir, listener)
        except (EngineError, Unusable) as error:
            return _refuse(str(error))
    return 0


def _refuse(sentence: str) -> int:
    sys.stderr.write(f"settle clickhouse: {sentence}\n")
    return UNUSABLE


if __name__ == "__main__":
    sys.exit(main())
