"""The price of one copy of a CDR under what its CPO published and embedded.

Rule: the versions are chosen by data (settlement.reconciliation.tariff_choice), the price is
computed by settlement.pricing; here the two meet and nothing is compared with the claim.
"""

import msgspec

from settlement.bounds import LARGEST
from settlement.cdr import Cdr, folded
from settlement.digest import tariff_digest
from settlement.finding import Finding, Note
from settlement.location import Location
from settlement.pricing.priced import PricedCdr, Unpriceable
from settlement.pricing.profile import Profile
from settlement.pricing.references import tariff_ids
from settlement.reconciliation.basis import (
    Embedded,
    Published,
    TariffCandidate,
    candidates,
    weigh,
)
from settlement.reconciliation.tariff_choice import Choice, base_choice
from settlement.tariff import Tariff
from settlement.zone import load_zone, zone_of_country


class Pricing(msgspec.Struct, frozen=True, kw_only=True):
    """A price, or why there is none, with what it was chosen among."""

    result: PricedCdr | Unpriceable
    basis: str = ""
    zone: str = ""
    candidates: tuple[TariffCandidate, ...] = ()
    findings: tuple[Finding, ...] = ()
    notes: tuple[Note, ...] = ()
    tariff_ids: tuple[str, ...] = ()  # folded: what a late tariff is looked up by


def price_copy(
    *, cdr: Cdr, published: Published, location: Location | None, profile: Profile
) -> Pricing:
    """Price one copy of a CDR; `published` gives the versions by folded tariff id."""
    zone, notes = _zone_of(cdr, location)
    identifiers = tariff_ids(cdr, _connector_tariffs(cdr, location))
    embedded, ambiguous = _embedded(cdr)
    if ambiguous:
        return _unpriceable(ambiguous, identifiers, zone)
    identifiers_used, unclear = _candidates(cdr, identifiers, embedded, published)
    if unclear is not None:
        return _unpriceable(unclear, identifiers, zone)
    bases: dict[str, Choice] = {}
    missing: list[str] = []
    for identifier in identifiers_used:
        base = base_choice(
            versions=published(identifier),
            embedded=embedded.get(identifier),
            start=cdr.start_date_time,
        )
        if base is None:
            missing.append(identifier)
        else:
            bases[identifier] = base
    if missing:
        waits = Unpriceable(
            code="tariff_missing",
            path="$.tariffs",
            message=f"tariff {', '.join(missing)} is neither published nor embedded",
            waits_for=tuple(missing),
        )
        return _unpriceable(waits, identifiers, zone)
    weighed = weigh(
        cdr=cdr, bases=bases, published=published, embedded=embedded, zone=zone, profile=profile
    )
    result = weighed.result
    if isinstance(result, Unpriceable):
        return _unpriceable(result, identifiers, zone)
    if not _fits(result):
        return _unpriceable(TOO_LARGE, identifiers, zone)
    return Pricing(
        result=result,
        basis=weighed.basis,
        zone=zone or "",
        candidates=candidates(chosen=weighed.chosen, published=published, embedded=embedded),
        findings=weighed.findings,
        notes=(*notes, *weighed.notes, *result.notes),
        tariff_ids=identifiers,
    )


TOO_LARGE = Unpriceable(
    code="price_out_of_range",
    path="$.tariffs",
    message=f"a price of the tariff, or what it comes to, is beyond {LARGEST}: no book holds it",
)


def _fits(result: PricedCdr) -> bool:
    """Tell whether columns can hold the price and what it is made of."""
    cost = result.rounded.total_cost
    sides = (cost.before_taxes, cost.after_taxes) if cost else ()
    return all(side is None or -LARGEST <= side <= LARGEST for side in sides) and all(
        -LARGEST <= segment.unit_price <= LARGEST for segment in result.segments
    )


def _unpriceable(result: Unpriceable, identifiers: tuple[str, ...], zone: str | None) -> Pricing:
    return Pricing(result=result, zone=zone or "", tariff_ids=identifiers)


def _zone_of(cdr: Cdr, location: Location | None) -> tuple[str | None, tuple[Note, ...]]:
    """Give the zone of the location, else of the country where it has a single one."""
    at = cdr.cdr_location
    for name in (location.time_zone if location else None, at.time_zone if at else None):
        if name and load_zone(name) is not None:
            return name, ()
    zone = zone_of_country((at.country if at else None) or (location.country if location else None))
    if zone is None:
        return None, ()
    message = f"the location's time zone is not known: {zone}, the single zone of its country"
    return zone, (
        Note(code="time_zone_from_country", path="$.cdr_location.country", message=message),
    )


def _connector_tariffs(cdr: Cdr, location: Location | None) -> tuple[str, ...]:
    """Give the tariffs of the connector that the CDR names."""
    at = cdr.cdr_location
    if at is None:
        return ()
    if location is not None and at.evse_uid and at.connector_id:
        for evse in location.evses:
            if folded(evse.uid) == folded(at.evse_uid):
                for plug in evse.connectors:
                    if folded(plug.id) == folded(at.connector_id):
                        return plug.tariff_ids
    return at.connector_tariff_ids


def _embedded(cdr: Cdr) -> tuple[dict[str, tuple[Tariff, str]], Unpriceable | None]:
    """Give the embedded tariffs by folded id; the same id with two contents is no tariff."""
    found: dict[str, tuple[Tariff, str]] = {}
    for tariff in cdr.tariffs:
        digest = tariff_digest(tariff)
        known = found.setdefault(folded(tariff.id), (tariff, digest))
        if known[1] != digest:
            return found, Unpriceable(
                code="tariff_ambiguous",
                path="$.tariffs",
                message=f"tariff {tariff.id} is embedded twice with different contents",
            )
    return found, None


def _candidates(
    cdr: Cdr, identifiers: tuple[str, ...], embedded: Embedded, published: Published
) -> tuple[tuple[str, ...], Unpriceable | None]:
    """Narrow several tariffs that no period names to the one valid at the session's start."""
    if not identifiers:
        return (), Unpriceable(
            code="tariff_unknown",
            path="$.tariffs",
            message="neither the periods, the embedded tariffs nor the connector name a tariff",
            waits_for=("location",),
        )
    if len(identifiers) == 1 or any(period.tariff_id for period in cdr.charging_periods):
        return identifiers, None
    start = cdr.start_date_time
    valid = []
    for identifier in identifiers:
        base = base_choice(
            versions=published(identifier),
            embedded=embedded.get(identifier),
            start=start,
        )
        if base is None:
            continue
        tariff = base.tariff
        starts = tariff.start_date_time is None or tariff.start_date_time <= start
        ends = tariff.end_date_time is not None and tariff.end_date_time <= start
        if starts and not ends:
            valid.append(identifier)
    if len(valid) == 1:
        return tuple(valid), None
    return (), Unpriceable(
        code="tariff_ambiguous",
        path="$.charging_periods",
        message=f"no period names one of the tariffs {', '.join(identifiers)}",
        waits_for=identifiers,
    )
