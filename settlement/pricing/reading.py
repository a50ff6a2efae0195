"""One reading of a CDR: assigned tariffs and a profile come to lines and totals.

Rule: no notes and no rounding; a second reading under another profile is the same function.
"""

import msgspec

from settlement.cdr import Cdr
from settlement.pricing.costs import Totals, total_costs
from settlement.pricing.line import Walked
from settlement.pricing.plan import Plan
from settlement.pricing.profile import Profile
from settlement.pricing.quick import is_ordinary, walk_quickly
from settlement.pricing.references import Assigned, assigned_of
from settlement.pricing.step import apply_steps
from settlement.pricing.stretch import Stretch
from settlement.pricing.volumes import Odd, Volumes, read_stretches
from settlement.pricing.walk import Walk
from settlement.zone import load_zone

_NOT_AVAILABLE = "#NA"  # OCPI 2.2.1, 16.3: a required string whose value cannot exist
_UNKNOWN_YEAR = 1970  # OCPI 2.2.1, 10.2: 1970-01-01 stands for a start or end that nobody knows


class Reading(msgspec.Struct, frozen=True, gc=False):
    """What a CDR comes to under one profile."""

    walk: Walked
    plans: tuple[Plan, ...]
    totals: Totals
    volumes: Volumes
    odd: list[Odd]


def read_cdr(*, cdr: Cdr, assigned: Assigned, zone: str | None, rules: Profile) -> Reading:
    """Read a CDR under one profile. Raises ZoneMissing."""
    odd: list[Odd] = []
    if assigned.traits.has_life:
        assigned = _still_valid(cdr, assigned, rules, odd)
    if _UNKNOWN_YEAR in (cdr.start_date_time.year, cdr.end_date_time.year):
        odd.append(Odd("time_not_known", None, {}))
    place = None if zone is None else load_zone(zone)
    quick = None
    if assigned.traits.is_simple and is_ordinary(rules):
        quick = walk_quickly(cdr=cdr, assigned=assigned, zone=place, rules=rules, odd=odd)
    is_reservation_only = False
    if quick is not None:
        walk, volumes = quick
    else:
        measured = read_stretches(
            cdr=cdr, plans=assigned.by_period, zone=place, rules=rules, odd=odd
        )
        volumes, stretches = measured.volumes, measured.stretches
        is_reservation_only = _is_reservation_only(stretches)
        is_expired = is_reservation_only and _is_expired(cdr, rules)
        if is_expired:
            odd.append(Odd("reservation_expired", None, {}))
        full = Walk(rules, is_expired=is_expired)
        walk = full.over(stretches, has_clock=assigned.traits.has_clock)
    if rules.step_size == "on":
        apply_steps(walk.priced, rules)
    totals = total_costs(
        walk.priced,
        assigned,
        rules,
        claimed=cdr.total_cost,
        is_reservation_only=is_reservation_only,
    )
    return Reading(walk, assigned.plans, totals, volumes, odd)


def _is_reservation_only(stretches: list[Stretch]) -> bool:
    """Say whether nothing but reserved time was measured, and some of it."""
    is_reserved = False
    for stretch in stretches:
        if stretch.mask:
            return False
        is_reserved = is_reserved or stretch.is_reservation
    return is_reserved


def _is_expired(cdr: Cdr, rules: Profile) -> bool:
    """Say whether a CDR of reserved time alone stems from an expired reservation."""
    if rules.expired_reservation != "inferred" or cdr.total_energy:
        return False
    location = cdr.cdr_location
    if cdr.session_id is None or location is None:
        return cdr.session_id is None
    return _NOT_AVAILABLE in (location.evse_uid, location.evse_id, location.connector_id)


def _still_valid(cdr: Cdr, assigned: Assigned, rules: Profile, odd: list[Odd]) -> Assigned:
    """Remark periods that start outside their tariff's life; the profile may make them free."""
    valid = list(assigned.by_period)
    is_free = rules.tariff_expiry == "free_after"
    for index, plan in enumerate(assigned.by_period):
        if plan is None:
            continue
        tariff = plan.tariff
        periods = cdr.charging_periods
        start = periods[index].start_date_time if periods else cdr.start_date_time
        begin, end = tariff.start_date_time, tariff.end_date_time
        if (begin is not None and start < begin) or (end is not None and start >= end):
            answer = "the period is free" if is_free else "it is priced all the same"
            odd.append(Odd("tariff_not_valid", index, {"tariff": tariff.id, "answer": answer}))
            if is_free:
                valid[index] = None
    return assigned_of(valid)
