"""Prices one CDR under given tariffs: `price`.

Rule: a pure function of its arguments - no clock, no files but the pinned time zones, no
ambient decimal context. Which tariffs are given, and in which version, is the caller's choice.
"""

from collections.abc import Sequence
from decimal import DivisionByZero, InvalidOperation, Overflow, getcontext, setcontext

import msgspec

from settlement.cdr import Cdr, CdrDimension
from settlement.pricing.assumption import Assumptions
from settlement.pricing.costs import exact_costs, rounded_costs
from settlement.pricing.exact import WORK
from settlement.pricing.priced import PricedCdr, Unpriceable
from settlement.pricing.profile import DEFAULT, Profile
from settlement.pricing.reading import read_cdr
from settlement.pricing.references import Assigned, assign
from settlement.pricing.segment import segment_of
from settlement.pricing.stretch import ZoneMissing
from settlement.pricing.volumes import Odd
from settlement.tariff import Tariff


def price(
    *,
    cdr: Cdr,
    tariffs: Sequence[Tariff],
    zone: str | None,
    profile: Profile = DEFAULT,
    basis: str = "embedded",
) -> PricedCdr | Unpriceable:
    """Price a CDR: segments with their working, exact and rounded costs, notes.

    `tariffs` are those in effect for this CDR, one an id. Periods get theirs by folded
    `tariff_id`; where no period names one and one tariff is given, it applies to all. `zone` is
    the IANA name of the location's time zone; it matters only where a clock restriction has to
    be evaluated. What cannot be priced is an `Unpriceable` that says what would help.
    """
    odd: list[Odd] = []
    ambient = getcontext()
    setcontext(WORK)
    try:
        assigned = assign(cdr, tariffs, odd)
        if isinstance(assigned, Unpriceable):
            return assigned
        return _priced(cdr, assigned, odd, zone=zone, profile=profile, basis=basis)
    except ZoneMissing:
        name = "none is known" if zone is None else f"{zone!r} is no IANA time zone"
        return Unpriceable(
            code="time_zone_missing",
            path="$.cdr_location",
            message=f"the tariff depends on local time; of the location's time zone {name}",
            waits_for=("time_zone",),
        )
    except DivisionByZero:
        return Unpriceable(
            code="out_of_range",
            path="$.tariffs",
            message="a tariff includes taxes of -100 %: no amount before taxes gives its prices",
        )
    except (InvalidOperation, Overflow, OverflowError):
        return Unpriceable(
            code="out_of_range",
            path="$",
            message="a number or time of the CDR or its tariff is beyond all measure",
        )
    finally:
        setcontext(ambient)


def _priced(
    cdr: Cdr,
    assigned: Assigned,
    odd: list[Odd],
    *,
    zone: str | None,
    profile: Profile,
    basis: str,
) -> PricedCdr:
    if cdr.credit:
        odd.append(Odd("credit_cdr", None, {}))
        cdr = with_positive_volumes(cdr)
    reading = read_cdr(cdr=cdr, assigned=assigned, zone=zone, rules=profile)
    lines = reading.walk.lines
    rounded = rounded_costs(
        reading.totals,
        reading.walk.priced,
        reading.volumes,
        currency=cdr.currency,
        rules=profile,
        is_credit=cdr.credit,
    )
    return PricedCdr(
        cdr.currency,
        zone,
        profile.label,
        tuple([segment_of(line, profile) for line in lines]),
        exact_costs(reading.totals, reading.volumes, is_credit=cdr.credit),
        rounded,
        Assumptions(cdr, assigned, zone, profile, reading).notes(odd),
        basis,
    )


def with_positive_volumes(cdr: Cdr) -> Cdr:
    """Undo the sign that some senders give the volumes of a credit CDR."""
    volumes = [d.volume for period in cdr.charging_periods for d in period.dimensions]
    if any(volume > 0 for volume in volumes):
        return cdr
    periods = tuple(
        msgspec.structs.replace(
            period,
            dimensions=tuple(CdrDimension(d.type, d.volume.copy_abs()) for d in period.dimensions),
        )
        for period in cdr.charging_periods
    )
    return msgspec.structs.replace(cdr, charging_periods=periods)
