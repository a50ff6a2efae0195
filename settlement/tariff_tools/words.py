"""Times, energies and powers in words, English and German.

Rule: spells intervals of the sweep's axes; decides nothing. Numbers keep their digits.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from settlement.pricing.wording import number
from settlement.tariff_tools.lint.axis import AXES, INFINITE, Bound, Interval, Intervals

DAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "de": ("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
}
# axis: unit, from, until, from and until; by language
_SPANS = {
    "en": ("from {0}", "up to {1}", "from {0} to {1}"),
    "de": ("ab {0}", "bis {1}", "von {0} bis {1}"),
}
_AND = {"en": " and ", "de": " und "}
_AT_ANY_TIME = {"en": "always", "de": "immer"}
_UNKNOWN = {
    "power": {"en": "where no power is stated", "de": "wo keine Leistung angegeben ist"},
    "current": {"en": "where no current is stated", "de": "wo keine Stromstärke angegeben ist"},
}
_AFTER = {"en": "{} after the start", "de": "{} nach Beginn"}


def region_in_words(region: Sequence[Intervals], *, language: str = "en") -> str:
    """Spell a part of the space: `Mon-Fri 08:00-20:00, from 20 kWh`; `always` for all of it."""
    parts = []
    for axis, intervals in zip(AXES, region, strict=True):
        if intervals == (axis.whole,):
            continue
        parts.append(axis_in_words(axis.name, intervals, language=language))
    if len(parts) > 1 and region[1] != (AXES[1].whole,) and region[2] != (AXES[2].whole,):
        place = 0 if region[0] == (AXES[0].whole,) else 1
        parts[place : place + 2] = [f"{parts[place]} {parts[place + 1]}"]
    return ", ".join(parts) or _AT_ANY_TIME[language]


def axis_in_words(name: str, intervals: Intervals, *, language: str = "en") -> str:
    """Spell intervals of one axis, which are not the whole of it."""
    if name == "weekday":
        return ", ".join(_days(interval, language) for interval in intervals)
    if name == "clock":
        return _AND[language].join(f"{_clock(a)}-{_clock(b)}" for a, b in _wrapped(intervals))
    spans = []
    if name in _UNKNOWN:
        known = tuple((max(a, 0), b) for a, b in intervals if b > 0)
        if any(a < 0 for a, _ in intervals):
            spans.append(_UNKNOWN[name][language])
        if known == ((0, INFINITE),) and not spans:
            return {"en": f"where the {name} is stated", "de": "wo sie angegeben ist"}[language]
        intervals = known
    spans += [_span(name, interval, language) for interval in intervals]
    return _AND[language].join(spans)


def _span(name: str, interval: Interval, language: str) -> str:
    low, high = interval
    start, until, both = _SPANS[language]
    floor = 1 if name == "date" else 0
    form = start if high == INFINITE else until if low <= floor else both
    text = form.format(_value(name, low, language), _value(name, high, language))
    return _AFTER[language].format(text) if name == "duration" else text


def _value(name: str, value: Bound, language: str) -> str:
    if value == INFINITE:
        return ""
    if name == "date":
        return date.fromordinal(int(value)).isoformat()
    if name == "duration":
        return duration_in_words(int(value), language=language)
    unit = {"kwh": "kWh", "power": "kW", "current": "A"}[name]
    return f"{decimal_in_words(Decimal(value), language=language)} {unit}"


def duration_in_words(seconds: int, *, language: str = "en") -> str:
    """Spell a duration in the largest whole unit: `3 h`, `90 min`, `45 s`."""
    del language  # units are the same
    if seconds and seconds % 3600 == 0:
        return f"{seconds // 3600} h"
    if seconds and seconds % 60 == 0:
        return f"{seconds // 60} min"
    return f"{seconds} s"


def decimal_in_words(value: Decimal, *, language: str = "en") -> str:
    """Spell a number; German has a comma."""
    text = number(value)
    return text.replace(".", ",") if language == "de" else text


def _days(interval: Interval, language: str) -> str:
    names = DAYS[language]
    first, last = int(interval[0]), int(interval[1]) - 1
    if first == last:
        return names[first]
    return f"{names[first]}{', ' if last == first + 1 else '-'}{names[last]}"


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
