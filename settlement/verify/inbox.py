"""What lies in the inbox: a seal of each record, and what surrounds the CDRs.

Rule: the verbatim bytes and headers in Kafka, nothing that anybody derived from them; bytes are
not kept, but of tariffs and locations.
"""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from settlement.verify.difference import Differences
from settlement.verify.digest import SEAL_BYTES, seal
from settlement.verify.document import Body, Unreadable, folded, read_json
from settlement.verify.kafka import Ends, Log
from settlement.verify.location import LocationChange, read_location
from settlement.verify.moment import log_text, receipt
from settlement.verify.tariff import Tariff, read_tariff

TOPIC = "inbox"
CHECK = "inbox"
DECISIONS = "decisions"
RECEIVED_COLUMNS = (
    "object_id",
    "evse_uid",
    "connector_id",
    "partner",
    "emsp",
    "ce_type",
    "http_method",
    "ocpi_version",
)
UNKNOWN_RECEIPT = datetime(1970, 1, 1, tzinfo=UTC)
# Without these a record is no event of ours: its outcome names neither module nor object.
_REQUIRED = (
    "ce_id",
    "ce_type",
    "ce_source",
    "ce_subject",
    "ce_time",
    "received_time",
    "partner",
    "ocpi_version",
    "module",
    "http_method",
)
_KNOWN = frozenset(_REQUIRED) | set(RECEIVED_COLUMNS) | {"cpo", "schema_version"}
Headers = Mapping[str, str]
Key = tuple[str, str]  # CPO, id in upper case


@dataclass(slots=True)
class Partition:
    """The records of one partition by offset."""

    seals: bytearray = field(default_factory=bytearray)
    who: "array[int]" = field(default_factory=lambda: array("q"))  # CPO, module, object
    received: "array[int]" = field(default_factory=lambda: array("q"))  # the other headers

    def __len__(self) -> int:
        """Count the records."""
        return len(self.who)

    def seal_at(self, offset: int) -> bytes:
        """Give the seal of a record."""
        return bytes(self.seals[offset * SEAL_BYTES : (offset + 1) * SEAL_BYTES])


@dataclass(frozen=True, slots=True)
class TariffVersion:
    """A version of a tariff as it was sent."""

    partition: int
    offset: int
    last_updated: datetime
    received: datetime
    tariff: Tariff | None  # None where we cannot read it


@dataclass(slots=True)
class Inbox:
    """Everything that later checks need to know of the inbox."""

    partitions: dict[int, Partition] = field(default_factory=dict)
    cdrs: dict[Key, list[tuple[int, int]]] = field(default_factory=dict)  # partition, offset
    tariffs: dict[Key, list[TariffVersion]] = field(default_factory=dict)
    locations: dict[Key, list[LocationChange]] = field(default_factory=dict)
    decisions: set[tuple[int, int]] = field(default_factory=set)  # about dead letters
    records: int = 0

    def take(self, record: Any) -> None:
        """Take one record in."""
        headers = headers_of(record)
        value = record.value or b""
        kept = self.partitions.setdefault(record.partition, Partition())
        while len(kept) < record.offset:  # a gap, told by `read_inbox`
            kept.seals += bytes(SEAL_BYTES)
            kept.who.append(0)
            kept.received.append(0)
        kept.seals += seal(value)
        is_event = _is_event(record, headers)
        who = (
            (headers.get("cpo", ""), headers["module"], folded(headers.get("object_id", "")))
            if is_event
            else ((record.key or b"").decode(errors="replace"), "", "")
        )
        kept.who.append(hash(who))
        kept.received.append(hash(received_of(headers)))
        self.records += 1
        if is_event:
            self._keep(headers, who, (record.partition, record.offset), value)

    def _keep(
        self, headers: Headers, who: tuple[str, str, str], place: tuple[int, int], value: bytes
    ) -> None:
        cpo, module, object_key = who
        key = (cpo, object_key)
        if module == "cdrs":
            self.cdrs.setdefault(key, []).append(place)
        elif module == "tariffs" and headers["http_method"] != "DELETE":
            received = receipt(headers["received_time"])
            assert received is not None, headers
            tariff = _tariff(value, headers["ocpi_version"])
            version = TariffVersion(
                *place, (tariff and tariff.last_updated) or received, received, tariff
            )
            self.tariffs.setdefault(key, []).append(version)
        elif module == DECISIONS:
            self.decisions.add(place)
        elif module == "locations":
            change = LocationChange(*place)
            if headers["http_method"] == "PUT" and not headers.get("evse_uid"):
                change = _location(value, headers["ocpi_version"], place)
            self.locations.setdefault(key, []).append(change)


def headers_of(record: Any) -> Headers:
    """Give the headers of a record as text; of several of one name the last."""
    return {name: value.decode(errors="replace") for name, value in record.headers}


def _is_event(record: Any, headers: Headers) -> bool:
    """Tell whether a record is an event of ours; its outcome names nothing where it is none."""
    if any(name not in headers for name in _REQUIRED):
        return False
    if not headers.get("schema_version", "1").isdecimal():
        return False
    is_text = all(_is_text(value) for name, value in record.headers if name in _KNOWN)
    return is_text and receipt(headers["received_time"]) is not None


def _is_text(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def received_of(headers: Headers) -> tuple[str | None, ...]:
    """Give the headers that stand in columns of `document_received`, in their order there."""
    received = receipt(headers.get("received_time")) or UNKNOWN_RECEIPT
    told = received.isoformat(timespec="microseconds")
    return (*(headers.get(name, "") for name in RECEIVED_COLUMNS), log_text(told[:26]))


def _tariff(value: bytes, version: str) -> Tariff | None:
    try:
        return read_tariff(read_json(value), version=version)
    except Unreadable:
        return None


def _location(value: bytes, version: str, place: tuple[int, int]) -> LocationChange:
    try:
        location, updated = read_location(read_json(value), version=version)
    except Unreadable:
        return LocationChange(*place)
    return LocationChange(*place, updated, location)


async def read_inbox(log: Log, ends: Ends, differences: Differences) -> Inbox:
    """Read the inbox up to these ends; what Kafka no longer holds is a difference."""
    inbox = Inbox()
    starts = await log.starts(TOPIC)
    for partition, end in sorted(ends.items()):
        expected = 0
        if starts.get(partition, 0) >= end:
            if end:
                _missing(differences, partition, 0, end)
            continue
        reading = log.read(TOPIC, partition, start=starts.get(partition, 0), end=end)
        async for records in reading:
            for record in records:
                if record.offset != expected:
                    _missing(differences, partition, expected, record.offset)
                inbox.take(record)
                expected = record.offset + 1
    return inbox


def _missing(differences: Differences, partition: int, first: int, end: int) -> None:
    differences.add(
        CHECK,
        f"inbox/{partition}",
        expected=f"records {first} to {end - 1}",
        found="none: the inbox was truncated or has a gap",
    )


async def fetch(log: Log, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Body]:
    """Read single CDR documents anew."""
    found: dict[tuple[int, int], Body] = {}
    by_partition: dict[int, list[int]] = {}
    for partition, offset in places:
        by_partition.setdefault(partition, []).append(offset)
    for partition, offsets in by_partition.items():
        async for record in log.pick(TOPIC, partition, offsets):
            headers = headers_of(record)
            found[partition, record.offset] = Body(
                value=record.value or b"",
                version=headers.get("ocpi_version", ""),
                emsp=headers.get("emsp", ""),
                object_id=headers.get("object_id", ""),
            )
    return found
