"""What lies in the inbox: a seal of each record, and what surrounds the CDRs.

Rule: the verbatim bytes and headers in Kafka, nothing that anybody derived from them; bytes are
not kept, but of tariffs and locations.
"""

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from settlement.verify.difference import Differences
from settlement.verify.digest import SEAL_BYTES, seal
from settlement.verify.document import Unreadable, folded, read_json
from settlement.verify.kafka import Ends, Log
from settlement.verify.moment import log_text, read_time
from settlement.verify.tariff import Tariff, read_tariff

TOPIC = "inbox"
CHECK = "inbox"
DECISIONS = "decisions"
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
    """A PUT of a tariff."""

    partition: int
    offset: int
    last_updated: datetime
    received: datetime
    tariff: Tariff | None  # None where we cannot read it


@dataclass(frozen=True, slots=True)
class LocationChange:
    """A PUT or PATCH of a location or a part of it."""

    partition: int
    offset: int
    is_whole: bool  # a PUT of the whole location
    last_updated: datetime | None
    body: Mapping[str, Any]


@dataclass(slots=True)
class Inbox:
    """Everything that later checks need to know of the inbox."""

    partitions: dict[int, Partition] = field(default_factory=dict)
    cdrs: dict[Key, list[tuple[int, int]]] = field(default_factory=dict)  # partition, offset
    tariffs: dict[Key, list[TariffVersion]] = field(default_factory=dict)
    locations: dict[Key, list[LocationChange]] = field(default_factory=dict)
    decisions: set[tuple[int, int]] = field(default_factory=set)  # about dead letters
    records: int = 0
    size: int = 0

    def take(self, record: Any) -> None:
        """Take one record in."""
        headers = {name: value.decode(errors="replace") for name, value in record.headers}
        value = record.value or b""
        kept = self.partitions.setdefault(record.partition, Partition())
        while len(kept) < record.offset:  # a gap, told by `read_inbox`
            kept.seals += bytes(SEAL_BYTES)
            kept.who.append(0)
            kept.received.append(0)
        kept.seals += seal(value)
        kept.who.append(hash(who_of(headers, record.key)))
        kept.received.append(hash(received_of(headers)))
        self.records += 1
        self.size += len(value)
        if all(name in headers for name in _REQUIRED):
            self._keep(headers, record, value)

    def _keep(self, headers: Mapping[str, str], record: Any, value: bytes) -> None:
        key = (headers.get("cpo", ""), folded(headers.get("object_id", "")))
        place = (record.partition, record.offset)
        module = headers["module"]
        if module == "cdrs":
            self.cdrs.setdefault(key, []).append(place)
        elif module == "tariffs" and headers["http_method"] == "PUT":
            received = read_time(headers["received_time"])
            assert received is not None, headers["received_time"]
            tariff = _tariff(value)
            version = TariffVersion(
                *place, (tariff and tariff.last_updated) or received, received, tariff
            )
            self.tariffs.setdefault(key, []).append(version)
        elif module == DECISIONS:
            self.decisions.add(place)
        elif module == "locations":
            is_part = bool(headers.get("evse_uid"))
            is_whole = headers["http_method"] == "PUT" and not is_part
            body = _body(value)
            change = LocationChange(*place, is_whole, read_time(body.get("last_updated")), body)
            self.locations.setdefault(key, []).append(change)


def who_of(headers: Mapping[str, str], key: bytes | None) -> tuple[str, str, str]:
    """Say whose record it is: CPO, module, object, as its outcome must name them."""
    if not all(name in headers for name in _REQUIRED):
        return ((key or b"").decode(errors="replace"), "", "")
    return (headers.get("cpo", ""), headers["module"], folded(headers.get("object_id", "")))


def received_of(headers: Mapping[str, str]) -> tuple[str | None, ...]:
    """Give the headers that stand in columns of `document_received`, in their order there."""
    names = (
        "object_id",
        "evse_uid",
        "connector_id",
        "partner",
        "emsp",
        "ce_type",
        "http_method",
        "ocpi_version",
    )
    received = read_time(headers.get("received_time"))
    told = None if received is None else received.isoformat(timespec="microseconds")
    return (*(headers.get(name, "") for name in names), log_text(told and told[:26]))


def _tariff(value: bytes) -> Tariff | None:
    try:
        return read_tariff(read_json(value))
    except Unreadable:
        return None


def _body(value: bytes) -> Mapping[str, Any]:
    try:
        return read_json(value)
    except Unreadable:
        return {}


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


async def fetch(log: Log, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], bytes]:
    """Read the bytes of single records anew."""
    found: dict[tuple[int, int], bytes] = {}
    by_partition: dict[int, list[int]] = {}
    for partition, offset in places:
        by_partition.setdefault(partition, []).append(offset)
    for partition, offsets in by_partition.items():
        async for record in log.pick(TOPIC, partition, offsets):
            found[partition, record.offset] = record.value or b""
    return found
