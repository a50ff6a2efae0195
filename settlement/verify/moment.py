"""Times as documents, the log and rows write them.

Rule: UTC with microseconds inside; independent of what it checks.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

_LOOSE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})[T ]+(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,](\d+))?\s*"
    r"(Z|UTC|[+-]\d{2}(?::?\d{2})?)?"
)
_PLAIN = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z?")
# What a time column can hold without changing it.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def read_time(value: Any) -> datetime | None:
    """Read a DateTime of OCPI, also in the forms that partners use; None where there is none."""
    if not isinstance(value, str):
        return None
    if value[-1:] == "Z" and value[10:11] == "T" and value[4:5] == "-":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass  # more than six decimals, hour 24 and the like
    match = _LOOSE.fullmatch(value.strip().upper())
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    offset = "+00:00" if zone in {None, "Z", "UTC"} else _offset(zone)
    text = (
        f"{year}-{int(month):02}-{int(day):02}T{int(hour) % 24:02}:{minute}"
        f":{min(int(second or 0), 59):02}.{(fraction or '')[:6]:0<6}{offset}"
    )
    try:
        # The end of a day and a leap second are moments, too.
        later = timedelta(days=int(hour) == 24, seconds=int(second or 0) == 60)
        return (datetime.fromisoformat(text) + later).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def is_plain_time(value: Any) -> bool:
    """Tell whether a time is written as OCPI asks."""
    return isinstance(value, str) and _PLAIN.fullmatch(value) is not None


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
