"""Wire objects in regular form to the version-free records.

Rule: shape only. A value that is not in regular form raises IrregularForm, which sends the
document to the tolerant reading; after that reading nothing raises here, and what was not sent
or left out is None (numbers: UNSET). Versions that differ bring their own function.
"""

from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from msgspec import UNSET

from settlement.cdr import Cdr, CdrDimension, CdrLocation, CdrToken, ChargingPeriod
from settlement.location import Connector, Evse, Location
from settlement.ocpi.moment import (
    optional_time,
    regular_clock,
    regular_date,
    regular_time,
)
from settlement.ocpi.number import IrregularForm, optional_number, regular_number
from settlement.ocpi.price import price_of
from settlement.party import party_of
from settlement.session import Session
from settlement.tariff import PriceComponent, Restrictions, Tariff, TariffElement

_DAYS = {
    day: index
    for index, day in enumerate(
        ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
    )
}

known_party = lru_cache(maxsize=4096)(party_of)


def upper_case(code: str | None) -> str | None:
    """Take a currency or country as it is; raises IrregularForm where it is not upper case."""
    if code is not None and code.upper() != code:
        raise IrregularForm
    return code


def to_cdr(wire: Any, *, ocpi_version: str, tariffs: tuple[Tariff, ...]) -> Cdr:
    """Translate a CDR of 2.2.1 or later."""
    start = regular_time(wire.start_date_time)
    return Cdr(
        ocpi_version,
        start,
        regular_time(wire.end_date_time),
        upper_case(wire.currency) or "",
        known_party(wire.country_code, wire.party_id),
        wire.id,
        wire.session_id,
        _to_token(wire.cdr_token),
        wire.auth_method,
        wire.authorization_reference,
        _to_cdr_location(wire.cdr_location),
        wire.meter_id,
        tariffs,
        to_periods(wire.charging_periods, start),
        price_of(wire.total_cost),
        price_of(wire.total_fixed_cost),
        optional_number(wire.total_energy),
        price_of(wire.total_energy_cost),
        optional_number(wire.total_time),
        price_of(wire.total_time_cost),
        optional_number(wire.total_parking_time),
        price_of(wire.total_parking_cost),
        price_of(wire.total_reservation_cost),
        wire.invoice_reference_id,
        wire.credit or False,
        wire.credit_reference_id,
        wire.home_charging_compensation or False,
        optional_time(wire.last_updated),
    )


def _to_token(wire: Any) -> CdrToken | None:
    if wire is None:
        return None
    party = known_party(wire.country_code, wire.party_id)
    return CdrToken(party, wire.uid, wire.type, wire.contract_id)


def _to_cdr_location(wire: Any) -> CdrLocation | None:
    if wire is None:
        return None
    country = upper_case(wire.country)
    return CdrLocation(wire.id, country, wire.evse_uid, wire.evse_id, wire.connector_id)


def to_periods(wires: Any, start: datetime | None) -> tuple[ChargingPeriod, ...]:
    """Translate charging periods; one without a start begins where the one before it does."""
    periods = []
    for wire in wires or ():
        told = wire.start_date_time
        if told is not None:
            start = regular_time(told)
        if start is None:
            continue
        dimensions = []
        for item in wire.dimensions or ():
            volume = item.volume
            if type(volume) is not Decimal:
                if volume is UNSET:
                    continue
                volume = regular_number(volume)
            if item.type is not None:
                dimensions.append(CdrDimension(item.type, volume))
        periods.append(ChargingPeriod(start, tuple(dimensions), getattr(wire, "tariff_id", None)))
    return tuple(periods)


def to_session(wire: Any, *, ocpi_version: str) -> Session:
    """Translate a session of 2.2.1 or later."""
    start = optional_time(wire.start_date_time)
    return Session(
        ocpi_version=ocpi_version,
        cpo=known_party(wire.country_code, wire.party_id),
        id=wire.id,
        start_date_time=start,
        end_date_time=optional_time(wire.end_date_time),
        kwh=optional_number(wire.kwh),
        cdr_token=_to_token(wire.cdr_token),
        auth_method=wire.auth_method,
        location_id=wire.location_id,
        evse_uid=wire.evse_uid,
        connector_id=wire.connector_id,
        currency=upper_case(wire.currency),
        charging_periods=to_periods(wire.charging_periods, start),
        total_cost=price_of(wire.total_cost),
        status=wire.status,
        last_updated=optional_time(wire.last_updated),
    )


def to_tariff(wire: Any, *, ocpi_version: str) -> Tariff:
    """Translate a tariff of 2.2.1 or later; `tax_included` is 2.3.0's."""
    return Tariff(
        ocpi_version=ocpi_version,
        cpo=known_party(wire.country_code, wire.party_id),
        id=wire.id or "",
        currency=upper_case(wire.currency) or "",
        type=wire.type,
        elements=tuple([to_element(element) for element in wire.elements or ()]),
        min_price=price_of(wire.min_price),
        max_price=price_of(wire.max_price),
        tax_included=getattr(wire, "tax_included", None) or "NO",
        start_date_time=optional_time(wire.start_date_time),
        end_date_time=optional_time(wire.end_date_time),
        last_updated=optional_time(wire.last_updated),
    )


def to_element(wire: Any) -> TariffElement:
    """Translate a tariff element of any version."""
    return TariffElement(
        price_components=tuple(
            [
                PriceComponent(
                    type=component.type,
                    price=regular_number(component.price),
                    vat=optional_number(getattr(component, "vat", UNSET)),
                    step_size=1 if component.step_size is None else component.step_size,
                )
                for component in wire.price_components or ()
            ]
        ),
        restrictions=None if wire.restrictions is None else _to_restrictions(wire.restrictions),
    )


def _to_restrictions(wire: Any) -> Restrictions:
    return Restrictions(
        start_time=regular_clock(wire.start_time),
        end_time=regular_clock(wire.end_time),
        start_date=regular_date(wire.start_date),
        end_date=regular_date(wire.end_date),
        min_kwh=optional_number(wire.min_kwh),
        max_kwh=optional_number(wire.max_kwh),
        min_current=optional_number(wire.min_current),
        max_current=optional_number(wire.max_current),
        min_power=optional_number(wire.min_power),
        max_power=optional_number(wire.max_power),
        min_duration=wire.min_duration,
        max_duration=wire.max_duration,
        day_of_week=tuple(sorted({_DAYS[day] for day in wire.day_of_week or ()})),
        reservation=wire.reservation,
    )


def to_location(wire: Any, *, ocpi_version: str) -> Location:
    """Translate a location of any version."""
    return Location(
        ocpi_version=ocpi_version,
        cpo=known_party(getattr(wire, "country_code", None), getattr(wire, "party_id", None)),
        id=wire.id,
        country=upper_case(wire.country),
        time_zone=wire.time_zone,
        evses=tuple([to_evse(evse) for evse in wire.evses or () if evse.uid]),
        last_updated=optional_time(wire.last_updated),
    )


def to_evse(wire: Any) -> Evse:
    """Translate an EVSE of any version."""
    return Evse(
        uid=wire.uid,
        evse_id=wire.evse_id,
        connectors=tuple([to_connector(item) for item in wire.connectors or () if item.id]),
    )


def to_connector(wire: Any) -> Connector:
    """Translate a connector; 2.1.1 names one tariff, later versions several."""
    single = getattr(wire, "tariff_id", None)
    tariff_ids = (single,) if single else tuple(getattr(wire, "tariff_ids", None) or ())
    return Connector(id=wire.id, tariff_ids=tariff_ids)
