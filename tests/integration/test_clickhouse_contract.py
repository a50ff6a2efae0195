"""What clients need of ClickHouse, asked over HTTP of whichever server it is.

Rule: nothing that the local engine alone does; `CLICKHOUSE_URL=http://user:password@host:8123
pytest tests/integration/test_clickhouse_contract.py` holds a real server to the same behaviour.
"""

import asyncio
import datetime as dt
import gzip
from decimal import Decimal
from typing import Any

import clickhouse_connect
import httpx
import pandas as pd
import pytest
from clickhouse_connect.driver.exceptions import DatabaseError, StreamFailureError

from settlement.clickhouse.client import Client
from tests.integration.clickhouse_fixture import ClickHouse, address_of

pytestmark = [pytest.mark.clickhouse, pytest.mark.timeout(180)]

MONEY = Decimal("12345678901234567890.123456789012345678")
NOON = dt.datetime(2026, 1, 1, 12, 0, 0, 123000, tzinfo=dt.UTC)
COLUMNS = {
    "id": "UInt64",
    "cpo": "LowCardinality(String)",
    "note": "Nullable(String)",
    "amount": "Decimal(38, 18)",
    "maybe": "Nullable(Decimal(38, 18))",
    "at": "DateTime64(3, 'UTC')",
    "is_credit": "Bool",
    "segment.period": "Array(UInt32)",
    "segment.amount": "Array(Nullable(Decimal(38, 18)))",
    "headers": "Map(String, String)",
    "version": "UInt64",
}
ROW: list[Any] = [
    7, "NL*TNM", None, MONEY, Decimal("-0.000000000000000001"), NOON, True,
    [1, 2], [Decimal("0.1"), None], {"ce_id": "x"}, 1,
]  # fmt: skip


@pytest.fixture
def client(clickhouse: ClickHouse) -> Client:
    """Give a client in a fresh database with one table of every kind of column of ours."""
    made = clickhouse.client(database=clickhouse.fresh_database())
    columns = ", ".join(f"`{name}` {kind}" for name, kind in COLUMNS.items())
    made.command(
        f"CREATE TABLE cdr ({columns}, CONSTRAINT not_thirteen CHECK id != 13)"
        " ENGINE = ReplacingMergeTree(version) ORDER BY id"
    )
    return made


def insert(client: Client, *rows: list[Any]) -> None:
    client.insert("cdr", rows, column_names=list(COLUMNS))


def post(url: str, text: str, **parameters: str) -> httpx.Response:
    server = address_of(url)
    return httpx.post(
        server.place,
        params=parameters,
        content=text,
        auth=server.login,
        timeout=60,
    )


@pytest.mark.parametrize("compression", ["lz4", "zstd", "gzip", False])
def test_a_row_comes_back_as_it_was_inserted(
    clickhouse: ClickHouse, client: Client, compression: str | bool
) -> None:
    address = address_of(clickhouse.url)
    writer = clickhouse_connect.get_client(
        interface=address.interface,
        host=address.host,
        port=address.port,
        username=address.user,
        password=address.password,
        database=client.database or "",
        compress=compression,
        settings={"async_insert": 0},
    )

    insert(writer, ROW)

    assert client.query("SELECT * FROM cdr").result_rows == [tuple(ROW)]


def test_an_insert_says_how_many_rows_it_wrote(client: Client) -> None:
    rows = [[number, *ROW[1:]] for number in range(100, 3100)]

    summary = client.insert("cdr", rows, column_names=list(COLUMNS))

    assert summary.written_rows == 3000


def test_a_row_that_a_check_refuses_is_an_error_with_its_code(client: Client) -> None:
    rows = [[number, *ROW[1:]] for number in range(20)]

    with pytest.raises(DatabaseError) as refused:
        insert(client, *rows)

    assert refused.value.code == 469
    assert client.command("SELECT count() FROM cdr") == 0


def test_a_newer_version_replaces_a_row_in_a_view_with_final_inside(client: Client) -> None:
    client.command("CREATE VIEW cdr_now AS SELECT * FROM cdr FINAL")
    client.command("SYSTEM STOP MERGES cdr")
    insert(client, ROW)
    insert(client, [*ROW[:3], Decimal(5), *ROW[4:-1], 2])

    assert client.command("SELECT count() FROM cdr") == 2
    assert client.query("SELECT amount FROM cdr_now").result_rows == [(Decimal(5),)]


def test_parameters_are_bound_by_the_server(client: Client) -> None:
    values = {
        "text": "it's \\ a\ttest\n€",
        "amount": Decimal("1.5"),
        "names": ["a", "b'"],
        "long": "x" * 100_000,
    }
    query = "SELECT {text:String}, {amount:Decimal(38, 18)}, {names:Array(String)}, {long:String}"

    rows = client.query(query, parameters=values).result_rows

    assert rows == [tuple(values.values())]


def test_a_setting_of_a_query_counts(client: Client) -> None:
    answer = client.query("SELECT getSetting('max_block_size')", settings={"max_block_size": 77})

    assert answer.result_rows == [(77,)]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT nope", 47),
        ("SELEC 1", 62),
        ("SELECT 1 FROM nope", 60),
        ("SELECT 1; SELECT 2", 62),
        ("SELECT throwIf(number = 5) FROM numbers(10)", 395),
        ("INSERT INTO nope (a) VALUES (1)", 60),
        ("SELECT 1 FROM nope.nope", 81),
        ("SELECT 1 INTO OUTFILE 'x'", 358),
    ],
)
def test_an_error_arrives_with_clickhouses_code(client: Client, statement: str, code: int) -> None:
    with pytest.raises(DatabaseError) as failed:
        client.command(statement)

    assert code == failed.value.code


def test_an_error_after_the_first_rows_ends_a_stream_with_its_code(client: Client) -> None:
    query = "SELECT number, throwIf(number = 3000000) FROM numbers(4000000)"

    with (
        pytest.raises(StreamFailureError) as failed,
        client.query_row_block_stream(query) as stream,
    ):
        for _ in stream:
            pass

    assert failed.value.code == 395


def test_half_a_result_is_never_taken_for_the_whole_by_a_plain_client(
    clickhouse: ClickHouse,
) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        post(clickhouse.url, "SELECT number, throwIf(number = 3000000) FROM numbers(4000000)")


def test_result_and_error_headers_are_clickhouses(clickhouse: ClickHouse) -> None:
    fine = post(clickhouse.url, "SELECT 1 FORMAT JSONCompact", query_id="mine")
    wrong = post(clickhouse.url, "SELECT nope")

    assert fine.json()["data"] == [[1]]
    assert fine.headers["X-ClickHouse-Format"] == "JSONCompact"
    assert fine.headers["X-ClickHouse-Query-Id"] == "mine"
    assert fine.headers["X-ClickHouse-Timezone"] == "UTC"
    assert "read_rows" in fine.headers["X-ClickHouse-Summary"]
    assert wrong.status_code == 404
    assert wrong.headers["X-ClickHouse-Exception-Code"] == "47"
    assert wrong.text.startswith("Code: 47. DB::Exception: ")


@pytest.mark.parametrize(
    ("text", "parameters", "answer"),
    [
        ("SELECT 1, 'a'", {}, "1\ta\n"),
        ("", {"query": "SELECT 2"}, "2\n"),
        ("3", {"query": "SELECT"}, "3\n"),
        ("SELECT 4 AS a", {"default_format": "JSONEachRow"}, '{"a":4}\n'),
        ("SELECT {x:UInt8}", {"param_x": "5"}, "5\n"),
        ("SELECT currentDatabase()", {"database": "system"}, "system\n"),
        ("SELECT 1 AS a WHERE 0 FORMAT CSVWithNames", {}, '"a"\n'),
        ("SHOW DATABASES LIKE 'system'", {}, "system\n"),
        ("SELECT number, 1 FROM numbers(1) GROUP BY 1 WITH TOTALS", {}, "0\t1\n\n0\t1\n"),
    ],
)
def test_a_statement_is_read_as_curl_sends_it(
    clickhouse: ClickHouse, text: str, parameters: dict[str, str], answer: str
) -> None:
    assert post(clickhouse.url, text, **parameters).text == answer


def test_a_get_changes_nothing(clickhouse: ClickHouse) -> None:
    address = address_of(clickhouse.url)
    answer = httpx.get(
        address.place,
        params={"query": "CREATE DATABASE by_get"},
        auth=address.login,
    )

    assert answer.headers["X-ClickHouse-Exception-Code"] == "164"


@pytest.mark.parametrize("how", ["basic", "headers", "query"])
def test_a_user_is_known_by_each_way_to_say_a_password(clickhouse: ClickHouse, how: str) -> None:
    address = address_of(clickhouse.url)
    user, password = address.login
    said: dict[str, dict[str, Any]] = {
        "basic": {"auth": (user, password)},
        "headers": {"headers": {"X-ClickHouse-User": user, "X-ClickHouse-Key": password}},
        "query": {"params": {"user": user, "password": password}},
    }

    answer = httpx.post(address.place, content="SELECT 1", **said[how])

    assert answer.text == "1\n"


def test_our_client_inserts_synchronously(client: Client) -> None:
    answer = client.query("SELECT getSetting('async_insert')").result_rows

    assert answer == [(False,)]


def test_ping_needs_no_password(clickhouse: ClickHouse) -> None:
    address = address_of(clickhouse.url)

    answer = httpx.get(f"{address.place}/ping")

    assert answer.text == "Ok.\n"


@pytest.mark.parametrize(
    ("output_format", "body"),
    [("CSV", b"1,NL\n2,BE\n"), ("JSONEachRow", b'{"id":1,"cpo":"NL"}\n{"id":2,"cpo":"BE"}')],
)
def test_rows_can_be_inserted_as_text(client: Client, output_format: str, body: bytes) -> None:
    client.raw_insert("cdr", ["id", "cpo"], body, fmt=output_format)
    client.raw_insert(
        "cdr", ["id", "cpo"], gzip.compress(body), fmt=output_format, compression="gzip"
    )

    rows = client.query("SELECT id, cpo, count() FROM cdr GROUP BY 1, 2 ORDER BY 1").result_rows
    assert rows == [(1, "NL", 2), (2, "BE", 2)]


def test_values_and_selects_can_be_inserted(client: Client) -> None:
    client.command("INSERT INTO cdr (id, cpo) VALUES (1, 'NL'), (2, 'B;E')")
    client.command("INSERT INTO cdr (id, cpo) SELECT id + 10, cpo FROM cdr")

    assert client.command("SELECT count(), max(id) FROM cdr") == ["4", "12"]


def test_a_body_that_breaks_off_inserts_nothing(clickhouse: ClickHouse, client: Client) -> None:
    whole = client.raw_query("SELECT number AS id FROM numbers(1000)", fmt="Native")
    address = address_of(clickhouse.url)

    answer = httpx.post(
        address.place,
        params={"query": f"INSERT INTO {client.database}.cdr (id) FORMAT Native"},
        content=whole[:500],
        auth=address.login,
    )

    assert answer.headers["X-ClickHouse-Exception-Code"] == "33"
    assert client.command("SELECT count() FROM cdr") == 0


def test_pandas_reads_money_exactly(client: Client) -> None:
    insert(client, ROW)

    frame = client.query_df("SELECT id, cpo, amount, at FROM cdr")

    assert isinstance(frame, pd.DataFrame)
    assert frame["amount"].tolist() == [MONEY]
    assert frame["cpo"].tolist() == ["NL*TNM"]


def test_the_asynchronous_client_works(clickhouse: ClickHouse, client: Client) -> None:
    address = address_of(clickhouse.url)

    async def ask() -> list[Any]:
        asking = await clickhouse_connect.get_async_client(
            interface=address.interface,
            host=address.host,
            port=address.port,
            username=address.user,
            password=address.password,
            database=client.database,
            autogenerate_session_id=False,
            tz_mode="aware",
        )
        await asking.insert("cdr", [ROW], column_names=list(COLUMNS))
        answers = await asyncio.gather(*(asking.query("SELECT * FROM cdr") for _ in range(8)))
        await asking.close()
        return [answer.result_rows for answer in answers]

    assert asyncio.run(ask()) == [[tuple(ROW)]] * 8


@pytest.mark.parametrize(("user", "password"), [(None, "wrong"), ("nobody-of-ours", "")])
def test_a_wrong_user_or_password_is_refused(
    clickhouse: ClickHouse, user: str | None, password: str
) -> None:
    address = address_of(clickhouse.url)

    answer = httpx.post(
        address.place,
        content="SELECT 1",
        auth=(user or address.user, password),
    )

    assert answer.status_code in {401, 403}
    assert answer.headers["X-ClickHouse-Exception-Code"] == "516"
