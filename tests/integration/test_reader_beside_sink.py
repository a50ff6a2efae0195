"""The read-only user tries everything while the sink inserts: nothing happens, nothing stops.

Rule: all of it over HTTP as a stranger's tool would send it; tests/integration/
test_clickhouse_reader.py holds the whole vocabulary, this the stack around it.
"""

import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from settlement.clickhouse.local.process import start_clickhouse, stop_clickhouse
from streams.topics import INBOX
from tests.builders import a_cdr_document
from tests.integration.clickhouse_fixture import ClickHouse
from tests.integration.inbox_topic import recreate_topic
from tests.integration.rig import Rig, a_rig
from tests.integration.traffic import traffic
from tests.pipeline.inbox import a_sent

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]
RUNAWAY_SECONDS = 3
RUNAWAY = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"
TIME_IS_UP = "159"


@pytest.fixture
def local(tmp_path: Path) -> Iterator[ClickHouse]:
    """Give a local engine whose reader is out of time after three seconds."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CLICKHOUSE_READER_LIMIT_SECONDS", str(RUNAWAY_SECONDS))
        running = start_clickhouse(data_dir=tmp_path, port=None)
    yield ClickHouse(url=running.url, reader_url=running.reader_url, pid=running.pid)
    stop_clickhouse(data_dir=tmp_path)


@pytest.fixture
def rig(own_kafka: str, local: ClickHouse, tmp_path: Path) -> Iterator[Rig]:
    recreate_topic(own_kafka, INBOX)
    with a_rig(brokers=own_kafka, clickhouse=local, folder=tmp_path) as running:
        running.start("streams")
        running.start("sink")
        yield running


class Listener:
    """A server that only counts who comes."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.visits = 0
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.visits += 1
            connection.close()

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listening = Listener()
    yield listening
    listening.close()


def forbidden(*, port: int, folder: Path, database: str) -> list[str]:
    """Give what a reader may not do: write or read a file, fetch, set, change."""
    table = f"{database}.cdr_settled"
    return [
        f"SELECT 1 INTO OUTFILE '{folder}/written.csv'",
        f"SELECT * FROM {table} INTO OUTFILE '{folder}/written.parquet' FORMAT Parquet",
        "SELECT 1 INTO OUTFILE 'written-relative.csv'",
        f"INSERT INTO FUNCTION file('{folder}/written.tsv', TSV, 'a UInt8') SELECT 1",
        f"SELECT file('{folder}/secret.txt')",
        f"SELECT * FROM file('{folder}/secret.txt', LineAsString)",
        f"SELECT * FROM url('http://127.0.0.1:{port}/x', CSV, 'a String')",
        f"INSERT INTO FUNCTION url('http://127.0.0.1:{port}/x', CSV, 'a String') SELECT 'a'",
        f"SELECT * FROM s3('http://127.0.0.1:{port}/bucket/x.csv', CSV, 'a String')",
        f"SELECT * FROM remote('127.0.0.1:{port}', system.one)",
        f"SELECT * FROM remoteSecure('127.0.0.1:{port}', system.one)",
        f"SELECT * FROM mysql('127.0.0.1:{port}', 'd', 't', 'u', 'p')",
        f"SELECT * FROM postgresql('127.0.0.1:{port}', 'd', 't', 'u', 'p')",
        f"CREATE TABLE {database}.x (a UInt8) ENGINE = URL('http://127.0.0.1:{port}/x', CSV)",
        "SET readonly = 0",
        "SET max_execution_time = 0",
        "SELECT 1 SETTINGS max_execution_time = 0",
        "SELECT 1 SETTINGS readonly = 0",
        f"DROP TABLE {table}",
        f"TRUNCATE TABLE {table}",
        f"ALTER TABLE {table} DELETE WHERE 1",
        f"ALTER TABLE {table} ADD COLUMN a UInt8",
        f"INSERT INTO {table} (cpo) VALUES ('XX*XXX')",
        "CREATE DATABASE of_a_reader",
        f"RENAME TABLE {table} TO {database}.gone",
        f"OPTIMIZE TABLE {table} FINAL",
        f"SYSTEM STOP MERGES {table}",
        "KILL QUERY WHERE 1",
        f"SELECT 1; DROP TABLE {table}",
        "SELECT 1; SELECT 2",
    ]


def what_is_there(rig: Rig) -> list[Sequence[Any]]:
    """Give every database and table as it was made, and what changes it."""
    client = rig.clickhouse.client()
    made = client.query(
        "SELECT database, name, create_table_query FROM system.tables "
        "WHERE database NOT IN ('system', 'INFORMATION_SCHEMA', 'information_schema') ORDER BY 1, 2"
    )
    databases = client.query("SELECT name, '', '' FROM system.databases ORDER BY 1")
    mutations = client.query("SELECT database, table, command FROM system.mutations")
    return [*made.result_rows, *databases.result_rows, *mutations.result_rows]


def test_a_reader_who_tries_everything_changes_nothing_and_stops_nobody(
    rig: Rig, local: ClickHouse, listener: Listener, tmp_path: Path
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    (files / "secret.txt").write_text("a secret of the machine")
    parts = urlsplit(local.reader_url)
    rig.send([a_sent("cdrs", "POST", a_cdr_document(id="BEFORE"))])
    rig.wait_until_settled()
    before = what_is_there(rig)
    with (
        httpx.Client(
            base_url=f"http://{parts.hostname}:{parts.port}",
            auth=(parts.username or "", parts.password or ""),
            timeout=60,
        ) as reader,
        traffic(rig, "BESIDE"),
    ):
        answers = [
            reader.post("/", content=statement)
            for statement in forbidden(port=listener.port, folder=files, database=rig.database)
        ]
        rows_before = received(rig)
        runaway = reader.post("/", content=RUNAWAY, params={"wait_end_of_query": "1"})
        rows_after = received(rig)
    rig.wait_until_settled()

    assert [one.text for one in answers if one.status_code == 200] == []
    assert [one.text for one in answers if "secret of the machine" in one.text] == []
    assert [path.name for path in files.iterdir()] == ["secret.txt"]
    assert list(tmp_path.rglob("written*")) == []
    assert not Path("written-relative.csv").exists()
    assert listener.visits == 0
    assert before == what_is_there(rig)
    assert runaway.headers["X-ClickHouse-Exception-Code"] == TIME_IS_UP
    assert rows_after > rows_before  # the sink went on beside it
    assert [process.poll() for process in rig.processes] == [None, None]
    assert rig.differences() == []


def received(rig: Rig) -> int:
    count: int = (
        rig.clickhouse.client()
        .query(f"SELECT count() FROM {rig.database}.document_received")
        .result_rows[0][0]
    )
    return count
