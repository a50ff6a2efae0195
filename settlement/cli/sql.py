"""`settle sql "SELECT ..."`: query the settlement tables as the reader.

Rule: only chooses how a result is shown; what may be asked is the server's business.
"""

import contextlib
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from settlement.cli.exit import Unusable
from settlement.cli.services import DataDir, clickhouse_reader_url

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

PRETTY_ROWS = 1000  # more than anyone reads on a screen


class Format(StrEnum):
    """How a result is shown."""

    PRETTY = "pretty"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def sql(
    statement: Annotated[str, typer.Argument(help="The statement; - reads it from stdin.")],
    data: DataDir,
    output_format: Annotated[
        Format, typer.Option("--format", help="How to show the result.")
    ] = Format.PRETTY,
    output: Annotated[
        Path | None, typer.Option("--output", metavar="FILE", help="Write it to a file.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Query the settlement tables as the reader; decimals are exact in every format."""
    chosen = Format.JSON if as_json else output_format
    if chosen is Format.PARQUET and output is None and sys.stdout.isatty():
        raise Unusable("parquet is not for a screen: name a file with --output")
    text = sys.stdin.read() if statement == "-" else statement
    if not text.strip():
        raise Unusable("the statement is empty: give a SELECT, SHOW, DESCRIBE or EXPLAIN")
    url = clickhouse_reader_url(data)

    from clickhouse_connect.driver.exceptions import (  # noqa: PLC0415 - takes 200 ms
        ClickHouseError,
    )

    from settlement.clickhouse.client import error_text  # noqa: PLC0415 - likewise
    from settlement.clickhouse.query import connect_reader  # noqa: PLC0415 - likewise

    try:
        with _target(output) as target:
            for part in _parts(connect_reader(url), text, chosen, target):
                target.write(part)
            target.flush()
    except ClickHouseError as error:
        raise Unusable(error_text(error)) from error
    except BrokenPipeError:
        # Whoever read has enough (`| head`); nothing may be flushed into the pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _target(output: Path | None) -> Iterator[IO[bytes]]:
    """Give stdout, or a file that takes its name only when it is complete."""
    if output is None:
        yield sys.stdout.buffer
        return
    draft = output.with_name(f"{output.name}.part")
    try:
        with draft.open("wb") as file:
            yield file
        draft.replace(output)
    except OSError as error:
        raise Unusable(f"{output} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)


def _parts(client: "Client", text: str, chosen: Format, target: IO[bytes]) -> Iterator[bytes]:
    from settlement.clickhouse.query import read_document  # noqa: PLC0415 - as above

    if chosen is Format.CSV:
        return read_document(client, text, "CSVWithNames")
    if chosen is Format.PARQUET:
        return read_document(client, text, "Parquet")
    if chosen is Format.JSON:
        return _json_parts(client, text)
    return iter([_pretty(client, text, is_screen=target.isatty())])


def _json_parts(client: "Client", text: str) -> Iterator[bytes]:
    """Give one array with an object a row."""
    from settlement.clickhouse.query import plain, read_rows  # noqa: PLC0415 - as above

    with read_rows(client, text) as rows:
        names = [column.name for column in rows.columns]
        separator = "[\n"
        for block in rows.blocks:
            lines = (
                json.dumps(dict(zip(names, map(plain, row), strict=True)), ensure_ascii=False)
                for row in block
            )
            yield (separator + ",\n".join(lines)).encode()
            separator = ",\n"
        yield b"[]\n" if separator == "[\n" else b"\n]\n"


def _pretty(client: "Client", text: str, *, is_screen: bool) -> bytes:
    from settlement.clickhouse.query import read_rows  # noqa: PLC0415 - as above

    with read_rows(client, text) as rows:
        shown: list[list[str]] = []
        more = False
        for row in (row for block in rows.blocks for row in block):
            if len(shown) == PRETTY_ROWS:
                more = True
                break
            shown.append([_cell(value) for value in row])
        names = [column.name for column in rows.columns]
        numbers = [column.is_number for column in rows.columns]
    if not shown:
        print("no rows", file=sys.stderr)
    if more:
        print(
            f"The first {PRETTY_ROWS} rows; all of them: --format csv --output FILE",
            file=sys.stderr,
        )
    return _render(names, numbers, shown, is_screen=is_screen)


def _render(
    names: list[str], numbers: list[bool], shown: list[list[str]], *, is_screen: bool
) -> bytes:
    """Draw a table, or one field a line where a table is wider than the screen."""
    from rich import box  # noqa: PLC0415 - 40 ms
    from rich.console import Console  # noqa: PLC0415 - likewise
    from rich.table import Table  # noqa: PLC0415 - likewise
    from rich.text import Text  # noqa: PLC0415 - likewise

    if not names:
        return b""
    screen = Console().width if is_screen else sys.maxsize
    width = sum(_width(column) + 3 for column in zip(names, *shown, strict=True))
    if width > screen:
        return _fields(names, shown)
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, is_number in zip(names, numbers, strict=True):
        table.add_column(Text(name), justify="right" if is_number else "left", no_wrap=True)
    for row in shown:
        table.add_row(*map(Text, row))
    drawn = io.StringIO()
    Console(file=drawn, width=width + 4, force_terminal=is_screen).print(table)
    return "".join(f"{line.rstrip()}\n" for line in drawn.getvalue().splitlines()).encode()


def _width(column: Iterable[str]) -> int:
    from rich.cells import cell_len  # noqa: PLC0415 - as above

    return max(map(cell_len, column))


def _fields(names: list[str], shown: list[list[str]]) -> bytes:
    left = _width(names)
    blocks = (
        "\n".join(f"{name:<{left}}  {value}" for name, value in zip(names, row, strict=True))
        for row in shown
    )
    return ("\n\n".join(blocks) + "\n").encode()


def _cell(value: Any) -> str:
    """Write a value on one line; a missing one is empty."""
    from settlement.clickhouse.query import plain  # noqa: PLC0415 - as above

    ready = plain(value)
    if ready is None:
        return ""
    text = ready if isinstance(ready, str) else json.dumps(ready, ensure_ascii=False)
    return text.replace("\n", "\\n").replace("\r", "\\r")
