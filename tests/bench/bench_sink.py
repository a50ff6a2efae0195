"""The sink beside plain inserts of the same rows, into the same ClickHouse.

    python -m tests.bench.bench_sink [CDRS [ROUNDS]]

Rule: the sink is the role as it runs, from Kafka to its offsets in the database; the plain side
has every row ready in columns, in the batches in which the sink would read them, and only inserts.
"""

import asyncio
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

from aiokafka import AIOKafkaProducer, ConsumerRecord

from settlement.clickhouse.client import Client, connect
from settlement.clickhouse.local.process import start_clickhouse, stop_clickhouse
from settlement.clickhouse.migrate import database_of, migrate
from settlement.pricing.profile import DEFAULT
from streams.apply import Application
from streams.batches import Batches, Message
from streams.local.kafka import start_kafka, stop_kafka
from streams.record import record_at
from streams.rows import FEEDS
from streams.settings import StreamsSettings
from streams.sink import GATHER_SECONDS, PROMPT_SECONDS
from streams.state import State
from streams.store import INSERTS_AT_ONCE, split_by_month
from streams.topics import INBOX, apply_topics
from tests.bench import configuration
from tests.bench.records import CPOS, InboxRecord, cdrs, surroundings

CDRS = 20_000
ROUNDS = 3
TARGET = 0.5
FLUSH_RECORDS = 500
LIMIT_SECONDS = 300
SETTINGS = StreamsSettings(kafka_brokers="")
Columns = tuple[str, list[str], list[list[Any]]]  # table, names, values


def messages(count: int, generation: int) -> Iterator[tuple[str, int, list[Message]]]:
    """Give what gateway and worker would write: topic, partition, messages in their order."""
    for partition in range(INBOX.partitions):
        mine = set(CPOS[partition :: INBOX.partitions])
        sources = (surroundings(), cdrs(count))
        yield from folded(
            (one for source in sources for one in source if one.key in mine), partition, generation
        )


def folded(
    records: Iterator[InboxRecord], partition: int, generation: int
) -> Iterator[tuple[str, int, list[Message]]]:
    """Fold one partition of the inbox."""
    state, batches = State(), Batches()
    received: list[Message] = []
    for offset, record in enumerate(records):
        message = SimpleNamespace(
            partition=partition, offset=offset, key=b"", value=record.value, headers=record.headers
        )
        application = Application(record=record_at(message), state=state, profile=DEFAULT)
        read = application.begin()
        batches.add(application.run(application.touched, read))
        received.append((record.key.encode(), record.value, record.headers))
        if len(received) == FLUSH_RECORDS:
            yield INBOX.name, partition, received
            received = []
            for topic, said in batches.take(generation=generation, partition=partition):
                yield topic, partition, said
    yield INBOX.name, partition, received
    for topic, said in batches.take(generation=generation, partition=partition):
        yield topic, partition, said


async def fill(brokers: str, written: Sequence[tuple[str, int, list[Message]]]) -> None:
    """Write the messages to Kafka."""
    producer = AIOKafkaProducer(
        bootstrap_servers=brokers, acks="all", max_batch_size=1024 * 1024, linger_ms=20
    )
    await producer.start()
    try:
        for topic, partition, several in written:
            sent = [
                await producer.send(topic, value, key=key, partition=partition, headers=headers)
                for key, value, headers in several
            ]
            await asyncio.gather(*sent)
    finally:
        await producer.stop()


def batches_of(
    written: Sequence[tuple[str, int, list[Message]]], generation: int
) -> Iterator[list[Columns]]:
    """Give the rows in columns, in batches of as many messages as the sink reads at most."""
    offsets: dict[tuple[str, int], int] = {}
    waiting: list[tuple[str, ConsumerRecord]] = []
    for topic, partition, several in written:
        for key, value, headers in several:
            offset = offsets.get((topic, partition), 0)
            offsets[topic, partition] = offset + 1
            record = SimpleNamespace(
                topic=topic,
                partition=partition,
                offset=offset,
                key=key,
                value=value,
                headers=headers,
                timestamp=1_700_000_000_000,
            )
            waiting.append((topic.removesuffix(f".g{generation}"), record))
            if len(waiting) == SETTINGS.sink_batch_records:
                yield columns_of(waiting)
                waiting = []
    yield columns_of(waiting)


def columns_of(batch: Sequence[tuple[str, ConsumerRecord]]) -> list[Columns]:
    """Give the rows of a batch in columns, a part for each insert."""
    found: list[Columns] = []
    for feed in FEEDS:
        rows = [
            (row, record)
            for topic, record in batch
            if topic == feed.topic.name
            for row in feed.rows(record)
        ]
        for part in split_by_month(rows):
            if part:
                names = list(part[0][0])
                found.append((feed.table, names, [[row[n] for row, _ in part] for n in names]))
    return found


def insert_plainly(url: str, generation: int, ready: Sequence[list[Columns]]) -> float:
    """Insert the rows and give the seconds."""
    migrate(url=url, generation=generation)
    client = connect(url)
    began = time.perf_counter()
    for batch in ready:
        for table, names, values in batch:
            client.insert(
                table,
                values,
                database=database_of(generation),
                column_names=names,
                column_oriented=True,
            )
    return time.perf_counter() - began


def sink(environment: Mapping[str, str], generation: int, rows: Mapping[str, int]) -> float:
    """Run the role until its tables hold all rows, and give the seconds since its first one."""
    url = environment["CLICKHOUSE_URL"]
    migrate(url=url, generation=generation)
    client = connect(url)
    process = subprocess.Popen([sys.executable, "-m", "settlement", "run", "sink"], env=environment)
    try:
        began = None
        deadline = time.monotonic() + LIMIT_SECONDS
        while True:
            stored = written_below(client, generation)
            if stored and began is None:
                # The first batch is in: what it took is not counted, its rows neither.
                began, first = time.perf_counter(), stored
            if stored >= sum(rows.values()):
                break
            assert time.monotonic() < deadline, (stored, rows)
            assert process.poll() is None, process.returncode
            time.sleep(0.02)
        assert began is not None
        share = (stored - first) / stored
        return (time.perf_counter() - began) / share
    finally:
        process.terminate()
        process.wait()


def written_below(client: Client, generation: int) -> int:
    """Give how many messages the sink says it has stored."""
    query = (
        "SELECT sum(next) FROM (SELECT max(next_offset) AS next "
        f"FROM {database_of(generation)}.sink_offset GROUP BY topic, kafka_partition)"
    )
    return int(client.query(query).result_rows[0][0] or 0)


def compare(brokers: str, url: str, count: int, rounds: int) -> float:
    """Run both in turns and give the median ratio."""
    asyncio.run(apply_topics(brokers=brokers, generation=1))
    written = list(messages(count, 1))
    asyncio.run(fill(brokers, written))
    ready = list(batches_of(written, 1))
    rows: dict[str, int] = {}
    for topic, _, several in written:
        rows[topic] = rows.get(topic, 0) + len(several)
    environment = {
        **os.environ,
        "KAFKA_BROKERS": brokers,
        "CLICKHOUSE_URL": url,
        "STREAMS_GENERATION": "1",
    }
    ratios = []
    client = connect(url)
    for _ in range(rounds):
        plain = insert_plainly(url, 2, ready)
        ours = sink(environment, 1, rows)
        ratios.append(plain / ours)
        sys.stdout.write(
            f"plain {count / plain:6.0f} CDRs/s   sink {count / ours:6.0f} CDRs/s   "
            f"ratio {ratios[-1]:.2f}   load {os.getloadavg()[0]:.1f}\n"
        )
        sys.stdout.flush()
        for generation in (1, 2):
            client.command(f"DROP DATABASE {database_of(generation)} SYNC")
    return median(ratios)


def say_configurations() -> None:
    same = {"batch_records": SETTINGS.sink_batch_records, "format": "Native"}
    sink = {
        "reads": f"Kafka by {configuration.release('aiokafka')}",
        "prompt_seconds": PROMPT_SECONDS,
        "gather_seconds": GATHER_SECONDS,
        "inserts_at_once": INSERTS_AT_ONCE,
    }
    configuration.say(
        ("clickhouse-connect", "chdb-core"),
        {
            "plain": {**same, "reads": "nothing", "inserts_at_once": 1},
            "sink": {**same, **sink},
        },
    )


def main() -> None:
    logging.getLogger("aiokafka").setLevel("CRITICAL")  # new topics have no leader yet
    count = int(sys.argv[1]) if len(sys.argv) > 1 else CDRS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    say_configurations()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            kafka = start_kafka(data_dir=folder, port=None)
            clickhouse = start_clickhouse(data_dir=folder, port=None)
            ratio = compare(kafka.brokers, clickhouse.url, count, rounds)
        finally:
            stop_clickhouse(data_dir=folder)
            stop_kafka(data_dir=folder)
    sys.stdout.write(
        f"{count} CDRs in batches of {SETTINGS.sink_batch_records} messages at most: "
        f"median ratio {ratio:.2f} (at least {TARGET} is wanted)\n"
    )


if __name__ == "__main__":
    main()
