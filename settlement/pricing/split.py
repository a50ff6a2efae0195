"""Periods that straddle a boundary: where inside a period another component becomes active.

Rule: exact - a period that ends on the bound does not straddle it, and one in which the same
components stay active does not either. Energy and time are taken to flow evenly in a period.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

from settlement.pricing.choice import choose
from settlement.pricing.exact import divide, settled
from settlement.pricing.plan import Plan, Row
from settlement.pricing.profile import Profile
from settlement.pricing.restriction import DAY
from settlement.pricing.stretch import FLAT, Stretch, microseconds

_SECOND = 1_000_000  # microseconds
_TICK = timedelta(seconds=1)
_LONGEST = 400 * DAY * _SECOND  # a longer "period" is an error of its own, not looked into


def may_change(stretch: Stretch, plan: Plan, *, is_steady: bool) -> bool:
    """Say cheaply whether some bound of the tariff lies inside the stretch; may be wrong on yes.

    `is_steady` says that the clock is not moved during the session. Without a time zone the
    clock bounds are left out: they count only where the clock is asked, and that raises
    ZoneMissing.
    """
    length = stretch.length
    if length <= 0:
        return False
    at = stretch.at
    for bound in plan.at_bounds:
        if at < bound < at + length:
            return True
    if plan.kwh_bounds and stretch.energy:
        low, high = stretch.before, stretch.before + stretch.energy  # type: ignore[operator]
        if high < low:
            low, high = high, low
        if any(low < kwh < high for kwh in plan.kwh_bounds):
            return True
    bounds = plan.clock_bounds
    if not bounds or stretch.zone is None:
        return False
    if not is_steady:
        return True
    second = stretch.local_time()[1]
    place = bisect_right(bounds, second)
    following = bounds[place] if place < len(bounds) else bounds[0] + DAY
    return (following - second) * _SECOND < length


def pieces_of(
    stretch: Stretch, plan: Plan, *, rows: tuple[Row, ...], need: int, rules: Profile
) -> list[Stretch]:
    """Cut a stretch where the choice of components changes; empty where it does not."""
    if stretch.length > _LONGEST:
        return []
    current = choose(rows, need, stretch, rules, set())
    if FLAT in current or rules.flat_fee == "phase_start_only":
        need &= ~FLAT
        current.pop(FLAT, None)
    cuts: list[Fraction] = []
    bounds = sorted(set(bounds_in(stretch, plan)))
    for bound, following in pairwise([*bounds, Fraction(1)]):
        # Nothing changes between two bounds, so any moment between them tells; on the bound
        # itself energy that is fed back would still be on its upper side.
        between = _moment(stretch, (bound + following) / 2)
        there = choose(rows, need, between, rules, set())
        if there == current:
            continue
        if FLAT in there:
            need &= ~FLAT
            del there[FLAT]
        current = there
        cuts.append(bound)
    return _cut(stretch, cuts) if cuts else []


def bounds_in(stretch: Stretch, plan: Plan) -> Iterator[Fraction]:
    """Give where in the stretch the bounds of the tariff lie, as parts of its length."""
    for at in plan.at_bounds:
        if 0 < (part := Fraction(at - stretch.at) / stretch.length) < 1:
            yield part
    if stretch.energy:
        before, energy = Fraction(stretch.before), Fraction(stretch.energy)
        for kwh in plan.kwh_bounds:
            if 0 < (part := (Fraction(kwh) - before) / energy) < 1:
                yield part
    if plan.clock_bounds and stretch.zone is not None:
        for instant in _clock_instants(stretch, plan.clock_bounds, stretch.zone):
            if 0 < (passed := microseconds(instant - stretch.start)) < stretch.length:
                yield Fraction(passed, stretch.length)


def _clock_instants(
    stretch: Stretch, bounds: tuple[int, ...], zone: ZoneInfo
) -> Iterator[datetime]:
    """Give when the local clock shows a bound, and when the clock itself is moved."""
    end = stretch.start + timedelta(microseconds=stretch.length)
    day = stretch.start.astimezone(zone).date() - timedelta(days=1)
    while day <= end.astimezone(zone).date() + timedelta(days=1):
        for second in bounds:
            wall = datetime.combine(day, clock_time()) + timedelta(seconds=second)
            for fold in (0, 1):  # a wall time may occur twice
                yield wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
        day += timedelta(days=1)
    yield from _clock_changes(stretch.start, end, zone)


def _clock_changes(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Find the instants at which the zone's offset changes, to the second."""
    early = start.replace(microsecond=0)
    while early < end:
        late = early + timedelta(days=1)
        low, high = early, late
        while _offset(low, zone) != _offset(high, zone) and high - low > _TICK:
            middle = low + timedelta(seconds=(high - low) // _TICK // 2)
            if _offset(middle, zone) == _offset(low, zone):
                low = middle
            else:
                high = middle
        if _offset(low, zone) != _offset(high, zone):
            yield high
        early = late


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()


def _moment(stretch: Stretch, cut: Fraction) -> Stretch:
    """Give a moment inside a stretch, to test restrictions in."""
    passed = cut * stretch.length
    return msgspec.structs.replace(
        stretch,
        start=stretch.start + timedelta(microseconds=passed.numerator // passed.denominator),
        at=stretch.at + passed,
        before=Fraction(stretch.before) + cut * Fraction(stretch.energy),
        day=0,
    )


_VOLUMES = (
    "energy",
    "time",
    "parking",
    "reservation",
    "time_hours",
    "parking_hours",
    "reservation_hours",
)


def _cut(stretch: Stretch, cuts: list[Fraction]) -> list[Stretch]:
    """Share the volumes of a stretch among its pieces; the shares add up exactly.

    A piece but the first stands at its middle, where its components are surely active.
    """
    edges = [Fraction(0), *cuts, Fraction(1)]
    middles = [(edges[i] + edges[i + 1]) / 2 for i in range(1, len(cuts) + 1)]
    pieces = [stretch, *(_moment(stretch, middle) for middle in middles)]
    shares = {name: [_part(getattr(stretch, name), edge) for edge in edges] for name in _VOLUMES}
    for i, piece in enumerate(pieces):
        pieces[i] = msgspec.structs.replace(
            piece,
            length=int((edges[i + 1] - edges[i]) * stretch.length),
            **{name: upto[i + 1] - upto[i] for name, upto in shares.items()},
        )
    return pieces


def _part(volume: Decimal, part: Fraction) -> Decimal:
    if part == 1 or not volume:
        return volume
    return settled(divide(volume * Decimal(part.numerator), Decimal(part.denominator)))
