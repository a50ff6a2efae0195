"""A tariff, free of any OCPI version.

Rule: field names keep OCPI's spelling; values are normalised (Decimal, date, time, upper-case
codes), so that nothing right of `settlement.ocpi` asks which version a document came in.
"""

from datetime import date, datetime, time
from decimal import Decimal

import msgspec

from settlement.party import PartyId


class Price(msgspec.Struct, frozen=True, gc=False):
    """An amount before and after taxes; None on a side that is not known."""

    before_taxes: Decimal | None = None
    after_taxes: Decimal | None = None


class Restrictions(msgspec.Struct, frozen=True, kw_only=True):
    """When a tariff element applies; all that are given must hold (OCPI mod_tariffs)."""

    start_time: time | None = None  # local, inclusive
    end_time: time | None = None  # local, exclusive
    start_date: date | None = None  # local, inclusive
    end_date: date | None = None  # local, exclusive
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_current: Decimal | None = None
    max_current: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_duration: int | None = None  # seconds
    max_duration: int | None = None  # seconds
    day_of_week: tuple[int, ...] = ()  # 0 is Monday; sorted
    reservation: str | None = None  # RESERVATION, RESERVATION_EXPIRES


class PriceComponent(msgspec.Struct, frozen=True, kw_only=True):
    """What one dimension costs: `price` a kWh, an hour, or once for FLAT."""

    type: str  # ENERGY, FLAT, PARKING_TIME, TIME
    price: Decimal
    vat: Decimal | None = None  # percent
    step_size: int = 1  # Wh or seconds


class TariffElement(msgspec.Struct, frozen=True, kw_only=True):
    """Price components that share restrictions."""

    price_components: tuple[PriceComponent, ...]
    restrictions: Restrictions | None = None


class Tariff(msgspec.Struct, frozen=True, kw_only=True):
    """A tariff as its CPO published or embedded it."""

    ocpi_version: str
    cpo: PartyId | None = None
    id: str
    currency: str
    type: str | None = None
    elements: tuple[TariffElement, ...]
    min_price: Price | None = None
    max_price: Price | None = None
    tax_included: str = "NO"  # YES, NO, N/A (2.3.0); older versions: NO
    start_date_time: datetime | None = None
    end_date_time: datetime | None = None
    last_updated: datetime | None = None
