"""The reader's wall in front of the real engine."""

import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from settlement.clickhouse.client import Client, connect
from settlement.clickhouse.local.process import start_clickhouse, stop_clickhouse
from settlement.clickhouse.local.vocabulary import CATEGORIES, OTHERS, TABLE_FUNCTIONS
from tests.integration.clickhouse_fixture import ClickHouse
from tests.unit.settlement.clickhouse.statements import ALLOWED, REFUSED

pytestmark = [pytest.mark.clickhouse, pytest.mark.timeout(180)]

ACCESS_DENIED, READONLY = "497", "164"


@pytest.fixture(scope="module")
def local(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """Give a local engine of its own, with a reader that is soon out of time, rows and memory."""
    data_dir = tmp_path_factory.mktemp("reader")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("CLICKHOUSE_READER_LIMIT_SECONDS", "2")
        environment.setenv("CLICKHOUSE_READER_LIMIT_ROWS", "100000")
        environment.setenv("CLICKHOUSE_READER_LIMIT_MEMORY_BYTES", "100000000")
        environment.setenv("CLICKHOUSE_READER_LIMIT_STATEMENTS", "2")
        running = start_clickhouse(data_dir=data_dir, port=None)
    yield ClickHouse(url=running.url, reader_url=running.reader_url, pid=running.pid)
    stop_clickhouse(data_dir=data_dir)


@pytest.fixture(scope="module")
def asker(local: ClickHouse) -> Iterator[httpx.Client]:
    """Give a plain HTTP client with the reader's password."""
    parts = urlsplit(local.reader_url)
    with httpx.Client(
        base_url=f"http://{parts.hostname}:{parts.port}",
        auth=(parts.username or "", parts.password or ""),
        timeout=60,
    ) as client:
        yield client


def code_of(answer: httpx.Response) -> str | None:
    return answer.headers.get("X-ClickHouse-Exception-Code")


def test_every_allowed_statement_runs(asker: httpx.Client) -> None:
    failed = [
        (statement, answer.text)
        for statement in ALLOWED
        if (answer := asker.post("/", content=statement.encode())).status_code != 200
    ]

    assert failed == []


def test_every_other_statement_is_refused_before_the_engine_sees_it(asker: httpx.Client) -> None:
    passed = [
        (statement[:80], answer.text[:200])
        for statement, _ in REFUSED
        if code_of(answer := asker.post("/", content=statement.encode(errors="surrogateescape")))
        != ACCESS_DENIED
    ]

    assert passed == []


def test_no_function_that_does_more_than_compute_can_be_called(
    local: ClickHouse, asker: httpx.Client
) -> None:
    writer = local.client()
    functions = {
        name
        for name, category in writer.query(
            "SELECT name, categories FROM system.functions WHERE alias_to = ''"
        ).result_rows
        if category not in CATEGORIES and name.lower() not in OTHERS
    }
    table_functions = {
        name
        for (name,) in writer.query("SELECT name FROM system.table_functions").result_rows
        if name.lower() not in TABLE_FUNCTIONS
    }
    assert {"file", "sleep", "aiGenerate", "dictGet"} <= functions
    assert {"file", "url", "remote", "executable", "mysql", "python"} <= table_functions

    passed = [
        name
        for name in functions | table_functions
        for statement in (f"SELECT {name}(1)", f"SELECT * FROM `{name}`(1)")
        if code_of(asker.post("/", content=statement)) != ACCESS_DENIED
    ]

    assert passed == []


def test_no_file_is_written_and_none_is_read(
    local: ClickHouse, asker: httpx.Client, tmp_path: Path
) -> None:
    written, secret = tmp_path / "out.txt", tmp_path / "secret.txt"
    secret.write_text("secret")
    statements = [
        f"SELECT 1 INTO OUTFILE '{written}'",
        f"SELECT 1 INTO/**/OUTFILE '{written}' FORMAT CSV",
        f"INSERT INTO FUNCTION file('{written}', CSV, 'a UInt8') SELECT 1",
        f"SELECT file('{secret}')",
        f"SELECT * FROM file('{secret}', LineAsString)",
        f"SELECT arrayMap(file, ['{secret}'])",
        f"SELECT * APPLY file FROM (SELECT '{secret}')",
        f"SELECT * FROM '{secret}'",
        f"SELECT * FROM `{secret}`",
        f"SELECT * FROM default.`{secret}`",
        f"DESCRIBE TABLE `{secret}`",
        f"SELECT 1 IN `{secret}`",
    ]

    answers = [
        asker.post("/", params=parameters, content=statement)
        for statement in statements
        for parameters in ({}, {"database": "default"}, {"database": "information_schema"})
    ]

    assert all(code_of(answer) for answer in answers)
    assert not any("secret" in answer.text.replace(str(secret), "") for answer in answers)
    assert not written.exists()
    assert local.client().command("SELECT 1") == 1


def test_the_database_of_files_and_of_secrets_cannot_be_chosen(asker: httpx.Client) -> None:
    default = asker.post("/", params={"database": "default"}, content="SELECT currentDatabase()")
    system = asker.post("/", params={"database": "system"}, content="SELECT 1 FROM stack_trace")
    by_name = asker.post("/", params={"param_t": "stack_trace"}, content="SELECT {t:Identifier}")

    assert default.text == "settlement\n"
    assert code_of(system) == ACCESS_DENIED
    assert code_of(by_name) == ACCESS_DENIED


@pytest.mark.parametrize(
    "setting", ["readonly", "max_result_rows", "max_execution_time", "output_format_schema", "x y"]
)
def test_a_limit_cannot_be_changed(asker: httpx.Client, setting: str) -> None:
    answer = asker.post("/", params={setting: "0"}, content="SELECT 1")

    assert code_of(answer) == READONLY


def test_a_setting_that_only_writes_otherwise_is_taken(asker: httpx.Client) -> None:
    answer = asker.post(
        "/",
        params={"output_format_json_quote_decimals": "1"},
        content="SELECT toDecimal32(1, 2) AS a FORMAT JSONEachRow",
    )

    assert answer.text.strip() == '{"a":"1"}'


def test_limits_are_the_servers(asker: httpx.Client) -> None:
    answer = asker.post(
        "/",
        content="SELECT getSetting('readonly'), getSetting('max_execution_time'),"
        " getSetting('max_result_rows'), getSetting('max_memory_usage')",
    )

    assert answer.text == "1\t2\t100000\t100000000\n"


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1", "159"),
        ("SELECT number FROM numbers(1000000)", "396"),
        ("SELECT number FROM numbers(1000000) FORMAT JSON", "396"),
        ("SELECT length(groupArray(number)) FROM numbers(100000000)", "241"),
    ],
)
def test_a_runaway_statement_ends_and_inserts_go_on(
    local: ClickHouse, asker: httpx.Client, statement: str, code: str
) -> None:
    writer = local.client(database=local.fresh_database())
    writer.command("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")

    answer = asker.post("/", params={"wait_end_of_query": "1"}, content=statement)
    writer.insert("t", [[1]])

    assert code_of(answer) == code
    assert writer.command("SELECT count() FROM t") == 1


def test_the_drivers_own_settings_do_not_stand_in_a_readers_way(local: ClickHouse) -> None:
    reader = local.reader()

    assert reader.query("SELECT {a:String}", parameters={"a": "x"}).result_rows == [("x",)]
    assert reader.query_df("SELECT 1 AS a")["a"].tolist() == [1]
    assert reader.query("SELECT 1 AS a LIMIT 0").column_names == ("a",)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t (a) VALUES (2)",
        "DROP TABLE t",
        "ALTER TABLE t DELETE WHERE 1",
        "TRUNCATE TABLE t",
        "SELECT 1; DROP TABLE t",
        "SET readonly = 0",
        "CREATE TABLE u (a UInt8) ENGINE = Memory",
        "SYSTEM STOP MERGES t",
    ],
)
def test_nothing_is_changed(local: ClickHouse, statement: str) -> None:
    database = local.fresh_database()
    writer, reader = local.client(database=database), local.reader(database=database)
    writer.command("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
    writer.insert("t", [[1]])

    with pytest.raises(DatabaseError):
        reader.command(statement)

    assert writer.query("SELECT a FROM t").result_rows == [(1,)]
    assert writer.query("SHOW TABLES").result_rows == [("t",)]


def test_an_insert_of_the_reader_is_refused_with_its_data(local: ClickHouse) -> None:
    database = local.fresh_database()
    local.client().command(f"CREATE TABLE {database}.t (a UInt64) ENGINE = Memory")

    with pytest.raises(DatabaseError) as refused:
        local.reader(database=database).insert("t", [[1]])

    assert str(refused.value.code) == ACCESS_DENIED
    assert local.client().command(f"SELECT count() FROM {database}.t") == 0


def test_the_query_of_a_reader_who_went_away_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLICKHOUSE_READER_LIMIT_SECONDS", "120")
    running = start_clickhouse(data_dir=tmp_path, port=None)
    slow = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1"
    parts = urlsplit(running.reader_url)

    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"http://{parts.hostname}:{parts.port}/",
            content=slow,
            auth=(parts.username or "", parts.password or ""),
            timeout=1,
        )

    assert _has_ended(connect(running.url), "sipHash64")
    stop_clickhouse(data_dir=tmp_path)


def _has_ended(writer: Client, text: str) -> bool:
    """Ask until no statement with this text runs, ten seconds at most."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        running = writer.query("SELECT query FROM system.processes").result_rows
        if not any(text in query for (query,) in running):
            return True
    return False
