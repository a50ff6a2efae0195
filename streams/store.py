"""Storing a batch of messages: rows first, then how far they reach.

Rule: rows are keyed and versioned, so storing a batch twice changes nothing; the offsets stand
in the same database and are written last.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from clickhouse_connect.driver.client import Client

from streams.rows import FEEDS, Row

# ClickHouse refuses an insert into more than 100 partitions (code 252).
MONTHS_AN_INSERT = 50
Place = tuple[str, int]  # topic, partition
Offsets = Mapping[Place, int]


class Store:
    """The tables of one generation."""

    def __init__(self, *, client: Client, database: str, topics: Mapping[str, str]) -> None:
        """`topics` maps a topic's name in the generation to its name in the table of topics."""
        self._client = client
        self._database = database
        self._topics = topics
        self._contexts: dict[str, Any] = {}

    def offsets(self) -> dict[Place, int]:
        """Give how far the tables have come."""
        found = self._client.query(
            "SELECT topic, kafka_partition, max(next_offset) "
            f"FROM {self._database}.sink_offset GROUP BY topic, kafka_partition"
        )
        return {(topic, number): offset for topic, number, offset in found.result_rows}

    def insert(self, messages: Mapping[Place, Sequence[Any]]) -> dict[str, int]:
        """Insert the rows of these messages; give the number of rows by table."""
        tables: dict[str, list[Row]] = defaultdict(list)
        for (topic, _), records in messages.items():
            for feed in FEEDS:
                if feed.topic.name == self._topics[topic]:
                    rows = tables[feed.table]
                    for record in records:
                        rows.extend(feed.rows(record))
        for table, rows in tables.items():
            for part in split_by_month(rows):
                self._insert(table, part)
        return {table: len(rows) for table, rows in tables.items()}

    def advance(self, offsets: Offsets) -> None:
        """Write down how far the tables have come."""
        rows = [
            {"topic": topic, "kafka_partition": number, "next_offset": offset, "version": offset}
            for (topic, number), offset in offsets.items()
        ]
        if rows:
            self._insert("sink_offset", rows)

    def _insert(self, table: str, rows: Sequence[Row]) -> None:
        if not rows:
            return
        names = list(rows[0])
        columns = [[row[name] for row in rows] for name in names]
        context = self._contexts.get(table)
        if context is None:
            context = self._client.create_insert_context(
                table, database=self._database, column_names=names, column_oriented=True
            )
            self._contexts[table] = context
        context.data = columns
        self._client.insert(context=context)


def split_by_month(rows: Sequence[Row]) -> list[Sequence[Row]]:
    """Split rows so that no part reaches more partitions than one insert may."""
    if not rows or "month" not in rows[0]:
        return [rows]
    months = sorted({row["month"] for row in rows})
    if len(months) <= MONTHS_AN_INSERT:
        return [rows]
    chunks = [
        set(months[i : i + MONTHS_AN_INSERT]) for i in range(0, len(months), MONTHS_AN_INSERT)
    ]
    return [[row for row in rows if row["month"] in chunk] for chunk in chunks]
