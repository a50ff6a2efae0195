"""Migrations, applied to the real engine."""

import re
from pathlib import Path

import pytest

from settlement.cli.exit import Unusable
from settlement.clickhouse.client import Client
from settlement.clickhouse.migrate import (
    database_of,
    live_generation,
    migrate,
    point_views,
    read_migrations,
)
from tests.integration.clickhouse_fixture import ClickHouse

pytestmark = [pytest.mark.clickhouse, pytest.mark.timeout(180)]

TABLE = """-- A table; with a semicolon in its comment.
CREATE TABLE IF NOT EXISTS {database}.thing (a UInt8 COMMENT 'a; {b}') ENGINE = ReplacingMergeTree
ORDER BY a COMMENT 'One row a thing';
CREATE OR REPLACE VIEW {database}.thing_now AS SELECT a FROM {database}.thing FINAL;
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_thing.sql").write_text(TABLE)
    return tmp_path


@pytest.fixture
def generation(clickhouse: ClickHouse) -> int:
    """Give a generation that has no database yet."""
    found = clickhouse.client().query("SHOW DATABASES LIKE 'settlement_g%'").result_rows
    return max((int(name.removeprefix("settlement_g")) for (name,) in found), default=100) + 1


@pytest.fixture
def client(clickhouse: ClickHouse) -> Client:
    return clickhouse.client()


def test_what_was_applied_is_not_applied_again(
    clickhouse: ClickHouse, client: Client, folder: Path, generation: int
) -> None:
    first = migrate(url=clickhouse.url, generation=generation, folder=folder)
    (folder / "0002_more.sql").write_text(
        "ALTER TABLE {database}.thing ADD COLUMN IF NOT EXISTS b String;"
    )
    second = migrate(url=clickhouse.url, generation=generation, folder=folder)
    third = migrate(url=clickhouse.url, generation=generation, folder=folder)

    assert (first, second, third) == (["0001_thing"], ["0002_more"], [])
    rows = client.query(
        f"SELECT number, name, length(sha256) FROM {database_of(generation)}.schema_migration"
        " ORDER BY number"
    ).result_rows
    assert rows == [(1, "0001_thing", 64), (2, "0002_more", 64)]


def test_a_comment_with_braces_stays_as_it_is(
    clickhouse: ClickHouse, client: Client, folder: Path, generation: int
) -> None:
    migrate(url=clickhouse.url, generation=generation, folder=folder)

    comment = client.query(
        "SELECT comment FROM system.columns WHERE database = {d:String} AND table = 'thing'",
        parameters={"d": database_of(generation)},
    ).result_rows
    assert comment == [("a; {b}",)]


def test_a_file_that_changed_after_it_was_applied_is_refused_by_name(
    clickhouse: ClickHouse, folder: Path, generation: int
) -> None:
    migrate(url=clickhouse.url, generation=generation, folder=folder)
    (folder / "0001_thing.sql").write_text(TABLE + "-- changed\n")

    with pytest.raises(Unusable, match=r"0001_thing\.sql has changed"):
        migrate(url=clickhouse.url, generation=generation, folder=folder)


def test_a_database_that_is_newer_than_the_code_is_refused(
    clickhouse: ClickHouse, folder: Path, generation: int
) -> None:
    later = folder / "0002_later.sql"
    later.write_text("SELECT 1;")
    migrate(url=clickhouse.url, generation=generation, folder=folder)
    later.unlink()

    with pytest.raises(Unusable, match="newer than this program: it has 0002_later"):
        migrate(url=clickhouse.url, generation=generation, folder=folder)


def test_a_migration_that_failed_half_way_is_applied_whole_the_next_time(
    clickhouse: ClickHouse, client: Client, folder: Path, generation: int
) -> None:
    whole = TABLE + "CREATE TABLE IF NOT EXISTS {database}.other (a Int8) ENGINE = Memory;"
    (folder / "0001_thing.sql").write_text(TABLE + "CREATE TABLE nonsense;")
    with pytest.raises(Unusable, match="0001_thing failed: Code: "):
        migrate(url=clickhouse.url, generation=generation, folder=folder)
    (folder / "0001_thing.sql").write_text(whole)

    applied = migrate(url=clickhouse.url, generation=generation, folder=folder)

    assert applied == ["0001_thing"]
    tables = client.query(f"SHOW TABLES FROM {database_of(generation)}").result_rows
    assert {name for (name,) in tables} == {"other", "schema_migration", "thing", "thing_now"}


def test_generations_stand_beside_each_other(
    clickhouse: ClickHouse, client: Client, folder: Path, generation: int
) -> None:
    migrate(url=clickhouse.url, generation=generation, folder=folder)
    migrate(url=clickhouse.url, generation=generation + 1, folder=folder)

    client.command(f"INSERT INTO {database_of(generation)}.thing VALUES (1)")

    assert client.command(f"SELECT count() FROM {database_of(generation + 1)}.thing_now") == 0


@pytest.mark.parametrize("name", ["thing.sql", "1_thing.sql", "0002_Thing.sql", "0003_thing.sql"])
def test_files_are_numbered_without_a_gap(folder: Path, name: str) -> None:
    (folder / name).write_text("SELECT 1;")

    with pytest.raises(Unusable, match=re.escape(name) + "|0002"):
        read_migrations(folder)


def test_the_real_migrations_make_tables_with_comments_throughout(
    clickhouse: ClickHouse, client: Client, generation: int
) -> None:
    migrate(url=clickhouse.url)

    applied = migrate(url=clickhouse.url, generation=generation)

    assert applied == [migration.name for migration in read_migrations()]
    bare = client.query(
        "SELECT table || '.' || name FROM system.columns"
        " WHERE database = {d:String} AND comment = '' AND table IN"
        " (SELECT name FROM system.tables WHERE database = {d:String} AND engine != 'View')"
        " UNION ALL SELECT name FROM system.tables WHERE database = {d:String} AND comment = ''",
        parameters={"d": database_of(generation)},
    ).result_rows
    assert bare == []


@pytest.mark.parametrize(
    ("table", "key", "column"),
    [("cdr_settled", "cdr_key", "session_id"), ("document_received", "object_key", "body")],
)
def test_a_part_of_24_mb_keeps_its_columns_in_one_file(
    clickhouse: ClickHouse, client: Client, generation: int, table: str, key: str, column: str
) -> None:
    migrate(url=clickhouse.url, generation=generation)
    database = database_of(generation)

    for first in (0, 12):
        client.command(
            f"INSERT INTO {database}.{table} (month, {key}, {column}) SELECT"
            f" '2024-11-01', toString(number), randomPrintableASCII(1000000)"
            f" FROM numbers({first}, 12)"
        )
    client.command(f"OPTIMIZE TABLE {database}.{table} FINAL")

    parts = client.query(
        "SELECT part_type, files < 20, data_uncompressed_bytes > 10485760 FROM system.parts"
        " WHERE active AND database = {d:String} AND table = {t:String}",
        parameters={"d": database, "t": table},
    ).result_rows
    assert parts == [("Compact", 1, 1)]


def test_the_views_show_the_first_generation_until_they_are_pointed_elsewhere(
    clickhouse: ClickHouse, client: Client, generation: int
) -> None:
    client.command("DROP DATABASE IF EXISTS settlement")  # as other tests of the run left it
    client.command("DROP DATABASE IF EXISTS settlement_g1")
    migrate(url=clickhouse.url)
    before = live_generation(client)
    migrate(url=clickhouse.url, generation=generation)
    beside = live_generation(client)

    point_views(url=clickhouse.url, generation=generation)
    after = live_generation(client)
    point_views(url=clickhouse.url, generation=1)

    assert (before, beside, after, live_generation(client)) == (1, 1, generation, 1)
