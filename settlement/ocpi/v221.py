"""OCPI 2.2.1 on the wire: CDR, Session, Tariff, Location.

Rule: field names, cardinalities and lengths as the specification has them, nothing else; how
they become version-free records stands in `translation`, what is tolerated in `tolerant`.
Fields that OCPI requires have no default, also where nothing here needs them.
A class's docstring is its place under https://github.com/ocpi/ocpi/blob/release-2.2.1-bugfixes/.
"""

from decimal import Decimal
from typing import Annotated

from msgspec import UNSET, Meta, Struct

from settlement.ocpi.form import (
    ABSENT,
    NECESSARY,
    VITAL,
    AuthMethod,
    CdrDimensionType,
    Clock,
    Country,
    Currency,
    Date,
    DayOfWeek,
    Flag,
    Form,
    Id2,
    Id3,
    Id36,
    Id39,
    Id48,
    Number,
    ReservationRestrictionType,
    SessionStatus,
    TariffDimensionType,
    Tariffs,
    TariffType,
    Text255,
    Time,
    TimeZone,
    TokenType,
    Untouched,
    Whole,
)
from settlement.ocpi.number import optional_number, regular_number
from settlement.tariff import Price as Amounts


class Wire(Struct, forbid_unknown_fields=True, gc=False):
    """An object of the wire; a field it does not know makes the document irregular."""


class Price(Wire, kw_only=True):
    """OCPI 2.2.1, types.asciidoc#types_price_class."""

    excl_vat: Number
    incl_vat: Number = UNSET

    def amounts(self) -> Amounts:
        """Give the version-free price; raises IrregularForm."""
        before, after = self.excl_vat, self.incl_vat
        if type(before) is Decimal and type(after) is Decimal:
            return Amounts(before, after)
        return Amounts(regular_number(before), optional_number(after))


APrice = Annotated[Price, Form("price"), VITAL]


class CdrToken(Wire, kw_only=True):
    """OCPI 2.2.1, mod_cdrs.asciidoc#mod_cdrs_cdr_token_object."""

    country_code: Id2
    party_id: Id3
    uid: Id36
    type: TokenType
    contract_id: Id36


class CdrLocation(Wire, kw_only=True):
    """OCPI 2.2.1, mod_cdrs.asciidoc#mod_cdrs_cdr_location_class."""

    id: Id36
    name: Untouched = ABSENT
    address: Untouched
    city: Untouched
    postal_code: Untouched = ABSENT
    state: Untouched = ABSENT
    country: Country
    coordinates: Untouched
    evse_uid: Id36
    evse_id: Id48
    connector_id: Id36
    connector_standard: Untouched
    connector_format: Untouched
    connector_power_type: Untouched


class CdrDimension(Wire, kw_only=True):
    """OCPI 2.2.1, mod_cdrs.asciidoc#mod_cdrs_cdr_dimension_class."""

    type: Annotated[CdrDimensionType, VITAL]
    volume: Annotated[Number, VITAL]


class ChargingPeriod(Wire, kw_only=True):
    """OCPI 2.2.1, mod_cdrs.asciidoc#mod_cdrs_charging_period_class."""

    start_date_time: Annotated[Time, VITAL]
    dimensions: Annotated[list[CdrDimension], Meta(min_length=1), VITAL]
    tariff_id: Id36 = ABSENT


class Cdr(Wire, kw_only=True):
    """OCPI 2.2.1, mod_cdrs.asciidoc#mod_cdrs_cdr_object."""

    country_code: Id2
    party_id: Id3
    id: Id39
    start_date_time: Annotated[Time, NECESSARY]
    end_date_time: Annotated[Time, NECESSARY]
    session_id: Id36 = ABSENT
    cdr_token: CdrToken
    auth_method: AuthMethod
    authorization_reference: Id36 = ABSENT
    cdr_location: CdrLocation
    meter_id: Text255 = ABSENT
    currency: Annotated[Currency, NECESSARY]
    tariffs: Tariffs = ABSENT
    charging_periods: Annotated[list[ChargingPeriod], Meta(min_length=1), VITAL]
    signed_data: Untouched = ABSENT
    total_cost: APrice
    total_fixed_cost: APrice = ABSENT
    total_energy: Number
    total_energy_cost: APrice = ABSENT
    total_time: Number
    total_time_cost: APrice = ABSENT
    total_parking_time: Number = UNSET
    total_parking_cost: APrice = ABSENT
    total_reservation_cost: APrice = ABSENT
    remark: Untouched = ABSENT
    invoice_reference_id: Id39 = ABSENT
    credit: Annotated[Flag, VITAL] = ABSENT
    credit_reference_id: Id39 = ABSENT
    home_charging_compensation: Annotated[Flag, VITAL] = ABSENT
    last_updated: Time


class Session(Wire, kw_only=True):
    """OCPI 2.2.1, mod_sessions.asciidoc#mod_sessions_session_object."""

    country_code: Id2
    party_id: Id3
    id: Id36
    start_date_time: Time
    end_date_time: Time = ABSENT
    kwh: Number
    cdr_token: CdrToken
    auth_method: AuthMethod
    authorization_reference: Id36 = ABSENT
    location_id: Id36
    evse_uid: Id36
    connector_id: Id36
    meter_id: Text255 = ABSENT
    currency: Currency
    charging_periods: Annotated[list[ChargingPeriod], VITAL] = ABSENT
    total_cost: APrice = ABSENT
    status: SessionStatus
    last_updated: Time


class PriceComponent(Wire, kw_only=True):
    """OCPI 2.2.1, mod_tariffs.asciidoc#mod_tariffs_pricecomponent_class."""

    type: Annotated[TariffDimensionType, NECESSARY]
    price: Annotated[Number, NECESSARY]
    vat: Number = UNSET
    step_size: Whole


class TariffRestrictions(Wire, kw_only=True):
    """OCPI 2.2.1, mod_tariffs.asciidoc#mod_tariffs_tariffrestrictions_class."""

    start_time: Clock = ABSENT
    end_time: Clock = ABSENT
    start_date: Date = ABSENT
    end_date: Date = ABSENT
    min_kwh: Number = UNSET
    max_kwh: Number = UNSET
    min_current: Number = UNSET
    max_current: Number = UNSET
    min_power: Number = UNSET
    max_power: Number = UNSET
    min_duration: Whole = ABSENT
    max_duration: Whole = ABSENT
    day_of_week: Annotated[list[DayOfWeek], VITAL] = ABSENT
    reservation: Annotated[ReservationRestrictionType, VITAL] = ABSENT


class TariffElement(Wire, kw_only=True):
    """OCPI 2.2.1, mod_tariffs.asciidoc#mod_tariffs_tariffelement_class."""

    price_components: Annotated[list[PriceComponent], Meta(min_length=1), VITAL]
    restrictions: Annotated[TariffRestrictions, VITAL] = ABSENT


class Tariff(Wire, kw_only=True):
    """OCPI 2.2.1, mod_tariffs.asciidoc#mod_tariffs_tariff_object."""

    country_code: Id2
    party_id: Id3
    id: Id36
    currency: Currency
    type: TariffType = ABSENT
    tariff_alt_text: Untouched = ABSENT
    tariff_alt_url: Untouched = ABSENT
    min_price: APrice = ABSENT
    max_price: APrice = ABSENT
    elements: Annotated[list[TariffElement], Meta(min_length=1), NECESSARY]
    start_date_time: Annotated[Time, VITAL] = ABSENT
    end_date_time: Annotated[Time, VITAL] = ABSENT
    energy_mix: Untouched = ABSENT
    last_updated: Time


class Connector(Wire, kw_only=True):
    """OCPI 2.2.1, mod_locations.asciidoc#mod_locations_connector_object."""

    id: Id36
    standard: Untouched
    format: Untouched
    power_type: Untouched
    max_voltage: Untouched
    max_amperage: Untouched
    max_electric_power: Untouched = ABSENT
    tariff_ids: list[Id36] = ABSENT
    terms_and_conditions: Untouched = ABSENT
    last_updated: Untouched


class Evse(Wire, kw_only=True):
    """OCPI 2.2.1, mod_locations.asciidoc#mod_locations_evse_object."""

    uid: Id36
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
    """OCPI 2.2.1, mod_locations.asciidoc#mod_locations_location_object."""

    country_code: Id2
    party_id: Id3
    id: Id36
    publish: Untouched
    publish_allowed_to: Untouched = ABSENT
    name: Untouched = ABSENT
    address: Untouched
    city: Untouched
    postal_code: Untouched = ABSENT
    state: Untouched = ABSENT
    country: Country
    coordinates: Untouched
    related_locations: Untouched = ABSENT
    parking_type: Untouched = ABSENT
    evses: list[Evse] = ABSENT
    directions: Untouched = ABSENT
    operator: Untouched = ABSENT
    suboperator: Untouched = ABSENT
    owner: Untouched = ABSENT
    facilities: Untouched = ABSENT
    time_zone: TimeZone
    opening_times: Untouched = ABSENT
    charging_when_closed: Untouched = ABSENT
    images: Untouched = ABSENT
    energy_mix: Untouched = ABSENT
    last_updated: Time
