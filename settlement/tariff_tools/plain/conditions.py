"""When a tariff element applies, in words.

Rule: spells restrictions as the engine reads them; a restriction that always holds is left out.
"""

from collections.abc import Iterator
from datetime import date, time, timedelta
from decimal import Decimal

from settlement.tariff import Restrictions
from settlement.tariff_tools.plain.language import Language, short_duration

_HOUR = 3600
_WEEK = 7


def when(restrictions: Restrictions | None, language: Language) -> str:
    """Spell when restrictions hold; empty for always. What a reservation is for is not told."""
    if restrictions is None:
        return ""
    parts = [
        *_days_and_times(restrictions, language),
        *_dates(restrictions, language),
        *_duration(restrictions, language),
        *_kwh(restrictions, language),
        *_readings(restrictions, language),
    ]
    return ", ".join(parts)


def _days_and_times(given: Restrictions, language: Language) -> Iterator[str]:
    has_days = bool(given.day_of_week) and len(given.day_of_week) < _WEEK
    days = language.weekdays(given.day_of_week) if has_days else ""
    window = _window(given, language, has_days=has_days)
    if days and window:
        yield language.say("days_and_window", days=days, window=window)
    elif days or window:
        yield days or window


def _window(given: Restrictions, language: Language, *, has_days: bool) -> str:
    start, end = given.start_time or time(), given.end_time or time()
    if start == end:  # the whole day, or no window at all
        return ""
    until = "24:00" if end == time() else _clock(end)
    if start > end != time() and has_days:
        # The weekday is that of the moment, so the two ends of the night lie on the same day.
        return language.say("window_over_midnight", start=_clock(start), end=until)
    return language.say("window", start=_clock(start), end=until)


def _clock(value: time) -> str:
    return f"{value:%H:%M}"


def _dates(given: Restrictions, language: Language) -> Iterator[str]:
    first, end = given.start_date, given.end_date
    last = None if end is None or end == date.min else end - timedelta(days=1)
    if first is not None and last is not None:
        if first == last:
            yield language.say("date", first=language.date(first))
        else:
            yield language.say("dates", first=language.date(first), last=language.date(last))
    elif first is not None:
        yield language.say("dates_from", first=language.date(first))
    elif last is not None:
        yield language.say("dates_until", last=language.date(last))


def _duration(given: Restrictions, language: Language) -> Iterator[str]:
    low, high = max(given.min_duration or 0, 0), given.max_duration
    if low and high is not None:
        yield language.say("duration_between", low=short_duration(low), high=short_duration(high))
    elif low:
        hours = low // _HOUR
        if low % _HOUR == 0 and hours <= len(language.ordinals):
            yield language.say("from_nth_hour", ordinal=language.ordinals[hours - 1])
        else:
            yield language.say("duration_from", low=language.duration(low))
    elif high == _HOUR:
        yield language.say("first_hour")
    elif high is not None:
        yield language.say("duration_until", high=language.duration(high))


def _kwh(given: Restrictions, language: Language) -> Iterator[str]:
    low, high = given.min_kwh, given.max_kwh
    has_low = low is not None and low > 0
    if has_low and high is not None:
        assert low is not None
        yield language.say("kwh_between", low=language.number(low), high=language.number(high))
    elif has_low:
        assert low is not None
        yield language.say("kwh_from", low=language.number(low))
    elif high is not None:
        yield language.say("kwh_until", high=language.number(high))


def _readings(given: Restrictions, language: Language) -> Iterator[str]:
    power = _reading(given.min_power, given.max_power, "kW", language)
    if power:
        yield power
    current = _reading(given.min_current, given.max_current, "A", language)
    if current:
        yield language.say("of_all_phases", condition=current)


def _reading(low: Decimal | None, high: Decimal | None, unit: str, language: Language) -> str:
    least = None if low is None else f"{language.number(low)} {unit}"
    most = None if high is None else f"{language.number(high)} {unit}"
    if least and most:
        return language.say("reading_between", low=least, high=most)
    if least:
        return language.say("reading_from", low=least)
    return language.say("reading_until", high=most) if most else ""
