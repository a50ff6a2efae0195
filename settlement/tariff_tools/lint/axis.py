"""The space in which a tariff's restrictions live, and the part of it that one element claims.

Rule: half-open intervals on seven axes, exact; how a restriction is read is asked of
`settlement.pricing.restriction`, so that the sweep and a price cannot differ.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from settlement.pricing.restriction import DAY, Clock, compile_test
from settlement.tariff import Restrictions

Bound = int | Decimal
Interval = tuple[Bound, Bound]  # from, inclusive; until, exclusive
Intervals = tuple[Interval, ...]

INFINITE = Decimal("Infinity")
UNKNOWN: Interval = (-1, 0)  # no reading of power or current: a place of its own below 0


class Axis(msgspec.Struct, frozen=True):
    """One axis: its name and the whole of it."""

    name: str
    whole: Interval


AXES = (
    Axis("date", (1, INFINITE)),  # proleptic ordinals
    Axis("weekday", (0, 7)),
    Axis("clock", (0, DAY)),  # seconds of the local day
    Axis("kwh", (0, INFINITE)),  # since the session's start
    Axis("duration", (0, INFINITE)),  # seconds since the session's start
    Axis("power", (-1, INFINITE)),  # kW
    Axis("current", (-1, INFINITE)),  # A
)
NAMES = tuple(axis.name for axis in AXES)

Box = tuple[Intervals, ...]  # one set of intervals an axis
WHOLE: Box = tuple((axis.whole,) for axis in AXES)


def box_of(restrictions: Restrictions | None) -> Box:
    """Give the part of the space in which restrictions hold; an axis without any is empty."""
    test = compile_test(restrictions)
    if restrictions is None or test is None:
        return WHOLE
    date, weekday, clock = WHOLE[:3] if test.clock is None else _clock(test.clock)
    return (
        date,
        weekday,
        clock,
        _between(restrictions.min_kwh, restrictions.max_kwh, WHOLE[3]),
        _between(restrictions.min_duration, restrictions.max_duration, WHOLE[4]),
        _between(restrictions.min_power, restrictions.max_power, WHOLE[5]),
        _between(restrictions.min_current, restrictions.max_current, WHOLE[6]),
    )


def _clock(clock: Clock) -> tuple[Intervals, Intervals, Intervals]:
    first = 1 if clock.first_day is None else clock.first_day
    end = INFINITE if clock.end_day is None else clock.end_day
    date: Intervals = ((first, end),) if first < end else ()
    weekday = joined((day, day + 1) for day in clock.weekdays) or WHOLE[1]
    if clock.is_equal:
        return date, weekday, WHOLE[2]
    if clock.start < clock.end:
        return date, weekday, ((clock.start, clock.end),)
    return date, weekday, ((0, clock.end), (clock.start, DAY))


def _between(low: Bound | None, high: Bound | None, whole: Intervals) -> Intervals:
    if low is None and high is None:
        return whole
    least = max(low or 0, 0)
    most = INFINITE if high is None else high
    return ((least, most),) if least < most else ()


def joined(intervals: Iterable[Interval]) -> Intervals:
    """Sort intervals and join those that touch."""
    result: list[Interval] = []
    for start, end in sorted(intervals):
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return tuple(result)


def meet(*, one: Box, other: Box) -> bool:
    """Tell whether two boxes share a place on every axis by itself."""
    return all(
        any(a[0] < b[1] and b[0] < a[1] for a in mine for b in theirs)
        for mine, theirs in zip(one, other, strict=True)
    )


def is_inside(*, inner: Intervals, outer: Intervals) -> bool:
    """Tell whether the whole of one set of intervals lies in another; both are joined."""
    return all(any(o[0] <= i[0] and i[1] <= o[1] for o in outer) for i in inner)
