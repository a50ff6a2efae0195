"""Starting, stopping and killing the local ClickHouse."""

import concurrent.futures
import random
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import msgspec
import psutil
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from settlement.cli.exit import Unusable
from settlement.cli.services import ServiceMissing, clickhouse_url, read_address
from settlement.clickhouse.client import connect
from settlement.clickhouse.local.process import (
    answers,
    running_clickhouse,
    start_clickhouse,
    stop_clickhouse,
)

pytestmark = [pytest.mark.clickhouse, pytest.mark.timeout(180)]

BATCH = 200


@pytest.fixture(autouse=True)
def no_server_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CLICKHOUSE_URL", raising=False)


def test_data_and_passwords_outlive_a_restart(tmp_path: Path) -> None:
    first = start_clickhouse(data_dir=tmp_path, port=None)
    connect(first.url).command(
        "CREATE TABLE settlement.t ENGINE = MergeTree ORDER BY a AS SELECT 7 AS a"
    )
    port = int(first.url.rpartition(":")[2])
    stop_clickhouse(data_dir=tmp_path)

    again = start_clickhouse(data_dir=tmp_path, port=port)
    kept = connect(again.reader_url).command("SELECT a FROM t")
    stop_clickhouse(data_dir=tmp_path)

    assert (first.url, first.reader_url) == (again.url, again.reader_url)
    assert first.pid != again.pid
    assert kept == 7


def test_the_address_is_written_down_for_its_owner_alone(tmp_path: Path) -> None:
    running = start_clickhouse(data_dir=tmp_path, port=None)
    address = read_address(tmp_path, "clickhouse")
    modes = {
        name: stat.S_IMODE((tmp_path / "clickhouse" / name).stat().st_mode)
        for name in ("address.json", "credentials.json")
    }
    found, healthy = clickhouse_url(tmp_path), answers(process=running)
    stopped = stop_clickhouse(data_dir=tmp_path)

    assert address == msgspec.to_builtins(running)
    assert modes == {"address.json": 0o600, "credentials.json": 0o600}
    assert found == running.url
    assert healthy
    assert stopped
    with pytest.raises(ServiceMissing, match="settle clickhouse start"):
        clickhouse_url(tmp_path)


def test_what_cannot_start_says_why_in_a_sentence(tmp_path: Path) -> None:
    running = start_clickhouse(data_dir=tmp_path / "a", port=None)
    port = int(running.url.rpartition(":")[2])

    again = start_clickhouse(data_dir=tmp_path / "a", port=port)
    with pytest.raises(Unusable, match=f"already runs here, at 127.0.0.1:{port}: stop it"):
        start_clickhouse(data_dir=tmp_path / "a", port=port + 1)
    with pytest.raises(Unusable, match=f"port {port} for ClickHouse is busy: .*CLICKHOUSE_PORT"):
        start_clickhouse(data_dir=tmp_path / "b", port=port)
    second = subprocess.run(
        [sys.executable, "-m", "settlement.clickhouse.local", "--data", str(tmp_path / "a")],
        capture_output=True,
        text=True,
        check=False,
    )
    stop_clickhouse(data_dir=tmp_path / "a")

    assert again == running
    assert second.returncode == 2
    assert "another ClickHouse process has" in second.stderr


def test_a_process_that_got_the_number_of_a_dead_server_is_not_taken_for_it(
    tmp_path: Path,
) -> None:
    running = start_clickhouse(data_dir=tmp_path, port=None)
    address = tmp_path / "clickhouse" / "address.json"
    written = address.read_text()
    stop_clickhouse(data_dir=tmp_path)
    own = psutil.Process().pid

    address.write_text(written.replace(str(running.pid), str(own)))

    assert running_clickhouse(data_dir=tmp_path) is None
    assert not stop_clickhouse(data_dir=tmp_path)


def test_a_stop_ends_what_runs_and_says_that_it_may_be_tried_again(tmp_path: Path) -> None:
    running = start_clickhouse(data_dir=tmp_path, port=None)
    client = connect(running.url)
    client.command("CREATE TABLE settlement.t (a UInt64) ENGINE = Null")
    endless = "INSERT INTO settlement.t SELECT number FROM numbers(1000000000000000)"

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        inserting = pool.submit(client.command, endless)
        watcher = connect(running.url)
        seen = "SELECT count() FROM system.processes WHERE startsWith(query, 'INSERT')"
        while watcher.command(seen) == 0:
            pass
        before = time.monotonic()
        stop_clickhouse(data_dir=tmp_path)
        took = time.monotonic() - before
        failure = inserting.exception()

    assert isinstance(failure, OperationalError)
    assert took < 15


def test_no_acknowledged_insert_is_lost_by_a_kill(tmp_path: Path) -> None:
    seeds = random.Random(7)
    running = start_clickhouse(data_dir=tmp_path, port=None)
    connect(running.url).command(
        "CREATE TABLE settlement.t (batch UInt32, row UInt32, amount Decimal(38, 18))"
        " ENGINE = ReplacingMergeTree ORDER BY (batch, row)"
    )
    acknowledged: set[int] = set()
    sent = 0

    for _ in range(5):
        killer = threading.Timer(seeds.uniform(0.05, 0.8), psutil.Process(running.pid).kill)
        killer.start()
        client = connect(running.url, database="settlement")
        try:
            while True:
                sent += 1
                client.insert(
                    "t",
                    [[sent, row, row] for row in range(BATCH)],
                    column_names=["batch", "row", "amount"],
                )
                acknowledged.add(sent)
        except DatabaseError:
            killer.join()
        running = start_clickhouse(data_dir=tmp_path, port=None)

    stored = dict(
        connect(running.url, database="settlement")
        .query("SELECT batch, count() FROM t FINAL GROUP BY batch")
        .result_rows
    )
    stop_clickhouse(data_dir=tmp_path)
    assert len(acknowledged) > 5
    assert acknowledged <= stored.keys()
    assert set(stored.values()) == {BATCH}
    assert len(stored.keys() - acknowledged) <= 5
