"""`settle clickhouse`, `settle migrate` and `settle sql` as a user types them."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet
import pytest

from settlement.clickhouse.client import connect
from settlement.clickhouse.local.process import ClickHouseProcess, start_clickhouse, stop_clickhouse
from settlement.clickhouse.migrate import read_migrations

pytestmark = [pytest.mark.clickhouse, pytest.mark.timeout(180)]

THING = "SELECT a, amount, names, at FROM thing ORDER BY a"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("stack")


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[ClickHouseProcess]:
    """Give a running ClickHouse with a small table in the database of the views."""
    started = start_clickhouse(data_dir=home, port=None)
    client = connect(started.url, database="settlement")
    client.command(
        "CREATE TABLE thing (a UInt8, amount Decimal(38, 18), names Array(String),"
        " at Nullable(DateTime64(3, 'UTC'))) ENGINE = MergeTree ORDER BY a"
    )
    client.command(
        "INSERT INTO thing VALUES (1, 1.10, ['x', 'y'], '2026-01-02 03:04:05.120'),"
        " (200, -12345678901234567890.000000000000000001, [], NULL)"
    )
    yield started
    stop_clickhouse(data_dir=home)


def settle(
    *arguments: str, stdin: str = "", **environment: str
) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLICKHOUSE_")}
    return subprocess.run(
        [sys.executable, "-m", "settlement", *arguments],
        input=stdin.encode(),
        capture_output=True,
        check=False,
        env={**kept, **environment},
    )


def sql(home: Path, statement: str, *options: str, stdin: str = "") -> str:
    done = settle("sql", statement, "--data", str(home), *options, stdin=stdin)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode()


@pytest.mark.usefixtures("running")
def test_a_screen_shows_numbers_to_the_right_without_zeros_at_their_end(home: Path) -> None:
    shown = sql(home, THING)

    lines = [line for line in shown.splitlines() if line.strip()]
    assert lines[0].split() == ["a", "amount", "names", "at"]
    assert lines[2].split() == ["1", "1.1", '["x",', '"y"]', "2026-01-02T03:04:05.12Z"]
    assert lines[3].split() == ["200", "-12345678901234567890.000000000000000001", "[]"]
    assert lines[2].index("1.1") + 3 == lines[3].index("-1234") + 40


@pytest.mark.usefixtures("running")
def test_csv_and_json_are_exact(home: Path) -> None:
    csv = sql(home, THING, "--format", "csv")
    rows = json.loads(sql(home, THING, "--format", "json"))

    assert csv.splitlines() == [
        '"a","amount","names","at"',
        "1,1.1,\"['x','y']\",\"2026-01-02 03:04:05.120\"",
        '200,-12345678901234567890.000000000000000001,"[]",\\N',
    ]
    assert rows == [
        {"a": 1, "amount": "1.1", "names": ["x", "y"], "at": "2026-01-02T03:04:05.12Z"},
        {"a": 200, "amount": "-12345678901234567890.000000000000000001", "names": [], "at": None},
    ]


@pytest.mark.usefixtures("running")
def test_parquet_goes_to_a_file_or_a_pipe(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "thing.parquet"
    sql(home, THING, "--format", "parquet", "--output", str(target))
    piped = settle("sql", THING, "--data", str(home), "--format", "parquet").stdout

    amounts = [
        pyarrow.parquet.read_table(source)["amount"].to_pylist()
        for source in (target, io.BytesIO(piped))
    ]
    assert amounts == [[Decimal("1.1"), Decimal("-12345678901234567890.000000000000000001")]] * 2


@pytest.mark.usefixtures("running")
def test_a_statement_may_come_from_stdin_and_end_in_a_semicolon(home: Path) -> None:
    assert json.loads(sql(home, "-", "--json", stdin="SELECT 1 AS a; -- end\n")) == [{"a": 1}]
    assert json.loads(sql(home, "SHOW TABLES LIKE 'thing'", "--json")) == [{"name": "thing"}]
    assert json.loads(sql(home, "SELECT 1 AS a WHERE 0", "--json")) == []


@pytest.mark.usefixtures("running")
@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("SELECT nope", "Code: 47"),
        ("SELECT 1; SELECT 2", "one statement at a time"),
        ("DROP TABLE thing", "Code: 497"),
        (" \n", "the statement is empty: give a SELECT"),
        ("SELECT throwIf(number = 200000) FROM numbers(300000)", "Code: 395"),
    ],
)
def test_a_statement_that_fails_is_exit_2_and_writes_nothing(
    home: Path, tmp_path: Path, statement: str, said: str
) -> None:
    target = tmp_path / "out.csv"

    done = settle("sql", statement, "--data", str(home), "--format", "csv", "--output", str(target))

    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert list(tmp_path.iterdir()) == []


def test_the_address_of_the_environment_is_read_from_and_not_written_to(
    running: ClickHouseProcess, tmp_path: Path
) -> None:
    elsewhere = {"CLICKHOUSE_URL": running.url}

    read = settle("sql", "SELECT count() AS n FROM thing", "--json", **elsewhere)
    written = settle("sql", "DROP TABLE thing", **elsewhere)
    started = settle("clickhouse", "start", "--data", str(tmp_path), "--json", **elsewhere)

    assert json.loads(read.stdout) == [{"n": 2}]
    assert written.returncode == 2
    assert started.returncode == 0
    assert b"none is started" in started.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_has_enough_ends_the_command_quietly(
    home: Path, running: ClickHouseProcess
) -> None:
    assert running.pid
    command = f"{sys.executable} -m settlement sql --data '{home}' --format csv"
    statement = "SELECT number FROM numbers(3000000)"

    done = subprocess.run(
        ["sh", "-c", f"{command} '{statement}' | head -n 2"], capture_output=True, check=False
    )

    assert done.stdout == b'"number"\n0\n'
    assert done.stderr == b""


def test_the_tables_are_made_once(running: ClickHouseProcess, home: Path) -> None:
    names = [migration.name for migration in read_migrations()]

    first = settle("migrate", "--data", str(home))
    second = settle("migrate", "--data", str(home), "--json")

    assert first.stdout.decode().split() == names
    assert json.loads(second.stdout) == {"applied": []}
    assert connect(running.reader_url).command("SELECT count() FROM cdr_settled") == 0


def test_a_server_is_started_shown_and_stopped(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path), "--json")

    started = json.loads(settle("clickhouse", "start", "--port", "0", *data).stdout)
    again = settle("clickhouse", "start", "--port", "0", *data)
    shown = json.loads(settle("clickhouse", "status", *data).stdout)
    stopped = settle("clickhouse", "stop", *data)
    down = [
        settle(*command, *data).returncode
        for command in (("clickhouse", "status"), ("clickhouse", "stop"), ("sql", "SELECT 1"))
    ]

    assert started["pid"] == shown["pid"]
    assert shown["healthy"] is True
    assert "@" not in shown["address"]
    assert (again.returncode, json.loads(again.stdout)) == (0, started)
    assert (stopped.returncode, json.loads(stopped.stdout)) == (0, {"stopped": True})
    assert down == [3, 3, 3]
