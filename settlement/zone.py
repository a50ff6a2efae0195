"""Time zones, from the pinned `tzdata` package.

Rule: the machine's own zone files are never read: rows depend on the inbox and the code
alone. A zone is found by its IANA name, or as the only one of a country.
"""

from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from zoneinfo import ZoneInfo

import iso3166

# Zones of a country whose clocks have agreed since then count as one.
_SINCE = datetime(2000, 1, 1, tzinfo=UTC)
_UNTIL = datetime(2038, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)


def _tables() -> Traversable:
    return resources.files("tzdata") / "zoneinfo"


@cache
def load_zone(name: str) -> ZoneInfo | None:
    """Load a zone by its IANA name; None where `tzdata` has none of that name."""
    if name not in _names():
        return None
    with (_tables() / name).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@cache
def _names() -> frozenset[str]:
    text = (resources.files("tzdata") / "zones").read_text(encoding="utf-8")
    return frozenset(text.split())


def zone_of_country(alpha3: str | None) -> str | None:
    """Give the single zone of a country (ISO 3166 alpha-3, any case).

    None where the country is not known or has several zones whose rules differ since 2000. Of
    several that agree, the first of the zone table, which holds the most people.
    """
    return None if alpha3 is None else _zone_of(alpha3.upper())


@cache
def _zone_of(alpha3: str) -> str | None:
    country = iso3166.countries_by_alpha3.get(alpha3)
    if country is None:
        return None
    names = _zones_by_country().get(country.alpha2, ())
    if not names:
        return None
    first, *others = names
    rules = _rules(first)
    return first if all(_rules(other) == rules for other in others) else None


@cache
def _zones_by_country() -> dict[str, tuple[str, ...]]:
    zones: dict[str, list[str]] = {}
    for line in (_tables() / "zone.tab").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            alpha2, _, name, *_ = line.split("\t")
            zones.setdefault(alpha2, []).append(name)
    return {alpha2: tuple(names) for alpha2, names in zones.items()}


@cache
def _rules(name: str) -> tuple[tuple[datetime, timedelta | None], ...]:
    """Give every change of a zone's offset: the instant, to the second, and what holds then."""
    zone = load_zone(name)
    assert zone is not None
    early, offset = _SINCE, _SINCE.astimezone(zone).utcoffset()
    changes = [(early, offset)]
    while early < _UNTIL:
        late = early + _DAY  # no zone has changed twice in a day since 2000
        if late.astimezone(zone).utcoffset() != offset:
            early, offset = _change(early, late, zone)
            changes.append((early, offset))
        else:
            early = late
    return tuple(changes)


def _change(early: datetime, late: datetime, zone: ZoneInfo) -> tuple[datetime, timedelta | None]:
    """Find the first second at which the offset is no longer what it is at `early`."""
    offset = early.astimezone(zone).utcoffset()
    while late - early > _SECOND:
        middle = early + timedelta(seconds=(late - early) // _SECOND // 2)
        if middle.astimezone(zone).utcoffset() == offset:
            early = middle
        else:
            late = middle
    return late, late.astimezone(zone).utcoffset()


@cache
def country_of_zone(name: str) -> str | None:
    """Give the country (ISO 3166 alpha-3) in whose list a zone stands; None for UTC and links."""
    for alpha2, names in _zones_by_country().items():
        if name in names:
            country = iso3166.countries_by_alpha2.get(alpha2)
            return None if country is None else str(country.alpha3)
    return None
