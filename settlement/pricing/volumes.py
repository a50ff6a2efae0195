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
from settlement.pricing.exact import SECONDS, ZERO, divide, shown
from settlement.pricing.plan import Plan
from settlement.pricing.profile import Profile
from settlement.pricing.stretch import ENERGY, MICROSECOND, PARKING, TIME, Stretch, microseconds

_NEAREST = Context(prec=200, rounding=ROUND_HALF_UP)
to_seconds = _NEAREST.to_integral_value
_SECOND = 1_000_000  # microseconds
_WRITTEN = 180_000  # microseconds that four decimals of an hour can be off
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


class Volumes(msgspec.Struct, frozen=True, gc=False):
    """What was measured in all: kWh, hours (reserved time apart), hours."""

    energy: Decimal
    time: Decimal
    parking: Decimal


class Measured(msgspec.Struct, frozen=True, gc=False):
    """A session as measured: its stretches in time order, and their sums."""

    stretches: list[Stretch]
    volumes: Volumes


def periods_of(cdr: Cdr, odd: list[Odd]) -> Sequence[tuple[int, ChargingPeriod]]:
    """Give the charging periods in time order, or one made of the totals where there is none."""
    periods = cdr.charging_periods
    if not periods:
        odd.append(Odd("periods_missing", None, {}))
        return [(0, period_of_totals(cdr))]
    previous = periods[0].start_date_time
    for period in periods:
        if period.start_date_time < previous:
            odd.append(Odd("periods_out_of_order", None, {}))
            return sorted(enumerate(periods), key=lambda pair: pair[1].start_date_time)
        previous = period.start_date_time
    return list(enumerate(periods))


def period_of_totals(cdr: Cdr) -> ChargingPeriod:
    """Give the one period of a CDR without any: its totals, from its start on."""
    parking = cdr.total_parking_time or ZERO
    charging = cdr.total_time - parking if cdr.total_time is not None else ZERO
    dimensions = (
        CdrDimension("ENERGY", cdr.total_energy or ZERO),
        CdrDimension("TIME", charging),
        CdrDimension("PARKING_TIME", parking),
    )
    return ChargingPeriod(cdr.start_date_time, dimensions)


def read_stretches(
    *,
    cdr: Cdr,
    plans: Sequence[Plan | None],
    zone: ZoneInfo | None,
    rules: Profile,
    odd: list[Odd],
) -> Measured:
    """Read every period: what was measured, when, under which plan.

    `plans` gives each period its compiled tariff; a period without one is free.
    """
    periods = periods_of(cdr, odd)
    begin = cdr.start_date_time
    ends = [period.start_date_time for _, period in periods]
    ends.append(cdr.end_date_time)
    stretches = []
    energy = time = parking = ZERO
    end = (ends[0] - begin) // MICROSECOND
    for place, (index, period) in enumerate(periods, start=1):
        at = end
        end = (ends[place] - begin) // MICROSECOND
        start = period.start_date_time
        stretch = Stretch(index, plans[index], start, end - at, zone, at, energy)
        _measure(stretch, period.dimensions, rules, odd)
        energy += stretch.energy
        time += stretch.time_hours
        parking += stretch.parking_hours
        stretches.append(stretch)
    if energy:
        doubt_energy(energy, end, rules, odd)
    if rules.duration_starts == "after_reservation":
        _restart_durations(stretches, begin)
    return Measured(stretches, Volumes(energy, time + parking, parking))


def _measure(
    stretch: Stretch, dimensions: tuple[CdrDimension, ...], rules: Profile, odd: list[Odd]
) -> None:
    """Read the dimensions of a period into the stretch."""
    energy = time = parking = reservation = None
    for dimension in dimensions:
        kind, volume = dimension.type, dimension.volume
        if kind == "ENERGY":
            energy = volume if energy is None else energy + volume
        elif kind == "TIME":
            time = volume if time is None else time + volume
        elif kind == "PARKING_TIME":
            parking = volume if parking is None else parking + volume
        elif kind == "RESERVATION_TIME":
            reservation = volume if reservation is None else reservation + volume
        elif kind in READINGS:
            _keep_reading(stretch, kind, volume)
        elif kind in SESSION_ONLY:
            odd.append(Odd("dimension_not_priced", stretch.period, {"type": kind}))
    length = stretch.length
    is_plain = rules.time_volume == "nearest_second"
    if length % _SECOND:
        is_plain = False
        stretch.is_alone = len(dimensions) == 1
    longest = length // _SECOND + 1  # seconds that are no reason for doubt
    mask = 0
    if energy:
        stretch.energy = energy
        mask = ENERGY
    if time:
        seconds = to_seconds(time * SECONDS)
        if not (is_plain and ZERO < seconds <= longest):
            seconds, time = _seconds("TIME", time, stretch, rules, odd)
        if seconds:
            stretch.time, stretch.time_hours = seconds, time
            mask |= TIME
    if parking:
        seconds = to_seconds(parking * SECONDS)
        if not (is_plain and ZERO < seconds <= longest):
            seconds, parking = _seconds("PARKING_TIME", parking, stretch, rules, odd)
        if seconds:
            stretch.parking, stretch.parking_hours = seconds, parking
            mask |= PARKING
    if reservation:
        seconds, hours = _seconds("RESERVATION_TIME", reservation, stretch, rules, odd)
        stretch.reservation, stretch.reservation_hours = seconds, hours
        stretch.is_reservation = bool(seconds) and not mask
    stretch.mask = mask


def _keep_reading(stretch: Stretch, kind: str, volume: Decimal) -> None:
    readings = stretch.readings
    if readings is None:
        stretch.readings = {kind: volume}
    elif kind not in readings or (volume < readings[kind]) == kind.startswith("MIN"):
        readings[kind] = volume


def _seconds(
    kind: str, hours: Decimal, stretch: Stretch, rules: Profile, odd: list[Odd]
) -> tuple[Decimal, Decimal]:
    """Give the seconds to price and the hours; odd volumes become the period's length or 0."""
    if hours < 0:
        odd.append(Odd("time_negative", stretch.period, {"type": kind, "hours": hours}))
        return ZERO, ZERO
    written = hours * SECONDS
    length = stretch.length
    if written > length // _SECOND + 1 and length > 0:
        limit = rules.time_unit_factor * Decimal(length)
        if written * _MICRO >= limit:
            seconds = Decimal((length + _SECOND // 2) // _SECOND)
            facts = {"type": kind, "hours": hours, "seconds": seconds, "unit": _unit(hours, length)}
            odd.append(Odd("time_unit_suspected", stretch.period, facts))
            return seconds, shown(divide(seconds, SECONDS))
    if rules.time_volume == "as_written":
        return written, hours
    if stretch.is_alone:
        difference = written * _MICRO - Decimal(length)
        if -_WRITTEN <= difference <= _WRITTEN:
            return Decimal((length + _SECOND // 2) // _SECOND), hours
    return to_seconds(written), hours


def _unit(volume: Decimal, length: int) -> str:
    """Guess the unit of a time that cannot be hours, within a tenth of the period's length."""
    for unit, micro in (("seconds", _SECOND), ("minutes", 60 * _SECOND)):
        off = volume * Decimal(micro) - Decimal(length)
        if -length <= off * _TENTH <= length:
            return unit
    return "unknown"


def doubt_energy(total: Decimal, length: int, rules: Profile, odd: list[Odd]) -> None:
    """Remark energy that no charge point delivers in the session's time: Wh sent as kWh."""
    if length <= 0:
        return
    # kW = kWh / h, so this compares kWh * 3600 s/h with plausible kW * s, both times 10^6
    delivered = total.copy_abs() * SECONDS * _MICRO
    if delivered > rules.plausible_power_kw * Decimal(length):
        odd.append(Odd("energy_unit_suspected", None, {"kwh": total}))


def _restart_durations(stretches: list[Stretch], begin: datetime) -> None:
    """Let the durations of the session count from the end of its reservation."""
    first = next((s.start for s in stretches if not s.is_reservation), begin)
    for stretch in stretches:
        if not stretch.is_reservation:
            stretch.at = microseconds(stretch.start - first)
