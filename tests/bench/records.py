"""Inbox records as partners' days make them, for the benches of what reads the inbox.

Rule: envelope and bytes are what the gateway would write; ids differ, contents repeat, since
what is measured must not be the making of documents.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zlib import crc32

import msgspec
from aiokafka import AIOKafkaProducer

from streams.events import EVENT_TYPES, Envelope, Headers, headers_of
from streams.topics import INBOX
from tests.bench.bench_pricing import DOCUMENTS, TARIFFS, ZONE, a_tariff, documents
from tests.builders import a_location_document

CPOS = tuple(f"DE*A{letter}L" for letter in "ABCDEFGHIJKLMNOP")
EMSP = "DE*EMP"
RECEIVED = datetime(2024, 12, 1, tzinfo=UTC)
_ENCODE = msgspec.json.Encoder(decimal_format="number").encode


class InboxRecord(msgspec.Struct, frozen=True):
    """What is to be written to the inbox."""

    key: str
    value: bytes
    headers: Headers


def surroundings() -> Iterator[InboxRecord]:
    """Give what each CPO publishes before it sends CDRs: its tariffs and its location."""
    for cpo in CPOS:
        location = a_location_document(id="LOC1", party_id=cpo[3:], time_zone=ZONE)
        yield _record("locations", "PUT", cpo, "LOC1", _ENCODE(location), "")
        for number in range(TARIFFS):
            tariff = a_tariff(number)
            yield _record("tariffs", "PUT", cpo, tariff["id"], _ENCODE(tariff), "")


def cdrs(count: int, *, first: int = 0) -> Iterator[InboxRecord]:
    """Give CDRs of all CPOs in turn, each with an id of its own."""
    templates = documents(DOCUMENTS)
    for number in range(first, first + count):
        body = templates[number % len(templates)]
        old = b"CDR-2024-%08d" % (number % len(templates))
        session = b"SESSION-%08d" % (number % len(templates))
        name = f"CDR-2024-{number:08d}"
        body = body.replace(old, name.encode()).replace(session, b"SESSION-%08d" % number)
        yield _record("cdrs", "POST", CPOS[number % len(CPOS)], name, body, EMSP)


def _record(
    module: str, method: str, cpo: str, object_id: str, body: bytes, emsp: str
) -> InboxRecord:
    number = crc32(f"{cpo}{object_id}".encode())
    received = RECEIVED + timedelta(microseconds=number)
    envelope = Envelope(
        ce_id=f"4616be84-0d01-4954-a9be-{number:012d}",
        ce_type=EVENT_TYPES[module, method],
        ce_source=f"/ocpi/2.2.1/{module}",
        ce_subject=f"{cpo}/{object_id}",
        ce_time=received.isoformat(),
        received_time=received.isoformat(timespec="microseconds"),
        partner=cpo,
        cpo=cpo,
        emsp=emsp,
        ocpi_version="2.2.1",
        module=module,
        http_method=method,
        object_id=object_id,
        request_id=f"4616be84-0d01-4954-a9bf-{number:012d}",
        correlation_id=f"4616be84-0d01-4954-a9c0-{number:012d}",
    )
    return InboxRecord(cpo, body, headers_of(envelope))


async def fill_inbox(*, brokers: str, count: int) -> int:
    """Write surroundings and CDRs to the inbox; give the number of records."""
    producer = AIOKafkaProducer(
        bootstrap_servers=brokers, linger_ms=20, max_batch_size=1024 * 1024, acks="all"
    )
    await producer.start()
    written = 0
    try:
        futures = []
        for source in (surroundings(), cdrs(count)):
            for record in source:
                futures.append(
                    await producer.send(
                        INBOX.name,
                        value=record.value,
                        key=record.key.encode(),
                        headers=record.headers,
                    )
                )
                written += 1
                if len(futures) >= 2_000:
                    await asyncio.gather(*futures)
                    futures.clear()
            await asyncio.gather(*futures)
            futures.clear()
    finally:
        await producer.stop()
    return written
