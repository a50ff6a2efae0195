"""What decisions about dead letters did, as the fold and the tables say.

Rule: nothing is decided here. A result counts once it stands in the tables; the letters that a
retry left are counted in Kafka, where they stand with the transaction that said so.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from clickhouse_connect.driver.client import Client

from settlement.clickhouse.migrate import database_of
from streams.kept_letter import Place
from streams.outcome import DeadLetter
from streams.topics import DEAD_LETTER, INBOX

LOOK_SECONDS = 0.2
READ_MILLISECONDS = 500
_LETTER = msgspec.json.Decoder(DeadLetter)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one decision."""

    place: Place  # decided on
    decision: Place  # where the decision stands
    outcome: str  # of the record that was applied again, else of the decision; empty: none yet
    message: str = ""
    failed_again: int = 0  # dead letters that the retry left

    @property
    def is_fine(self) -> bool:
        """Tell whether the decision had its effect and nothing failed again."""
        return not self.failed_again and self.outcome not in ("no_effect", "dead_lettered", "")


def wait_for_results(
    client: Client,
    *,
    brokers: str,
    generation: int,
    published: Mapping[Place, Place],
    ends_before: Mapping[int, int],
    seconds: float,
) -> list[Result]:
    """Wait until the tables say what each decision did; in the order of the places.

    `published` gives the decision's place by the record's, `ends_before` is what `letter_ends`
    gave before the decisions were written. After `seconds` what is missing has no outcome.
    """
    deadline = time.monotonic() + seconds
    said = _said(client, generation, published)
    while len(said) < len(published) and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)
        said = _said(client, generation, published)
    failed = asyncio.run(_failed_again(brokers, generation, ends_before))
    return [
        Result(
            place=place,
            decision=decision,
            outcome=said.get(place, ("", ""))[0],
            message=said.get(place, ("", ""))[1],
            failed_again=failed.get(decision, 0),
        )
        for place, decision in sorted(published.items())
    ]


def _said(
    client: Client, generation: int, published: Mapping[Place, Place]
) -> dict[Place, tuple[str, str]]:
    """Give what is said of a record that was applied again, else of the decision."""
    rows = _outcomes(client, generation, [*published.values(), *published])
    said: dict[Place, tuple[str, str]] = {}
    for place, decision in published.items():
        if decision not in rows:
            continue
        outcome, reason, _ = rows[decision]
        again = rows.get(place)
        if again is not None and again[2] == decision.offset:
            outcome, reason, _ = again
        said[place] = (outcome, reason)
    return said


def _outcomes(
    client: Client, generation: int, places: Sequence[Place]
) -> dict[Place, tuple[str, str, int]]:
    found = client.query(
        "SELECT kafka_partition, kafka_offset, outcome, reason, version "
        f"FROM {database_of(generation)}.document_outcome FINAL "
        "WHERE (kafka_partition, kafka_offset) IN {places:Array(Tuple(UInt16, UInt64))}",
        parameters={"places": [(place.partition, place.offset) for place in places]},
    )
    return {
        Place(partition, offset): (outcome, reason, version)
        for partition, offset, outcome, reason, version in found.result_rows
    }


async def letter_ends(*, brokers: str, generation: int) -> dict[int, int]:
    """Give the end of each partition of a generation's dead letters."""
    consumer = _consumer(brokers)
    await consumer.start()
    try:
        ends = await consumer.end_offsets(_places(generation))
        return {place.partition: end for place, end in ends.items()}
    finally:
        await consumer.stop()


async def _failed_again(
    brokers: str, generation: int, before: Mapping[int, int]
) -> dict[Place, int]:
    """Count the dead letters that came since, by the place of the fact that left them."""
    consumer = _consumer(brokers)
    await consumer.start()
    counted: dict[Place, int] = {}
    try:
        places = _places(generation)
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        for place in places:
            consumer.seek(place, before.get(place.partition, 0))
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=READ_MILLISECONDS)).values():
                for record in records:
                    letter = _LETTER.decode(dict(record.headers)["dead_letter"])
                    if letter.origin_topic == INBOX.name:
                        cause = Place(letter.origin_partition, letter.version)
                        counted[cause] = counted.get(cause, 0) + 1
        return counted
    finally:
        await consumer.stop()


def _consumer(brokers: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=brokers,
        group_id=None,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=DEAD_LETTER.max_message_bytes,
    )


def _places(generation: int) -> list[TopicPartition]:
    name = DEAD_LETTER.in_generation(generation)
    return [TopicPartition(name, number) for number in range(DEAD_LETTER.partitions)]
