"""Locations as their documents say them: time zone, and tariffs of each connector.

Rule: plain JSON in, of any OCPI version; what of it is in force at a moment is decided by
`last_updated` alone. Where PATCHes or parts would have to be folded, nothing is said.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from typing import Any

from settlement.verify.tariff import FIRST_VERSION
from settlement.verify.value import Object, Reading

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
Connector = tuple[str, str, tuple[str, ...]]  # EVSE, connector, its tariffs


@dataclass(frozen=True, slots=True)
class Location:
    """What of a location can change a price."""

    time_zone: str
    connectors: tuple[Connector, ...]


@dataclass(frozen=True, slots=True)
class LocationChange:
    """A PUT of a location, or a PUT or PATCH of which only that it was there is kept."""

    partition: int
    offset: int
    last_updated: datetime | None = None
    location: Location | None = None  # of a PUT of the whole in OCPI's own form


@cache
def zones() -> frozenset[str]:
    """Give the zones of the pinned `tzdata`; those of the machine do not count."""
    text = (resources.files("tzdata") / "zones").read_text(encoding="utf-8")
    return frozenset(text.split())


def read_location(body: Object, *, version: str) -> tuple[Location | None, datetime | None]:
    """Read a location and its `last_updated`; no location where it is not in OCPI's own form."""
    reading = Reading()
    updated = reading.time(body.get("last_updated"))
    zone = body.get("time_zone")
    reading.is_odd |= not isinstance(zone, str | None)
    connectors = tuple(
        (
            reading.identifier(evse.get("uid")) or "",
            reading.identifier(connector.get("id")) or "",
            _tariffs(connector, reading, version),
        )
        for evse in reading.objects(body.get("evses"))
        for connector in reading.objects(evse.get("connectors"))
    )
    location = None if reading.is_odd else _shared(Location(zone or "", connectors))
    return location, updated


def _tariffs(connector: Object, reading: Reading, version: str) -> tuple[str, ...]:
    told: Any = connector.get("tariff_ids") or ()
    if version == FIRST_VERSION:
        told = [connector["tariff_id"]] if connector.get("tariff_id") else ()
    reading.is_odd |= not isinstance(told, list | tuple)
    ids = [reading.identifier(one) for one in told] if isinstance(told, list) else []
    return tuple(one for one in ids if one)


@cache
def _shared(location: Location) -> Location:
    """Keep one of many equal ones: a CPO sends its locations again and again."""
    return location


def ordered(changes: Iterable[LocationChange]) -> list[LocationChange]:
    """Order the PUTs of a location by their times; none where more than PUTs would count."""
    dated = sorted(changes, key=_moment)
    return [] if any(change.location is None for change in dated) else dated


def location_at(changes: Sequence[LocationChange], start: datetime) -> Location | None:
    """Give a location as it was at a moment; None where the changes, `ordered`, do not tell."""
    if not changes:
        return None
    chosen = changes[max(bisect_right(changes, start, key=_moment) - 1, 0)]
    first = bisect_left(changes, _moment(chosen), key=_moment)
    last = bisect_right(changes, _moment(chosen), key=_moment)
    ties = {change.location for change in changes[first:last]}
    return chosen.location if len(ties) == 1 else None


def _moment(change: LocationChange) -> datetime:
    return change.last_updated or LONG_AGO
