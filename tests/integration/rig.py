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
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from settlement.clickhouse.migrate import migrate
from streams.events import headers_of
from streams.generation import generations
from streams.publisher import Publisher
from streams.record import record_at
from streams.rows import Row
from streams.topics import INBOX, apply_topics
from tests.integration.clickhouse_fixture import ClickHouse
from tests.pipeline.inbox import Inbox, Sent

_GENERATIONS = itertools.count(1_000)
SETTLE_SECONDS = 60.0
# Signs of a row's place in time that a process cannot repeat: none. Rows are equal to the last.
COMPARED = (
    "cdr_settled",
    "cdr_outcome",
    "document_outcome",
    "session_current",
    "tariff_version",
    "location_current",
    "dead_letter",
)


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
        asyncio.run(apply_topics(brokers=brokers, generation=self.generation))
        migrate(url=clickhouse.url, generation=self.generation)

    def start(self, role: str, **settings: str) -> subprocess.Popen[bytes]:
        """Start a role as the supervisor does."""
        environment = {
            **os.environ,
            "KAFKA_BROKERS": self.brokers,
            "CLICKHOUSE_URL": self.clickhouse.url,
            "STREAMS_GENERATION": str(self.generation),
            **settings,
        }
        log = (self.folder / f"{role}.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "settlement", "run", role],
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
        return asyncio.run(_read_inbox(self.brokers))

    def expected(self) -> dict[str, list[Row]]:
        """Give the rows that the inbox as it stands must lead to."""
        folds: dict[int, Inbox] = {}
        for message in self.inbox():
            fold = folds.setdefault(message.partition, Inbox(partition=message.partition))
            fold.replay(record_at(message))
        return {
            table: [row for _, fold in sorted(folds.items()) for row in fold.rows(table)]
            for table in COMPARED
        }

    def rows(self, table: str, columns: Sequence[str]) -> list[Row]:
        """Give the rows of a table, merged."""
        named = ", ".join(f"`{column}`" for column in columns)
        client = self.clickhouse.client()
        found = client.query(f"SELECT {named} FROM {self.database}.{table} FINAL")
        return [dict(zip(columns, row, strict=True)) for row in found.result_rows]

    def settled(self) -> bool:
        """Tell whether every inbox record has its outcome in the tables."""
        client = self.clickhouse.client()
        query = f"SELECT count() FROM {self.database}.document_outcome FINAL"
        return bool(client.query(query).result_rows[0][0] >= len(self.inbox()))

    def wait_until_settled(self, seconds: float = SETTLE_SECONDS) -> None:
        wait_until(self.settled, seconds=seconds, told=self.logs)

    def differences(self) -> list[str]:
        """Compare every table with what the inbox must lead to, a line each."""
        found: list[str] = []
        for table, rows in self.expected().items():
            if not rows:
                continue
            columns = sorted(rows[0])
            expected = sorted(_text(row, columns) for row in rows)
            actual = sorted(_text(row, columns) for row in self.rows(table, columns))
            found += [f"{table}: missing {row}" for row in sorted(set(expected) - set(actual))]
            found += [f"{table}: strange {row}" for row in sorted(set(actual) - set(expected))]
            if len(expected) != len(actual):
                found.append(f"{table}: {len(actual)} rows, {len(expected)} expected")
        return found

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


async def _read_inbox(brokers: str) -> list[ConsumerRecord]:
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
            await consumer.seek_to_beginning(place)
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
