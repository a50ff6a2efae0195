"""A stretch of a session that is priced as one: a charging period, or a piece of one.

Rule: what was measured and when, in units that compute fast (seconds, kWh, microseconds);
no prices. What is odd about a volume becomes a remark, which the notes turn into a sentence.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import msgspec

from settlement.pricing.exact import ZERO

if TYPE_CHECKING:
    from settlement.pricing.plan import Plan

MICROSECOND = timedelta(microseconds=1)

# One bit a tariff dimension, so that "which are present" is one number.
ENERGY, TIME, PARKING, FLAT = 1, 2, 4, 8
NAMES = {ENERGY: "ENERGY", TIME: "TIME", PARKING: "PARKING_TIME", FLAT: "FLAT"}


class ZoneMissing(Exception):  # noqa: N818 - the document's lack, not an error of ours
    """A clock restriction has to be evaluated and no time zone is known."""


class Stretch(msgspec.Struct, gc=False):
    """What was measured from `start` on, for `length`."""

    period: int  # index into charging_periods
    plan: "Plan | None"  # the compiled tariff; None: no tariff applies
    start: datetime
    length: int  # microseconds
    zone: ZoneInfo | None
    at: int | Fraction = 0  # microseconds since durations start to count
    before: Decimal | Fraction = ZERO  # kWh so far
    mask: int = 0  # bits of ENERGY, TIME and PARKING that are present and not zero
    is_reservation: bool = False
    energy: Decimal = ZERO  # kWh
    time: Decimal = ZERO  # seconds to price
    parking: Decimal = ZERO
    reservation: Decimal = ZERO
    time_hours: Decimal = ZERO  # as written
    parking_hours: Decimal = ZERO
    reservation_hours: Decimal = ZERO
    is_alone: bool = False  # one dimension fills a period that does not last whole seconds
    readings: dict[str, Decimal] | None = None  # currents and powers
    day: int = 0  # local date as ordinal, 0 where not computed yet
    second: int = 0

    def local_time(self) -> tuple[int, int]:
        """Give the local date as ordinal and the second of that day; ZoneMissing."""
        if not self.day:
            if self.zone is None:
                raise ZoneMissing
            local = self.start.astimezone(self.zone)
            self.day = local.toordinal()
            self.second = local.hour * 3600 + local.minute * 60 + local.second
        return self.day, self.second


_DAY = 86_400  # seconds
_SHORT = 2 * _DAY * 1_000_000  # microseconds in which no zone moves its clock to and fro


def tell_time(stretches: list[Stretch]) -> bool:
    """Say whether the clock is not moved during a session, and then tell each stretch its time.

    Only for where some tariff asks the clock; without a zone the answer is no matter.
    """
    first, last = stretches[0], stretches[-1]
    zone = first.zone
    if zone is None:
        return True
    # The last period may start after the stated end of the session: its start counts all the same.
    length = microseconds(last.start - first.start) + max(last.length, 0)
    start = first.start.astimezone(zone)
    end = (first.start + timedelta(microseconds=length)).astimezone(zone)
    if not 0 <= length <= _SHORT or start.utcoffset() != end.utcoffset():
        return False
    midnight = start.toordinal() * _DAY
    second = midnight + start.hour * 3600 + start.minute * 60 + start.second
    begin, fraction = first.start, start.microsecond
    for stretch in stretches:
        passed = (stretch.start - begin) // MICROSECOND + fraction
        stretch.day, stretch.second = divmod(second + passed // 1_000_000, _DAY)
    return True


def microseconds(duration: timedelta) -> int:
    """Give a duration in whole microseconds."""
    return duration // MICROSECOND
