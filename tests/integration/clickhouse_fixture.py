"""The real ClickHouse engine for tests, started once a run.

Rule: an error, never a skip, where it cannot start. `CLICKHOUSE_URL` names another server.
"""

import itertools
import os
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest

from settlement.clickhouse.client import Client, connect
from settlement.clickhouse.local.process import start_clickhouse, stop_clickhouse


class Address(NamedTuple):
    """A server's address in the parts that clients want, with what an address may leave out."""

    place: str  # scheme, host and port
    interface: str
    host: str
    port: int
    user: str
    password: str

    @property
    def login(self) -> tuple[str, str]:
        """Give user and password, as httpx wants them."""
        return self.user, self.password


def address_of(url: str) -> Address:
    """Take http(s)://user:password@host[:port] apart."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (8443 if parts.scheme == "https" else 8123)
    return Address(
        place=f"{parts.scheme}://{host}:{port}",
        interface=parts.scheme,
        host=host,
        port=port,
        user=unquote(parts.username or "default"),
        password=unquote(parts.password or ""),
    )


class ClickHouse:
    """A running server: the addresses of its two users, and fresh databases in it."""

    def __init__(self, *, url: str, reader_url: str, pid: int | None) -> None:
        self.url = url
        self.reader_url = reader_url
        self.pid = pid  # of the local engine; None for a server of `CLICKHOUSE_URL`
        self._numbers = itertools.count(1)

    def client(self, *, database: str | None = None) -> Client:
        return connect(self.url, database=database)

    def reader(self, *, database: str | None = None) -> Client:
        return connect(self.reader_url, database=database)

    def fresh_database(self) -> str:
        """Make an empty database and give its name."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        client = self.client()
        client.command(f"DROP DATABASE IF EXISTS {name} SYNC")
        client.command(f"CREATE DATABASE {name}")
        return name


@pytest.fixture(scope="session")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    if url := os.environ.get("CLICKHOUSE_URL"):
        reader_url = os.environ.get("CLICKHOUSE_READER_URL", url)
        yield ClickHouse(url=url, reader_url=reader_url, pid=None)
        return
    data_dir = tmp_path_factory.mktemp("clickhouse")
    running = start_clickhouse(data_dir=data_dir, port=None)
    yield ClickHouse(url=running.url, reader_url=running.reader_url, pid=running.pid)
    stop_clickhouse(data_dir=data_dir)
