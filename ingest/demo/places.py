"""Where the demo charges: locations with their EVSEs, and the OCPI documents that describe them.

Rule: tables and documents; a location's document depends on the location alone.
"""

import zlib
from typing import Any

import msgspec

from ingest.demo.catalogue import IN_FORCE, TARIFFS
from ingest.demo.terms import Terms, written


class Evse(msgspec.Struct, frozen=True, kw_only=True):
    """One charge point with one connector and its tariff."""

    uid: str
    evse_id: str
    terms: Terms


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One location; `habit` says how people charge there."""

    id: str
    cpo: str
    name: str
    address: str
    postal_code: str
    city: str
    country: str  # ISO 3166 alpha-3
    time_zone: str
    latitude: str
    longitude: str
    habit: str  # street, work, fast
    evses: tuple[Evse, ...]

    @property
    def is_fast(self) -> bool:
        """True where direct current is sold."""
        return self.habit == "fast"


def _place(row: str) -> Place:
    """Read a row of the table below."""
    cells = row.split("|")
    cpo, identifier, name, address, postal_code, city, country, where, habit, shorts = cells
    tariffs = [TARIFFS[f"{cpo[:2]}-{short}"] for short in shorts.split()]
    latitude, longitude = where.split()
    return Place(
        id=identifier,
        cpo=cpo,
        name=name,
        address=address,
        postal_code=postal_code,
        city=city,
        country=country,
        time_zone=ZONES[country],
        latitude=latitude,
        longitude=longitude,
        habit=habit,
        evses=tuple(
            Evse(uid=f"{identifier}-{n + 1}", evse_id=f"{cpo}*E{identifier}{n + 1}", terms=tariff)
            for n, tariff in enumerate(tariffs * EVSES_A_TARIFF)
        ),
    )


EVSES_A_TARIFF = 6
ZONES = {"NLD": "Europe/Amsterdam", "DEU": "Europe/Berlin", "CHE": "Europe/Zurich"}
# cpo | id | name | address | postal code | city | country | coordinates | habit | tariffs
_TABLE = """
NL*LDN|UTR01|Vaartsche Rijn|Vondellaan 4|3521GD|Utrecht|NLD|52.0788 5.1222|street|KWH NIGHT
NL*LDN|RTM02|Maaskade|Wijnhaven 20|3011WP|Rotterdam|NLD|51.9166 4.4896|work|PARK BLOCK
NL*LDN|EHV03|Campus Zuid|Kanaaldijk 11|5611RA|Eindhoven|NLD|51.4401 5.4863|work|BLOCK FREE
DE*STB|BER01|Ostbahnhof|Koppenstrasse 3|10243|Berlin|DEU|52.5103 13.4349|street|START TIME
DE*STB|KLN02|Parkhaus Dom|Trankgasse 11|50667|Koeln|DEU|50.9422 6.9578|work|LIMITS MIX
DE*STB|HAN03|Rasthof Nord|An der A7 1|30916|Isernhagen|DEU|52.4606 9.8403|fast|START LIMITS
DE*STB|BSL04|Badischer Bahnhof|Riehenring 20|4058|Basel|CHE|47.5672 7.6075|fast|ABROAD
CH*ALD|ZRH01|Limmatquai|Limmatquai 80|8001|Zuerich|CHE|47.3730 8.5428|street|KWH NIGHT
CH*ALD|BRN02|Grosse Schanze|Schanzenstrasse 4|3008|Bern|CHE|46.9496 7.4381|work|PARK
CH*ALD|LUZ03|Raststaette Neuenkirch|Autobahn A2 1|6206|Neuenkirch|CHE|47.0985 8.2082|fast|KWH
"""
PLACES = tuple(_place(row) for row in _TABLE.strip().splitlines())


def place_of_station(station: str) -> Place:
    """Give the location that a station of a file of real sessions becomes, with one EVSE.

    It depends on the station's name alone, so that two files with one station agree.
    """
    digest = zlib.crc32(station.encode())
    model = PLACES[digest % len(PLACES)]
    terms = model.evses[digest // len(PLACES) % len(model.evses)].terms
    identifier = f"{model.id}-{digest:08X}"
    evse = Evse(uid=identifier, evse_id=f"{model.cpo}*E{digest:08X}", terms=terms)
    return msgspec.structs.replace(
        model, id=identifier, name=f"{model.name}, {station}"[:255], evses=(evse,)
    )


def connector_of(place: Place) -> dict[str, str]:
    """Give the connector's OCPI fields, as both Connector and CdrLocation have them."""
    if place.is_fast:
        return {"standard": "IEC_62196_T2_COMBO", "format": "CABLE", "power_type": "DC"}
    return {"standard": "IEC_62196_T2", "format": "SOCKET", "power_type": "AC_3_PHASE"}


def location_document(place: Place) -> dict[str, Any]:
    """Write the location as an OCPI 2.2.1 Location (mod_locations)."""
    country_code, party_id = place.cpo.split("*")
    updated = written(IN_FORCE)
    return {
        "country_code": country_code,
        "party_id": party_id,
        "id": place.id,
        "publish": True,
        "name": place.name,
        "address": place.address,
        "city": place.city,
        "postal_code": place.postal_code,
        "country": place.country,
        "coordinates": {"latitude": place.latitude, "longitude": place.longitude},
        "evses": [
            {
                "uid": evse.uid,
                "evse_id": evse.evse_id,
                "status": "AVAILABLE",
                "connectors": [
                    {
                        "id": "1",
                        **connector_of(place),
                        "max_voltage": 500 if place.is_fast else 230,
                        "max_amperage": 300 if place.is_fast else 16,
                        "tariff_ids": [evse.terms.id],
                        "last_updated": updated,
                    }
                ],
                "last_updated": updated,
            }
            for evse in place.evses
        ],
        "time_zone": place.time_zone,
        "last_updated": updated,
    }
