"""A charging session, free of any OCPI version.

Rule: as `settlement.cdr`. How PUT and PATCH fold into one session stands in `settlement.fold`.
"""

from datetime import datetime
from decimal import Decimal

import msgspec

from settlement.cdr import CdrToken, ChargingPeriod
from settlement.party import PartyId
from settlement.tariff import Price


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """What the CPO said about a session while it ran; a CDR alone is billed."""

    ocpi_version: str
    cpo: PartyId | None = None
    id: str
    start_date_time: datetime | None = None
    end_date_time: datetime | None = None
    kwh: Decimal | None = None
    cdr_token: CdrToken | None = None
    auth_method: str | None = None
    location_id: str | None = None
    evse_uid: str | None = None
    connector_id: str | None = None
    currency: str | None = None
    charging_periods: tuple[ChargingPeriod, ...] = ()
    total_cost: Price | None = None
    status: str | None = None
    last_updated: datetime | None = None
