"""CDRs as senders misread their own: charging for parking, parking for charging, Wh for kWh.

Rule: a CDR in, a CDR out; the same object where there is nothing to misread.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal

import msgspec

from settlement.cdr import Cdr, CdrDimension
from settlement.pricing.exact import WATT_HOURS, divide
from settlement.pricing.volumes import period_of_totals

_OTHER = {"TIME": "PARKING_TIME", "PARKING_TIME": "TIME"}


def parking_as_time(cdr: Cdr) -> Cdr:
    """Take the parking time for charging time."""
    return _with_dimensions(cdr, lambda d: (_named(d, "TIME"),), "PARKING_TIME")


def time_as_parking(cdr: Cdr) -> Cdr:
    """Take the charging time for parking time."""
    return _with_dimensions(cdr, lambda d: (_named(d, "PARKING_TIME"),), "TIME")


def parked_and_charged(cdr: Cdr) -> Cdr:
    """Count the parking time as charging time as well."""
    return _with_dimensions(cdr, lambda d: (d, _named(d, "TIME")), "PARKING_TIME")


def charged_and_parked(cdr: Cdr) -> Cdr:
    """Count the charging time as parking time as well."""
    return _with_dimensions(cdr, lambda d: (d, _named(d, "PARKING_TIME")), "TIME")


def both_as_both(cdr: Cdr) -> Cdr:
    """Count all time as charging time and as parking time."""
    return _with_dimensions(cdr, lambda d: (d, _named(d, _OTHER[d.type])), "TIME", "PARKING_TIME")


def watt_hours_as_kwh(cdr: Cdr) -> Cdr:
    """Take the energy for a thousand times as much."""
    return _with_energy(cdr, lambda kwh: kwh * WATT_HOURS)


def kwh_from_watt_hours(cdr: Cdr) -> Cdr:
    """Take the energy for a thousandth of it."""
    return _with_energy(cdr, lambda kwh: divide(kwh, WATT_HOURS))


def _with_energy(cdr: Cdr, change: Callable[[Decimal], Decimal]) -> Cdr:
    return _with_dimensions(cdr, lambda d: (CdrDimension("ENERGY", change(d.volume)),), "ENERGY")


def _with_dimensions(
    cdr: Cdr, change: Callable[[CdrDimension], Iterable[CdrDimension]], *kinds: str
) -> Cdr:
    """Put others in the place of the dimensions of these kinds that are not zero."""
    is_changed = False
    periods = []
    for period in cdr.charging_periods or (period_of_totals(cdr),):
        found: list[CdrDimension] = []
        for dimension in period.dimensions:
            if dimension.type in kinds and dimension.volume:
                is_changed = True
                found += change(dimension)
            else:
                found.append(dimension)
        periods.append(msgspec.structs.replace(period, dimensions=tuple(found)))
    return msgspec.structs.replace(cdr, charging_periods=tuple(periods)) if is_changed else cdr


def _named(dimension: CdrDimension, kind: str) -> CdrDimension:
    return CdrDimension(kind, dimension.volume)
