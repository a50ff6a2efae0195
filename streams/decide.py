"""Deciding about dead letters: each decision is a fact of the inbox.

Rule: a decision stands in the partition of the record it names, under the CPO that the dead
letter names; it is told only after Kafka acknowledged it. What it did is told by `decided`.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

import msgspec

from streams.decision import MODULE, Decision
from streams.events import EVENT_TYPES, Envelope, headers_of
from streams.kept_letter import KeptLetter, Place
from streams.publisher import Publisher
from streams.topics import INBOX

RETRY = "RETRY"
DROP = "DROP"
SOURCE = "/settle/dead-letters"


def decision_envelope(*, letter: KeptLetter, method: str, value: bytes, now: datetime) -> Envelope:
    """Give the envelope of a decision about a letter; `value` is the decision's body."""
    text = now.astimezone(UTC).isoformat(timespec="microseconds")
    return Envelope(
        ce_id=str(uuid5(NAMESPACE_URL, f"{SOURCE}/{method}/{text}/{value.decode()}")),
        ce_type=EVENT_TYPES[MODULE, method],
        ce_source=SOURCE,
        ce_subject=f"{letter.cpo}/{letter.place}",
        ce_time=text,
        received_time=text,
        partner="settle",
        cpo=letter.cpo,
        ocpi_version="none",
        module=MODULE,
        http_method=method,
        object_id=str(letter.place),
    )


async def publish_decisions(
    *,
    brokers: str,
    letters: Iterable[KeptLetter],
    method: str,
    actor: str,
    reason: str,
    clock: Callable[[], datetime],
) -> dict[Place, Place]:
    """Write one decision a record and give where each stands; raises NotPublished.

    Several letters of one record, the failed runs of one fact, are decided on at once.
    """
    published: dict[Place, Place] = {}
    publisher = Publisher(brokers=brokers)
    await publisher.start()
    try:
        for letter in letters:
            if letter.place in published:
                continue
            decision = Decision(
                partition=letter.partition, offset=letter.offset, actor=actor, reason=reason
            )
            value = msgspec.json.encode(decision)
            envelope = decision_envelope(letter=letter, method=method, value=value, now=clock())
            position = await publisher.publish(
                topic=INBOX.name,
                key=letter.cpo,
                value=value,
                headers=headers_of(envelope),
                partition=letter.partition,
            )
            published[letter.place] = Place(position.partition, position.offset)
    finally:
        await publisher.stop()
    return published
