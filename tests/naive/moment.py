"""Says whether the restrictions of a tariff element hold at one moment, one after the other.

Rule: one function a restriction; the answers to what OCPI leaves open are those of the default
profile; nothing of settlement, streams or ingest is imported.
"""

from dataclasses import dataclass
from datetime import date, datetime, time
from fractions import Fraction
from typing import Any

from tests.naive.reading import exact

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")


@dataclass(frozen=True, kw_only=True)
class Moment:
    """All that a restriction may ask about: the start of a charging period."""

    local: datetime
    kwh_so_far: Fraction
    seconds_so_far: Fraction
    readings: dict[str, Fraction | None]  # MIN_CURRENT, MAX_CURRENT, MIN_POWER, MAX_POWER


def holds(restrictions: dict[str, Any], moment: Moment) -> bool:
    """Say whether all restrictions but `reservation` hold at the moment."""
    return (
        _clock(restrictions, moment.local.time())
        and _calendar(restrictions, moment.local.date())
        and _weekday(restrictions, moment.local.date())
        and _between(restrictions, "kwh", moment.kwh_so_far)
        and _between(restrictions, "duration", moment.seconds_so_far)
        and _evidence(restrictions, "current", moment.readings)
        and _evidence(restrictions, "power", moment.readings)
    )


def _clock(restrictions: dict[str, Any], now: time) -> bool:
    start, end = restrictions.get("start_time"), restrictions.get("end_time")
    if start is None and end is None:
        return True
    opens = time.fromisoformat(start) if start else time(0)
    closes = time.fromisoformat(end) if end else time(0)
    if opens == closes:
        return True  # the whole day
    if closes == time(0):
        return now >= opens  # until the end of the day
    if opens < closes:
        return opens <= now < closes
    return now >= opens or now < closes  # over midnight


def _calendar(restrictions: dict[str, Any], today: date) -> bool:
    first, end = restrictions.get("start_date"), restrictions.get("end_date")
    if first is not None and today < date.fromisoformat(first):
        return False
    return end is None or today < date.fromisoformat(end)


def _weekday(restrictions: dict[str, Any], today: date) -> bool:
    days = restrictions.get("day_of_week") or []
    return not days or DAYS[today.weekday()] in days


def _between(restrictions: dict[str, Any], name: str, so_far: Fraction) -> bool:
    low, high = exact(restrictions.get(f"min_{name}")), exact(restrictions.get(f"max_{name}"))
    if low is not None and so_far < low:
        return False
    return high is None or so_far < high


def _evidence(
    restrictions: dict[str, Any], name: str, readings: dict[str, Fraction | None]
) -> bool:
    lowest, highest = readings[f"MIN_{name.upper()}"], readings[f"MAX_{name.upper()}"]
    low, high = exact(restrictions.get(f"min_{name}")), exact(restrictions.get(f"max_{name}"))
    if low is not None:
        most = highest if highest is not None else lowest
        if most is None or most < low:
            return False
    if high is not None:
        least = lowest if lowest is not None else highest
        if least is None or least >= high:
            return False
    return True
