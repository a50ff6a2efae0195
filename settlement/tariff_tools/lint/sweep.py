"""The exact sweep: which elements hold together at which places of the space.

Rule: every place is looked at, none is sampled. The axes are cut at all bounds; cells in which
the same elements hold are one cell; so the work follows the tariff's shape and not its numbers.
"""

from collections.abc import Callable, Sequence
from itertools import pairwise

from settlement.tariff_tools.lint.axis import (
    AXES,
    INFINITE,
    Axis,
    Bound,
    Box,
    Interval,
    Intervals,
)
from settlement.tariff_tools.lint.axis import joined as join_intervals

Region = tuple[Intervals, ...]
Wanted = Callable[[int], bool]  # of the set of elements that hold, one bit each

_EVERY_DAY = 0b1111111
_MOST_CELLS = 400_000  # looked at in one space, by all questions together


class TooWide(Exception):  # noqa: N818 - a property of the tariff, not an error of ours
    """The restrictions cut the space into more cells than anybody means."""


class Space:
    """Boxes, each one bit, and the cells into which their bounds cut the axes.

    The first three axes are date, weekday and clock, whatever comes after them.
    """

    def __init__(self, boxes: Sequence[Box], axes: Sequence[Axis] = AXES) -> None:
        self.boxes = tuple(boxes)
        self.all = (1 << len(boxes)) - 1
        self._axes = tuple(axes)
        self._cells = tuple(self._cut(axis) for axis in range(len(axes)))
        self._free = self._unrestricted()
        self._looked_at = 0

    def regions(self, *, mask: int, wanted: Wanted, first_counts: bool = False) -> list[Region]:
        """Give all places where the elements that hold, of those in `mask`, are as wanted.

        `first_counts` says that `wanted` asks for the lowest bit alone. Raises TooWide.
        """
        self._memo: dict[tuple[int, int, int], tuple[Region, ...]] = {}
        self._wanted, self._first_counts = wanted, first_counts
        return list(self._walk(0, mask, _EVERY_DAY))

    def _walk(self, axis: int, mask: int, days: int) -> tuple[Region, ...]:
        if self._first_counts:
            free = mask & self._free[axis]
            if free:  # what comes after an element that always holds is never first
                mask &= ((free & -free) << 1) - 1
        if axis == len(self._axes):
            return ((),) if self._wanted(mask) else ()
        key = (axis, mask, days)
        found = self._memo.get(key)
        if found is None:
            found = self._memo[key] = self._across(axis, mask, days)
        return found

    def _across(self, axis: int, mask: int, days: int) -> tuple[Region, ...]:
        self._looked_at += len(self._cells[axis])
        if self._looked_at > _MOST_CELLS:
            raise TooWide
        alike: dict[tuple[int, int], list[Interval]] = {}
        for cell, held in self._cells[axis]:
            if axis == 0:
                alike.setdefault((mask & held, _days_in(cell)), []).append(cell)
            elif axis > 1 or days >> int(cell[0]) & 1:
                alike.setdefault((mask & held, _EVERY_DAY), []).append(cell)
        results: dict[tuple[Region, ...], list[Interval]] = {}
        for (left, possible), cells in alike.items():
            rest = self._walk(axis + 1, left, possible)
            if rest:
                results.setdefault(rest, []).extend(cells)
        return tuple(
            (join_intervals(cells), *region) for rest, cells in results.items() for region in rest
        )

    def _cut(self, axis: int) -> tuple[tuple[Interval, int], ...]:
        low, high = self._axes[axis].whole
        bounds: set[Bound] = {low, high}
        if self._axes[axis].name == "weekday":
            bounds |= set(range(8))
        for box in self.boxes:
            bounds |= {bound for interval in box[axis] for bound in interval}
        inside = sorted(bound for bound in bounds if low <= bound <= high)
        return tuple(((start, end), self._held(axis, start)) for start, end in pairwise(inside))

    def _held(self, axis: int, at: Bound) -> int:
        held = 0
        for bit, box in enumerate(self.boxes):
            if any(start <= at < end for start, end in box[axis]):
                held |= 1 << bit
        return held

    def _unrestricted(self) -> tuple[int, ...]:
        """Give, for each axis, the boxes that are whole on it and on all after it."""
        free = [self.all]
        for axis in reversed(range(len(self._axes))):
            everything = (self._axes[axis].whole,)
            whole = sum(1 << bit for bit, box in enumerate(self.boxes) if box[axis] == everything)
            free.append(free[-1] & whole)
        return tuple(reversed(free))


def _days_in(cell: Interval) -> int:
    """Give the weekdays that a stretch of dates holds, Monday as the lowest bit."""
    first, end = cell
    if end == INFINITE or end - first >= 7:
        return _EVERY_DAY
    days = 0
    for day in range(int(first), int(end)):
        days |= 1 << (day + 6) % 7
    return days


def lowest(mask: int) -> int:
    """Give the number of the lowest bit, -1 for none."""
    return (mask & -mask).bit_length() - 1
