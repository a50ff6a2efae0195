"""What our tables, the sink and the reader need of ClickHouse, whichever server it is.

Rule: as tests/integration/test_clickhouse_contract.py; a generation of its own is made and
dropped, and `CLICKHOUSE_READER_URL` names the read-only user of a real server.
"""

import socket
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from settlement.clickhouse.migrate import VIEWS, database_of, live_generation, migrate
from settlement.clickhouse.query import connect_reader
from streams.generation import generations
from streams.rows import Row
from streams.store import CONTENT_CODES, Store, is_content, split_by_month
from tests.builders import a_cdr_document
from tests.integration.clickhouse_fixture import ClickHouse
from tests.integration.rig import _text
from tests.pipeline.documents import awkward_documents
from tests.pipeline.inbox import Inbox, a_decision, a_sent

pytestmark = [pytest.mark.clickhouse, pytest.mark.timeout(180)]
FIRST_GENERATION = 60_000
MONTHS = 120  # more than one insert may reach
TABLES = sorted(
    {
        "cdr_outcome",
        "cdr_settled",
        "dead_letter",
        "dead_letter_decision",
        "document_outcome",
        "document_received",
        "location_current",
        "session_current",
        "tariff_version",
    }
)


@pytest.fixture(scope="module")
def generation(clickhouse: ClickHouse) -> Iterator[int]:
    """Give a migrated generation that nobody else has."""
    client = clickhouse.client()
    was_live = live_generation(client)
    number = max([FIRST_GENERATION, *generations(client)]) + 1
    migrate(url=clickhouse.url, generation=number)
    yield number
    client.command(f"DROP DATABASE {database_of(number)} SYNC")
    if was_live is None:  # then the views were made for it
        client.command(f"DROP DATABASE {VIEWS} SYNC")


@pytest.fixture
def store(clickhouse: ClickHouse, generation: int) -> Store:
    return Store(client=clickhouse.client(), database=database_of(generation), topics=[])


def rows_of(clickhouse: ClickHouse, generation: int, table: str, like: Row) -> list[str]:
    columns = sorted(like)
    named = ", ".join(f"`{column}`" for column in columns)
    found = clickhouse.client().query(
        f"SELECT {named} FROM {database_of(generation)}.{table} FINAL",
        column_formats={"body": "bytes"} if "body" in like else None,
    )
    return sorted(_text(dict(zip(columns, row, strict=True)), columns) for row in found.result_rows)


def a_cdr_row(cdr_id: str, **changes: object) -> Row:
    row = Inbox().receive(a_sent("cdrs", "POST", a_cdr_document(id=cdr_id))).cdr(cdr_id)
    return {**row, **changes}


@pytest.mark.parametrize("table", TABLES)
def test_a_table_gives_back_what_the_sink_puts_in_however_often(
    clickhouse: ClickHouse, generation: int, store: Store, table: str
) -> None:
    rows = Inbox().receive(*awkward_documents(), a_decision("DROP", 0)).rows(table)
    if table == "dead_letter_decision":
        unreadable = a_sent("cdrs", "POST", b"{", object_id="BROKEN")
        rows = Inbox().receive(unreadable, a_decision("DROP", 0)).rows(table)
    clickhouse.client().command(f"TRUNCATE TABLE {database_of(generation)}.{table}")

    store._insert(table, rows)
    store._insert(table, rows)

    expected = sorted(_text(row, sorted(row)) for row in rows)
    assert expected
    assert expected == rows_of(clickhouse, generation, table, rows[0])


def test_rows_of_more_months_than_an_insert_may_reach_all_arrive(
    clickhouse: ClickHouse, generation: int, store: Store
) -> None:
    months = [date(2015 + number // 12, number % 12 + 1, 1) for number in range(MONTHS)]
    rows = [a_cdr_row(f"MONTH-{number}", month=month) for number, month in enumerate(months)]

    with pytest.raises(DatabaseError) as refused:
        store._insert("cdr_settled", rows)
    for part in split_by_month([(row, None) for row in rows]):
        store._insert("cdr_settled", [row for row, _ in part])

    assert refused.value.code == 252
    ((count,),) = (
        clickhouse.client()
        .query(
            f"SELECT uniqExact(month) FROM {database_of(generation)}.cdr_settled "
            "WHERE startsWith(cdr_key, 'MONTH-')"
        )
        .result_rows
    )
    assert count == MONTHS


@pytest.mark.parametrize(
    "changes",
    [{"posting.amount": [Decimal(1), Decimal(1)]}, {"payable": Decimal(7)}],
    ids=["postings", "spread"],
)
def test_a_row_that_breaks_a_law_of_the_table_is_refused_for_its_content(
    store: Store, changes: dict[str, object]
) -> None:
    with pytest.raises(DatabaseError) as refused:
        store._insert("cdr_settled", [a_cdr_row("BROKEN-LAW", **changes)])

    assert refused.value.code in CONTENT_CODES
    assert is_content(refused.value)


def test_a_sum_of_money_is_exact(clickhouse: ClickHouse, generation: int, store: Store) -> None:
    claim = Decimal("1234567890.123456789012345678")
    spread: Row = {"payable": claim, "held": Decimal(0), "claimed_before_taxes": claim}
    postings: Row = {"posting.account": [], "posting.amount": []}
    rows = [a_cdr_row(f"SUM-{number}", **spread, **postings) for number in range(1_000)]

    store._insert("cdr_settled", rows)

    ((total,),) = (
        clickhouse.client()
        .query(
            f"SELECT sum(payable) FROM {database_of(generation)}.cdr_settled FINAL "
            "WHERE startsWith(cdr_key, 'SUM-')"
        )
        .result_rows
    )
    assert total == claim * 1_000


def test_what_reads_can_neither_write_nor_fetch(clickhouse: ClickHouse, generation: int) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    place = f"127.0.0.1:{listener.getsockname()[1]}"
    reader = connect_reader(clickhouse.reader_url)
    table = f"{database_of(generation)}.cdr_settled"
    before = clickhouse.client().command(f"SELECT count() FROM {table}")
    statements = [
        f"INSERT INTO {table} (cpo) VALUES ('XX*XXX')",
        f"DROP TABLE {table}",
        f"ALTER TABLE {table} DELETE WHERE 1",
        f"TRUNCATE TABLE {table}",
        "CREATE DATABASE of_a_reader",
        "SET readonly = 0",
        "SELECT 1 SETTINGS readonly = 0",
        "SELECT 1 INTO OUTFILE 'of-a-reader.csv'",
        f"SELECT * FROM url('http://{place}/x', CSV, 'a String')",
        f"SELECT * FROM remote('{place}', system.one)",
        "SELECT * FROM file('/etc/hostname', LineAsString)",
        "SELECT 1; SELECT 2",
    ]

    for statement in statements:
        with pytest.raises(DatabaseError):
            reader.command(statement)

    assert reader.command(f"SELECT count() FROM {table}") == before
    with pytest.raises(BlockingIOError):
        listener.accept()
    listener.close()
