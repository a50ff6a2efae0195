"""What the stored changes of a session or a location come to.

Rule: folded from all changes by their own times (settlement.fold), read in the OCPI version of
the PUT in force; which change came first does not count.
"""

from bisect import bisect_right
from datetime import datetime
from functools import lru_cache
from typing import Any

import msgspec

from settlement.fold import Change, fold_location, fold_session, put_in_force, read_change
from settlement.location import Location
from settlement.ocpi.door import parse_location, parse_session
from settlement.session import Session
from streams.state import LocationState, SessionState, StoredChange

# Documents read that are kept at hand; a worker has one of each, whatever it holds.
KNOWN_CHANGES = 10_000
KNOWN_LOCATIONS = 2_000


@lru_cache(maxsize=KNOWN_CHANGES)
def change_of(stored: StoredChange) -> Change:
    """Give a stored change in the form that the folds take; they change no input."""
    return read_change(
        stored.body,
        method=stored.method,
        offset=stored.offset,
        path=stored.path,
        ocpi_version=stored.ocpi_version,
    )


def session_body(state: SessionState) -> dict[str, Any] | None:
    """Give a session as plain JSON; None before its PUT."""
    return fold_session(map(change_of, state.changes))


def session_of(state: SessionState) -> Session | None:
    """Give a session; None before its PUT."""
    changes = [change_of(stored) for stored in state.changes]
    base, body = put_in_force(changes), fold_session(changes)
    if base is None or body is None:
        return None
    return parse_session({**body, "id": state.id}, ocpi_version=base.ocpi_version).value


class _Known(msgspec.Struct):
    """A location as it was after so many of its changes: CDRs ask for the same again and again."""

    state: LocationState
    moments: list[datetime]  # from which on a change counts
    after: dict[int, Location | None]


_known: dict[int, _Known] = {}  # by the identity of the state, which never changes


def location_of(state: LocationState, *, at: datetime | None) -> Location | None:
    """Give a location as it was at a moment, else at its earliest; the newest without one."""
    known = _known.get(id(state))
    if known is None or known.state is not state:
        if len(_known) >= KNOWN_LOCATIONS:
            _known.clear()
        moments = sorted(one.last_updated for one in state.changes if one.last_updated)
        known = _known[id(state)] = _Known(state, moments, {})
    count = len(known.moments) if at is None else bisect_right(known.moments, at)
    if count not in known.after:
        known.after[count] = _location_of(state, at)
    return known.after[count]


def _location_of(state: LocationState, at: datetime | None) -> Location | None:
    changes = [change_of(stored) for stored in state.changes]
    base, body = put_in_force(changes, at), fold_location(changes, at)
    if base is None or body is None:
        return None
    return parse_location({**body, "id": state.id}, ocpi_version=base.ocpi_version).value
