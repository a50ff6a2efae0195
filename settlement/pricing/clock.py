"""The local clock of a session, cheaply: where it is not moved, one offset serves all of it.

Rule: a function of the zone and the instant; what is kept only saves time.
"""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

MOST_DAYS = 2  # that a session may last for `steady_offset` to speak of it
_SPAN = timedelta(days=MOST_DAYS + 1)
_SECOND = timedelta(seconds=1)
_EARLIEST, _LATEST = 10, date.max.toordinal() - 10


@lru_cache(maxsize=8192)
def steady_offset(zone: ZoneInfo, day: int) -> int | None:
    """Give the seconds by which local time is ahead of UTC from a day (UTC, as ordinal) on.

    They hold for sessions that begin on this day and last two days at most; None where the
    clock is moved in that time. No zone has moved it to and fro in three days.
    """
    if not _EARLIEST < day < _LATEST:
        return None
    start = datetime.fromordinal(day).replace(tzinfo=UTC)
    before, after = (moment.astimezone(zone).utcoffset() for moment in (start, start + _SPAN))
    if before is None or before != after:
        return None
    return before // _SECOND
