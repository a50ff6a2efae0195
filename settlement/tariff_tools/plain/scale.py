"""A scale for an axis: round numbers from below the least to above the most.

Rule: Decimal alone; knows neither pixels nor characters.
"""

from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import msgspec

_STEPS = (1, 2, 5, 10)
_ONE = Decimal(1)


class Scale(msgspec.Struct, frozen=True):
    """An axis with its ticks, evenly apart; the first and the last are its ends."""

    ticks: tuple[Decimal, ...]

    def share(self, value: Decimal) -> Decimal:
        """Give where a value lies between the ends, from 0 to 1."""
        low, high = self.ticks[0], self.ticks[-1]
        return (value - low) / (high - low)


def scale_of(values: Sequence[Decimal], *, least_step: Decimal, most: int = 5) -> Scale:
    """Give a scale with 0 and all values on it, in at most about `most` steps of round size."""
    low, high = min(Decimal(0), *values), max(Decimal(0), *values)
    if low == high:
        high = least_step * most
    wanted = max((high - low) / most, least_step)
    ten = _ONE.scaleb(wanted.adjusted())
    step = next(ten * many for many in _STEPS if ten * many >= wanted)
    first = int((low / step).to_integral_value(ROUND_FLOOR))
    last = int((high / step).to_integral_value(ROUND_CEILING))
    return Scale(tuple(step * count for count in range(first, max(last, first + 1) + 1)))


def even_scale(length: int, *, step: int) -> Scale:
    """Give a scale from 0 to `length` with a tick each `step`."""
    return Scale(tuple(Decimal(at) for at in range(0, length + 1, step)))
