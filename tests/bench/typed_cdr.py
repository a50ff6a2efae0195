"""A CDR of OCPI 2.2.1 as plain typed structs: what a bare decode of one costs.

Rule: the yardstick of the benchmarks - Decimal and datetime, no validation beyond the types.
"""

from datetime import datetime
from decimal import Decimal

import msgspec


class Price(msgspec.Struct):
    excl_vat: Decimal
    incl_vat: Decimal | None = None


class Component(msgspec.Struct):
    type: str
    price: Decimal
    step_size: int
    vat: Decimal | None = None


class Restrictions(msgspec.Struct):
    start_time: str | None = None
    end_time: str | None = None
    start_date: str | None = None
    end_date: str | None = None
    min_kwh: Decimal | None = None
    max_kwh: Decimal | None = None
    min_power: Decimal | None = None
    max_power: Decimal | None = None
    min_duration: int | None = None
    max_duration: int | None = None
    day_of_week: list[str] = []
    reservation: str | None = None


class Element(msgspec.Struct):
    price_components: list[Component]
    restrictions: Restrictions | None = None


class Text(msgspec.Struct):
    language: str
    text: str


class Tariff(msgspec.Struct):
    country_code: str
    party_id: str
    id: str
    currency: str
    elements: list[Element]
    last_updated: datetime
    type: str | None = None
    tariff_alt_text: list[Text] = []
    min_price: Price | None = None
    max_price: Price | None = None
    start_date_time: datetime | None = None
    end_date_time: datetime | None = None


class Dimension(msgspec.Struct):
    type: str
    volume: Decimal


class Period(msgspec.Struct):
    start_date_time: datetime
    dimensions: list[Dimension]
    tariff_id: str | None = None


class Token(msgspec.Struct):
    country_code: str
    party_id: str
    uid: str
    type: str
    contract_id: str


class Coordinates(msgspec.Struct):
    latitude: str
    longitude: str


class Location(msgspec.Struct):
    id: str
    address: str
    city: str
    country: str
    coordinates: Coordinates
    evse_uid: str
    evse_id: str
    connector_id: str
    connector_standard: str
    connector_format: str
    connector_power_type: str
    name: str | None = None
    postal_code: str | None = None


class TypedCdr(msgspec.Struct):
    country_code: str
    party_id: str
    id: str
    start_date_time: datetime
    end_date_time: datetime
    cdr_token: Token
    auth_method: str
    cdr_location: Location
    currency: str
    tariffs: list[Tariff]
    charging_periods: list[Period]
    total_cost: Price
    total_energy: Decimal
    total_time: Decimal
    last_updated: datetime
    session_id: str | None = None
    authorization_reference: str | None = None
    meter_id: str | None = None
    total_fixed_cost: Price | None = None
    total_energy_cost: Price | None = None
    total_time_cost: Price | None = None
    total_parking_time: Decimal | None = None
    total_parking_cost: Price | None = None
    total_reservation_cost: Price | None = None
    remark: str | None = None
    credit: bool | None = None
    credit_reference_id: str | None = None
