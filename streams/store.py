"""Storing rows, and how far they reach, in the same database.

Rule: rows are keyed and versioned, so storing them twice changes nothing; whoever calls writes
the offsets last. Rows that ClickHouse refuses are given back.
"""

import struct
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
from aiokafka import ConsumerRecord
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DataError

from streams.rows import Row

INSERTS_AT_ONCE = 4
# ClickHouse refuses an insert into more than 100 partitions (code 252).
MONTHS_AN_INSERT = 50
# More than this says that the program is wrong, not the rows.
REFUSED_ROWS = 100
# What ClickHouse says of a row's content, whatever else may be the matter
# (src/Common/ErrorCodes.cpp): unreadable or mismatching values, bounds, nulls, constraints.
CONTENT_CODES = frozenset({6, 26, 27, 33, 38, 41, 53, 69, 70, 72, 117, 190, 321, 349, 407, 469})
# What the driver raises for a value that it cannot write.
UNWRITABLE = (DataError, TypeError, ValueError, OverflowError, struct.error)

Place = tuple[str, int]  # topic, partition
Offsets = Mapping[Place, int]
Pair = tuple[Row, ConsumerRecord]
Tables = Mapping[str, Sequence[Pair]]  # a table's rows, each with the message it came from


class RefusedRow(msgspec.Struct, frozen=True):
    """A row that ClickHouse refuses for its content, with the message it came from."""

    table: str
    record: Any
    reason: str


class TooManyRefusedRows(Exception):  # noqa: N818 - a stop on purpose
    """So many refused rows in one batch say that the program is wrong, not the rows."""


class RowsMissing(OSError):  # noqa: N818 - waited for, as ClickHouse away is
    """ClickHouse answered an insert with fewer rows than were sent: it is to be repeated."""


class Store:
    """The tables of one generation."""

    def __init__(self, *, client: Client, database: str, topics: Sequence[str]) -> None:
        self._client = client
        self._database = database
        self._topics = topics
        self._contexts: dict[str, Any] = {}

    def offsets(self) -> dict[Place, int]:
        """Give how far the tables have come in the topics of this store."""
        found = self._client.query(
            "SELECT topic, kafka_partition, max(next_offset) "
            f"FROM {self._database}.sink_offset WHERE topic IN {{topics:Array(String)}} "
            "GROUP BY topic, kafka_partition",
            parameters={"topics": self._topics},
        )
        return {(topic, number): offset for topic, number, offset in found.result_rows}

    def insert(self, tables: Tables) -> list[RefusedRow]:
        """Insert rows; give those that are refused for their content.

        The tables are filled side by side: what an insert costs besides its rows adds up else.
        """
        with ThreadPoolExecutor(max_workers=INSERTS_AT_ONCE) as pool:
            found = pool.map(self._insert_table, tables, tables.values())
            return [row for refused in found for row in refused]

    def _insert_table(self, table: str, pairs: Sequence[Pair]) -> list[RefusedRow]:
        refused: list[RefusedRow] = []
        for part in split_by_month(pairs):
            self._insert_halving(table, part, refused)
        return refused

    def advance(self, offsets: Offsets) -> None:
        """Write down how far the tables have come."""
        rows: list[Row] = [
            {"topic": topic, "kafka_partition": number, "next_offset": offset, "version": offset}
            for (topic, number), offset in offsets.items()
        ]
        if rows:
            self._insert("sink_offset", rows)

    def _insert_halving(self, table: str, pairs: Sequence[Pair], refused: list[RefusedRow]) -> None:
        """Insert, or find the rows that stand in the way by halving."""
        if not pairs:
            return
        try:
            self._insert(table, [row for row, _ in pairs])
        except (ClickHouseError, *UNWRITABLE) as error:
            if not is_content(error):
                raise
            if len(pairs) > 1:
                middle = len(pairs) // 2
                self._insert_halving(table, pairs[:middle], refused)
                self._insert_halving(table, pairs[middle:], refused)
                return
            if len(refused) >= REFUSED_ROWS:
                raise TooManyRefusedRows(
                    f"more than {REFUSED_ROWS} rows of one batch are refused, the last for "
                    f"{table}: {error}"
                ) from error
            refused.append(RefusedRow(table, pairs[0][1], f"{table}: {error}"))

    def _insert(self, table: str, rows: Sequence[Row]) -> None:
        names = list(rows[0])
        columns = [[row[name] for row in rows] for name in names]
        context = self._contexts.get(table)
        if context is None:
            context = self._client.create_insert_context(
                table, database=self._database, column_names=names, column_oriented=True
            )
            self._contexts[table] = context
        context.data = columns
        written = self._client.insert(context=context).written_rows
        if written < len(rows):
            raise RowsMissing(f"{table}: {written} of {len(rows)} rows were written")


def is_content(error: Exception) -> bool:
    """Tell whether an insert failed for what its rows hold, so that fewer rows may pass."""
    if isinstance(error, UNWRITABLE):
        return True
    return getattr(error, "code", None) in CONTENT_CODES


def split_by_month(pairs: Sequence[Pair]) -> list[Sequence[Pair]]:
    """Split rows so that no part reaches more partitions than one insert may."""
    if not pairs or "month" not in pairs[0][0]:
        return [pairs]
    months = sorted({row["month"] for row, _ in pairs})
    if len(months) <= MONTHS_AN_INSERT:
        return [pairs]
    starts = range(0, len(months), MONTHS_AN_INSERT)
    chunks = [set(months[start : start + MONTHS_AN_INSERT]) for start in starts]
    return [[pair for pair in pairs if pair[0]["month"] in chunk] for chunk in chunks]
