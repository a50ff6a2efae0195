"""How long a worker takes to read its state again, and what an open and a billed CDR weigh.

    python -m tests.bench.bench_state [CDRS]

Rule: the CDRs went through the real fold, with and without their tariff; they are multiplied
under ids of their own and read from the real Kafka by a process of its own, index included.
"""

import asyncio
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace

import msgspec
from aiokafka import AIOKafkaProducer

from settlement.pricing.profile import DEFAULT
from streams.apply import Application
from streams.local.kafka import start_kafka, stop_kafka
from streams.record import record_at
from streams.state import CdrState, State, encode, key_of
from streams.topics import STATE, apply_topics
from tests.bench.records import InboxRecord, cdrs, surroundings

CDRS = 300_000
FOLDED = 2_000
TARGET_SECONDS = 3.0
WORKER_BYTES = 4 * 1024**3
# Kind -> generation whose state topic holds it.
KINDS = {"billed": 1, "open": 2}


def records(kind: str) -> Iterator[InboxRecord]:
    """Give CDRs with their tariffs, or with no tariff inside and none published: these wait."""
    if kind == "billed":
        yield from surroundings()
    for record in cdrs(FOLDED):
        document = msgspec.json.decode(record.value)
        kept = document if kind == "billed" else {**document, "tariffs": []}
        yield msgspec.structs.replace(record, value=msgspec.json.encode(kept))


def folded(kind: str) -> list[CdrState]:
    """Fold CDRs of all CPOs, each as a partition would."""
    state = State()
    buckets = Counter[str]()
    for offset, record in enumerate(records(kind)):
        message = SimpleNamespace(
            partition=0, offset=offset, key=b"", value=record.value, headers=record.headers
        )
        application = Application(record=record_at(message), state=state, profile=DEFAULT)
        read = application.begin()
        applied = application.run(application.touched, read)
        buckets.update(cdr.bucket for cdr in applied.cdrs)
    assert dict(buckets) == {"settled" if kind == "billed" else "waiting": FOLDED}, buckets
    return [one for key in state.take_changed() if (one := _cdr(state, key))]


def _cdr(state: State, key: str) -> CdrState | None:
    return state.cdr(key) if key.startswith("cdr|") else None


def multiplied(found: list[CdrState], count: int) -> Iterator[tuple[str, bytes]]:
    """Give so many CDRs, each under an id and with a session of its own."""
    for number in range(count):
        one = found[number % len(found)]
        name = f"CDR-2024-{number:08d}"
        touched_by = tuple(
            f"session|{one.cpo}|SESSION-{number:08d}" if cause.startswith("session|") else cause
            for cause in one.touched_by
        )
        copies = tuple(
            msgspec.structs.replace(copy, offsets=(number,), shown=number) for copy in one.copies
        )
        state = msgspec.structs.replace(
            one, key=name, cdr_id=name, touched_by=touched_by, copies=copies
        )
        yield key_of("cdr", one.cpo, name), encode(state)


async def fill(*, brokers: str, generation: int, states: Iterable[tuple[str, bytes]]) -> None:
    """Write a state topic's partition 0 as flushes do: in batches."""
    await apply_topics(brokers=brokers, generation=generation)
    producer = AIOKafkaProducer(bootstrap_servers=brokers, acks="all")
    await producer.start()
    try:
        topic = STATE.in_generation(generation)
        batch = producer.create_batch()
        for key, value in states:
            if batch.append(key=key.encode(), value=value, timestamp=None) is None:
                await (await producer.send_batch(batch, topic, partition=0))
                batch = producer.create_batch()
                batch.append(key=key.encode(), value=value, timestamp=None)
        await (await producer.send_batch(batch, topic, partition=0))
    finally:
        await producer.stop()


def measured(*how: str, brokers: str, generation: int) -> dict[str, float]:
    """Let a process read the state and tell."""
    topic = STATE.in_generation(generation)
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.state_process", brokers, topic, "0", *how],
        check=True,
        capture_output=True,
        text=True,
    )
    facts: dict[str, float] = json.loads(done.stdout)
    return facts


def main() -> None:
    logging.getLogger("aiokafka").setLevel("CRITICAL")  # new topics have no leader yet
    count = int(sys.argv[1]) if len(sys.argv) > 1 else CDRS
    with tempfile.TemporaryDirectory() as name:
        try:
            kafka = start_kafka(data_dir=Path(name), port=None)
            for kind, generation in KINDS.items():
                states = multiplied(folded(kind), count)
                asyncio.run(fill(brokers=kafka.brokers, generation=generation, states=states))
                took = measured(brokers=kafka.brokers, generation=generation)
                held = measured("weigh", brokers=kafka.brokers, generation=generation)["held_bytes"]
                sys.stdout.write(
                    f"{count} {kind} CDRs: read in {took['read_seconds']:.2f} s (at most "
                    f"{TARGET_SECONDS:g} wanted for {CDRS}), indexed in "
                    f"{took['index_seconds']:.2f} s; {held:.0f} bytes a CDR, "
                    f"{took['resident_bytes']:.0f} while it is read: "
                    f"{WORKER_BYTES / took['resident_bytes'] / 1e6:.1f} million in 4 GiB; "
                    f"load {os.getloadavg()[0]:.1f}\n"
                )
                sys.stdout.flush()
        finally:
            stop_kafka(data_dir=Path(name))


if __name__ == "__main__":
    main()
