"""Admission of what surrounds a CDR: sessions, tariffs and locations.

Rule: every change is kept; what is in force is folded from all of them by their own times, so
that the order of arrival does not count. A change that alters nothing touches no CDR.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

import msgspec

from settlement.digest import location_digest, tariff_digest
from settlement.fold import Change, fold_location, fold_session, read_change
from settlement.ocpi.document import NotJson
from settlement.ocpi.door import parse_location, parse_session, parse_tariff
from settlement.ocpi.problem import Problem, UnreadableDocument
from settlement.party import parse_party
from settlement.reconciliation.tariff_choice import TariffVersion
from streams.outcome import TooLarge
from streams.record import Record
from streams.state import (
    LocationState,
    SessionState,
    State,
    StoredChange,
    TariffState,
    encode,
    key_of,
)
from streams.steps.admit import Admission, bounded_tariff, document_outcome
from streams.steps.outline import location_outcome, session_outcome, tariff_outcomes

# What a location can change about a price or a check; a PATCH of anything else has no effect.
LOCATION_FIELDS = frozenset(
    {
        "id",
        "uid",
        "country",
        "time_zone",
        "evses",
        "evse_id",
        "connectors",
        "tariff_ids",
        "tariff_id",
    }
)


# What the state holds of one object must fit a message of the state topic with room to spare.
CHANGES_BYTES = 8 * 1024 * 1024


class TooManyChanges(TooLarge):
    """The documents of one object together are larger than its state may be."""


def admit_session(record: Record, state: State) -> Admission:
    """Admit a PUT or PATCH of a session."""
    envelope = record.envelope
    key = key_of("session", envelope.cpo, record.object_key)
    before = state.get(key) or SessionState(
        cpo=envelope.cpo, key=record.object_key, id=envelope.object_id, emsp=envelope.emsp
    )
    assert isinstance(before, SessionState), key
    change = _stored(record)
    if _is_known(change, before.changes):
        return Admission(document=document_outcome(record, "duplicate"))
    changes = _bounded((*before.changes, change))
    was = fold_session([change_of(c) for c in before.changes])
    now = fold_session([change_of(c) for c in changes])
    session = None
    if now is not None:
        session = parse_session(now, ocpi_version=envelope.ocpi_version).value
    emsp = max(envelope.emsp, before.emsp)  # named or not; never two, and never by order
    after = msgspec.structs.replace(before, changes=changes, emsp=emsp)
    state.put(key, after)
    is_effective = now is None or now != was
    return Admission(
        document=document_outcome(record, "applied" if is_effective else "no_effect"),
        objects=(session_outcome(record, after, session),),
        touched=tuple(state.touched(key)) if now != was else (),
    )


def admit_location(record: Record, state: State) -> Admission:
    """Admit a PUT or PATCH of a location, an EVSE or a connector."""
    envelope = record.envelope
    key = key_of("location", envelope.cpo, record.object_key)
    before = state.get(key) or LocationState(
        cpo=envelope.cpo, key=record.object_key, id=envelope.object_id
    )
    assert isinstance(before, LocationState), key
    change = _stored(record)
    if change.method == "PATCH" and not LOCATION_FIELDS & change_of(change).body.keys():
        return Admission(document=document_outcome(record, "no_effect"))
    if _is_known(change, before.changes):
        return Admission(document=document_outcome(record, "duplicate"))
    changes = _bounded((*before.changes, change))
    after = msgspec.structs.replace(before, changes=changes)
    now = fold_location([change_of(c) for c in changes], at=None)
    location = None
    if now is not None:
        location = parse_location(now, ocpi_version=envelope.ocpi_version).value
    state.put(key, after)
    is_effective = _location_differs(before.changes, changes, change)
    return Admission(
        document=document_outcome(record, "applied" if is_effective else "no_effect"),
        objects=(location_outcome(record, after, location),),
        touched=tuple(state.touched(key)) if is_effective else (),
    )


def admit_tariff(record: Record, state: State) -> Admission:
    """Admit a PUT or DELETE of a tariff; every version is kept, DELETE changes no price."""
    envelope = record.envelope
    key = key_of("tariff", envelope.cpo, record.object_key)
    before = state.get(key) or TariffState(cpo=envelope.cpo, key=record.object_key)
    assert isinstance(before, TariffState), key
    if envelope.http_method == "DELETE":
        if before.is_deleted or not before.versions:
            return Admission(document=document_outcome(record, "no_effect"))
        after = msgspec.structs.replace(before, is_deleted=True)
        state.put(key, after)
        return Admission(
            document=document_outcome(record, "applied"), objects=tariff_outcomes(record, after)
        )
    parsed = parse_tariff(record.value, ocpi_version=envelope.ocpi_version).value
    bounded_tariff(parsed)
    tariff = msgspec.structs.replace(parsed, id=envelope.object_id, cpo=parse_party(envelope.cpo))
    version = TariffVersion(
        tariff=tariff,
        digest=tariff_digest(tariff),
        last_updated=tariff.last_updated or envelope.received,
        received=envelope.received,
    )
    place = _place_of(version, before.versions)
    if place is not None and before.versions[place].received <= version.received:
        after = msgspec.structs.replace(before, is_deleted=False)
        state.put(key, after)
        return Admission(document=document_outcome(record, "duplicate"))
    place = len(before.versions) if place is None else place
    after = msgspec.structs.replace(
        before,
        versions=(*before.versions[:place], version, *before.versions[place + 1 :]),
        offsets=(*before.offsets[:place], record.offset, *before.offsets[place + 1 :]),
        is_deleted=False,
    )
    if (size := len(encode(after))) > CHANGES_BYTES:
        raise TooManyChanges(
            f"{len(after.versions)} versions of one tariff hold {size} bytes, "
            f"{CHANGES_BYTES} are kept"
        )
    state.put(key, after)
    return Admission(
        document=document_outcome(record, "applied"),
        objects=(tariff_outcomes(record, after)[place],),
        touched=tuple(state.touched(key)),
    )


@lru_cache(maxsize=100_000)
def change_of(stored: StoredChange) -> Change:
    """Give a stored change in the form that the folds take; they change no input."""
    return read_change(
        stored.body,
        method=stored.method,
        offset=stored.offset,
        path=stored.path,
        ocpi_version=stored.ocpi_version,
    )


def _stored(record: Record) -> StoredChange:
    envelope = record.envelope
    path = tuple(part for part in (envelope.evse_uid, envelope.connector_id) if part)
    try:
        change = read_change(
            record.value,
            method=envelope.http_method,
            offset=record.offset,
            path=path,
            ocpi_version=envelope.ocpi_version,
        )
    except NotJson as error:
        text = record.value[:80].decode(errors="replace")
        raise UnreadableDocument((Problem("$", text, str(error)),)) from error
    return StoredChange(
        method=change.method,
        path=path,
        body=record.value,
        last_updated=change.last_updated,
        offset=record.offset,
        digest=change.digest,
        ocpi_version=envelope.ocpi_version,
    )


def _bounded(changes: tuple[StoredChange, ...]) -> tuple[StoredChange, ...]:
    size = sum(len(change.body) for change in changes)
    if size > CHANGES_BYTES:
        raise TooManyChanges(
            f"{len(changes)} documents of one object hold {size} bytes, {CHANGES_BYTES} are kept"
        )
    return changes


def _is_known(change: StoredChange, changes: Sequence[StoredChange]) -> bool:
    return any(
        (change.method, change.path, change.digest) == (known.method, known.path, known.digest)
        for known in changes
    )


def _place_of(version: TariffVersion, versions: Sequence[TariffVersion]) -> int | None:
    for place, known in enumerate(versions):
        if (known.digest, known.last_updated) == (version.digest, version.last_updated):
            return place
    return None


def _location_differs(
    before: Sequence[StoredChange], after: Sequence[StoredChange], change: StoredChange
) -> bool:
    """Tell whether the location differs at any moment from the change on, or at its earliest."""
    moments = {c.last_updated for c in after if c.last_updated is not None}
    if change.last_updated is not None:
        moments = {moment for moment in moments if moment >= change.last_updated}
    old = [change_of(c) for c in before]
    new = [change_of(c) for c in after]
    earliest = min((c.last_updated for c in after if c.last_updated is not None), default=None)
    return any(
        _digest_at(old, moment, change.ocpi_version) != _digest_at(new, moment, change.ocpi_version)
        for moment in (*sorted(moments), earliest, None)
    )


def _digest_at(changes: list[Change], at: datetime | None, ocpi_version: str) -> str:
    body = fold_location(changes, at=at)
    if body is None:
        return ""
    return location_digest(parse_location(body, ocpi_version=ocpi_version).value)
