"""Reading CDR documents back from the inbox by their offset.

Rule: the inbox is the only archive; what is kept here is a bounded cache. It holds records as
they came: a document that was read weighs far more, and most are never asked for again.
"""

import time
from collections import OrderedDict
from collections.abc import Iterable, Mapping

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from settlement.ocpi.door import parse_cdr
from streams.record import Record, record_at
from streams.steps.settle import Document
from streams.topics import INBOX, MEBIBYTE

CACHED_BYTES = 16 * MEBIBYTE  # in every partition: some thousand CDRs
ENVELOPE_BYTES = 2_000
# Reading on is cheaper than a seek over fewer records than this.
SEEK_RECORDS = 500
FETCH_MILLISECONDS = 1_000
# The broker gives nothing for so long: the worker stops, and goes on where it was.
READ_SECONDS = 60


class Documents:
    """The CDR documents of one inbox partition."""

    def __init__(self, *, brokers: str, partition: int) -> None:
        self._brokers = brokers
        self._partition = TopicPartition(INBOX.name, partition)
        self._consumer: AIOKafkaConsumer | None = None
        self._cache: OrderedDict[int, Record] = OrderedDict()
        self._cached_bytes = 0

    def keep(self, record: Record) -> None:
        """Put the record of a CDR document into the cache, the oldest go."""
        if record.offset in self._cache:
            return
        self._cache[record.offset] = record
        self._cached_bytes += _weight(record)
        while self._cached_bytes > CACHED_BYTES:
            _, oldest = self._cache.popitem(last=False)
            self._cached_bytes -= _weight(oldest)

    async def load(self, offsets: Iterable[int]) -> dict[int, Record]:
        """Give the records at these offsets, from the cache or from the inbox.

        Raises KeyError for an offset that the inbox does not hold any more.
        """
        wanted = sorted(set(offsets))
        found = {offset: self._cache[offset] for offset in wanted if offset in self._cache}
        missing = [offset for offset in wanted if offset not in found]
        if missing:
            for offset, message in (await self._read(missing)).items():
                found[offset] = record = record_at(message)
                self.keep(record)
        return found

    async def record(self, offset: int) -> Record:
        """Give the inbox record at an offset, as it was received.

        Raises KeyError where the inbox does not hold it any more, TimeoutError where the broker
        does not give it.
        """
        found = await self._read([offset])
        return record_at(found[offset])

    async def stop(self) -> None:
        """Disconnect."""
        if self._consumer is not None:
            await self._consumer.stop()

    async def _read(self, offsets: list[int]) -> dict[int, ConsumerRecord]:
        consumer = await self._connected()
        found: dict[int, ConsumerRecord] = {}
        position = None
        pending = iter(offsets)
        wanted = next(pending, None)
        last = time.monotonic()
        while wanted is not None:
            if position is None or not position <= wanted < position + SEEK_RECORDS:
                consumer.seek(self._partition, wanted)
            records = await consumer.getmany(self._partition, timeout_ms=FETCH_MILLISECONDS)
            if records:
                last = time.monotonic()
            elif time.monotonic() - last > READ_SECONDS:
                raise TimeoutError(f"{self._partition}: offset {wanted} was not read in time")
            for record in records.get(self._partition, ()):
                position = record.offset + 1
                if wanted is None or record.offset < wanted:
                    continue
                if record.offset > wanted:
                    raise KeyError(f"{self._partition}: no record at offset {wanted}")
                found[wanted] = record
                wanted = next(pending, None)
        return found

    async def _connected(self) -> AIOKafkaConsumer:
        if self._consumer is None:
            self._consumer = AIOKafkaConsumer(
                bootstrap_servers=self._brokers,
                enable_auto_commit=False,
                auto_offset_reset="none",
                max_partition_fetch_bytes=INBOX.max_message_bytes,
            )
            await self._consumer.start()
            self._consumer.assign([self._partition])
        return self._consumer


def document_of(record: Record) -> Document:
    """Read a CDR document as it was admitted."""
    parsed = parse_cdr(record.value, ocpi_version=record.envelope.ocpi_version)
    return Document(parsed=parsed, emsp=record.envelope.emsp)


def read_all(
    records: Mapping[int, Record], wanted: Iterable[int], read: Mapping[int, Document]
) -> dict[int, Document]:
    """Read the records at these offsets, but for those that are read already."""
    return {
        offset: read[offset] if offset in read else document_of(records[offset])
        for offset in wanted
    }


def _weight(record: Record) -> int:
    return len(record.value) + ENVELOPE_BYTES
