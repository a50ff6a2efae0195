"""The worker and the sink as processes on the real Kafka and the local ClickHouse.

Rule: every rig has a generation and a database of its own; what the rows must be is computed by
the same steps in memory, from the records that Kafka really holds.
"""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from settlement.clickhouse.migrate import migrate
from streams.events import headers_of
from streams.generation import derived_ends, generations, inbox_ends, is_behind
from streams.publisher import Publisher
from streams.record import record_at
from streams.rows import Row, received_row
from streams.topics import INBOX, apply_topics
from tests.integration.clickhouse_fixture import ClickHouse
from tests.pipeline.inbox import Inbox, Sent

_GENERATIONS = itertools.count(1_000)
SETTLE_SECONDS = 120.0
LAST_ROWS_SECONDS = 10.0
# Signs of a row's place in time that a process cannot repeat: none. Rows are equal to the last.
COMPARED = (
    "document_received",
    "cdr_settled",
    "cdr_outcome",
    "document_outcome",
    "session_current",
    "tariff_version",
    "location_current",
    "dead_letter",
)
# The column of each table that names the object.
KEY_COLUMNS = {"cdr_key", "object_key", "session_key", "tariff_key", "location_key"}


class Rig:
    """One generation: its topics, its tables and the processes that fill them."""

    def __init__(self, *, brokers: str, clickhouse: ClickHouse, folder: Path) -> None:
        self.brokers = brokers
        self.clickhouse = clickhouse
        self.folder = folder
        taken = generations(clickhouse.client())  # other tests make some of their own
        self.generation = next(number for number in _GENERATIONS if number not in taken)
        self.database = f"settlement_g{self.generation}"
        self.processes: list[subprocess.Popen[bytes]] = []
        self._folds = {number: Inbox(partition=number) for number in range(INBOX.partitions)}
        self._received: list[Row] = []
        asyncio.run(apply_topics(brokers=brokers, generation=self.generation))
        migrate(url=clickhouse.url, generation=self.generation)

    def start(
        self, role: str, *, module: str = "settlement", log_name: str = "", **settings: str
    ) -> subprocess.Popen[bytes]:
        """Start a role as the supervisor does, or a changed one that a test's module runs."""
        environment = {
            **os.environ,
            "KAFKA_BROKERS": self.brokers,
            "CLICKHOUSE_URL": self.clickhouse.url,
            "STREAMS_GENERATION": str(self.generation),
            **settings,
        }
        log = (self.folder / f"{log_name or role}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", module, "run", role],
            env=environment,
            stdout=log,
            stderr=log,
        )
        log.close()
        self.processes.append(process)
        return process

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.kill()
                process.wait(timeout=20)

    def send(self, documents: Sequence[Sent]) -> None:
        """Publish documents as the gateway does; every one is acknowledged."""
        asyncio.run(self._send(documents))

    async def _send(self, documents: Sequence[Sent]) -> None:
        publisher = Publisher(brokers=self.brokers)
        await publisher.start()
        try:
            for number, sent in enumerate(documents):
                await publisher.publish(
                    topic=INBOX.name,
                    key=sent.cpo,
                    value=sent.body,
                    headers=headers_of(sent.envelope(f"{self.generation}-{number}")),
                )
        finally:
            await publisher.stop()

    def inbox(self) -> list[ConsumerRecord]:
        """Read everything the inbox holds."""
        return asyncio.run(_read_inbox(self.brokers, {}))

    def fold(self) -> dict[int, Inbox]:
        """Apply in memory what has come into the inbox since the last time."""
        known = {number: len(fold.log) for number, fold in self._folds.items()}
        for message in asyncio.run(_read_inbox(self.brokers, known)):
            self._folds[message.partition].replay(record_at(message))
            self._received.append(received_row(message))
        return self._folds

    def expected(self) -> dict[str, list[Row]]:
        """Give the rows that the inbox as it stands must lead to."""
        folds = sorted(self.fold().items())
        rows = {table: [row for _, fold in folds for row in fold.rows(table)] for table in COMPARED}
        return {**rows, "document_received": self._received}

    def rows(self, table: str, columns: Sequence[str], *, prefix: str = "") -> list[Row]:
        """Give the rows of a table, merged; only those whose object begins with `prefix`."""
        named = ", ".join(f"`{column}`" for column in columns)
        client = self.clickhouse.client()
        found = client.query(
            f"SELECT {named} FROM {self.database}.{table} FINAL "
            f"WHERE startsWith({_key_column(columns)}, {{prefix:String}})",
            parameters={"prefix": prefix},
        )
        return [dict(zip(columns, row, strict=True)) for row in found.result_rows]

    def settled(self) -> bool:
        """Tell whether every inbox record has its outcome in the tables, and no row is missing."""
        client = self.clickhouse.client()
        ends = asyncio.run(inbox_ends(self.brokers))
        stored = f"sum(next_offset) FROM {self.database}.sink_offset FINAL"
        for counted in (
            f"count() FROM {self.database}.document_outcome FINAL",
            f"{stored} WHERE topic = '{INBOX.name}'",
        ):
            if client.query(f"SELECT {counted}").result_rows[0][0] < sum(ends.values()):
                return False
        # Twice: what the sink itself writes to Kafka is there once its cause is stored.
        return not any(asyncio.run(self._is_behind()) for _ in range(2))

    async def _is_behind(self) -> bool:
        ends = await derived_ends(self.brokers, generation=self.generation)
        client = self.clickhouse.client()
        return await is_behind(client, brokers=self.brokers, generation=self.generation, ends=ends)

    def wait_until_settled(self, seconds: float = SETTLE_SECONDS) -> None:
        wait_until(self.settled, seconds=seconds, told=self.logs)

    def differences(self, *, prefix: str = "") -> list[str]:
        """Compare every table with what the inbox must lead to, a line each.

        With a prefix only the rows of objects whose id begins with it. A transaction fills
        several topics, and the sink may read one of them a moment after the other.
        """
        deadline = time.monotonic() + LAST_ROWS_SECONDS
        while (found := self._differences(prefix)) and time.monotonic() < deadline:
            time.sleep(0.5)
        return found

    def _differences(self, prefix: str) -> list[str]:
        found: list[str] = []
        for table, every in self.expected().items():
            if not every:
                if strangers := self._count(table):
                    found.append(f"{table}: {strangers} rows, none expected")
                continue
            columns = sorted(every[0])
            key = _key_column(columns)
            rows = [row for row in every if row[key].startswith(prefix)]
            expected = sorted(_text(row, columns) for row in rows)
            actual = sorted(_text(row, columns) for row in self.rows(table, columns, prefix=prefix))
            found += [f"{table}: missing {row}" for row in sorted(set(expected) - set(actual))]
            found += [f"{table}: strange {row}" for row in sorted(set(actual) - set(expected))]
            if len(expected) != len(actual):
                found.append(f"{table}: {len(actual)} rows, {len(expected)} expected")
                found.append(self._parts(table))
        return found

    def _count(self, table: str) -> int:
        found = self.clickhouse.client().query(f"SELECT count() FROM {self.database}.{table} FINAL")
        return int(found.result_rows[0][0])

    def _parts(self, table: str) -> str:
        """Say what the table holds and how far the sink says it is, for whoever looks for rows."""
        client = self.clickhouse.client()
        parts = client.query(
            "SELECT name, active, rows FROM system.parts WHERE database = {database:String} "
            "AND table = {table:String}",
            parameters={"database": self.database, "table": table},
        )
        offsets = client.query(f"SELECT * FROM {self.database}.sink_offset FINAL")
        return (
            f"{table}: {self._count(table)} rows counted, parts {parts.result_rows}, "
            f"offsets {offsets.result_rows}"
        )

    def logs(self) -> str:
        return "\n".join(
            f"== {path.name}\n{path.read_text()[-3000:]}" for path in self.folder.glob("*.log")
        )


@contextmanager
def a_rig(*, brokers: str, clickhouse: ClickHouse, folder: Path) -> Iterator[Rig]:
    """Give a rig and stop whatever of it still runs."""
    rig = Rig(brokers=brokers, clickhouse=clickhouse, folder=folder)
    try:
        yield rig
    finally:
        rig.stop()


def wait_until(
    condition: Callable[[], bool], *, seconds: float = SETTLE_SECONDS, told: Callable[[], str]
) -> None:
    """Wait for a condition; what `told` gives is the message where it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, told()
        time.sleep(0.2)


def _key_column(columns: Sequence[str]) -> str:
    """Give the column that holds the object's id, in upper case."""
    (key,) = [name for name in columns if name in KEY_COLUMNS]
    return key


async def _read_inbox(brokers: str, known: Mapping[int, int]) -> list[ConsumerRecord]:
    """Read the inbox from the offsets that are known of each partition."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers, group_id=None, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        places = [TopicPartition(INBOX.name, number) for number in range(INBOX.partitions)]
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        found: list[ConsumerRecord] = []
        for place in places:
            consumer.seek(place, known.get(place.partition, 0))
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += records
        return sorted(found, key=lambda record: (record.partition, record.offset))
    finally:
        await consumer.stop()


def _text(row: Row, columns: Sequence[str]) -> str:
    return str([_plain(row[column]) for column in columns])


def _plain(value: Any) -> Any:
    """Give a value as rows of memory and of ClickHouse are compared."""
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, dict):
        return sorted((name, _plain(one)) for name, one in value.items())
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, bool | int | str) or value is None:
        return value
    if hasattr(value, "normalize"):
        return format(value.normalize(), "f")
    return value.isoformat() if hasattr(value, "isoformat") else value
