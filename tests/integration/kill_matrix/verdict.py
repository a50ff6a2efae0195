"""One round: traffic, harm, and what the log and the tables hold afterwards.

Rule: counted from Kafka and ClickHouse alone, against what the partners were told.

What clients were answered 1000 for is in the inbox, each such CDR is one row in one bucket, and
every row is the one that an undisturbed run gives for the records the inbox holds. The inbox may
hold more: a document whose answer was lost (the gateway died after Kafka had it, or said 503
because the acknowledgement came too late). The partner sends it again, and the copy counts as a
duplicate; never more copies than it was sent times.
"""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from random import Random

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.topics import SETTLEMENT_CDR, SETTLEMENT_DOCUMENT, Topic
from tests.integration.kill_matrix.arena import FAILED, Arena
from tests.integration.kill_matrix.partners import Told, Traffic
from tests.integration.kill_matrix.points import KILLED, Point
from tests.integration.rig import wait_until

SETTLE_SECONDS = 180.0
SHOWN_DIFFERENCES = 5


@dataclass
class Round:
    """What came of one round; `problems` is empty where the law held."""

    point: str
    seed: int
    acknowledged: int
    rows: int
    lost: int
    doubled: int
    unanswered: int
    copies: int  # records of the inbox beyond one a CDR: their answers were lost
    ended: list[tuple[str, int]]
    problems: list[str] = field(default_factory=list)


def run_round(arena: Arena, point: Point, *, seed: int, least: int = 20) -> Round:
    """Harm the stack under load, let it come to rest and count."""
    prefix = f"{point.name}-{seed}".upper().replace("_", "-")
    random = Random(f"{point.name}:{seed}")
    arena.all_up()
    traffic = Traffic(arena, prefix=prefix, least=least)
    traffic.start()
    try:
        wait_until(lambda: _is_flowing(arena, prefix), seconds=SETTLE_SECONDS, told=arena.logs)
        point.harm(arena, random)
    finally:
        traffic.end()
    wait_until(lambda: _is_at_rest(arena), seconds=SETTLE_SECONDS, told=arena.logs)
    return _counted(arena, point, seed, prefix, traffic.told)


def _is_flowing(arena: Arena, prefix: str) -> bool:
    """Tell whether the first documents of the round have come through to the tables."""
    return bool(arena.rig.rows("cdr_settled", ["cdr_key"], prefix=prefix))


def _is_at_rest(arena: Arena) -> bool:
    arena.tend()
    return arena.rig.settled()


def _counted(arena: Arena, point: Point, seed: int, prefix: str, told: Told) -> Round:
    rig = arena.rig
    differences = rig.differences(prefix=prefix)
    inbox = Counter(
        record.envelope.object_id
        for fold in rig.fold().values()
        for record in fold.log
        if record.envelope.object_id.startswith(prefix)
    )
    buckets: dict[str, list[str]] = {}
    for row in rig.rows("cdr_settled", ["cdr_key", "bucket"], prefix=prefix):
        buckets.setdefault(row["cdr_key"], []).append(row["bucket"])
    twice = _said_twice(arena, prefix)
    lost = [one for one in told.acknowledged if not inbox[one] or len(buckets.get(one, ())) == 0]
    doubled = [one for one, found in buckets.items() if len(found) > 1] + twice
    copies = {one: count - 1 for one, count in inbox.items() if count > 1}
    problems = [f"lost: {one}" for one in lost] + [f"doubled: {one}" for one in doubled]
    problems += [
        f"{count} copies too many of {one}, sent without an answer {told.unanswered.get(one, 0)}"
        for one, count in copies.items()
        if count > told.unanswered.get(one, 0)
    ]
    ended, arena.ended = arena.ended, []
    problems += told.refused + differences[:SHOWN_DIFFERENCES] + _strange_ends(point, ended)
    return Round(
        point=point.name,
        seed=seed,
        acknowledged=len(told.acknowledged),
        rows=len(buckets),
        lost=len(lost),
        doubled=len(doubled),
        unanswered=sum(told.unanswered.values()),
        copies=sum(copies.values()),
        ended=ended,
        problems=problems,
    )


def _strange_ends(point: Point, ended: list[tuple[str, int]]) -> list[str]:
    """Tell who was not killed as the point says, and who ended without being told to."""
    strange = [f"{name} was not killed" for name in point.killed if (name, KILLED) not in ended]
    for name, code in ended:
        is_killed = code == KILLED and name in point.killed
        is_failed = code == FAILED and name in point.may_fail
        if not is_killed and not is_failed:
            strange.append(f"{name} ended with exit code {code}")
    return strange


def _said_twice(arena: Arena, prefix: str) -> list[str]:
    """Find what the committed log says twice: an input's outcome, or a CDR's.

    The tables would hide it, their rows have keys.
    """
    rig = arena.rig
    outcomes: Counter[str] = Counter()
    for value in asyncio.run(_committed(rig.brokers, SETTLEMENT_DOCUMENT, rig.generation)):
        for one in msgspec.json.decode(value):
            if one["object_key"].startswith(prefix):
                outcomes[f"record {one['kafka_partition']}/{one['kafka_offset']}"] += 1
    for value in asyncio.run(_committed(rig.brokers, SETTLEMENT_CDR, rig.generation)):
        one = msgspec.json.decode(value)
        if one["cdr_key"].startswith(prefix):
            outcomes[f"outcome of {one['cdr_key']} at {one['version']}"] += 1
    return [name for name, count in outcomes.items() if count > 1]


async def _committed(brokers: str, topic: Topic, generation: int) -> list[bytes]:
    name = topic.in_generation(generation)
    places = [TopicPartition(name, number) for number in range(topic.partitions)]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers,
        group_id=None,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        await consumer.seek_to_beginning(*places)
        values: list[bytes] = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                values += [record.value for record in records]
        return values
    finally:
        await consumer.stop()
