"""What pricing says of a CDR.

Rule: values only. Exact amounts are never rounded; rounded ones say so in their name. Pricing
builds these by position, which costs a sixth of building them by keyword; others use keywords.
"""

from decimal import Decimal

import msgspec

from settlement.finding import Note
from settlement.tariff import Price


class Segment(msgspec.Struct, frozen=True, gc=False):
    """The working of one price: one dimension of one charging period under one component."""

    period: int  # index into charging_periods
    tariff_id: str
    element: int | None  # index into elements, None where no component applies (free)
    component: int | None  # index into price_components
    dimension: str  # ENERGY, FLAT, PARKING_TIME, TIME
    is_reservation: bool
    volume: Decimal  # kWh, hours; 1 for FLAT
    billed_volume: Decimal  # after step_size
    unit_price: Decimal
    before_taxes: Decimal | None  # exact
    tax_rate: Decimal | None  # percent
    tax: Decimal | None  # exact
    after_taxes: Decimal | None = None  # exact; known where a price contains an unknown tax
    why: str = ""  # one sentence


class Costs(msgspec.Struct, frozen=True, gc=False):
    """Totals under OCPI's names; None where nothing was priced or claimed there."""

    total_cost: Price | None = None
    total_fixed_cost: Price | None = None
    total_energy_cost: Price | None = None
    total_time_cost: Price | None = None
    total_parking_cost: Price | None = None
    total_reservation_cost: Price | None = None
    total_energy: Decimal | None = None  # kWh
    total_time: Decimal | None = None  # hours
    total_parking_time: Decimal | None = None  # hours


class PricedCdr(msgspec.Struct, frozen=True, gc=False):
    """What the CDR costs under the given tariffs, with the working."""

    currency: str
    time_zone: str | None
    profile: str
    segments: tuple[Segment, ...]
    exact: Costs
    rounded: Costs  # total_cost to the minor unit; parts sum to it
    notes: tuple[Note, ...] = ()
    basis: str = "embedded"  # agreed, published or embedded: where the tariffs came from


class Unpriceable(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no price yet: code, sentence and what would make one possible."""

    code: str  # tariff_missing, tariff_ambiguous, time_zone_missing, currency_differs, out_of_range
    path: str
    message: str
    waits_for: tuple[str, ...] = ()  # tariff ids (folded), or "time_zone"
