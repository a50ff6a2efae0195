"""Times, energies and powers in words.

Rule: spells intervals of the sweep's axes; decides nothing. Numbers keep their digits.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from settlement.pricing.wording import number
from settlement.tariff_tools.lint.axis import AXES, INFINITE, Bound, Interval, Intervals

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# What a charging period may leave unsaid.
READINGS = ("power", "current")


def region_in_words(region: Sequence[Intervals]) -> str:
    """Spell a part of the space: `Mon-Fri 08:00-20:00, from 20 kWh`; `always` for all of it."""
    parts = []
    for axis, intervals in zip(AXES, region, strict=True):
        if intervals == (axis.whole,):
            continue
        # Of some days a night is told as two ends, which lie on the same day.
        is_of_days = axis.name == "clock" and region[1] != (AXES[1].whole,)
        parts.append(axis_in_words(axis.name, intervals, is_of_days=is_of_days))
    if len(parts) > 1 and region[1] != (AXES[1].whole,) and region[2] != (AXES[2].whole,):
        place = 0 if region[0] == (AXES[0].whole,) else 1
        parts[place : place + 2] = [f"{parts[place]} {parts[place + 1]}"]
    return ", ".join(parts) or "always"


def axis_in_words(name: str, intervals: Intervals, *, is_of_days: bool = False) -> str:
    """Spell intervals of one axis, which are not the whole of it."""
    if name == "weekday":
        return ", ".join(_days(interval) for interval in intervals)
    if name == "clock":
        joined = intervals if is_of_days else _wrapped(intervals)
        return " and ".join(f"{_clock(a)}-{_clock(b)}" for a, b in joined)
    spans = []
    if name in READINGS:
        known = tuple((max(a, 0), b) for a, b in intervals if b > 0)
        if any(a < 0 for a, _ in intervals):
            spans.append(f"where no {name} is stated")
        if known == ((0, INFINITE),) and not spans:
            return f"where the {name} is stated"
        intervals = known
    spans += [_span(name, interval) for interval in intervals]
    return " and ".join(spans)


def _span(name: str, interval: Interval) -> str:
    low, high = interval
    floor = 1 if name == "date" else 0
    if high == INFINITE:
        text = f"from {_value(name, low)}"
    elif low <= floor:
        text = f"up to {_value(name, high)}"
    else:
        text = f"from {_value(name, low)} to {_value(name, high)}"
    return f"{text} after the start" if name == "duration" else text


def _value(name: str, value: Bound) -> str:
    if name == "date":
        return date.fromordinal(int(value)).isoformat()
    if name == "duration":
        return duration_in_words(int(value))
    unit = {"kwh": "kWh", "power": "kW", "current": "A"}[name]
    return f"{number(Decimal(value))} {unit}"


def duration_in_words(seconds: int) -> str:
    """Spell a duration in the largest whole unit: `3 h`, `90 min`, `45 s`."""
    if seconds and seconds % 3600 == 0:
        return f"{seconds // 3600} h"
    if seconds and seconds % 60 == 0:
        return f"{seconds // 60} min"
    return f"{seconds} s"


def _days(interval: Interval) -> str:
    first, last = int(interval[0]), int(interval[1]) - 1
    if first == last:
        return DAYS[first]
    return f"{DAYS[first]}{', ' if last == first + 1 else '-'}{DAYS[last]}"


def _wrapped(intervals: Intervals) -> list[Interval]:
    """Join the end of the day with its beginning: 22:00-06:00."""
    found = list(intervals)
    if len(found) > 1 and found[0][0] == 0 and found[-1][1] == AXES[2].whole[1]:
        found = [*found[1:-1], (found[-1][0], found[0][1])]
    return found


def _clock(second: Bound) -> str:
    minutes, seconds = divmod(int(second), 60)
    text = f"{minutes // 60:02}:{minutes % 60:02}"
    return f"{text}:{seconds:02}" if seconds else text
