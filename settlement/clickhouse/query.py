"""Reading a statement's result: whole documents of bytes, or rows with exact values.

Rule: read-only. A result is waited for by the server (`wait_end_of_query`), so that one that
fails half-way gives nothing instead of half.
"""

import contextlib
import datetime as dt
import decimal
import math
from collections.abc import Iterator, Sequence
from typing import Any, cast

import msgspec
from clickhouse_connect.driver.client import Client

from settlement.clickhouse.client import connect

DATABASE = "settlement"
_WHOLE = {"wait_end_of_query": "1"}
_MAX_JSON_INTEGER = 2**53  # beyond it, a reader of JSON that uses doubles loses digits
_CHUNK_BYTES = 1024 * 1024


class Column(msgspec.Struct, frozen=True):
    """A column of a result: its name and its ClickHouse type."""

    name: str
    type: str

    @property
    def is_number(self) -> bool:
        """Tell whether the values are numbers, which stand to the right."""
        bare = self.type.removeprefix("LowCardinality(").removeprefix("Nullable(")
        return bare.startswith(("Int", "UInt", "Decimal", "Float")) and "Interval" not in bare


class Rows(msgspec.Struct, frozen=True):
    """A result row by row; `blocks` is read once."""

    columns: list[Column]
    blocks: Iterator[Sequence[Sequence[Any]]]


def connect_reader(url: str) -> Client:
    """Connect for reading, in the database of the views; also where the user may write."""
    client = connect(url, database=DATABASE)
    setting = client.server_settings.get("readonly")
    if setting and setting.value == "0":
        client.set_client_setting("readonly", "1")
    return client


def read_document(client: Client, statement: str, output_format: str) -> Iterator[bytes]:
    """Give a result in one of ClickHouse's formats, piece by piece. Raises DatabaseError."""
    response: Any = client.raw_stream(statement, fmt=output_format, settings=_WHOLE)
    with contextlib.closing(response):
        yield from response.stream(_CHUNK_BYTES)


@contextlib.contextmanager
def read_rows(client: Client, statement: str) -> Iterator[Rows]:
    """Give a result as Python values, block by block. Raises DatabaseError."""
    with client.query_row_block_stream(statement, settings=_WHOLE) as stream:
        source = cast("Any", stream.source)
        columns = [
            Column(name, kind.name)
            for name, kind in zip(source.column_names, source.column_types, strict=True)
        ]
        yield Rows(columns, iter(stream))


def plain(value: Any) -> Any:
    """Turn a value into what JSON can say: decimals and wide integers as text, UTC times with Z."""
    if isinstance(value, decimal.Decimal):
        return decimal_text(value)
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int):
        return value if abs(value) <= _MAX_JSON_INTEGER else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dt.datetime):
        return _time_text(value)
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    return str(value)


def _time_text(value: dt.datetime) -> str:
    """Write a time as ISO 8601, UTC as Z, without zeros at the end of a fraction."""
    text, zone = value.replace(tzinfo=None).isoformat(), value.isoformat()[-6:]
    text = text.rstrip("0") if "." in text else text
    if value.tzinfo is None:
        return text
    return f"{text}Z" if zone == "+00:00" else f"{text}{zone}"


def decimal_text(value: decimal.Decimal) -> str:
    """Write a decimal in full, without zeros at its end."""
    text = f"{value:f}"
    return (text.rstrip("0").rstrip(".") or "0") if "." in text else text
