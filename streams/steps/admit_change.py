"""Admission of what surrounds a CDR: sessions, tariffs and locations.

Rule: every change is kept; what is in force is folded from all of them by their own times, so
that the order of arrival does not count. A change that alters nothing touches no CDR.
"""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from settlement.cdr import folded
from settlement.digest import location_digest, tariff_digest
from settlement.fold import read_change
from settlement.ocpi.document import NotJson
from settlement.ocpi.door import (
    parse_connector,
    parse_evse,
    parse_location,
    parse_session,
    parse_tariff,
)
from settlement.ocpi.problem import Problem, UnreadableDocument
from settlement.party import parse_party
from settlement.reconciliation.tariff_choice import TariffVersion
from streams.outcome import DocumentOutcome, TooLarge
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
from streams.steps.admit import Admission, ObjectOutcome, bounded_tariff, document_outcome
from streams.steps.current import change_of, location_of, session_body, session_of
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
    after = msgspec.structs.replace(
        before,
        id=min(envelope.object_id, before.id),
        emsp=max(envelope.emsp, before.emsp),  # named or not; never two, and never by order
    )
    if _is_known(change, before.changes):
        return _known(record, key, before, after, state)
    parse_session({**change_of(change).body, "id": after.id}, ocpi_version=change.ocpi_version)
    after = msgspec.structs.replace(after, changes=_bounded((*before.changes, change)))
    was, now = session_body(before), session_body(after)
    state.put(key, after)
    is_effective = now is None or now != was
    return Admission(
        document=_said(record, is_effective, change_of(change).body.get("id")),
        objects=(session_outcome(record, after, session_of(after)),),
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
    after = msgspec.structs.replace(before, id=min(envelope.object_id, before.id))
    if _is_known(change, before.changes):
        return _known(record, key, before, after, state)
    _check_location(change, after.id)
    after = msgspec.structs.replace(after, changes=_bounded((*before.changes, change)))
    state.put(key, after)
    is_effective = _location_differs(before, after, change)
    named = None if change.path else change_of(change).body.get("id")
    return Admission(
        document=_said(record, is_effective, named),
        objects=(location_outcome(record, after, location_of(after, at=None)),),
        touched=tuple(state.touched(key)) if is_effective else (),
    )


def admit_tariff(record: Record, state: State) -> Admission:
    """Admit a PUT or DELETE of a tariff; every version is kept, DELETE changes no price.

    A tariff is deleted while its last DELETE was received after its last PUT.
    """
    envelope = record.envelope
    key = key_of("tariff", envelope.cpo, record.object_key)
    before = state.get(key) or TariffState(cpo=envelope.cpo, key=record.object_key)
    assert isinstance(before, TariffState), key
    if envelope.http_method == "DELETE":
        after = msgspec.structs.replace(
            before, deleted_at=_latest(before.deleted_at, envelope.received)
        )
        state.put(key, after)
        is_effective = after.is_deleted != before.is_deleted
        return Admission(
            document=document_outcome(record, "applied" if is_effective else "no_effect"),
            objects=tariff_outcomes(record, after) if is_effective else (),
        )
    version, named = _version_of(record)
    place = _place_of(version, before.versions)
    is_new = place is None
    if place is None:
        place = len(before.versions)
    after = msgspec.structs.replace(before, put_at=_latest(before.put_at, envelope.received))
    is_kept = is_new or _precedes(version, before.versions[place])
    if is_kept:
        after = msgspec.structs.replace(
            after,
            versions=(*before.versions[:place], version, *before.versions[place + 1 :]),
            offsets=(*before.offsets[:place], record.offset, *before.offsets[place + 1 :]),
        )
    if (size := len(encode(after))) > CHANGES_BYTES:
        raise TooManyChanges(
            f"{len(after.versions)} versions of one tariff hold {size} bytes, "
            f"{CHANGES_BYTES} are kept"
        )
    state.put(key, after)
    rows = tariff_outcomes(record, after)
    if after.is_deleted == before.is_deleted:
        rows = rows[place : place + 1] if is_kept else ()
    return Admission(
        document=document_outcome(
            record, "applied" if is_kept else "duplicate", _other_id(record, named)
        ),
        objects=rows,
        touched=tuple(state.touched(key)) if is_kept else (),
    )


def _said(record: Record, is_effective: bool, named: object) -> DocumentOutcome:
    """Say whether a change altered anything, and if its body names another object than its URL."""
    outcome = "applied" if is_effective else "no_effect"
    return document_outcome(record, outcome, _other_id(record, named))


def _other_id(record: Record, named: object) -> str:
    """Say that the body names another object: the URL counts, for under it partners look it up."""
    if named is None or folded(str(named)) == record.object_key:
        return ""
    return f"the document says id {named!r}, its URL {record.envelope.object_id!r}: the URL counts"


def _version_of(record: Record) -> tuple[TariffVersion, str]:
    """Read a version under the id of its URL; give the id in the document too."""
    envelope = record.envelope
    parsed = parse_tariff(record.value, ocpi_version=envelope.ocpi_version).value
    bounded_tariff(parsed)
    tariff = msgspec.structs.replace(parsed, id=envelope.object_id, cpo=parse_party(envelope.cpo))
    version = TariffVersion(
        tariff=tariff,
        digest=tariff_digest(tariff),
        last_updated=tariff.last_updated or envelope.received,
        received=envelope.received,
    )
    return version, parsed.id


def _latest(known: datetime | None, moment: datetime) -> datetime:
    return moment if known is None else max(known, moment)


def _precedes(version: TariffVersion, known: TariffVersion) -> bool:
    """Tell which of two equal versions is kept: the earlier receipt, then by spelling."""

    def rank(one: TariffVersion) -> tuple[datetime, str, str]:
        return one.received, one.tariff.id, one.tariff.ocpi_version

    return rank(version) < rank(known)


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
        (change.method, change.path, change.digest, change.ocpi_version)
        == (known.method, known.path, known.digest, known.ocpi_version)
        for known in changes
    )


def _place_of(version: TariffVersion, versions: Sequence[TariffVersion]) -> int | None:
    for place, known in enumerate(versions):
        if (known.digest, known.last_updated) == (version.digest, version.last_updated):
            return place
    return None


def _location_differs(before: LocationState, after: LocationState, change: StoredChange) -> bool:
    """Tell whether the location differs at any moment from the change on, or at its earliest."""
    dated = [c.last_updated for c in after.changes if c.last_updated is not None]
    moments = {one for one in dated if change.last_updated is None or one >= change.last_updated}
    return any(
        _digest_at(before, moment) != _digest_at(after, moment)
        for moment in (*sorted(moments), min(dated, default=None), None)
    )


def _digest_at(state: LocationState, at: datetime | None) -> str:
    location = location_of(state, at=at)
    return "" if location is None else location_digest(location)


def _check_location(change: StoredChange, identifier: str) -> None:
    """Raise UnreadableDocument for a change that cannot be read by itself.

    Each is looked at alone: what one says wrong must never be found in another.
    """
    body, version = change_of(change).body, change.ocpi_version
    if not change.path:
        parse_location({**body, "id": identifier}, ocpi_version=version)
    elif len(change.path) == 1:
        parse_evse({**body, "uid": change.path[0]}, ocpi_version=version)
    else:
        parse_connector({**body, "id": change.path[1]}, ocpi_version=version)


def _known(
    record: Record,
    key: str,
    before: SessionState | LocationState,
    after: SessionState | LocationState,
    state: State,
) -> Admission:
    """Admit a change that is known already; it may still spell the id or name the eMSP."""
    objects: tuple[ObjectOutcome, ...] = ()
    if after != before:
        state.put(key, after)
        if isinstance(after, SessionState):
            objects = (session_outcome(record, after, session_of(after)),)
        else:
            objects = (location_outcome(record, after, location_of(after, at=None)),)
    return Admission(document=document_outcome(record, "duplicate"), objects=objects)
