"""When a tariff element applies: its restrictions, compiled, and the test of one moment.

Rule: all restrictions that are given must hold at the moment (OCPI mod_tariffs, 11.4.6); lower
bounds are inclusive, upper ones exclusive. Nothing here knows prices.
"""

from datetime import time
from decimal import Decimal

import msgspec

from settlement.pricing.profile import Profile
from settlement.pricing.stretch import Stretch
from settlement.tariff import Restrictions

DAY = 86_400  # seconds
MICROSECONDS = 1_000_000  # in a second

# restriction: (is a lower bound, reading that decides first, else this one), by profile value.
# OCPI leaves open how MIN_x and MAX_x of a period meet a bound.
_READINGS = {
    "any_moment": {
        "min_current": (True, "MAX_CURRENT", "MIN_CURRENT"),
        "max_current": (False, "MIN_CURRENT", "MAX_CURRENT"),
        "min_power": (True, "MAX_POWER", "MIN_POWER"),
        "max_power": (False, "MIN_POWER", "MAX_POWER"),
    },
    "whole_period": {
        "min_current": (True, "MIN_CURRENT", "MAX_CURRENT"),
        "max_current": (False, "MAX_CURRENT", "MIN_CURRENT"),
        "min_power": (True, "MIN_POWER", "MAX_POWER"),
        "max_power": (False, "MAX_POWER", "MIN_POWER"),
    },
}


class Clock(msgspec.Struct, frozen=True):
    """Local wall clock conditions; seconds of the day, days as proleptic ordinals."""

    start: int
    end: int  # DAY where the window ends with the day
    is_equal: bool  # start and end are the same time
    first_day: int | None
    end_day: int | None
    weekdays: tuple[int, ...]

    def bounds(self) -> set[int]:
        """Give the seconds of the day at which these conditions can change."""
        bounds = {self.start, self.end % DAY} if (self.start, self.end) != (0, DAY) else set()
        if self.first_day is not None or self.end_day is not None or self.weekdays:
            bounds.add(0)
        return bounds


class Test(msgspec.Struct, frozen=True, kw_only=True):
    """The restrictions of one element, ready to be tested."""

    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_at: int | None = None  # microseconds since the start
    max_at: int | None = None
    electric: tuple[tuple[str, Decimal], ...] = ()  # restriction name, bound
    clock: Clock | None = None
    is_clock_alone: bool = False


def compile_test(restrictions: Restrictions | None) -> Test | None:
    """Compile restrictions; None where there is nothing to test (reservation is no test)."""
    if restrictions is None:
        return None
    electric = tuple(
        (name, bound)
        for name in ("min_current", "max_current", "min_power", "max_power")
        if (bound := getattr(restrictions, name)) is not None
    )
    clock = _clock(restrictions)
    test = Test(
        min_kwh=restrictions.min_kwh,
        max_kwh=restrictions.max_kwh,
        min_at=_microseconds(restrictions.min_duration),
        max_at=_microseconds(restrictions.max_duration),
        electric=electric,
        clock=clock,
    )
    if test == Test():
        return None
    is_clock_alone = test == Test(clock=clock)
    return msgspec.structs.replace(test, is_clock_alone=is_clock_alone)


def _microseconds(seconds: int | None) -> int | None:
    return None if seconds is None else seconds * MICROSECONDS


def _clock(restrictions: Restrictions) -> Clock | None:
    start = _second(restrictions.start_time)
    end = _second(restrictions.end_time)
    first, last = restrictions.start_date, restrictions.end_date
    clock = Clock(
        start=start or 0,
        end=end or DAY,  # "00:00" as end is the end of the day
        is_equal=start is not None and start == end != 0,
        first_day=None if first is None else first.toordinal(),
        end_day=None if last is None else last.toordinal(),
        weekdays=restrictions.day_of_week,
    )
    return None if clock == Clock(0, DAY, False, None, None, ()) else clock


def _second(value: time | None) -> int | None:
    return None if value is None else value.hour * 3600 + value.minute * 60 + value.second


def holds(test: Test, stretch: Stretch, rules: Profile) -> bool | None:
    """Test the start of a stretch; None where only a missing reading leaves it undecided.

    Raises ZoneMissing where the wall clock decides and the zone is not known.
    """
    if test.is_clock_alone:
        return _clock_holds(test.clock, stretch, rules)  # type: ignore[arg-type]
    if test.min_kwh is not None and stretch.before < test.min_kwh:
        return False
    if test.max_kwh is not None and stretch.before >= test.max_kwh:
        return False
    if test.min_at is not None and stretch.at < test.min_at:
        return False
    if test.max_at is not None and stretch.at >= test.max_at:
        return False
    decided: bool | None = True
    if test.electric:
        decided = _electric_holds(test.electric, stretch, rules)
        if decided is False:
            return False
    if test.clock is not None and not _clock_holds(test.clock, stretch, rules):
        return False
    return decided


def _electric_holds(
    bounds: tuple[tuple[str, Decimal], ...], stretch: Stretch, rules: Profile
) -> bool | None:
    readings = stretch.readings
    if readings is None:
        return None
    table = _READINGS[rules.power_evidence]
    decided: bool | None = True
    for name, bound in bounds:
        is_lower, first, second = table[name]
        reading = readings.get(first)
        if reading is None:
            reading = readings.get(second)
        if reading is None:
            decided = None
        elif reading < bound if is_lower else reading >= bound:
            return False
    return decided


def _clock_holds(clock: Clock, stretch: Stretch, rules: Profile) -> bool:
    day, second = stretch.local_time()
    weekday = (day + 6) % 7
    if clock.is_equal:
        if rules.equal_clock_times == "never":
            return False
    elif clock.start < clock.end:
        if not clock.start <= second < clock.end:
            return False
    elif second < clock.end:  # after midnight in a window that wraps
        if rules.wrapped_weekday == "window_start":
            weekday = (weekday - 1) % 7
    elif second < clock.start:
        return False
    if clock.weekdays and weekday not in clock.weekdays:
        return False
    if clock.first_day is not None and day < clock.first_day:
        return False
    return clock.end_day is None or day < clock.end_day
