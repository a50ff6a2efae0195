"""The worker beside a Faust agent that does nothing, on the same inbox of the real Kafka.

    python -m tests.bench.bench_streams [CDRS [ROUNDS]]

Rule: same application settings, same inbox, both as processes, in turns; the worker has its real
pricing, reconciliation, state and output. What lasts is the ratio, by the clock and by CPU.
"""

import asyncio
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import msgspec

from streams.local.kafka import start_kafka, stop_kafka
from streams.partition import RUN_SECONDS, SLICE_SECONDS
from streams.settings import FETCH_BYTES_AT_LEAST, FETCH_WAIT_MILLISECONDS, StreamsSettings
from streams.topics import INBOX, apply_topics
from tests.bench import configuration
from tests.bench.records import cdrs, fill_inbox

CDRS = 30_000
ROUNDS = 3
TARGET = 0.3
# What is measured: neither the start nor the last flush.
FROM, TO = 0.15, 0.95
FIRST_GENERATION = 900
LIMIT_SECONDS = 300


class Rate(msgspec.Struct, frozen=True):
    """What one process did between two looks at it."""

    per_second: float
    cpu_microseconds: float  # a record


def measured(kind: str, brokers: str, generation: int, count: int, log: Path) -> Rate:
    """Run one process over the whole inbox and give its rate."""
    environment = {
        **os.environ,
        "KAFKA_BROKERS": brokers,
        "CLICKHOUSE_URL": "",
        "STREAMS_GENERATION": str(generation),
    }
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.bench.faust_process", kind],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
    assert process.stdout is not None
    looks: list[tuple[int, float, float]] = []
    deadline = time.monotonic() + LIMIT_SECONDS
    try:
        for line in process.stdout:
            words = line.split()
            if len(words) != 3:
                continue
            looks.append((int(words[0]), float(words[1]), float(words[2])))
            if looks[-1][0] >= count:
                break
            assert time.monotonic() < deadline, looks[-1]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    assert looks[-1][0] >= count, log.read_text()[-2000:]
    first = next(look for look in looks if look[0] >= count * FROM)
    last = next(look for look in looks if look[0] >= count * TO)
    records = last[0] - first[0]
    return Rate(records / (last[1] - first[1]), (last[2] - first[2]) / records * 1e6)


def compare(brokers: str, folder: Path, *, count: int, rounds: int) -> tuple[float, float]:
    """Run both in turns and give the median ratios, by rate and by CPU."""
    asyncio.run(apply_topics(brokers=brokers))
    written = asyncio.run(fill_inbox(brokers=brokers, count=count))
    by_rate, by_cpu = [], []
    for number in range(rounds):
        generation = FIRST_GENERATION + number
        asyncio.run(apply_topics(brokers=brokers, generation=generation))
        log = folder / "processes.log"
        bare = measured("noop", brokers, generation, written, log)
        ours = measured("worker", brokers, generation, written, log)
        by_rate.append(ours.per_second / bare.per_second)
        by_cpu.append(bare.cpu_microseconds / ours.cpu_microseconds)
        sys.stdout.write(
            f"no-op {bare.per_second:6.0f}/s {bare.cpu_microseconds:4.0f} us CPU   "
            f"worker {ours.per_second:6.0f}/s {ours.cpu_microseconds:4.0f} us CPU   "
            f"ratio {by_rate[-1]:.2f} by rate, {by_cpu[-1]:.2f} by CPU   "
            f"load {os.getloadavg()[0]:.1f}\n"
        )
        sys.stdout.flush()
    return median(by_rate), median(by_cpu)


def say_configurations() -> None:
    settings = StreamsSettings(kafka_brokers="")
    same = {
        "partitions": INBOX.partitions,
        "fetch_wait_ms": FETCH_WAIT_MILLISECONDS,
        "fetch_min_bytes": FETCH_BYTES_AT_LEAST,
    }
    worker = {
        "agent": "the fold and its output",
        "run_seconds": RUN_SECONDS,
        "slice_seconds": SLICE_SECONDS,
        "flush_seconds": settings.streams_flush_seconds,
        "flush_records": settings.streams_flush_records,
    }
    configuration.say(
        ("faust-streaming", "aiokafka"),
        {"no-op": {**same, "agent": "acknowledges each event"}, "worker": {**same, **worker}},
    )


def main() -> None:
    logging.getLogger("aiokafka").setLevel("CRITICAL")  # new topics have no leader yet
    count = int(sys.argv[1]) if len(sys.argv) > 1 else CDRS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    size = len(next(cdrs(1)).value)
    say_configurations()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            kafka = start_kafka(data_dir=folder, port=None)
            by_rate, by_cpu = compare(kafka.brokers, folder, count=count, rounds=rounds)
        finally:
            stop_kafka(data_dir=folder)
    sys.stdout.write(
        f"{count} CDRs of {size} bytes: median ratio {by_rate:.2f} by rate, {by_cpu:.2f} by CPU "
        f"(at least {TARGET} is wanted)\n"
    )


if __name__ == "__main__":
    main()
