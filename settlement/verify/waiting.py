"""Rows that wait for something that is there.

Rule: the inbox decides what is there: a tariff of the CPO, a location with the tariffs of its
connector, a time zone. What only evaluating would tell is left out.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from settlement.verify.choice import Published
from settlement.verify.difference import Differences
from settlement.verify.document import CdrDocument, folded
from settlement.verify.location import Location, LocationChange, location_at, zones

CHECK = "waiting"
# Finding that says why there is no price -> what it can wait for.
CAUSES = frozenset({"tariff_missing", "tariff_unknown", "time_zone_missing"})
Row = Mapping[str, Any]


def check_waiting(
    row: Row,
    document: CdrDocument,
    published: Published,
    changes: Sequence[LocationChange],
    differences: Differences,
) -> None:
    """Check that what a waiting row names is really missing; `changes` are of its location."""
    if document.start is None:
        return
    where = f"CDR {row['cpo']} {row['cdr_key']}"
    location = location_at(changes, document.start)
    zone = _zone(document, location)
    if location is not None and zone and row["time_zone"] != zone:
        differences.add(CHECK, f"{where}: time_zone", expected=zone, found=row["time_zone"])
    if row["bucket"] != "waiting":
        return
    causes = CAUSES & set(row["finding.code"])
    for cause in row["waits_for"]:
        there = None
        if cause == "location" and "tariff_unknown" in causes and location is not None:
            tariffs = connector_tariffs(location, document)
            there = f"connector with tariff {', '.join(tariffs)}" if tariffs else None
        elif cause == "time_zone" and "time_zone_missing" in causes:
            there = f"zone {zone}" if zone else None
        elif "tariff_missing" in causes:
            there = _tariff(published, cause)
        if there is not None:
            differences.add(
                CHECK, f"{where} waits for {cause}", expected="not to wait", found=there
            )


def _zone(document: CdrDocument, location: Location | None) -> str | None:
    """Give the zone that the location names, else the CDR; None where neither is one."""
    named = [] if location is None else [location.time_zone]
    named.append(document.place.time_zone)
    return next((zone for zone in named if zone in zones()), None)


def _tariff(published: Published, tariff_id: str) -> str | None:
    for version in published.get(folded(tariff_id), ()):
        if version.tariff is not None:
            return f"tariff {tariff_id} at inbox/{version.partition} offset {version.offset}"
    return None


def connector_tariffs(location: Location, document: CdrDocument) -> list[str]:
    """Give the tariffs of the connector that a CDR names."""
    named = (document.place.evse_uid, document.place.connector_id)
    return [
        tariff_id
        for *connector, tariff_ids in location.connectors
        if tuple(connector) == named
        for tariff_id in tariff_ids
    ]
