"""A line of the working while it is being computed.

Rule: mutable and internal; what leaves pricing is a `Segment`.
"""

from decimal import Decimal

import msgspec

from settlement.pricing.plan import Component, Plan

# Which cost of the CDR a line belongs to; the first two count units, the others seconds.
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
