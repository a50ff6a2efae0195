"""OCPI 2.3.0 on the wire: where it differs from 2.2.1.

Rule: as `v221`; a class that 2.3.0 did not change is 2.2.1's.
A class's docstring is its place under https://github.com/ocpi/ocpi/blob/2.3.0/release/core/.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta

from settlement.ocpi.form import (
    ABSENT,
    NECESSARY,
    VITAL,
    AuthMethod,
    Country,
    Currency,
    Flag,
    Form,
    Id2,
    Id3,
    Id36,
    Id39,
    Id48,
    Number,
    SessionStatus,
    Tariffs,
    TariffType,
    Text255,
    Time,
    TimeZone,
    Untouched,
)
from settlement.ocpi.number import EXACT, optional_number, regular_number
from settlement.ocpi.v221 import CdrLocation, ChargingPeriod, TariffElement, Wire
from settlement.tariff import Price as Amounts

TaxIncluded = Annotated[Literal["YES", "NO", "N/A"], Form("code"), VITAL]
TokenType = Annotated[str, Meta(min_length=1, max_length=36), Form("id")]  # an OpenEnum


class TaxAmount(Wire, kw_only=True):
    """OCPI 2.3.0, types.asciidoc#types_tax_amount_class."""

    name: Untouched
    account_number: Untouched = ABSENT
    percentage: Untouched = ABSENT
    amount: Number


class Price(Wire, kw_only=True):
    """OCPI 2.3.0, types.asciidoc#types_price_class."""

    before_taxes: Number
    taxes: list[TaxAmount] = ABSENT

    def amounts(self) -> Amounts:
        """Add the taxes; without any the side after taxes is not known."""
        before = regular_number(self.before_taxes)
        if not self.taxes:
            return Amounts(before)
        after = before
        for tax in self.taxes:
            after = EXACT.add(after, regular_number(tax.amount))
        return Amounts(before, after)


class PriceLimit(Wire, kw_only=True):
    """OCPI 2.3.0, mod_tariffs.asciidoc#mod_tariffs_pricelimit_class."""

    before_taxes: Number
    after_taxes: Number = UNSET

    def amounts(self) -> Amounts:
        """Give the version-free price; raises IrregularForm."""
        return Amounts(regular_number(self.before_taxes), optional_number(self.after_taxes))


APrice = Annotated[Price, Form("price"), VITAL]
ALimit = Annotated[PriceLimit, Form("price"), VITAL]


class CdrToken(Wire, kw_only=True):
    """OCPI 2.3.0, mod_cdrs.asciidoc#mod_cdrs_cdr_token_object."""

    country_code: Id2
    party_id: Id3
    uid: Id36
    type: TokenType
    contract_id: Id36


class Cdr(Wire, kw_only=True):
    """OCPI 2.3.0, mod_cdrs.asciidoc#mod_cdrs_cdr_object."""

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
    """OCPI 2.3.0, mod_sessions.asciidoc#mod_sessions_session_object."""

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


class Tariff(Wire, kw_only=True):
    """OCPI 2.3.0, mod_tariffs.asciidoc#mod_tariffs_tariff_object.

    `preauthorize_amount` is of the payments branch.
    """

    country_code: Id2
    party_id: Id3
    id: Id36
    currency: Currency
    type: TariffType = ABSENT
    tariff_alt_text: Untouched = ABSENT
    tariff_alt_url: Untouched = ABSENT
    min_price: ALimit = ABSENT
    max_price: ALimit = ABSENT
    preauthorize_amount: Untouched = ABSENT
    elements: Annotated[list[TariffElement], Meta(min_length=1), NECESSARY]
    tax_included: TaxIncluded
    start_date_time: Annotated[Time, VITAL] = ABSENT
    end_date_time: Annotated[Time, VITAL] = ABSENT
    energy_mix: Untouched = ABSENT
    last_updated: Time


class Connector(Wire, kw_only=True):
    """OCPI 2.3.0, mod_locations.asciidoc#mod_locations_connector_object."""

    id: Id36
    standard: Untouched
    format: Untouched
    power_type: Untouched
    max_voltage: Untouched
    max_amperage: Untouched
    max_electric_power: Untouched = ABSENT
    tariff_ids: list[Id36] = ABSENT
    terms_and_conditions: Untouched = ABSENT
    capabilities: Untouched = ABSENT
    last_updated: Untouched


class Evse(Wire, kw_only=True):
    """OCPI 2.3.0, mod_locations.asciidoc#mod_locations_evse_object."""

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
    parking: Untouched = ABSENT
    images: Untouched = ABSENT
    accepted_service_providers: Untouched = ABSENT
    last_updated: Untouched


class Location(Wire, kw_only=True):
    """OCPI 2.3.0, mod_locations.asciidoc#mod_locations_location_object."""

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
    parking_places: Untouched = ABSENT
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
    help_phone: Untouched = ABSENT
    last_updated: Time
