"""How far one can look: the watermark, and waiting until the sink has passed it.

Rule: offsets decide, never a count and never the time; what has not come to the tables by the
end of the wait is not looked at, and said to be so.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from settlement.verify.clickhouse import Tables
from settlement.verify.inbox import TOPIC as INBOX
from settlement.verify.kafka import Ends, Log
from settlement.verify.outcome import OutcomeLog
from settlement.verify.statement import Statements

LOOK_SECONDS = 0.3
STATE = "state"
MARKER = b"marker"
TAIL_RECORDS = 1_000  # a marker stands behind what one flush changed
OFFSETS = """
SELECT topic, kafka_partition, max(next_offset) AS next_offset FROM {db}.sink_offset
GROUP BY topic, kafka_partition
"""
DECIDED = """
SELECT kafka_partition, max(version) + 1 AS next FROM {db}.document_outcome
GROUP BY kafka_partition
"""
Stored = Mapping[tuple[str, int], int]  # topic, partition -> what the sink has stored below


def read_stored(tables: Tables) -> dict[tuple[str, int], int]:
    """Ask the tables how far the sink says it has come."""
    return {
        (row["topic"], row["kafka_partition"]): row["next_offset"] for row in tables.rows(OFFSETS)
    }


def of_topic(stored: Stored, topic: str) -> dict[int, int]:
    """Give how far the sink has come in one topic, by partition."""
    return {partition: offset for (name, partition), offset in stored.items() if name == topic}


async def applied_below(log: Log, state_topic: str) -> dict[int, int]:
    """Ask the fold's markers below which offset every fact is wholly applied, by partition.

    A fact that touches many CDRs is applied in parts; the marker then holds a cursor.
    """
    applied: dict[int, int] = {}
    starts = await log.starts(state_topic)
    for partition, end in (await log.ends(state_topic)).items():
        tail, first, marker = TAIL_RECORDS, starts[partition], None
        begin = end
        while marker is None and begin > first:
            begin = max(first, end - tail)
            async for records in log.read(state_topic, partition, start=begin, end=end):
                markers = [one.value for one in records if one.key == MARKER]
                marker = markers[-1] if markers else marker
            tail *= 8
        if marker is not None:
            applied[partition] = applied_by(marker)
    return applied


def applied_by(marker: bytes) -> int:
    """Give the offset below which every fact is wholly applied, as a marker says.

    It is a list: its kind, the fact's offset and id, the rules, and the cursor in that fact.
    """
    _, offset, _, _, cursor = msgspec.msgpack.decode(marker)
    return int(offset) + (cursor is None)


@dataclass(frozen=True, slots=True)
class Reach:
    """How far fold and sink have come."""

    applied: Mapping[int, int]  # by inbox partition; one without a marker is not in it
    stored: Mapping[tuple[str, int], int]


async def wait_for_sink(
    *,
    log: Log,
    tables: Tables,
    watermark: Ends,
    derived: tuple[str, ...],
    state_topic: str,
    wait_seconds: int,
    progress: Callable[[str], None],
) -> Reach:
    """Wait until everything below the watermark is stored, or the time is over; say how far.

    `derived` are the topics whose messages about it must be stored, too.
    """
    deadline = time.monotonic() + wait_seconds
    ends: dict[str, dict[int, int]] | None = None
    while True:
        applied = await applied_below(log, state_topic)
        stored = read_stored(tables)
        below = {
            partition: min(stored.get((INBOX, partition), 0), applied.get(partition, end), end)
            for partition, end in watermark.items()
        }
        if below == watermark and _is_decided(tables, watermark):
            if ends is None:  # what the fold said of it is committed by now
                ends = {topic: await _last(log, topic, stored) for topic in derived}
            if all(
                stored.get((topic, partition), 0) >= end
                for topic, by_partition in ends.items()
                for partition, end in by_partition.items()
            ):
                return Reach(applied, stored)
        if time.monotonic() >= deadline:
            return Reach(applied, stored)
        missing = sum(watermark.values()) - sum(below.values())
        what = f"{missing} records of the inbox are" if missing else "the last outcomes are"
        progress(f"waiting for streams and sink: {what} not in the tables yet")
        await asyncio.sleep(LOOK_SECONDS)


def _is_decided(tables: Tables, watermark: Ends) -> bool:
    decided = {row["kafka_partition"]: row["next"] for row in tables.rows(DECIDED)}
    return all(decided.get(partition, 0) >= end for partition, end in watermark.items())


async def _last(log: Log, topic: str, stored: Stored) -> dict[int, int]:
    """Give the offset after the last message that is not stored: Kafka's ends count more."""
    ranges = {
        (topic, partition): (stored.get((topic, partition), 0), end)
        for partition, end in (await log.ends(topic)).items()
        if stored.get((topic, partition), 0) < end
    }
    edges = await log.edges(ranges)
    return {partition: last + 1 for (_, partition), (_, last) in edges.items()}


def looked_below(
    *,
    watermark: Ends,
    reach: Reach,
    statements: Mapping[int, Statements],
    outcomes: OutcomeLog,
) -> dict[int, int]:
    """Give below which offset of each partition everything must be in the tables."""
    looked: dict[int, int] = {}
    for partition, end in watermark.items():
        said = statements.get(partition)
        looked[partition] = max(
            min(
                end,
                reach.stored.get((INBOX, partition), 0),
                reach.applied.get(partition, end),
                0 if said is None else said.stored,
                outcomes.unstored.get(partition, end),
            ),
            0,
        )
    return looked
