"""Times as documents, the log and rows write them.

Rule: UTC with microseconds inside; independent of what it checks.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

# OCPI 2.2.1, 16.1: UTC, no offset.
_PLAIN = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]{1,6})?Z?")
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})(?:[Tt]| +)([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?"
    r"(?:[.,]([0-9]{1,40}))? *([Zz]|UTC|[+-][0-9]{2}(?::?[0-9]{2})?)?"
)
_LAST_HOUR, _LAST_SECOND = 24, 60
# What a time column can hold without changing it.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def read_time(value: Any) -> datetime | None:
    """Read a DateTime of OCPI, also in the forms that partners use; None where there is none."""
    if not isinstance(value, str):
        return None
    if len(value) == len("2024-03-01T10:00:00Z") and value[10] == "T" and value[19] == "Z":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass  # hour 24 and the like
    match = _TIME.fullmatch(value.strip())
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    hours, seconds = int(hour), int(second or 0)
    if hours > _LAST_HOUR or seconds > _LAST_SECOND or (hours == _LAST_HOUR and minute != "00"):
        return None
    offset = "+00:00" if zone in {None, "Z", "z", "UTC"} else _offset(zone)
    text = (
        f"{year}-{int(month):02}-{int(day):02}T{hours % _LAST_HOUR:02}:{minute}"
        f":{min(seconds, _LAST_SECOND - 1):02}.{(fraction or '')[:6]:0<6}{offset}"
    )
    try:
        # The end of a day and a leap second are moments, too.
        later = timedelta(days=hours == _LAST_HOUR, seconds=seconds == _LAST_SECOND)
        return (datetime.fromisoformat(text) + later).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_plain_time(value: Any) -> bool:
    """Tell whether a time is written as OCPI asks."""
    return isinstance(value, str) and _PLAIN.fullmatch(value) is not None


def receipt(text: str | None) -> datetime | None:
    """Read a time of receipt as the gateway writes it; None for what no record can have."""
    try:
        received = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    if received.tzinfo is None or not EARLIEST <= received < LATEST:
        return None
    return received.astimezone(UTC)


def _offset(zone: str) -> str:
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return f"{zone[0]}{digits[:2]}:{digits[2:]}"


def milliseconds(value: datetime | None) -> datetime | None:
    """Cut a time to what a column of three decimals holds."""
    if value is None:
        return None
    return value.replace(microsecond=value.microsecond // 1000 * 1000)


def column_time(value: datetime | None) -> datetime | None:
    """Give a time as its column of three decimals holds it, null outside 2000 to 2100."""
    if value is None or not EARLIEST <= value < LATEST:
        return None
    return milliseconds(value)


def log_text(text: str | None, *, digits: int = 6) -> str | None:
    """Spell a time (ISO 8601, UTC) as the log does: six decimals, or none where they are zero.

    `digits` cuts what a column cannot hold.
    """
    if text is None:
        return None
    head, fraction = text[:19], text[20:].rstrip("Z")[:digits]
    if not fraction.strip("0"):
        return f"{head}Z"
    return f"{head}.{fraction:0<6}Z"
