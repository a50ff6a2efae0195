"""Valid OCPI documents and records for tests; override by keyword.

Rule: `a_..._document` gives plain JSON values of OCPI 2.2.1 in regular form, fresh each time;
`a_cdr`, `a_tariff`, `a_charging_period` give the version-free records of the same content.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from settlement.cdr import Cdr, CdrDimension, CdrLocation, CdrToken, ChargingPeriod
from settlement.party import PartyId
from settlement.tariff import Price, PriceComponent, Tariff, TariffElement

JsonObject = dict[str, Any]

START = datetime(2024, 3, 1, 10, tzinfo=UTC)
END = START + timedelta(hours=2)
CPO = PartyId("NL", "TNM")
EMSP = PartyId("DE", "EMP")


def as_bytes(document: Any) -> bytes:
    """Write a document as a partner would send it."""
    return msgspec.json.encode(document)


def a_tariff_document(**changes: Any) -> JsonObject:
    """Give 0.25 EUR a kWh before 21 % VAT."""
    return {
        "country_code": "NL",
        "party_id": "TNM",
        "id": "T1",
        "currency": "EUR",
        "elements": [
            {
                "price_components": [
                    {"type": "ENERGY", "price": 0.25, "vat": 21.0, "step_size": 1},
                ],
            },
        ],
        "last_updated": "2024-01-01T00:00:00Z",
        **changes,
    }


def a_charging_period_document(**changes: Any) -> JsonObject:
    """Give two hours and 20 kWh under tariff T1."""
    return {
        "start_date_time": "2024-03-01T10:00:00Z",
        "dimensions": [
            {"type": "ENERGY", "volume": 20.5},
            {"type": "TIME", "volume": 2.0},
        ],
        "tariff_id": "T1",
        **changes,
    }


def a_token_document(**changes: Any) -> JsonObject:
    """Give an RFID token of the eMSP."""
    return {
        "country_code": "DE",
        "party_id": "EMP",
        "uid": "0123456789",
        "type": "RFID",
        "contract_id": "DE8EMP12E46L89",
        **changes,
    }


def a_cdr_location_document(**changes: Any) -> JsonObject:
    """Give the location as a CDR embeds it."""
    return {
        "id": "LOC1",
        "address": "Stationsplein 1",
        "city": "Utrecht",
        "country": "NLD",
        "coordinates": {"latitude": "52.0894", "longitude": "5.1096"},
        "evse_uid": "3256",
        "evse_id": "NL*TNM*E3256",
        "connector_id": "1",
        "connector_standard": "IEC_62196_T2",
        "connector_format": "SOCKET",
        "connector_power_type": "AC_3_PHASE",
        **changes,
    }


def a_cdr_document(**changes: Any) -> JsonObject:
    """Give a CDR of two hours and 20.5 kWh that claims what its tariff says."""
    return {
        "country_code": "NL",
        "party_id": "TNM",
        "id": "CDR-1",
        "start_date_time": "2024-03-01T10:00:00Z",
        "end_date_time": "2024-03-01T12:00:00Z",
        "session_id": "S-1",
        "cdr_token": a_token_document(),
        "auth_method": "WHITELIST",
        "cdr_location": a_cdr_location_document(),
        "currency": "EUR",
        "tariffs": [a_tariff_document()],
        "charging_periods": [a_charging_period_document()],
        "total_cost": {"excl_vat": 5.125, "incl_vat": 6.20125},
        "total_energy": 20.5,
        "total_energy_cost": {"excl_vat": 5.125, "incl_vat": 6.20125},
        "total_time": 2.0,
        "last_updated": "2024-03-01T12:01:00Z",
        **changes,
    }


def a_session_document(**changes: Any) -> JsonObject:
    """Give the running session of the same charge."""
    return {
        "country_code": "NL",
        "party_id": "TNM",
        "id": "S-1",
        "start_date_time": "2024-03-01T10:00:00Z",
        "kwh": 0,
        "cdr_token": a_token_document(),
        "auth_method": "WHITELIST",
        "location_id": "LOC1",
        "evse_uid": "3256",
        "connector_id": "1",
        "currency": "EUR",
        "status": "ACTIVE",
        "last_updated": "2024-03-01T10:00:05Z",
        **changes,
    }


def a_connector_document(**changes: Any) -> JsonObject:
    """Give a connector that names the tariff."""
    return {
        "id": "1",
        "standard": "IEC_62196_T2",
        "format": "SOCKET",
        "power_type": "AC_3_PHASE",
        "max_voltage": 230,
        "max_amperage": 32,
        "tariff_ids": ["T1"],
        "last_updated": "2024-01-01T00:00:00Z",
        **changes,
    }


def an_evse_document(**changes: Any) -> JsonObject:
    """Give an EVSE with one connector."""
    return {
        "uid": "3256",
        "evse_id": "NL*TNM*E3256",
        "status": "AVAILABLE",
        "connectors": [a_connector_document()],
        "last_updated": "2024-01-01T00:00:00Z",
        **changes,
    }


def a_location_document(**changes: Any) -> JsonObject:
    """Give the location in Utrecht where it is charged."""
    return {
        "country_code": "NL",
        "party_id": "TNM",
        "id": "LOC1",
        "publish": True,
        "address": "Stationsplein 1",
        "city": "Utrecht",
        "country": "NLD",
        "coordinates": {"latitude": "52.0894", "longitude": "5.1096"},
        "evses": [an_evse_document()],
        "time_zone": "Europe/Amsterdam",
        "last_updated": "2024-01-01T00:00:00Z",
        **changes,
    }


def in_2_3_0(document: Any) -> Any:
    """Give a document in the shape of OCPI 2.3.0."""
    if isinstance(document, list):
        return [in_2_3_0(item) for item in document]
    if not isinstance(document, dict):
        return document
    if "excl_vat" in document:
        before, after = document["excl_vat"], document.get("incl_vat")
        taxes = [] if after is None else [{"name": "VAT", "amount": after - before}]
        return {"before_taxes": before, "taxes": taxes}
    shaped = {name: in_2_3_0(value) for name, value in document.items()}
    for name in document.keys() & {"min_price", "max_price"}:
        limit = document[name]
        shaped[name] = {"before_taxes": limit["excl_vat"], "after_taxes": limit["excl_vat"]}
    return {**shaped, "tax_included": "NO"} if "elements" in document else shaped


def in_2_1_1(document: JsonObject) -> JsonObject:
    """Give a CDR, session, tariff or location in the shape of OCPI 2.1.1."""
    if "elements" in document:
        return _tariff_in_2_1_1(document)
    if "evses" in document:
        return _location_in_2_1_1(document)
    renamed = {"end_date_time": "stop_date_time"}
    if "location_id" in document:
        renamed = {"start_date_time": "start_datetime", "end_date_time": "end_datetime"}
    kept = (
        *("id", "start_date_time", "end_date_time", "auth_method", "meter_id", "currency"),
        *("charging_periods", "total_energy", "total_time", "total_parking_time", "kwh"),
        *("status", "remark", "last_updated"),
    )
    shaped = {renamed.get(name, name): document[name] for name in kept if name in document}
    shaped["auth_id"] = document["cdr_token"]["contract_id"]
    shaped["location"] = _location_in_2_1_1(a_location_document())
    if "tariffs" in document:
        shaped["tariffs"] = [_tariff_in_2_1_1(tariff) for tariff in document["tariffs"]]
    if "total_cost" in document:
        shaped["total_cost"] = document["total_cost"]["excl_vat"]
    for period in shaped.get("charging_periods", ()):
        period.pop("tariff_id", None)
        for dimension in period["dimensions"]:
            dimension["type"] = dimension["type"].replace("MAX_POWER", "MAX_CURRENT")
    return shaped


def _tariff_in_2_1_1(document: JsonObject) -> JsonObject:
    kept = ("id", "currency", "elements", "last_updated")
    shaped = {name: document[name] for name in kept}
    for element in shaped["elements"]:
        element.get("restrictions", {}).pop("reservation", None)
        for component in element["price_components"]:
            component.pop("vat", None)
    return shaped


def _location_in_2_1_1(document: JsonObject) -> JsonObject:
    dropped = {"country_code", "party_id", "publish"}
    shaped = {name: value for name, value in document.items() if name not in dropped}
    for evse in shaped["evses"]:
        for connector in evse["connectors"]:
            connector["voltage"] = connector.pop("max_voltage")
            connector["amperage"] = connector.pop("max_amperage")
            connector["tariff_id"] = connector.pop("tariff_ids")[0]
    return {**shaped, "type": "ON_STREET", "postal_code": "3511"}


def a_price_component(**changes: Any) -> PriceComponent:
    """Give 0.25 a kWh before 21 % VAT."""
    told: JsonObject = {"type": "ENERGY", "price": Decimal("0.25"), "vat": Decimal("21.0")}
    return PriceComponent(**{**told, **changes})


def a_tariff(**changes: Any) -> Tariff:
    """Give the record of `a_tariff_document`."""
    told: JsonObject = {
        "ocpi_version": "2.2.1",
        "cpo": CPO,
        "id": "T1",
        "currency": "EUR",
        "elements": (TariffElement(price_components=(a_price_component(),)),),
        "last_updated": datetime(2024, 1, 1, tzinfo=UTC),
    }
    return Tariff(**{**told, **changes})


def a_charging_period(**changes: Any) -> ChargingPeriod:
    """Give the record of `a_charging_period_document`."""
    told: JsonObject = {
        "start_date_time": START,
        "dimensions": (
            CdrDimension("ENERGY", Decimal("20.5")),
            CdrDimension("TIME", Decimal("2.0")),
        ),
        "tariff_id": "T1",
    }
    return ChargingPeriod(**{**told, **changes})


def a_token(**changes: Any) -> CdrToken:
    """Give the record of `a_token_document`."""
    told: JsonObject = {
        "party": EMSP,
        "uid": "0123456789",
        "type": "RFID",
        "contract_id": "DE8EMP12E46L89",
    }
    return CdrToken(**{**told, **changes})


def a_cdr_location(**changes: Any) -> CdrLocation:
    """Give the record of `a_cdr_location_document`."""
    told: JsonObject = {
        "id": "LOC1",
        "country": "NLD",
        "evse_uid": "3256",
        "evse_id": "NL*TNM*E3256",
        "connector_id": "1",
    }
    return CdrLocation(**{**told, **changes})


def a_cdr(**changes: Any) -> Cdr:
    """Give the record of `a_cdr_document`."""
    claim = Price(Decimal("5.125"), Decimal("6.20125"))
    told: JsonObject = {
        "ocpi_version": "2.2.1",
        "cpo": CPO,
        "id": "CDR-1",
        "start_date_time": START,
        "end_date_time": END,
        "session_id": "S-1",
        "cdr_token": a_token(),
        "auth_method": "WHITELIST",
        "cdr_location": a_cdr_location(),
        "currency": "EUR",
        "tariffs": (a_tariff(),),
        "charging_periods": (a_charging_period(),),
        "total_cost": claim,
        "total_energy": Decimal("20.5"),
        "total_energy_cost": claim,
        "total_time": Decimal("2.0"),
        "last_updated": datetime(2024, 3, 1, 12, 1, tzinfo=UTC),
    }
    return Cdr(**{**told, **changes})
