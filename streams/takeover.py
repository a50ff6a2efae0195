"""Whether a state and its inbox belong together.

Rule: looked at whenever a partition is taken over; whatever does not fit stops the worker with
one sentence, so that nothing is skipped and nothing is done twice.
"""

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from settlement.rules import RULES_VERSION
from streams.events import Headers
from streams.state import Marker
from streams.topics import INBOX

READ_MILLISECONDS = 1_000
READS = 15


class StateDoesNotFit(Exception):  # noqa: N818 - the cluster's state, not an error of ours
    """The state and the inbox do not belong together; the text is one sentence."""


class InboxFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a partition of the inbox says of itself."""

    first: int  # first offset it holds
    end: int  # next offset to be written
    committed: int | None  # of the consumer group
    marked_id: str | None  # ce_id of the record at the marker's offset


def fit(*, partition: int, marker: Marker | None, facts: InboxFacts) -> None:
    """Raise StateDoesNotFit where a state must not be continued on this inbox."""
    name = f"partition {partition} of the inbox"
    if facts.first > 0:
        raise StateDoesNotFit(
            f"{name} begins at offset {facts.first}, not at 0: it was truncated, restore it"
        )
    if marker is None:
        if facts.committed:
            raise StateDoesNotFit(
                f"{name} was read up to offset {facts.committed}, but its state is gone: "
                "restore the state topic or replay into the next generation"
            )
        return
    if marker.rules_version != RULES_VERSION:
        raise StateDoesNotFit(
            f"the state of {name} was computed under rules {marker.rules_version}, this program "
            f"has rules {RULES_VERSION}: replay into the next generation"
        )
    if facts.end <= marker.offset:
        raise StateDoesNotFit(
            f"{name} ends at offset {facts.end}, its state has applied {marker.offset}: "
            "records are missing, restore the inbox"
        )
    if facts.marked_id != marker.ce_id:
        raise StateDoesNotFit(
            f"{name} holds event {facts.marked_id} at offset {marker.offset}, its state has "
            f"applied {marker.ce_id} there: it is another inbox"
        )
    # Acknowledged is only what a committed transaction holds.
    following = marker.offset + (1 if marker.cursor is None else 0)
    if facts.committed is not None and facts.committed > following:
        raise StateDoesNotFit(
            f"{name} was read up to offset {facts.committed}, its state only to {following}: "
            "the state topic is older than it was, restore it or replay into the next generation"
        )


async def read_inbox_facts(
    *, brokers: str, group: str, partition: int, marker: Marker | None
) -> InboxFacts:
    """Look at a partition of the inbox."""
    place = TopicPartition(INBOX.name, partition)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers,
        group_id=group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=INBOX.max_message_bytes,
    )
    await consumer.start()
    try:
        consumer.assign([place])
        first = (await consumer.beginning_offsets([place]))[place]
        end = (await consumer.end_offsets([place]))[place]
        committed = await consumer.committed(place)
        marked_id = None
        if marker is not None and first <= marker.offset < end:
            marked_id = await _id_at(consumer, place, marker.offset)
        return InboxFacts(first=first, end=end, committed=committed, marked_id=marked_id)
    finally:
        await consumer.stop()


async def _id_at(consumer: AIOKafkaConsumer, place: TopicPartition, offset: int) -> str | None:
    consumer.seek(place, offset)
    for _ in range(READS):
        records = await consumer.getmany(place, timeout_ms=READ_MILLISECONDS, max_records=1)
        for record in records.get(place, ()):
            return event_id(record.headers, partition=place.partition, offset=record.offset)
    return None


def event_id(headers: Headers, *, partition: int, offset: int) -> str:
    """Give the id of an event; a record without one is named by its place."""
    for name, value in headers:
        if name == "ce_id":
            return value.decode(errors="replace")
    return f"{partition}-{offset}"
