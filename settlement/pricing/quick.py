"""The walk over an ordinary session, in one pass.

Rule: only what most sessions are, and line by line what `volumes` and `walk` make of them (a
property test holds them together). Whatever is not ordinary is left to those: the answer is None.
"""

from bisect import bisect_right
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from settlement.cdr import Cdr, ChargingPeriod
from settlement.pricing.choice import choose
from settlement.pricing.clock import MOST_DAYS, steady_offset
from settlement.pricing.exact import ONE, SECONDS, ZERO
from settlement.pricing.line import ENERGY_COST, FIXED, PARKING_COST, TIME_COST, Line, Walked
from settlement.pricing.plan import Chosen, Plan
from settlement.pricing.profile import Profile
from settlement.pricing.references import Assigned
from settlement.pricing.restriction import DAY
from settlement.pricing.stretch import ENERGY, FLAT, MICROSECOND, PARKING, TIME, Stretch
from settlement.pricing.volumes import READINGS, Odd, Volumes, doubt_energy, to_seconds

_NEEDS = 16  # what can be needed of four dimensions
_MICRO = 1_000_000
_HOUR = timedelta(hours=1)

# kWh, hours of charging and of parking, seconds of both
_Measured = tuple[Decimal | None, Decimal | None, Decimal | None, Decimal, Decimal]


def is_ordinary(rules: Profile) -> bool:
    """Tell whether a profile reads an ordinary session as the default does."""
    return (
        rules.time_volume == "nearest_second"
        and rules.flat_fee == "once_per_phase"
        and rules.flat_fee_of_parking == "fixed"
    )


def walk_quickly(
    *, cdr: Cdr, assigned: Assigned, zone: ZoneInfo | None, rules: Profile, odd: list[Odd]
) -> tuple[Walked, Volumes] | None:
    """Walk a session of whole seconds, in order, in which the time of day alone decides.

    None where it is no such session: some other restriction, a reservation, a period without a
    tariff or across a bound, a volume that is odd.
    """
    periods, plans = cdr.charging_periods, assigned.by_period
    second = _local_second(cdr, zone) if assigned.traits.has_clock else 0
    if second is None or not periods or None in plans:
        return None
    lines: list[Line] = []
    all_kwh = all_hours = all_parked = ZERO
    fee = FLAT
    last = len(periods) - 1
    for index, period in enumerate(periods):
        start = period.start_date_time
        end = periods[index + 1].start_date_time if index < last else cdr.end_date_time
        duration = end - start
        length = duration.seconds + duration.days * DAY
        measured = _measure(period, length)
        if measured is None or duration.microseconds or length < 0:
            return None
        kwh, hours, parked, seconds, parked_s = measured
        mask = (ENERGY if kwh else 0) | (TIME if hours else 0) | (PARKING if parked else 0)
        plan: Plan = plans[index]  # type: ignore[assignment]  # none is None
        need = key = (mask | fee) & plan.offers
        bounds = plan.clock_bounds
        if bounds:
            place = bisect_right(bounds, second)
            following = bounds[place] if place < len(bounds) else bounds[0] + DAY
            if following - second < length:
                return None
            key += place * _NEEDS
        second = (second + length) % DAY
        chosen = plan.memo.get(key)
        if chosen is None:
            stretch = Stretch(index, plan, start, length * _MICRO, zone)
            chosen = plan.memo[key] = _chosen(plan, need, stretch, rules)
        of_energy, of_time, of_parking, of_fee = chosen
        if of_fee is not None:
            fee = 0
            lines.append(Line(index, plan, of_fee, "FLAT", FIXED, ONE, ONE))
        if kwh:
            all_kwh += kwh
            lines.append(Line(index, plan, of_energy, "ENERGY", ENERGY_COST, kwh, kwh))
        if hours:
            all_hours += hours
            lines.append(Line(index, plan, of_time, "TIME", TIME_COST, hours, seconds, True))
        if parked:
            all_parked += parked
            line = Line(
                index, plan, of_parking, "PARKING_TIME", PARKING_COST, parked, parked_s, True
            )
            lines.append(line)
    total = cdr.end_date_time - cdr.start_date_time
    if total < _HOUR or all_kwh > rules.plausible_power_kw:  # else it is beyond doubt
        doubt_energy(all_kwh, total // MICROSECOND, rules, odd)
    priced = [line for line in lines if line.component is not None]
    return Walked(lines, priced), Volumes(all_kwh, all_hours + all_parked, all_parked)


def _measure(period: ChargingPeriod, length: int) -> _Measured | None:
    """Give the volumes that are present; None where something is odd."""
    energy = time = parking = None
    seconds = parked = ZERO
    for dimension in period.dimensions:
        kind = dimension.type
        if kind == "ENERGY":
            if energy is not None:
                return None
            energy = dimension.volume
            if energy < ZERO:
                return None
        elif kind == "TIME":
            if time is not None:
                return None
            time = dimension.volume
            seconds = to_seconds(time * SECONDS)
            if not ZERO <= seconds <= length + 1 or time < ZERO:
                return None
        elif kind == "PARKING_TIME":
            if parking is not None:
                return None
            parking = dimension.volume
            parked = to_seconds(parking * SECONDS)
            if not ZERO <= parked <= length + 1 or parking < ZERO:
                return None
        elif kind not in READINGS:
            return None
    return energy, time if seconds else None, parking if parked else None, seconds, parked


def _chosen(plan: Plan, need: int, stretch: Stretch, rules: Profile) -> Chosen:
    find = choose(plan.session, need, stretch, rules, set()).get
    return find(ENERGY), find(TIME), find(PARKING), find(FLAT)


def _local_second(cdr: Cdr, zone: ZoneInfo | None) -> int | None:
    """Give the second of the day of the first period; None where the clock is moved later."""
    if zone is None or not cdr.charging_periods:
        return None
    begin = cdr.charging_periods[0].start_date_time
    offset = steady_offset(zone, begin.toordinal())
    if offset is None or begin.microsecond or (cdr.end_date_time - begin).days >= MOST_DAYS:
        return None
    return (begin.hour * 3600 + begin.minute * 60 + begin.second + offset) % DAY
