"""How energy and power run over the charging time.

Rule: even, or, with a highest power, four fifths of the energy at that power and the rest evenly
in what time is left, as a battery that is nearly full slows down. Exact; seconds are whole.
"""

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import msgspec

from settlement.tariff_tools.generate.wanted import Wanted

_AT_FULL_POWER = Fraction(4, 5)  # of the energy
_DIGIT = 10_000  # OCPI's numbers have four decimals


class Curve(msgspec.Struct, frozen=True):
    """Corners of the energy, straight in between: seconds since the start, kWh so far."""

    corners: tuple[tuple[int, Fraction], ...]

    def energy_at(self, second: int) -> Fraction:
        """Give the kWh that are charged after so many seconds."""
        for (start, low), (end, high) in pairwise(self.corners):
            if second <= end:
                return low + (high - low) * Fraction(second - start, end - start)
        return self.corners[-1][1]

    def second_of(self, kwh: Decimal) -> Fraction:
        """Give the seconds after which so much is charged; less than everything, more than 0."""
        wanted = Fraction(kwh)
        for (start, low), (end, high) in pairwise(self.corners):
            if wanted <= high and high > low:
                return start + (wanted - low) / (high - low) * (end - start)
        return Fraction(self.corners[-1][0])

    def power_at(self, second: int) -> Decimal:
        """Give the kW from a second on, to four decimals; nothing once charging is over."""
        for (start, low), (end, high) in pairwise(self.corners):
            if start <= second < end:
                return to_digits((high - low) * 3600 / (end - start))
        return Decimal(0)


def curve_of(wanted: Wanted) -> Curve:
    """Give the curve of a session."""
    end, kwh = wanted.charging, Fraction(wanted.kwh)
    most = None if wanted.max_power_kw is None else Fraction(wanted.max_power_kw)
    corners = [(0, Fraction(0))]
    if most is not None and kwh:
        slows = int(kwh * _AT_FULL_POWER * 3600 / most)
        if 0 < slows < end and kwh * 3600 != most * end:
            corners.append((slows, most * slows / 3600))
    if end:
        corners.append((end, kwh))
    return Curve(tuple(corners))


def to_digits(value: Fraction) -> Decimal:
    """Round to four decimals, half up."""
    return Decimal((value * _DIGIT + Fraction(1, 2)).__floor__()).scaleb(-4)
