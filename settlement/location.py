"""What billing needs of a charging location.

Rule: only what can change a price or a check; addresses and pictures stay in the document.
"""

from datetime import datetime

import msgspec

from settlement.party import PartyId


class Connector(msgspec.Struct, frozen=True, kw_only=True):
    """One plug and the tariffs that apply to it."""

    id: str
    tariff_ids: tuple[str, ...] = ()


class Evse(msgspec.Struct, frozen=True, kw_only=True):
    """One charging point."""

    uid: str
    evse_id: str | None = None
    connectors: tuple[Connector, ...] = ()


class Location(msgspec.Struct, frozen=True, kw_only=True):
    """A place with its time zone, EVSEs, connectors and their tariffs."""

    ocpi_version: str
    cpo: PartyId | None = None
    id: str
    country: str | None = None  # ISO 3166 alpha-3, upper case
    time_zone: str | None = None
    evses: tuple[Evse, ...] = ()
    last_updated: datetime | None = None
