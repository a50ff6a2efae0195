"""Admission: what a record means for the objects of its CPO.

Rule: identity and kinship only (first, duplicate, conflict; applied, no effect); no price, no
verdict. Whatever raises here leaves the state as it was: the caller rolls back.
"""

import hashlib
from datetime import UTC, date, datetime, timedelta

import msgspec

from settlement.cdr import Cdr
from settlement.digest import cdr_digest
from settlement.ocpi.door import parse_cdr
from settlement.ocpi.parsed import Parsed
from settlement.tariff import Tariff
from streams.outcome import (
    DeadLetterDecided,
    DocumentOutcome,
    LocationOutcome,
    SessionOutcome,
    TariffOutcome,
    TooLarge,
)
from streams.record import Record
from streams.state import CdrCopy, CdrState, State, key_of

ObjectOutcome = SessionOutcome | TariffOutcome | LocationOutcome | DeadLetterDecided
# A month earlier than this is a wrong clock at the charge point, not a session.
EARLIEST_MONTH = datetime(2015, 1, 1, tzinfo=UTC)
LATEST_AFTER_RECEIPT = timedelta(days=31)
# A period is tried against each element; beyond these a single CDR would hold up its partition,
# and the transactions of others, for many seconds. A period every ten seconds of a day and six
# prices for each hour of a week stay within.
CHARGING_PERIODS = 10_000
TARIFF_ELEMENTS = 1_000


class Admission(msgspec.Struct, frozen=True, kw_only=True):
    """What a record did: its own outcome, what it changed and which CDRs must run again."""

    document: DocumentOutcome
    objects: tuple[ObjectOutcome, ...] = ()
    touched: tuple[str, ...] = ()  # keys of CDRs, in key order
    retried: int | None = None  # offset of a dead-lettered record that is to be applied again
    parsed: Parsed[Cdr] | None = None  # of a CDR document: it need not be read again


# A reason longer than this says nothing more to anyone.
REASON_CHARACTERS = 2_000


def document_outcome(record: Record, outcome: str, reason: str = "") -> DocumentOutcome:
    """Say what became of a record."""
    return DocumentOutcome(
        kafka_partition=record.partition,
        kafka_offset=record.offset,
        cpo=record.envelope.cpo,
        module=record.envelope.module,
        object_key=record.object_key,
        outcome=outcome,
        reason=reason[:REASON_CHARACTERS],
        version=record.offset,
    )


def storage_month(*, end: datetime | None, received: datetime) -> date:
    """Give the month under which a CDR's rows are stored for ever."""
    if end is not None and EARLIEST_MONTH <= end < received + LATEST_AFTER_RECEIPT:
        return date(end.year, end.month, 1)
    return date(received.year, received.month, 1)


def bounded_tariff(tariff: Tariff) -> None:
    """Raise TooLarge for a tariff that cannot be tried in time."""
    if len(tariff.elements) > TARIFF_ELEMENTS:
        raise TooLarge(
            f"{len(tariff.elements)} tariff elements, {TARIFF_ELEMENTS} are tried in time"
        )


def bounded_cdr(cdr: Cdr) -> None:
    """Raise TooLarge for a CDR that cannot be priced in time."""
    if len(cdr.charging_periods) > CHARGING_PERIODS:
        raise TooLarge(
            f"{len(cdr.charging_periods)} charging periods, {CHARGING_PERIODS} are priced in time"
        )
    for tariff in cdr.tariffs:
        bounded_tariff(tariff)


def raw_digest(value: bytes) -> str:
    """Give the digest of a document's bytes."""
    return hashlib.sha256(value).hexdigest()[:32]


def admit_cdr(record: Record, state: State) -> Admission:
    """Admit a CDR document; raises UnreadableDocument for what cannot be read."""
    envelope = record.envelope
    parsed = parse_cdr(record.value, ocpi_version=envelope.ocpi_version)
    bounded_cdr(parsed.value)
    key = key_of("cdr", envelope.cpo, record.object_key)
    digest = cdr_digest(parsed.value)
    raw = raw_digest(record.value)
    before = state.cdr(key)
    if before is None:
        month = storage_month(end=parsed.value.end_date_time, received=envelope.received)
        before = CdrState(cpo=envelope.cpo, key=record.object_key, month=month)
    equal = next((c for c in before.copies if c.digest == digest and c.emsp == envelope.emsp), None)
    if equal is None:
        copy = CdrCopy(
            digest=digest,
            emsp=envelope.emsp,
            offsets=(record.offset,),
            shown=record.offset,
            raw=raw,
            received=envelope.received,
        )
        after = msgspec.structs.replace(before, copies=(*before.copies, copy))
    else:
        assert record.offset not in equal.offsets, (key, record.offset)
        copy = _joined(equal, record, raw)
        copies = tuple(copy if c is equal else c for c in before.copies)
        after = msgspec.structs.replace(before, copies=copies)
    state.put(key, after)
    is_touched = [_shown(c) for c in after.billed] != [_shown(c) for c in before.billed]
    return Admission(
        document=document_outcome(record, _kinship(before, digest, envelope.emsp)),
        touched=(key,) if is_touched else (),
        parsed=parsed,
    )


def _joined(copy: CdrCopy, record: Record, raw: str) -> CdrCopy:
    """Add a record to its equals; the one with the least bytes is shown."""
    offsets = (*copy.offsets, record.offset)
    if raw >= copy.raw:
        return msgspec.structs.replace(copy, offsets=offsets)
    return msgspec.structs.replace(
        copy, offsets=offsets, shown=record.offset, raw=raw, received=record.envelope.received
    )


def _shown(copy: CdrCopy) -> tuple[str, str, int]:
    return copy.digest, copy.emsp, copy.shown


def _kinship(before: CdrState, digest: str, emsp: str) -> str:
    """Tell what a copy is to those before it; one that names no eMSP is equal to any."""
    if not before.copies:
        return "first"
    is_equal = any(
        c.digest == digest and (c.emsp == emsp or not c.emsp or not emsp) for c in before.copies
    )
    return "duplicate" if is_equal else "conflict"


def admit_unreadable(record: Record, state: State) -> str | None:
    """Remember a dead-lettered CDR record; give its key where the CDR's row is to show it.

    Of several the row shows the one whose bytes and address have the least digest, so that the
    order of arrival does not count; a CDR that has a copy shows that.
    """
    envelope = record.envelope
    if envelope.module != "cdrs":
        return None
    key = key_of("cdr", envelope.cpo, record.object_key)
    before = state.cdr(key)
    if before is None:
        month = storage_month(end=None, received=envelope.received)
        before = CdrState(cpo=envelope.cpo, key=record.object_key, month=month)
    address = f"{envelope.object_id}\n{envelope.emsp}\n{envelope.ocpi_version}\n"
    digest = raw_digest(address.encode() + record.value)
    is_shown = not before.dead_shown or digest <= before.dead_shown
    after = msgspec.structs.replace(
        before,
        dead_letters=(*before.dead_letters, record.offset),
        dead_shown=digest if is_shown else before.dead_shown,
    )
    state.put(key, after)
    return key if is_shown and not before.copies else None
