"""Numbered forward-only SQL migrations of one generation's database.

Rule: a file that was applied never changes. Statements can be run again (IF NOT EXISTS,
CREATE OR REPLACE VIEW): a file that was applied half before a kill is applied again, whole.
"""

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import msgspec
from clickhouse_connect.driver.exceptions import DatabaseError

from settlement.cli.exit import Unusable
from settlement.clickhouse.client import Client, connect, error_text
from settlement.clickhouse.sql_tokens import UnreadableSql, split_statements

FOLDER = Path(__file__).parent / "migrations"
VIEWS = "settlement"
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class Migration(msgspec.Struct, frozen=True):
    """One file: its number, its name, its text as it stands in the file."""

    number: int
    name: str
    text: str

    @property
    def sha256(self) -> str:
        """Give the checksum that is recorded with the application."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def database_of(generation: int) -> str:
    """Name the database of a generation (blueprint 5.7)."""
    return f"settlement_g{generation}"


def read_migrations(folder: Path = FOLDER) -> list[Migration]:
    """Read the files in the order of their numbers, which are 1, 2, 3 and so on."""
    found = []
    for path in sorted(folder.glob("*.sql")):
        match = _NAME.fullmatch(path.name)
        if match is None:
            raise Unusable(f"{path.name} is not named like 0001_what_it_makes.sql")
        found.append(Migration(int(match[1]), path.stem, path.read_text(encoding="utf-8")))
    for number, migration in enumerate(found, start=1):
        if migration.number != number:
            raise Unusable(f"migration {number:04} is missing or there twice")
    return found


def migrate(*, url: str, generation: int = 1, folder: Path = FOLDER) -> list[str]:
    """Apply what is not applied yet and give the names of what was.

    Raises Unusable where an applied file has changed, where the database knows a migration
    that the code does not, and where a statement fails; ClickHouseUnreachable where nothing
    answers. Two runs at once apply the same statements twice, which changes nothing.
    """
    migrations = read_migrations(folder)
    database = database_of(generation)
    client = connect(url)
    _command(client, "schema_migration", f"CREATE DATABASE IF NOT EXISTS {database}")
    _command(client, "schema_migration", f"CREATE DATABASE IF NOT EXISTS {VIEWS}")
    _command(client, "schema_migration", _RECORD.format(database=database))
    applied = _applied(client, database)
    _check_applied(migrations, applied, database)
    done = []
    for migration in migrations:
        if migration.name not in applied:
            for statement in statements(migration, database=database):
                _command(client, migration.name, statement)
            client.insert(
                "schema_migration",
                [[migration.number, migration.name, migration.sha256]],
                database=database,
                column_names=["number", "name", "sha256"],
            )
            done.append(migration.name)
    return done


def statements(migration: Migration, *, database: str) -> list[str]:
    """Give a migration's statements with the names of the databases filled in."""
    text = migration.text.replace("{database}", database).replace("{views}", VIEWS)
    try:
        return split_statements(text)
    except UnreadableSql as unreadable:
        raise Unusable(f"{migration.name}: {unreadable}") from unreadable


_RECORD = """
CREATE TABLE IF NOT EXISTS {database}.schema_migration
(
    number       UInt16 COMMENT 'Number of the file',
    name         String COMMENT 'Name of the file without .sql',
    sha256       String COMMENT 'Checksum of the file when it was applied',
    applied_time DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When it was done'
)
ENGINE = ReplacingMergeTree
ORDER BY (number, name, sha256)
COMMENT 'One row a migration that was applied to its end'
"""


def _applied(client: Client, database: str) -> dict[str, set[str]]:
    """Read the checksums under which each migration was applied."""
    rows = client.query(
        f"SELECT DISTINCT name, sha256 FROM {database}.schema_migration"
    ).result_rows
    applied: dict[str, set[str]] = {}
    for name, sha256 in rows:
        applied.setdefault(name, set()).add(sha256)
    return applied


def _check_applied(
    migrations: Iterable[Migration], applied: dict[str, set[str]], database: str
) -> None:
    known = {migration.name: migration for migration in migrations}
    if newer := sorted(applied.keys() - known.keys()):
        raise Unusable(
            f"the database {database} is newer than this program: it has {', '.join(newer)}"
        )
    for name, checksums in sorted(applied.items()):
        if checksums != {known[name].sha256}:
            raise Unusable(
                f"the migration {name}.sql has changed since it was applied to {database}: "
                "put it back and write the change into a new file"
            )


def _command(client: Client, name: str, statement: str) -> None:
    try:
        client.command(statement)
    except DatabaseError as error:
        raise Unusable(f"the migration {name} failed: {error_text(error)}") from error
