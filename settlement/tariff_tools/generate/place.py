"""Who charged and where: plausible values that nobody takes for real ones.

Rule: constants and what follows from them; nothing here changes a price.
"""

from decimal import Decimal
from typing import Any

from iso3166 import countries_by_alpha2

from settlement.party import PartyId
from settlement.tariff_tools.generate.wanted import Wanted, written
from settlement.zone import country_of_zone

Json = dict[str, Any]

_MOST_AC_KW = Decimal("43.5")  # 63 A on three phases
_COORDINATES = {"latitude": "0.000000", "longitude": "0.000000"}  # in the sea: nobody's address
_AMPERE = 63


def country_of(*, wanted: Wanted, cpo: PartyId) -> str:
    """Give the country (alpha-3) of the location: that of its time zone, else of the CPO."""
    country = None if wanted.time_zone is None else country_of_zone(wanted.time_zone)
    if country is None:
        known = countries_by_alpha2.get(cpo.country_code)
        country = "NLD" if known is None else known.alpha3
    return str(country)


def token_document(emsp: PartyId) -> Json:
    """Write the token of a driver."""
    return {
        "country_code": emsp.country_code,
        "party_id": emsp.party_id,
        "uid": "GENERATED-TOKEN",
        "type": "RFID",
        "contract_id": contract_of(emsp),
    }


def contract_of(emsp: PartyId) -> str:
    """Give the driver's contract, as 2.1.1 has it alone."""
    return f"{emsp.country_code}-{emsp.party_id}-C00000000-0"


def location_document(*, wanted: Wanted, cpo: PartyId) -> Json:
    """Write where it was charged, from 2.2.1 on."""
    standard, form, power = _connector(wanted)
    return {
        "id": "GENERATED-LOCATION",
        "name": "Generated location",
        "address": "Example Street 1",
        "city": "Exampletown",
        "postal_code": "00000",
        "country": country_of(wanted=wanted, cpo=cpo),
        "coordinates": _COORDINATES,
        "evse_uid": "GENERATED-EVSE",
        "evse_id": f"{cpo.country_code}*{cpo.party_id}*EGENERATED",
        "connector_id": "1",
        "connector_standard": standard,
        "connector_format": form,
        "connector_power_type": power,
    }


def location_of_2_1_1(*, wanted: Wanted, cpo: PartyId, tariff_id: str) -> Json:
    """Write where it was charged: a whole Location with the one EVSE and connector."""
    standard, form, power = _connector(wanted)
    updated = written(wanted.start)
    connector = {
        "id": "1",
        "standard": standard,
        "format": form,
        "power_type": power,
        "voltage": 400 if power == "DC" else 230,
        "amperage": int(wanted.power_kw * 1000 / 400) + 1 if power == "DC" else _AMPERE,
        "tariff_id": tariff_id,
        "last_updated": updated,
    }
    evse = {
        "uid": "GENERATED-EVSE",
        "evse_id": f"{cpo.country_code}*{cpo.party_id}*EGENERATED",
        "status": "AVAILABLE",
        "connectors": [connector],
        "last_updated": updated,
    }
    zone = {} if wanted.time_zone is None else {"time_zone": wanted.time_zone}
    return {
        "id": "GENERATED-LOCATION",
        "type": "ON_STREET",
        "name": "Generated location",
        "address": "Example Street 1",
        "city": "Exampletown",
        "postal_code": "00000",
        "country": country_of(wanted=wanted, cpo=cpo),
        "coordinates": _COORDINATES,
        "evses": [evse],
        **zone,
        "last_updated": updated,
    }


def _connector(wanted: Wanted) -> tuple[str, str, str]:
    if wanted.power_kw > _MOST_AC_KW:
        return "IEC_62196_T2_COMBO", "CABLE", "DC"
    return "IEC_62196_T2", "SOCKET", "AC_3_PHASE"
