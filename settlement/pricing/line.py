"""A line of the working while it is being computed.

Rule: mutable and internal; what leaves pricing is a `Segment`.
"""

from collections.abc import Collection, Sequence
from decimal import Decimal

import msgspec

from settlement.pricing.plan import Component, Plan

# Which cost of the CDR a line belongs to, in the order of `Costs`; the first two count units, the
# others seconds.
FIXED, ENERGY_COST, TIME_COST, PARKING_COST, RESERVATION_COST = range(5)
FAMILIES = 5


class Line(msgspec.Struct, gc=False):
    """One dimension of one stretch under one component; no component: free."""

    period: int
    plan: Plan | None
    component: Component | None
    dimension: str
    family: int
    volume: Decimal  # as measured: kWh, hours, 1 for FLAT
    billed: Decimal  # kWh, seconds, 1 for FLAT; step_size may add to it
    is_time: bool = False
    is_reservation: bool = False
    step: str = ""  # what step_size did, a sentence


class Walked(msgspec.Struct, gc=False):
    """The lines of a session in order, and what was undecided on the way."""

    lines: list[Line]
    priced: list[Line]  # those of them that a component prices
    is_fed_back: bool = False  # some energy is negative
    missing: Collection[tuple[int, int]] = ()  # period, element: no reading to decide by
    straddling: Sequence[int] = ()  # periods in which the choice changes
