"""OCPI 2.1.1 on the wire, and how its CDR, Session and Tariff become version-free records.

Rule: as `v221`; only what 2.1.1 shapes in its own way is translated here: no parties, `auth_id`
for the token, the whole Location embedded, bare numbers for prices.
A class's docstring is its place under https://github.com/ocpi/ocpi/blob/release-2.1.1-bugfixes/.
"""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from settlement import cdr, session, tariff
from settlement.ocpi.form import (
    ABSENT,
    NECESSARY,
    VITAL,
    BarePrice,
    Clock,
    Country,
    Currency,
    Date,
    DayOfWeek,
    Form,
    Id36,
    Id39,
    Id48,
    Later,
    Number,
    ReservationRestrictionType,
    SessionStatus,
    TariffDimensionType,
    Tariffs,
    Text255,
    Time,
    TimeZone,
    Untouched,
    Whole,
)
from settlement.ocpi.moment import optional_time, regular_time
from settlement.ocpi.number import optional_number
from settlement.ocpi.price import bare_price
from settlement.ocpi.translation import to_element, to_periods, upper_case
from settlement.ocpi.v221 import Wire

AuthMethod = Annotated[Literal["AUTH_REQUEST", "WHITELIST"], Form("code")]
CdrDimensionType = Annotated[
    Literal["ENERGY", "FLAT", "MAX_CURRENT", "MIN_CURRENT", "PARKING_TIME", "TIME"], Form("code")
]


class Connector(Wire, kw_only=True):
    """OCPI 2.1.1, mod_locations.md#33-connector-object."""

    id: Id36
    standard: Untouched
    format: Untouched
    power_type: Untouched
    voltage: Untouched
    amperage: Untouched
    tariff_id: Id36 = ABSENT
    terms_and_conditions: Untouched = ABSENT
    last_updated: Untouched


class Evse(Wire, kw_only=True):
    """OCPI 2.1.1, mod_locations.md#32-evse-object."""

    uid: Id39
    evse_id: Id48 = ABSENT
    status: Untouched
    status_schedule: Untouched = ABSENT
    capabilities: Untouched = ABSENT
    connectors: Annotated[list[Connector], Meta(min_length=1)]
    floor_level: Untouched = ABSENT
    coordinates: Untouched = ABSENT
    physical_reference: Untouched = ABSENT
    directions: Untouched = ABSENT
    parking_restrictions: Untouched = ABSENT
    images: Untouched = ABSENT
    last_updated: Untouched


class Location(Wire, kw_only=True):
    """OCPI 2.1.1, mod_locations.md#31-location-object."""

    id: Id39
    type: Untouched
    name: Untouched = ABSENT
    address: Untouched
    city: Untouched
    postal_code: Untouched
    country: Country
    coordinates: Untouched
    related_locations: Untouched = ABSENT
    evses: list[Evse] = ABSENT
    directions: Untouched = ABSENT
    operator: Untouched = ABSENT
    suboperator: Untouched = ABSENT
    owner: Untouched = ABSENT
    facilities: Untouched = ABSENT
    time_zone: TimeZone = ABSENT
    opening_times: Untouched = ABSENT
    charging_when_closed: Untouched = ABSENT
    images: Untouched = ABSENT
    energy_mix: Untouched = ABSENT
    last_updated: Time


class CdrDimension(Wire, kw_only=True):
    """OCPI 2.1.1, mod_cdrs.md#42-cdrdimension-class."""

    type: Annotated[CdrDimensionType, VITAL]
    volume: Annotated[Number, VITAL]


class ChargingPeriod(Wire, kw_only=True):
    """OCPI 2.1.1, mod_cdrs.md#44-chargingperiod-class."""

    start_date_time: Annotated[Time, VITAL]
    dimensions: Annotated[list[CdrDimension], Meta(min_length=1), VITAL]


class Cdr(Wire, kw_only=True):
    """OCPI 2.1.1, mod_cdrs.md#31-cdr-object."""

    id: Id36
    start_date_time: Annotated[Time, NECESSARY]
    stop_date_time: Annotated[Time, NECESSARY]
    auth_id: Id36
    auth_method: AuthMethod
    location: Location
    meter_id: Text255 = ABSENT
    currency: Annotated[Currency, NECESSARY]
    tariffs: Tariffs = ABSENT
    charging_periods: Annotated[list[ChargingPeriod], Meta(min_length=1), VITAL]
    total_cost: BarePrice
    total_energy: Number
    total_time: Number
    total_parking_time: Number = UNSET
    remark: Untouched = ABSENT
    last_updated: Time


class Session(Wire, kw_only=True):
    """OCPI 2.1.1, mod_sessions.md#31-session-object."""

    id: Id36
    start_datetime: Time
    end_datetime: Time = ABSENT
    kwh: Number
    auth_id: Id36
    auth_method: AuthMethod
    location: Location
    meter_id: Text255 = ABSENT
    currency: Currency
    charging_periods: Annotated[list[ChargingPeriod], VITAL] = ABSENT
    total_cost: BarePrice = UNSET
    status: SessionStatus
    last_updated: Time


class PriceComponent(Wire, kw_only=True):
    """OCPI 2.1.1, mod_tariffs.md#42-pricecomponent-class."""

    type: Annotated[TariffDimensionType, NECESSARY]
    price: Annotated[Number, NECESSARY]
    step_size: Whole


# Many platforms write one tariff for all versions. Without its restriction an element would
# price what it is not for.
LaterNumber = Annotated[UnsetType, Later(Number)]
LaterReservation = Annotated[UnsetType, Later(Annotated[ReservationRestrictionType, VITAL])]


class TariffRestrictions(Wire, kw_only=True):
    """OCPI 2.1.1, mod_tariffs.md#45-tariffrestrictions-class."""

    start_time: Clock = ABSENT
    end_time: Clock = ABSENT
    start_date: Date = ABSENT
    end_date: Date = ABSENT
    min_kwh: Number = UNSET
    max_kwh: Number = UNSET
    min_current: LaterNumber = UNSET
    max_current: LaterNumber = UNSET
    min_power: Number = UNSET
    max_power: Number = UNSET
    min_duration: Whole = ABSENT
    max_duration: Whole = ABSENT
    day_of_week: Annotated[list[DayOfWeek], VITAL] = ABSENT
    reservation: LaterReservation = ABSENT


class TariffElement(Wire, kw_only=True):
    """OCPI 2.1.1, mod_tariffs.md#43-tariffelement-class."""

    price_components: Annotated[list[PriceComponent], Meta(min_length=1), VITAL]
    restrictions: Annotated[TariffRestrictions, VITAL] = ABSENT


class Tariff(Wire, kw_only=True):
    """OCPI 2.1.1, mod_tariffs.md#31-tariff-object."""

    id: Id36
    currency: Currency
    tariff_alt_text: Untouched = ABSENT
    tariff_alt_url: Untouched = ABSENT
    elements: Annotated[list[TariffElement], Meta(min_length=1), NECESSARY]
    energy_mix: Untouched = ABSENT
    last_updated: Time


def to_cdr(wire: Any, *, ocpi_version: str, tariffs: tuple[tariff.Tariff, ...]) -> cdr.Cdr:
    """Translate a CDR; its party is known from the connection alone."""
    start = regular_time(wire.start_date_time)
    return cdr.Cdr(
        ocpi_version=ocpi_version,
        id=wire.id,
        start_date_time=start,
        end_date_time=regular_time(wire.stop_date_time),
        cdr_token=_to_token(wire.auth_id),
        auth_method=wire.auth_method,
        cdr_location=_to_cdr_location(wire.location),
        meter_id=wire.meter_id,
        currency=upper_case(wire.currency) or "",
        tariffs=tariffs,
        charging_periods=to_periods(wire.charging_periods, start),
        total_cost=bare_price(wire.total_cost),
        total_energy=optional_number(wire.total_energy),
        total_time=optional_number(wire.total_time),
        total_parking_time=optional_number(wire.total_parking_time),
        last_updated=optional_time(wire.last_updated),
    )


def _to_token(auth_id: str | None) -> cdr.CdrToken | None:
    """Take `auth_id`, which later versions call the token's `contract_id`."""
    return None if auth_id is None else cdr.CdrToken(contract_id=auth_id)


def _to_cdr_location(wire: Any) -> cdr.CdrLocation | None:
    """Take the one EVSE and connector that a CDR's location is trimmed to.

    Where several are left in, none is known to be the one; the tariffs of all may apply.
    """
    if wire is None:
        return None
    optional_time(wire.last_updated)  # not needed, but an odd one is a remark in any reading
    evses: list[Any] = wire.evses or []
    connectors = [connector for evse in evses for connector in evse.connectors or ()]
    evse = evses[0] if len(evses) == 1 else None
    tariff_ids = dict.fromkeys(item.tariff_id for item in connectors if item.tariff_id)
    return cdr.CdrLocation(
        id=wire.id,
        country=upper_case(wire.country),
        evse_uid=evse and evse.uid,
        evse_id=evse and evse.evse_id,
        connector_id=connectors[0].id if len(connectors) == 1 else None,
        connector_tariff_ids=tuple(tariff_ids),
        time_zone=wire.time_zone,
    )


def to_session(wire: Any, *, ocpi_version: str) -> session.Session:
    """Translate a session."""
    start = optional_time(wire.start_datetime)
    place = _to_cdr_location(wire.location) or cdr.CdrLocation()
    return session.Session(
        ocpi_version=ocpi_version,
        id=wire.id,
        start_date_time=start,
        end_date_time=optional_time(wire.end_datetime),
        kwh=optional_number(wire.kwh),
        cdr_token=_to_token(wire.auth_id),
        auth_method=wire.auth_method,
        location_id=place.id,
        evse_uid=place.evse_uid,
        connector_id=place.connector_id,
        currency=upper_case(wire.currency),
        charging_periods=to_periods(wire.charging_periods, start),
        total_cost=bare_price(wire.total_cost),
        status=wire.status,
        last_updated=optional_time(wire.last_updated),
    )


def to_tariff(wire: Any, *, ocpi_version: str) -> tariff.Tariff:
    """Translate a tariff; prices of 2.1.1 are without tax, of which it knows nothing."""
    return tariff.Tariff(
        ocpi_version=ocpi_version,
        id=wire.id or "",
        currency=upper_case(wire.currency) or "",
        elements=tuple([to_element(element) for element in wire.elements or ()]),
        last_updated=optional_time(wire.last_updated),
    )
