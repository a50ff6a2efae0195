"""The walk over an ordinary session, in one pass.

Rule: only what most sessions are, and line by line what `volumes` and `walk` make of them (a
property test holds them together). Whatever is not ordinary is left to those: the answer is None.
"""

from bisect import bisect_right
from decimal import Decimal
from zoneinfo import ZoneInfo

from settlement.cdr import Cdr, CdrDimension
from settlement.pricing.choice import choose
from settlement.pricing.exact import ONE, SECONDS, ZERO, add, multiply
from settlement.pricing.line import ENERGY_COST, FIXED, PARKING_COST, TIME_COST, Line
from settlement.pricing.profile import Profile
from settlement.pricing.references import Assigned
from settlement.pricing.restriction import DAY
from settlement.pricing.stretch import ENERGY, FLAT, MICROSECOND, PARKING, TIME, Stretch
from settlement.pricing.volumes import READINGS, Odd, Volumes, doubt_energy, to_seconds
from settlement.pricing.walk import Walk

_NEEDS = 16  # what can be needed of four dimensions
_SECOND = 1_000_000  # microseconds
_LONG = 2 * DAY * _SECOND  # in which no zone moves its clock to and fro


def is_ordinary(rules: Profile) -> bool:
    """Tell whether a profile reads an ordinary session as the default does."""
    return (
        rules.time_volume == "nearest_second"
        and rules.flat_fee == "once_per_phase"
        and rules.flat_fee_of_parking == "fixed"
    )


def walk_quickly(
    *, cdr: Cdr, assigned: Assigned, zone: ZoneInfo | None, rules: Profile, odd: list[Odd]
) -> tuple[Walk, Volumes] | None:
    """Walk a session of whole seconds, in order, in which the time of day alone decides.

    None where it is no such session: some other restriction, a reservation, a period without a
    tariff or across a bound, a volume that is odd.
    """
    periods, by_period = cdr.charging_periods, assigned.by_period
    second = _local_second(cdr, zone) if assigned.has_clock else 0
    if second is None or len(by_period) != len(periods):
        return None
    walk = Walk(rules, is_expired=False)
    lines, priced = walk.lines, walk.priced
    ends = [period.start_date_time for period in periods[1:]]
    ends.append(cdr.end_date_time)
    energy_sum = time_sum = parking_sum = ZERO
    fee = FLAT
    for index, period in enumerate(periods):
        start = period.start_date_time
        length, fraction = divmod((ends[index] - start) // MICROSECOND, _SECOND)
        measured = _measure(period.dimensions, length)
        if fraction or length < 0 or measured is None:
            return None
        mask, energy, time, parking = measured
        plan = by_period[index]
        key = need = (mask | fee) & plan.offers
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
            stretch = Stretch(index, plan, start, length * _SECOND, zone)
            chosen = plan.memo[key] = choose(plan.session, need, stretch, rules, walk.missing)
        if FLAT in chosen:
            fee = 0
            line = Line(index, plan, chosen[FLAT], "FLAT", FIXED, ONE, ONE)
            lines.append(line)
            priced.append(line)
        if mask & ENERGY:
            energy_sum = add(energy_sum, energy)
            component = chosen.get(ENERGY)
            line = Line(index, plan, component, "ENERGY", ENERGY_COST, energy, energy)
            lines.append(line)
            if component is not None:
                priced.append(line)
        if mask & TIME:
            time_sum = add(time_sum, time[0])
            component = chosen.get(TIME)
            line = Line(index, plan, component, "TIME", TIME_COST, *time, True)
            lines.append(line)
            if component is not None:
                priced.append(line)
        if mask & PARKING:
            parking_sum = add(parking_sum, parking[0])
            component = chosen.get(PARKING)
            line = Line(index, plan, component, "PARKING_TIME", PARKING_COST, *parking, True)
            lines.append(line)
            if component is not None:
                priced.append(line)
    length = (cdr.end_date_time - cdr.start_date_time) // MICROSECOND
    doubt_energy(energy_sum, length, rules, odd)
    return walk, Volumes(energy_sum, add(time_sum, parking_sum), parking_sum)


_Hours = tuple[Decimal, Decimal]  # as written, and the seconds they are


def _measure(
    dimensions: tuple[CdrDimension, ...], length: int
) -> tuple[int, Decimal, _Hours, _Hours] | None:
    """Give which dimensions are present and their volumes; None where something is odd."""
    mask = 0
    energy, time, parking = ZERO, _NO_TIME, _NO_TIME
    for dimension in dimensions:
        kind, volume = dimension.type, dimension.volume
        if kind == "ENERGY":
            if mask & ENERGY or volume < ZERO:
                return None
            if volume:
                energy = volume
                mask |= ENERGY
        elif kind in _TIMES:
            bit = TIME if kind == "TIME" else PARKING
            seconds = to_seconds(multiply(volume, SECONDS))
            if mask & bit or not ZERO <= seconds <= length + 1 or volume < ZERO:
                return None
            if seconds:
                mask |= bit
                if bit == TIME:
                    time = (volume, seconds)
                else:
                    parking = (volume, seconds)
        elif kind not in READINGS:
            return None
    return mask, energy, time, parking


_NO_TIME = (ZERO, ZERO)
_TIMES = frozenset({"TIME", "PARKING_TIME"})


def _local_second(cdr: Cdr, zone: ZoneInfo | None) -> int | None:
    """Give the second of the day of the first period; None where the clock is moved later."""
    if zone is None:
        return None
    begin = cdr.charging_periods[0].start_date_time
    start, end = begin.astimezone(zone), cdr.end_date_time.astimezone(zone)
    length = (end - start) // MICROSECOND
    if not 0 <= length <= _LONG or start.utcoffset() != end.utcoffset() or start.microsecond:
        return None
    return start.hour * 3600 + start.minute * 60 + start.second
