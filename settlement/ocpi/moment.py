"""DateTime, clock time and date of OCPI.

Rule: everything leaves here as UTC with microseconds; what is not in OCPI's form is read where
it has one meaning only, with a remark's code.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from typing import Any

from settlement.ocpi.number import IrregularForm

# OCPI 2.2.1, 16.1: fraction and Z are optional, no designator means UTC, offsets are not allowed.
# No partner charged before 2000: such a time goes through the tolerant reading.
_OCPI = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z?")
_TOLERATED = re.compile(
    r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"
    r"(?P<separator>[Tt]|\ +)(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2}))?"
    r"(?:[.,](?P<fraction>[0-9]{1,40}))?\ *(?P<zone>[Zz]|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?")
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[T ].*)?")
_UNKNOWN = datetime(1970, 1, 1, tzinfo=UTC)  # OCPI 2.2.1, 10.2: start or end not known


def regular_time(value: Any) -> datetime:
    """Read a DateTime in OCPI's own form; raises IrregularForm for every other.

    A datetime (what the tolerant reading leaves behind) is given back.
    """
    if type(value) is not str:
        if isinstance(value, datetime):
            return value
        raise IrregularForm
    try:
        if (
            len(value) == 20
            and value[4::3] == "--T::Z"
            and value[0] == "2"
            and value[11:13] != "24"
        ):
            return datetime.fromisoformat(value)
        if value[0] == "2" and _OCPI.fullmatch(value) and value[11:13] != "24":
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
    except (ValueError, IndexError):
        pass
    raise IrregularForm


def optional_time(value: Any) -> datetime | None:
    """As `regular_time`, None for a field that was not sent."""
    return None if value is None else regular_time(value)


def parse_time(text: str) -> tuple[datetime, tuple[str, ...]] | None:
    """Read a DateTime in any form with one meaning, with remark codes; None where there is none."""
    match = _TOLERATED.fullmatch(text.strip())
    if match is None:
        return None
    codes = []
    fraction = match["fraction"] or ""
    zone = match["zone"] or ""
    seconds = int(match["second"] or 0)
    hours = int(match["hour"])
    try:
        moment = datetime(
            int(match["year"]),
            int(match["month"]),
            int(match["day"]),
            hours % 24,
            int(match["minute"]),
            min(seconds, 59),
            int(fraction[:6].ljust(6, "0")) if fraction else 0,
            _offset(zone),
        )
        leap = timedelta(days=hours == 24, seconds=seconds == 60)
        moment = (moment + leap).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if hours > 24 or seconds > 60 or (hours == 24 and match["minute"] != "00"):
        return None
    if zone not in {"", "Z", "z", "UTC"}:
        codes.append("time_offset")
    if match["separator"] not in "Tt":
        codes.append("time_separator")
    if len(fraction) > 6:
        codes.append("time_fraction_cut")
    if moment == _UNKNOWN:
        codes.append("time_unknown")
    elif not codes and not _OCPI.fullmatch(text):
        codes.append("time_form")
    return moment, tuple(codes)


def _offset(zone: str) -> timezone:
    if zone in {"", "Z", "z", "UTC"}:
        return UTC
    minutes = int(zone[1:3]) * 60 + int(zone[-2:] if len(zone) > 3 else 0)
    return timezone(timedelta(minutes=-minutes if zone[0] == "-" else minutes))


def regular_clock(value: Any) -> time | None:
    """Read `HH:MM`; raises IrregularForm for every other form; None stays None."""
    if value is None or isinstance(value, time):
        return value
    if len(value) == 5 and (match := _CLOCK.fullmatch(value)) and int(match[1]) < 24:
        minute = int(match[2])
        if minute < 60:
            return time(int(match[1]), minute)
    raise IrregularForm


def parse_clock(text: str) -> time | None:
    """Read a clock time, also `7:00`, `07:00:00` and `24:00` (midnight); None where none."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
    if (hour, minute, second) == (24, 0, 0):
        return time(0)
    try:
        return time(hour, minute, second)
    except ValueError:
        return None


def regular_date(value: Any) -> date | None:
    """Read `YYYY-MM-DD`; raises IrregularForm for every other form; None stays None."""
    if value is None or isinstance(value, date):
        return value
    if len(value) == 10 and (read := parse_date(value)):
        return read
    raise IrregularForm


def parse_date(text: str) -> date | None:
    """Read a date, also `2024-1-1` and the date of a DateTime; None where there is none."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    try:
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
