"""Rows that wait for something that is there.

Rule: the inbox decides what is there: a tariff of the CPO, a location with the tariffs of its
connector, a time zone. What only evaluating would tell is left out.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from settlement.verify.choice import Published
from settlement.verify.difference import Differences
from settlement.verify.document import CdrDocument, folded
from settlement.verify.inbox import Key, LocationChange

CHECK = "waiting"
# Finding that says why there is no price -> what it can wait for.
CAUSES = frozenset({"tariff_missing", "tariff_unknown", "time_zone_missing"})
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
Row = Mapping[str, Any]


def check_waiting(
    row: Row,
    document: CdrDocument,
    published: Published,
    locations: Mapping[Key, Sequence[LocationChange]],
    differences: Differences,
) -> None:
    """Check that what a waiting row names is really missing."""
    if row["bucket"] != "waiting" or document.start is None:
        return
    where = f"CDR {row['cpo']} {row['cdr_key']} waits"
    causes = CAUSES & set(row["finding.code"])
    changes = locations.get((row["cpo"], folded(document.place.get("id"))), ())
    location = location_at(changes, document.start)
    for cause in row["waits_for"]:
        there = None
        if cause == "location" and "tariff_unknown" in causes and location is not None:
            tariffs = connector_tariffs(location, document)
            there = f"connector with tariff {', '.join(tariffs)}" if tariffs else None
        elif cause == "time_zone" and "time_zone_missing" in causes:
            zone = (location or {}).get("time_zone") or document.place.get("time_zone")
            there = f"zone {zone}" if zone in _zones() else None
        elif "tariff_missing" in causes:
            there = _tariff(published, cause)
        if there is not None:
            differences.add(CHECK, f"{where} for {cause}", expected="not to wait", found=there)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _tariff(published: Published, tariff_id: str) -> str | None:
    for version in published.get(folded(tariff_id), ()):
        if version.tariff is not None:
            return f"tariff {tariff_id} at inbox/{version.partition} offset {version.offset}"
    return None


def location_at(changes: Sequence[LocationChange], start: datetime) -> Mapping[str, Any] | None:
    """Give a location as it was at a moment; None where PATCHes or parts would have to fold."""
    if not changes or not all(change.is_whole for change in changes):
        return None
    dated = sorted(changes, key=lambda change: change.last_updated or LONG_AGO)
    before = [change for change in dated if (change.last_updated or LONG_AGO) <= start]
    chosen = before[-1] if before else dated[0]
    ties = [change for change in dated if change.last_updated == chosen.last_updated]
    return chosen.body if all(tie.body == chosen.body for tie in ties) else None


def connector_tariffs(location: Mapping[str, Any], document: CdrDocument) -> list[str]:
    """Give the tariffs of the connector that a CDR names."""
    place = document.place
    for evse in _objects(location.get("evses")):
        if folded(evse.get("uid")) != folded(place.get("evse_uid")):
            continue
        for connector in _objects(evse.get("connectors")):
            if folded(connector.get("id")) == folded(place.get("connector_id")):
                named = connector.get("tariff_ids") or [connector.get("tariff_id")]
                return [str(one) for one in named if one] if isinstance(named, list) else []
    return []


def _objects(value: Any) -> list[dict[str, Any]]:
    found = value if isinstance(value, list) else []
    return [one for one in found if isinstance(one, dict)]
