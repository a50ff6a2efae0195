"""The running server: engine and HTTP put together, from the first query to the last.

Rule: heavy to import and only imported once the process may have the port and the directory,
with its time zone set.
"""

import asyncio
import os
import shutil
import signal
import socket
from pathlib import Path

import anyio.to_thread
import uvicorn

from settlement.cli.services import write_address
from settlement.clickhouse.local.app import Server
from settlement.clickhouse.local.credentials import Credentials, load_credentials
from settlement.clickhouse.local.engine import Engine
from settlement.clickhouse.local.limits import reader_limits
from settlement.clickhouse.local.plan import READER_DATABASE

GRACE_SECONDS = 2  # for statements under way when the process is asked to stop
LEAVE_SECONDS = 4  # then their requests are given up


def serve(data_dir: Path, listener: socket.socket) -> None:
    """Serve on a bound socket until SIGTERM or Ctrl-C, then close the data.

    While connections are taken, DIR/clickhouse/address.json says where. Raises EngineError
    where the data cannot be opened.
    """
    limits = reader_limits(os.environ)
    home = data_dir / "clickhouse"
    scratch = home / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)  # what a kill left behind
    scratch.mkdir()
    credentials = load_credentials(home / "credentials.json")
    engine = Engine(home / "data")
    engine.value(f"CREATE DATABASE IF NOT EXISTS {READER_DATABASE}")
    server = Server(engine=engine, credentials=credentials, limits=limits, scratch=scratch)
    config = uvicorn.Config(
        server.app(),
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_keep_alive=60,
        timeout_graceful_shutdown=LEAVE_SECONDS,
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        # uvicorn stops on them, then raises them once more for whoever was there before.
        signal.signal(number, lambda *_: None)
    _Running(config, server, data_dir, credentials).run(sockets=[listener])
    (home / "address.json").unlink(missing_ok=True)
    engine.close()


class _Running(uvicorn.Server):
    """A server that says where it is, and ends what still runs when it is asked to stop."""

    def __init__(
        self, config: uvicorn.Config, server: Server, data_dir: Path, credentials: Credentials
    ) -> None:
        super().__init__(config)
        self._server = server
        self._data_dir = data_dir
        self._credentials = credentials

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        assert sockets
        host, port = sockets[0].getsockname()
        address = {
            "url": f"http://writer:{self._credentials.writer}@{host}:{port}",
            "reader_url": f"http://reader:{self._credentials.reader}@{host}:{port}",
            "pid": os.getpid(),
        }
        write_address(self._data_dir, "clickhouse", address)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._server.is_stopping = True
        ending = asyncio.create_task(self._end_statements())
        await super().shutdown(sockets)
        ending.cancel()

    async def _end_statements(self) -> None:
        await asyncio.sleep(GRACE_SECONDS)
        await anyio.to_thread.run_sync(self._server.end_statements)
