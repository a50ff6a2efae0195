"""Real charging sessions from a CSV file, one a row.

Rule: the whole file is read and checked before anything is started; what is wrong is said with
file, line, column, value and rule. Times without a zone are UTC.
"""

import csv
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TypeVar

from ingest.demo.catalogue import EMSPS
from ingest.demo.charge import Charge
from ingest.demo.places import place_of_station
from settlement.cli.exit import Unusable

COLUMNS = (
    "session",
    "connection_start",
    "connection_end",
    "charging_start",
    "charging_end",
    "energy_kwh",
    "station",
    "user",
)
# 4 characters less than an OCPI id may have: the CDR's id is derived from it.
_ID = re.compile(r"[\x21-\x7e]{1,32}")
_NAME = re.compile(r"[\x20-\x7e]{1,200}")
_MOST_KWH = Decimal(10_000)
Value = TypeVar("Value")


def read_sessions(path: Path, limit: int | None = None) -> list[Charge]:
    """Read the charges of a file (`.csv` or `.csv.gz`), the first `limit` where given.

    Raises Unusable for a file that cannot be read and for the first value that breaks a rule.
    """
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    found = reader.fieldnames or ()
    for column in COLUMNS:
        if column not in found:
            raise Unusable(
                f"{path}: line 1: column {column}: missing; "
                f"found {', '.join(found) or 'nothing'}: the header must name {', '.join(COLUMNS)}"
            )
    try:
        charges = list(_charges(path, reader, limit))
    except csv.Error as error:
        raise Unusable(f"{path}: line {reader.line_num}: {error}: must be CSV") from error
    if not charges:
        raise Unusable(f"{path}: line 2: no session: at least one row must follow the header")
    return charges


def _text(path: Path) -> str:
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data).decode("utf-8-sig")
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise Unusable(f"{path}: {reason}: a CSV file must be readable, plain or gzip") from error
    except UnicodeDecodeError as error:
        raise Unusable(f"{path}: byte {error.start}: the file must be text in UTF-8") from error


def _charges(path: Path, reader: "csv.DictReader[str]", limit: int | None) -> Iterator[Charge]:
    seen: dict[str, int] = {}
    for number, row in enumerate(reader):
        if number == limit:
            return
        cells = _Row(path, reader.line_num, row)
        charge = _charge(cells)
        first = seen.setdefault(charge.id.upper(), reader.line_num)
        if first != reader.line_num:
            raise cells.broken("session", f"unique in the file, line {first} has it already")
        yield charge


class _Row:
    """The cells of one line, read by rule."""

    def __init__(self, path: Path, line: int, cells: dict[str, str]) -> None:
        self._path = path
        self._line = line
        self._cells = cells

    def broken(self, column: str, rule: str) -> Unusable:
        """Say what is wrong with a value."""
        value = self._cells.get(column)
        shown = "missing" if value is None else repr(value[:80])
        return Unusable(
            f"{self._path}: line {self._line}: column {column}: {shown}: must be {rule}"
        )

    def read(self, column: str, rule: str, parse: Callable[[str], Value]) -> Value:
        """Read a cell; `parse` raises ValueError for what breaks the rule."""
        try:
            return parse((self._cells.get(column) or "").strip())
        except (ValueError, InvalidOperation):
            raise self.broken(column, rule) from None


def _charge(row: _Row) -> Charge:
    identifier = row.read("session", "an id of 1 to 32 printable characters, no blank", _an_id)
    connected = row.read("connection_start", _TIME_RULE, _instant)
    unplugged = row.read("connection_end", _TIME_RULE, _instant)
    begun = row.read("charging_start", _TIME_RULE, _instant)
    ended = row.read("charging_end", _TIME_RULE, _instant)
    energy = row.read("energy_kwh", f"a number of kWh from 0 to {_MOST_KWH}", _energy)
    station = row.read("station", "1 to 200 printable characters", _a_name)
    user = row.read("user", "1 to 200 printable characters", _a_name)
    if begun < connected:
        raise row.broken("charging_start", "at or after connection_start")
    if ended <= begun:
        raise row.broken("charging_end", "after charging_start")
    if unplugged < ended:
        raise row.broken("connection_end", "at or after charging_end")
    place = place_of_station(station)
    digest = zlib.crc32(user.encode())
    return Charge(
        id=identifier,
        connection_start=connected,
        charging_start=begun,
        charging_end=ended,
        connection_end=unplugged,
        energy_kwh=energy,
        place=place,
        evse=place.evses[0],
        emsp=EMSPS[digest % len(EMSPS)],
        user=f"{digest:010d}",
    )


_TIME_RULE = "a time such as 2018-10-08 13:25:00, whole seconds, between 2015 and 2100"


def _an_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise ValueError
    return text


def _a_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError
    return text


def _instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=UTC)
    instant = instant.astimezone(UTC)
    if instant.microsecond or not 2015 <= instant.year < 2100:
        raise ValueError
    return instant


def _energy(text: str) -> Decimal:
    energy = Decimal(text)
    if not (energy.is_finite() and 0 <= energy <= _MOST_KWH):
        raise ValueError
    return energy
