"""How PUT and PATCH fold into one object: a session, a location at a moment.

Rule: pure, and shared by the steps and by the gateway's GET, so that both tell the same. Works
on plain JSON with exact numbers and changes no input. Only documents count, not their order of
arrival; a PATCH without `last_updated` alone is placed by its offset.
"""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from settlement.cdr import folded
from settlement.ocpi.document import load_json
from settlement.ocpi.moment import parse_time

JsonObject = dict[str, Any]

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_CANONICAL = msgspec.json.Encoder(decimal_format="number", order="deterministic")
_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
_MERGED_LISTS = "2.1.1"  # the last version whose PATCH replaces lists of charging periods


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One PUT or PATCH of an object or of a part of a location.

    `path` is () for the object, (EVSE uid,) or (EVSE uid, connector id) for a part.
    `last_updated` is what the body says, None where it does not.
    """

    method: str  # PUT, PATCH
    path: tuple[str, ...] = ()
    body: JsonObject
    last_updated: datetime | None
    offset: int
    digest: str  # of the body's content
    ocpi_version: str = "2.2.1"


def read_change(
    value: bytes,
    *,
    method: str,
    offset: int,
    path: tuple[str, ...] = (),
    ocpi_version: str = "2.2.1",
) -> Change:
    """Read a document as a change; raises NotJson."""
    body = load_json(value)
    return Change(
        method=method,
        path=path,
        body=body,
        last_updated=last_updated_of(body),
        offset=offset,
        digest=hashlib.sha256(_CANONICAL.encode(body)).hexdigest()[:32],
        ocpi_version=ocpi_version,
    )


def last_updated_of(body: JsonObject) -> datetime | None:
    """Give when a document says it was last updated; None where it does not say a time."""
    text = body.get("last_updated")
    read = parse_time(text) if type(text) is str and len(text) < 100 else None
    return None if read is None else read[0]


def dump_json(body: JsonObject) -> bytes:
    """Write plain JSON; Decimals become numbers with every digit."""
    return _ENCODER.encode(body)


def fold_session(changes: Iterable[Change]) -> JsonObject | None:
    """Fold the changes of one session; None while there is no PUT.

    The newest PUT, then the PATCHes that are newer (OCPI 2.2.1, mod_sessions: charging periods
    of a PATCH are appended; a repeated PATCH must not append them twice).
    """
    kept = tuple(changes)
    base = put_in_force(kept)
    if base is None:
        return None
    session = dict(base.body)
    for change in _following(base, kept, at=None):
        if change.method == "PATCH":
            _patch_session(session, change)
    return session


def fold_location(changes: Iterable[Change], at: datetime | None = None) -> JsonObject | None:
    """Fold the changes of one location as it was at a moment, now where none is given.

    The newest PUT of the location not after that moment, else the earliest one; then what came
    between. None while there is no PUT of the whole location.
    """
    kept = tuple(changes)
    base = put_in_force(kept, at)
    if base is None:
        return None
    location = dict(base.body)
    for change in _following(base, kept, at=at):
        _change_location(location, change)
    return location


def put_in_force(changes: Iterable[Change], at: datetime | None = None) -> Change | None:
    """Give the PUT of the whole object that a fold starts from; its OCPI version is the object's.

    The newest not after `at` (the newest of all where none is given), else the earliest.
    """
    puts = [change for change in changes if change.method == "PUT" and not change.path]
    return _newest([put for put in puts if at is None or _time(put) <= at]) or _earliest(puts)


def _time(change: Change) -> datetime:
    return change.last_updated or _LONG_AGO


def _newest(puts: Sequence[Change]) -> Change | None:
    """Pick by time; ties by the greater digest; equal copies count as received first."""
    return max(
        puts, key=lambda put: (_time(put), put.digest, put.ocpi_version, -put.offset), default=None
    )


def _earliest(puts: Sequence[Change]) -> Change | None:
    first = min((_time(put) for put in puts), default=None)
    return _newest([put for put in puts if _time(put) == first])


def _following(base: Change, changes: Sequence[Change], *, at: datetime | None) -> list[Change]:
    """Give what applies to `base`, in order: dated changes, then undated ones received later.

    A change through another OCPI version speaks of that version's object and does not apply.
    """
    parts = [
        change
        for change in changes
        if (change.method == "PATCH" or change.path) and change.ocpi_version == base.ocpi_version
    ]
    dated = [
        change
        for change in parts
        if change.last_updated is not None
        and change.last_updated > _time(base)
        and (at is None or change.last_updated <= at)
    ]
    undated = [
        change for change in parts if change.last_updated is None and change.offset > base.offset
    ]
    dated.sort(key=lambda c: (_time(c), len(c.path), c.method == "PATCH", c.digest))
    undated.sort(key=lambda c: c.offset)
    return dated + undated


def _merge(target: JsonObject, body: JsonObject, *, key: str = "id") -> None:
    """Set what a PATCH names. A null names nothing, and the id is not changed: the address of
    the request says whose it is.
    """
    target.update(
        {name: value for name, value in body.items() if value is not None and name != key}
    )


def _patch_session(session: JsonObject, change: Change) -> None:
    before = session.get("charging_periods")
    _merge(session, change.body)
    more = change.body.get("charging_periods")
    if change.ocpi_version == _MERGED_LISTS or more is None:
        return
    periods = list(_as_list(before))
    known: dict[str, list[Any]] = {}
    for period in periods:
        known.setdefault(_start_of(period), []).append(period)
    for period in _as_list(more):
        alike = known.setdefault(_start_of(period), [])
        if period not in alike:
            alike.append(period)
            periods.append(period)
    session["charging_periods"] = periods


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _start_of(period: Any) -> str:
    return str(period.get("start_date_time")) if isinstance(period, dict) else ""


def _change_location(location: JsonObject, change: Change) -> None:
    """Apply a change of the location, of an EVSE or of a connector.

    A change of a part lifts the `last_updated` of what holds it. A PATCH of a part that nobody
    has sent changes nothing; a PUT adds it.
    """
    if not change.path:
        _merge(location, change.body)
        return
    if _change_part(location, ("evses", "connectors"), ("uid", "id"), change, change.path):
        _lift(location, change)


def _change_part(
    holder: JsonObject,
    lists: tuple[str, ...],
    keys: tuple[str, ...],
    change: Change,
    path: tuple[str, ...],
) -> bool:
    parts = list(_as_list(holder.get(lists[0])))
    place = _place(parts, keys[0], path[0])
    if place is None and change.method == "PATCH":
        return False
    part = {keys[0]: path[0]} if place is None else dict(parts[place])
    if len(path) > 1:
        if not _change_part(part, lists[1:], keys[1:], change, path[1:]):
            return False
        _lift(part, change)
    elif change.method == "PUT":
        part = {**change.body, keys[0]: path[0]}
    else:
        _merge(part, change.body, key=keys[0])
    if place is None:
        parts.append(part)
    else:
        parts[place] = part
    holder[lists[0]] = parts
    return True


def _place(parts: list[Any], key: str, wanted: str) -> int | None:
    for place, part in enumerate(parts):
        if isinstance(part, dict) and folded(str(part.get(key))) == folded(wanted):
            return place
    return None


def _lift(holder: JsonObject, change: Change) -> None:
    if change.last_updated is not None:
        holder["last_updated"] = change.body["last_updated"]
