"""From charging periods to stretches: volumes in the units of prices, and what is odd in them.

Rule: volumes only, no prices. A volume that cannot be is replaced or left out, and always with a
remark; a remark is a code and the facts of one period, its sentence stands in `notes`.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from settlement.cdr import Cdr, CdrDimension, ChargingPeriod
from settlement.pricing.exact import SECONDS, ZERO, add, divide, multiply, shown, subtract
from settlement.pricing.plan import Plan
from settlement.pricing.profile import Profile
from settlement.pricing.stretch import ENERGY, PARKING, TIME, Stretch, microseconds

_NEAREST = Context(prec=200, rounding=ROUND_HALF_UP)
_to_seconds = _NEAREST.to_integral_value
_SECOND = 1_000_000  # microseconds
_WRITTEN = 180_000  # microseconds that four decimals of an hour can be off (spec-notes D.4)
_TENTH = Decimal(10)
_MICRO = Decimal(_SECOND)

READINGS = frozenset({"MIN_CURRENT", "MAX_CURRENT", "MIN_POWER", "MAX_POWER"})
# OCPI 2.2.1, 9.4.2: these are for Sessions; FLAT is a dimension of 2.1.1 that measures nothing.
SESSION_ONLY = frozenset({"CURRENT", "POWER", "ENERGY_IMPORT", "ENERGY_EXPORT", "STATE_OF_CHARGE"})


class Odd(msgspec.Struct, frozen=True):
    """Something odd in a period; the period is None where it is the whole CDR."""

    code: str
    period: int | None
    facts: dict[str, Any]


def periods_of(cdr: Cdr, odd: list[Odd]) -> Sequence[tuple[int, ChargingPeriod]]:
    """Give the charging periods in time order, or one made of the totals where there is none."""
    periods = cdr.charging_periods
    if not periods:
        odd.append(Odd("periods_missing", None, {}))
        return [(0, _period_of_totals(cdr))]
    previous = periods[0].start_date_time
    for period in periods:
        if period.start_date_time < previous:
            odd.append(Odd("periods_out_of_order", None, {}))
            return sorted(enumerate(periods), key=lambda pair: pair[1].start_date_time)
        previous = period.start_date_time
    return list(enumerate(periods))


def _period_of_totals(cdr: Cdr) -> ChargingPeriod:
    parking = cdr.total_parking_time or ZERO
    charging = subtract(cdr.total_time, parking) if cdr.total_time is not None else ZERO
    dimensions = (
        CdrDimension("ENERGY", cdr.total_energy or ZERO),
        CdrDimension("TIME", charging),
        CdrDimension("PARKING_TIME", parking),
    )
    return ChargingPeriod(cdr.start_date_time, dimensions)


def read_stretches(
    *,
    cdr: Cdr,
    plans: dict[int, Plan],
    zone: ZoneInfo | None,
    rules: Profile,
    odd: list[Odd],
) -> list[Stretch]:
    """Read every period: what was measured, when, under which plan.

    `plans` maps a period's index to its compiled tariff; a period without one is free.
    """
    periods = periods_of(cdr, odd)
    ends = [period.start_date_time for _, period in periods[1:]]
    ends.append(cdr.end_date_time)
    begin = cdr.start_date_time
    stretches = []
    so_far = ZERO
    for (index, period), end in zip(periods, ends, strict=True):
        start = period.start_date_time
        stretch = Stretch(index, plans.get(index), start, microseconds(end - start), zone)
        stretch.at = microseconds(start - begin)
        stretch.before = so_far
        _measure(stretch, period.dimensions, rules, odd)
        so_far = add(so_far, stretch.energy)
        stretches.append(stretch)
    if so_far:
        _doubt_energy(cdr, so_far, rules, odd)
    if rules.duration_starts == "after_reservation":
        _restart_durations(stretches, begin)
    return stretches


def _measure(
    stretch: Stretch, dimensions: tuple[CdrDimension, ...], rules: Profile, odd: list[Odd]
) -> None:
    """Read the dimensions of a period into the stretch."""
    for dimension in dimensions:
        kind, volume = dimension.type, dimension.volume
        if kind == "ENERGY":
            stretch.energy = add(stretch.energy, volume)
        elif kind == "TIME":
            stretch.time_hours = add(stretch.time_hours, volume)
        elif kind == "PARKING_TIME":
            stretch.parking_hours = add(stretch.parking_hours, volume)
        elif kind == "RESERVATION_TIME":
            stretch.reservation_hours = add(stretch.reservation_hours, volume)
        elif kind in READINGS:
            _keep_reading(stretch.readings, kind, volume)
        elif kind in SESSION_ONLY:
            odd.append(Odd("dimension_not_priced", stretch.period, {"type": kind}))
    stretch.is_alone = len(dimensions) == 1
    if stretch.energy:
        stretch.mask = ENERGY
    if stretch.time_hours:
        stretch.time, stretch.time_hours = _seconds("TIME", stretch.time_hours, stretch, rules, odd)
        if stretch.time:
            stretch.mask |= TIME
    if stretch.parking_hours:
        stretch.parking, stretch.parking_hours = _seconds(
            "PARKING_TIME", stretch.parking_hours, stretch, rules, odd
        )
        if stretch.parking:
            stretch.mask |= PARKING
    if stretch.reservation_hours:
        stretch.reservation, stretch.reservation_hours = _seconds(
            "RESERVATION_TIME", stretch.reservation_hours, stretch, rules, odd
        )
        stretch.is_reservation = not stretch.mask


def _keep_reading(readings: dict[str, Decimal], kind: str, volume: Decimal) -> None:
    known = readings.get(kind)
    if known is None or (volume < known) == kind.startswith("MIN"):
        readings[kind] = volume


def _seconds(
    kind: str, hours: Decimal, stretch: Stretch, rules: Profile, odd: list[Odd]
) -> tuple[Decimal, Decimal]:
    """Give the seconds to price and the hours; odd volumes become the period's length or 0."""
    if hours < 0:
        odd.append(Odd("time_negative", stretch.period, {"type": kind, "hours": hours}))
        return ZERO, ZERO
    written = multiply(hours, SECONDS)
    length = stretch.length
    if written > length // _SECOND + 1 and length > 0:
        limit = multiply(rules.time_unit_factor, Decimal(length))
        if multiply(written, _MICRO) >= limit:
            seconds = Decimal((length + _SECOND // 2) // _SECOND)
            facts = {"type": kind, "hours": hours, "seconds": seconds, "unit": _unit(hours, length)}
            odd.append(Odd("time_unit_suspected", stretch.period, facts))
            return seconds, shown(divide(seconds, SECONDS))
    if rules.time_volume == "as_written":
        return written, hours
    if stretch.is_alone and length % _SECOND:
        difference = subtract(multiply(written, _MICRO), Decimal(length))
        if -_WRITTEN <= difference <= _WRITTEN:
            return Decimal((length + _SECOND // 2) // _SECOND), hours
    return _to_seconds(written), hours


def _unit(volume: Decimal, length: int) -> str:
    """Guess the unit of a time that cannot be hours, within a tenth of the period's length."""
    for unit, micro in (("seconds", _SECOND), ("minutes", 60 * _SECOND)):
        off = subtract(multiply(volume, Decimal(micro)), Decimal(length))
        if -length <= multiply(off, _TENTH) <= length:
            return unit
    return "unknown"


def _doubt_energy(cdr: Cdr, total: Decimal, rules: Profile, odd: list[Odd]) -> None:
    """Remark energy that no charge point delivers in the session's time: Wh sent as kWh."""
    length = microseconds(cdr.end_date_time - cdr.start_date_time)
    if length <= 0:
        return
    # kW = kWh / h, so this compares kWh * 3600 s/h with plausible kW * s, both times 10^6
    delivered = multiply(multiply(total.copy_abs(), SECONDS), _MICRO)
    if delivered > multiply(rules.plausible_power_kw, Decimal(length)):
        odd.append(Odd("energy_unit_suspected", None, {"kwh": total}))


def _restart_durations(stretches: list[Stretch], begin: datetime) -> None:
    """Let the durations of the session count from the end of its reservation."""
    first = next((s.start for s in stretches if not s.is_reservation), begin)
    for stretch in stretches:
        if not stretch.is_reservation:
            stretch.at = microseconds(stretch.start - first)
