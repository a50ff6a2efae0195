"""The ClickHouse engine (chDB) of this process: one handle a statement.

Rule: the only file that imports chdb. A handle keeps its own USE and SET, so none is used twice.
`send_insert` is not used: chDB 26.9 answers fine where a CHECK refused every row.
"""

import contextlib
import re
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path
from typing import Any

import chdb
import msgspec

from settlement.clickhouse.local.reply import EngineError, Summary, engine_error, our_error
from settlement.clickhouse.local.vocabulary import CatalogueFunction, Vocabulary, vocabulary

_SETTING_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*")


class Statement(msgspec.Struct, frozen=True):
    """One statement as the engine gets it."""

    text: str
    format: str
    database: str
    settings: Mapping[str, str]
    parameters: Mapping[str, str]


class Engine:
    """The open data directory. One per process, one process per directory."""

    def __init__(self, path: Path) -> None:
        """Open the data; raises EngineError, also where another process has it open."""
        try:
            self._keep = chdb.connect(str(path))  # open handles keep the engine alive
        except RuntimeError as raised:
            raise engine_error(str(raised)) from raised
        self._path = path
        self.version = self.value("SELECT version()")

    def close(self) -> None:
        """Close the engine; unfinished statements must have ended."""
        self._keep.close()

    def value(self, text: str) -> str:
        """Run a statement of our own that gives one value."""
        return self.run(Statement(text, "TabSeparatedRaw", "", {}, {}))[0].decode().strip()

    def run(self, statement: Statement) -> tuple[bytes, Summary]:
        """Run a statement to its end and give its whole result. Raises EngineError."""
        with self._handle(statement) as handle, _as_engine_error():
            result = handle.query(
                statement.text, statement.format, params=dict(statement.parameters)
            )
            body = bytes(result.bytes())
            return body, Summary(
                read_rows=result.storage_rows_read(),
                read_bytes=result.storage_bytes_read(),
                written_rows=result.rows_written(),
                written_bytes=result.bytes_written(),
                result_rows=result.rows_read(),
                result_bytes=len(body),
                elapsed_ns=int(result.elapsed() * 1e9),
            )

    def stream(self, statement: Statement) -> Generator[bytes, None, None]:
        """Run a SELECT and give its blocks, each as a document of the format.

        Nothing runs before the first block is asked for. Closing the iterator ends the query.
        """
        with self._handle(statement) as handle, _as_engine_error():
            blocks = handle.send_query(
                statement.text, statement.format, params=dict(statement.parameters)
            )
            with blocks:
                for block in blocks:
                    yield bytes(block.bytes())

    def statement_count(self, text: str) -> tuple[str, int]:
        """Give the engine's own opinion: what kind of statement, and how many."""
        opinion = self._keep._conn.classify_query(text)  # noqa: SLF001 - chdb has no other name
        return opinion["query_class"].name, opinion["statement_count"]

    def cancel(self, tag: str) -> None:
        """End the running statements that carry this tag in `log_comment`."""
        self._kill(f"= {_quoted(tag)}")

    def cancel_all(self) -> None:
        """End all running statements that carry a tag."""
        self._kill("!= ''")

    def _kill(self, which: str) -> None:
        with contextlib.suppress(EngineError):
            self.value(f"KILL QUERY WHERE Settings['log_comment'] {which} ASYNC")

    def reader_vocabulary(self) -> Vocabulary:
        """Choose from this engine's catalogue what the reader may call."""
        rows = self._lines(
            "SELECT name, alias_to, categories, is_aggregate FROM system.functions"
            " WHERE origin = 'System'"
        )
        return vocabulary(
            functions=[CatalogueFunction(n, a, c, g == "1") for n, a, c, g in rows],
            table_functions=[n for (n,) in self._lines("SELECT name FROM system.table_functions")],
            types=[n for (n,) in self._lines("SELECT name FROM system.data_type_families")],
        )

    def _lines(self, text: str) -> list[list[str]]:
        body, _ = self.run(Statement(text, "TabSeparatedRaw", "", {}, {}))
        return [line.split("\t") for line in body.decode().splitlines()]

    @contextlib.contextmanager
    def _handle(self, statement: Statement) -> Iterator[Any]:
        """Open a handle with the statement's database and settings."""
        with _as_engine_error():
            handle = chdb.connect(str(self._path))
        try:
            with _as_engine_error():
                if statement.database:
                    handle.query(f"USE {_quoted_name(statement.database)}")
                if statement.settings:
                    handle.query(f"SET {_assignments(statement.settings)}")
            yield handle
        finally:
            handle.close()


@contextlib.contextmanager
def _as_engine_error() -> Iterator[None]:
    try:
        yield
    except EngineError:
        raise
    except RuntimeError as raised:
        raise engine_error(str(raised)) from raised


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _quoted_name(name: str) -> str:
    return "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"


def _assignments(settings: Mapping[str, str]) -> str:
    for name in settings:
        if not _SETTING_NAME.fullmatch(name):
            raise our_error(115, f"Unknown setting '{name}'")
    return ", ".join(f"{name} = {_quoted(value)}" for name, value in settings.items())
