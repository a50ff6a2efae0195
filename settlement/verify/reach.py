"""How far one can look: the watermark, and waiting until the sink has passed it.

Rule: offsets decide, never a count and never the time; what has not come to the tables by the
end of the wait is not looked at, and said to be so.
"""

import asyncio
import time
from collections.abc import Callable, Mapping

from settlement.verify.clickhouse import Tables
from settlement.verify.inbox import TOPIC as INBOX
from settlement.verify.kafka import Ends, Log
from settlement.verify.outcome import OutcomeLog
from settlement.verify.statement import Statements

LOOK_SECONDS = 0.3
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


async def wait_for_sink(
    *,
    log: Log,
    tables: Tables,
    watermark: Ends,
    derived: tuple[str, ...],
    wait_seconds: int,
    progress: Callable[[str], None],
) -> dict[tuple[str, int], int]:
    """Wait until everything below the watermark is stored, or the time is over; say how far.

    `derived` are the topics whose messages about it must be stored, too.
    """
    deadline = time.monotonic() + wait_seconds
    ends: dict[str, dict[int, int]] | None = None
    while True:
        stored = read_stored(tables)
        if _is_decided(tables, stored, watermark):
            if ends is None:  # what the fold said of it is committed by now
                ends = {topic: await _last(log, topic, stored) for topic in derived}
            if all(
                stored.get((topic, partition), 0) >= end
                for topic, by_partition in ends.items()
                for partition, end in by_partition.items()
            ):
                return stored
        if time.monotonic() >= deadline:
            return stored
        missing = sum(
            max(end - stored.get((INBOX, partition), 0), 0) for partition, end in watermark.items()
        )
        progress(f"waiting for the sink: {missing} records of the inbox are not stored yet")
        await asyncio.sleep(LOOK_SECONDS)


def _is_decided(tables: Tables, stored: Stored, watermark: Ends) -> bool:
    if any(stored.get((INBOX, partition), 0) < end for partition, end in watermark.items()):
        return False
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
    stored: Stored,
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
                stored.get((INBOX, partition), 0),
                0 if said is None else said.stored,
                outcomes.unstored.get(partition, end),
            ),
            0,
        )
    return looked
