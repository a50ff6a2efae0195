"""What the tables promise to people: comments, merged reads, sums that cannot overflow."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from settlement.bounds import LARGEST, SCALE
from settlement.clickhouse.migrate import point_views
from tests.builders import a_cdr_document
from tests.integration.clickhouse_fixture import ClickHouse
from tests.integration.rig import Rig, a_rig
from tests.pipeline.inbox import Inbox, a_sent

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]
ROWS = 10**9


@pytest.fixture
def rig(kafka: str, clickhouse: ClickHouse, tmp_path: Path) -> Iterator[Rig]:
    with a_rig(brokers=kafka, clickhouse=clickhouse, folder=tmp_path) as running:
        yield running


def test_every_table_and_column_has_a_comment(rig: Rig) -> None:
    client = rig.clickhouse.client()
    places = f"database IN ('settlement', '{rig.database}')"

    columns = client.query(
        f"SELECT table, name FROM system.columns WHERE {places} AND comment = ''"
    )
    tables = client.query(
        f"SELECT name FROM system.tables WHERE {places} AND comment = '' "
        "AND name != 'schema_migration'"
    )

    assert [row for row in columns.result_rows if row[0] != "schema_migration"] == []
    assert tables.result_rows == []


def test_a_view_shows_one_row_a_cdr_though_nothing_was_merged(rig: Rig) -> None:
    client = rig.clickhouse.client()
    client.command(f"SYSTEM STOP MERGES {rig.database}.cdr_settled")
    row = Inbox().receive(a_sent("cdrs", "POST", a_cdr_document())).cdr("CDR-1")
    for version in (1, 2, 3):
        stored = {**row, "version": version, "verdict": f"verdict {version}"}
        client.insert(
            "cdr_settled",
            [list(stored.values())],
            column_names=list(stored),
            database=rig.database,
        )

    point_views(url=rig.clickhouse.url, generation=rig.generation)
    raw = client.query(f"SELECT count() FROM {rig.database}.cdr_settled").result_rows
    seen = rig.clickhouse.reader(database="settlement").query(
        "SELECT verdict, version FROM cdr_settled WHERE cdr_key = 'CDR-1'"
    )

    assert raw == [(3,)]
    assert [tuple(one) for one in seen.result_rows] == [("verdict 3", 3)]


def test_every_view_shows_the_last_version_alone_though_nothing_was_merged(rig: Rig) -> None:
    client = rig.clickhouse.client()
    point_views(url=rig.clickhouse.url, generation=rig.generation)
    keys = merged_tables(rig)
    for table, key in keys.items():
        client.command(f"SYSTEM STOP MERGES {rig.database}.{table}")
        insert_sample(rig, table, key=key, version=2)
    last = shown(rig)
    for table, key in keys.items():  # what is older comes later; a version in the key stays
        insert_sample(rig, table, key=key, version=2 if "version" in key else 1)

    stored = {
        table: client.query(f"SELECT count() FROM {rig.database}.{table}").result_rows[0][0]
        for table in keys
    }

    assert dict.fromkeys(keys, 2) == stored
    assert last == shown(rig)
    assert dict.fromkeys(last, 1) == {view: len(rows) for view, rows in last.items()}
    assert set(keys) == tables_read(rig), "a table that no view shows"


def merged_tables(rig: Rig) -> Mapping[str, list[str]]:
    """Give the tables whose rows replace older ones, each with the columns of its key."""
    found = rig.clickhouse.client().query(
        f"SELECT name, sorting_key FROM system.tables WHERE database = '{rig.database}' "
        "AND engine = 'ReplacingMergeTree' AND name != 'schema_migration'"
    )
    return {name: key.split(", ") for name, key in found.result_rows}


def tables_read(rig: Rig) -> set[str]:
    """Give the tables that the views read."""
    views = rig.clickhouse.client().query(
        "SELECT as_select FROM system.tables WHERE database = 'settlement'"
    )
    name = re.compile(rf"\b{rig.database}\.(\w+)")
    return {table for (query,) in views.result_rows for table in name.findall(query)}


def shown(rig: Rig) -> Mapping[str, list[Any]]:
    """Give all that people read: the rows of every view there is."""
    client = rig.clickhouse.reader(database="settlement")
    views = client.query("SELECT name FROM system.tables WHERE database = 'settlement'")
    return {
        view: list(client.query(f"SELECT * FROM {view}").result_rows)
        for (view,) in views.result_rows
    }


def insert_sample(rig: Rig, table: str, *, key: Sequence[str], version: int) -> None:
    """Insert a row in a part of its own; all texts but the key's tell the version."""
    client = rig.clickhouse.client()
    columns = client.query(
        f"SELECT name, type FROM system.columns WHERE database = '{rig.database}' "
        f"AND table = '{table}'"
    ).result_rows
    texts = {name: "'key'" if name in key else f"'version {version}'" for name, _ in columns}
    values = {name: sample(kind, text=texts[name]) for name, kind in columns}
    values["version"] = str(version)
    names = ", ".join(f"`{name}`" for name in values)
    client.command(
        f"INSERT INTO {rig.database}.{table} ({names}) SELECT {', '.join(values.values())}"
    )


def sample(kind: str, *, text: str) -> str:
    """Give an expression of a type: the text, or zero, or a list of one such value."""
    if inner := re.fullmatch(r"Array\((.*)\)", kind):
        return f"[{sample(inner[1], text=text)}]"
    if "String" in kind and not kind.startswith("Map"):
        return text
    quoted = kind.replace("'", "''")
    return f"defaultValueOfTypeName('{quoted}')"


def test_no_sum_over_a_billion_rows_can_overflow(rig: Rig) -> None:
    client = rig.clickhouse.client()

    found = client.query(
        f"SELECT name, type FROM system.columns WHERE database = '{rig.database}' "
        "AND type LIKE '%Decimal%'"
    )

    assert {"Decimal(38, 18)"} == {
        kind.removeprefix("Array(").removeprefix("Nullable(").rstrip(")") + ")"
        for _, kind in found.result_rows
    }
    assert Decimal(10) ** (38 - SCALE) > LARGEST * ROWS


def test_a_row_whose_postings_do_not_sum_to_zero_is_refused(rig: Rig) -> None:
    client = rig.clickhouse.client()
    row = Inbox().receive(a_sent("cdrs", "POST", a_cdr_document())).cdr("CDR-1")
    wrong = {**row, "posting.amount": [Decimal(1) for _ in row["posting.amount"]]}

    with pytest.raises(Exception, match="postings_sum_to_zero"):
        client.insert(
            "cdr_settled", [list(wrong.values())], column_names=list(wrong), database=rig.database
        )

    assert isinstance(row["month"], date)
    assert not isinstance(row["month"], datetime)
