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
_GENERATION = re.compile(r"\bsettlement_g(\d+)\b")


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
    """Name the database of a generation."""
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
    The views are made for the first generation alone; a later one is shown by `point_views`.
    """
    migrations = read_migrations(folder)
    database = database_of(generation)
    client = connect(url)
    is_live = live_generation(client) in {None, generation}
    _command(client, "schema_migration", f"CREATE DATABASE IF NOT EXISTS {database}")
    _command(client, "schema_migration", f"CREATE DATABASE IF NOT EXISTS {VIEWS}")
    _command(client, "schema_migration", _RECORD.format(database=database))
    applied = _applied(client, database)
    _check_applied(migrations, applied, database)
    done = []
    for migration in migrations:
        if migration.name not in applied:
            for statement in statements(migration):
                if is_live or not statement.makes_view:
                    _command(client, migration.name, statement.of(database))
            client.insert(
                "schema_migration",
                [[migration.number, migration.name, migration.sha256]],
                database=database,
                column_names=["number", "name", "sha256"],
            )
            done.append(migration.name)
    return done


def pending(client: Client, *, generation: int, folder: Path = FOLDER) -> list[str]:
    """Name the migrations that a generation's database lacks: a run that was cut off, or older."""
    database = database_of(generation)
    has_record = client.query(
        "SELECT count() FROM system.tables "
        "WHERE database = {database:String} AND name = 'schema_migration'",
        parameters={"database": database},
    ).result_rows[0][0]
    applied = _applied(client, database) if has_record else {}
    return [one.name for one in read_migrations(folder) if one.name not in applied]


class Template(msgspec.Struct, frozen=True):
    """A statement before the names of the databases are filled in."""

    text: str

    @property
    def makes_view(self) -> bool:
        """Tell whether it is about the database of views, which shows one generation."""
        return "{views}" in self.text

    def of(self, database: str) -> str:
        """Give the statement for one generation's database."""
        return self.text.replace("{database}", database).replace("{views}", VIEWS)


def statements(migration: Migration) -> list[Template]:
    """Split a migration into its statements."""
    try:
        return [Template(text) for text in split_statements(migration.text)]
    except UnreadableSql as unreadable:
        raise Unusable(f"{migration.name}: {unreadable}") from unreadable


def live_generation(client: Client) -> int | None:
    """Find the generation that the views show; None where there are no views."""
    views = client.query(
        "SELECT as_select FROM system.tables WHERE database = {views:String} ORDER BY name",
        parameters={"views": VIEWS},
    ).result_rows
    for (query,) in views:
        if match := _GENERATION.search(query):
            return int(match[1])
    return None


def point_views(*, url: str, generation: int, folder: Path = FOLDER) -> None:
    """Let the views show a generation whose migrations are applied: the switch."""
    client = connect(url)
    for migration in read_migrations(folder):
        for statement in statements(migration):
            if statement.makes_view:
                _command(client, migration.name, statement.of(database_of(generation)))


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
