"""A charge detail record, free of any OCPI version.

Rule: as `settlement.tariff`: OCPI's names, normalised values. Times are UTC. Ids keep the
spelling they were sent in; compare them with `folded`. The door builds these by position, which
costs a fraction of building them by keyword; whoever is in no hurry uses keywords.
"""

from datetime import datetime
from decimal import Decimal

import msgspec

from settlement.party import PartyId
from settlement.tariff import Price, Tariff


def folded(identifier: str) -> str:
    """Give the form in which ids are compared: OCPI's CiString does not tell case."""
    return identifier.upper()


class CdrToken(msgspec.Struct, frozen=True, gc=False):
    """Who charged. Personal data: it goes into documents and two masked columns only."""

    party: PartyId | None = None
    uid: str | None = None
    type: str | None = None
    contract_id: str | None = None


class CdrLocation(msgspec.Struct, frozen=True, gc=False):
    """Where it was charged; `time_zone` is sent by 2.1.1 only."""

    id: str | None = None
    country: str | None = None  # ISO 3166 alpha-3, upper case
    evse_uid: str | None = None
    evse_id: str | None = None
    connector_id: str | None = None
    connector_tariff_ids: tuple[str, ...] = ()  # 2.1.1 embeds the connector
    time_zone: str | None = None


class CdrDimension(msgspec.Struct, frozen=True, gc=False):
    """One measured volume: kWh, hours, A or kW by `type` (OCPI CdrDimensionType)."""

    type: str
    volume: Decimal


class ChargingPeriod(msgspec.Struct, frozen=True, gc=False):
    """A stretch of the session; it ends where the next begins, the last with the session."""

    start_date_time: datetime
    dimensions: tuple[CdrDimension, ...]
    tariff_id: str | None = None


class Cdr(msgspec.Struct, frozen=True, gc=False):
    """What one charging session cost, as its CPO claims it."""

    ocpi_version: str
    start_date_time: datetime
    end_date_time: datetime
    currency: str
    cpo: PartyId | None = None
    id: str | None = None
    session_id: str | None = None
    cdr_token: CdrToken | None = None
    auth_method: str | None = None
    authorization_reference: str | None = None
    cdr_location: CdrLocation | None = None
    meter_id: str | None = None
    tariffs: tuple[Tariff, ...] = ()
    charging_periods: tuple[ChargingPeriod, ...] = ()
    total_cost: Price | None = None
    total_fixed_cost: Price | None = None
    total_energy: Decimal | None = None  # kWh
    total_energy_cost: Price | None = None
    total_time: Decimal | None = None  # hours, parking included
    total_time_cost: Price | None = None
    total_parking_time: Decimal | None = None  # hours
    total_parking_cost: Price | None = None
    total_reservation_cost: Price | None = None
    invoice_reference_id: str | None = None
    credit: bool = False
    credit_reference_id: str | None = None
    home_charging_compensation: bool = False
    last_updated: datetime | None = None
