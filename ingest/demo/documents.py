"""Sessions and CDRs as OCPI 2.2.1 documents.

Rule: from a charge and its claim to a document and nothing else; spoiling one is `injected`.
"""

from datetime import datetime, timedelta
from typing import Any

from ingest.demo.charge import Charge
from ingest.demo.claim import Claim, Cost, Period, hours
from ingest.demo.places import connector_of
from ingest.demo.terms import Terms, tariff_document, written

# A CDR is written a quarter of an hour after the car has left.
CDR_DELAY = timedelta(minutes=15)


def cdr_id(charge: Charge) -> str:
    """Give the id of a charge's CDR."""
    return f"CDR-{charge.id}"


def cdr_document(
    charge: Charge, terms: Terms, claim: Claim, *, embeds_tariff: bool = True
) -> dict[str, Any]:
    """Write the CDR of a charge (mod_cdrs)."""
    document = {
        **_owner(charge),
        "id": cdr_id(charge),
        "start_date_time": written(charge.connection_start),
        "end_date_time": written(charge.connection_end),
        "session_id": charge.id,
        "cdr_token": _token(charge),
        "auth_method": "AUTH_REQUEST",
        "cdr_location": _cdr_location(charge),
        "currency": terms.currency,
    }
    if embeds_tariff:
        document["tariffs"] = [tariff_document(terms)]
    document["charging_periods"] = [_period(period, terms) for period in claim.periods]
    document["total_cost"] = price_of(claim.total)
    seconds = sum(period.seconds for period in claim.periods)
    parking = sum(period.seconds for period in claim.periods if not period.is_charging)
    parts = {name: price_of(cost) for name, cost in claim.parts.items()}
    totals = {
        "total_fixed_cost": parts.get("total_fixed_cost"),
        "total_energy": charge.energy_kwh,
        "total_energy_cost": parts.get("total_energy_cost"),
        "total_time": hours(seconds),
        "total_time_cost": parts.get("total_time_cost"),
        "total_parking_time": hours(parking),
        "total_parking_cost": parts.get("total_parking_cost"),
    }
    document.update({name: total for name, total in totals.items() if total is not None})
    document["last_updated"] = written(charge.connection_end + CDR_DELAY)
    return document


def session_started(charge: Charge, terms: Terms) -> dict[str, Any]:
    """Write the session as it is put when it begins (mod_sessions)."""
    return {
        **_owner(charge),
        "id": charge.id,
        "start_date_time": written(charge.connection_start),
        "kwh": 0,
        "cdr_token": _token(charge),
        "auth_method": "AUTH_REQUEST",
        "location_id": charge.place.id,
        "evse_uid": charge.evse.uid,
        "connector_id": "1",
        "currency": terms.currency,
        "status": "ACTIVE",
        "last_updated": written(charge.connection_start),
    }


def session_progress(charge: Charge) -> dict[str, Any]:
    """Write the patch that comes when charging is over and the car still stands there."""
    return {"kwh": charge.energy_kwh, "last_updated": written(charge.charging_end)}


def session_completion(charge: Charge, terms: Terms, claim: Claim) -> dict[str, Any]:
    """Write what the last update of a session says; as a patch it appends the periods."""
    return {
        "end_date_time": written(charge.connection_end),
        "kwh": charge.energy_kwh,
        "charging_periods": [_period(period, terms) for period in claim.periods],
        "total_cost": price_of(claim.total),
        "status": "COMPLETED",
        "last_updated": written(_after(charge)),
    }


def session_completed(charge: Charge, terms: Terms, claim: Claim) -> dict[str, Any]:
    """Write the whole session as it is put when it is over."""
    return {**session_started(charge, terms), **session_completion(charge, terms, claim)}


def price_of(cost: Cost) -> dict[str, Any]:
    """Write an amount as an OCPI 2.2.1 Price."""
    return {"excl_vat": cost.before, "incl_vat": cost.after}


def _after(charge: Charge) -> datetime:
    return charge.connection_end + timedelta(seconds=1)


def _owner(charge: Charge) -> dict[str, Any]:
    country_code, party_id = charge.place.cpo.split("*")
    return {"country_code": country_code, "party_id": party_id}


def _token(charge: Charge) -> dict[str, Any]:
    country_code, party_id = charge.emsp.split("*")
    return {
        "country_code": country_code,
        "party_id": party_id,
        "uid": f"04{charge.user}",
        "type": "RFID",
        "contract_id": f"{country_code}-{party_id}-C{charge.user}",
    }


def _cdr_location(charge: Charge) -> dict[str, Any]:
    place = charge.place
    connector = connector_of(place)
    return {
        "id": place.id,
        "name": place.name,
        "address": place.address,
        "city": place.city,
        "postal_code": place.postal_code,
        "country": place.country,
        "coordinates": {"latitude": place.latitude, "longitude": place.longitude},
        "evse_uid": charge.evse.uid,
        "evse_id": charge.evse.evse_id,
        "connector_id": "1",
        "connector_standard": connector["standard"],
        "connector_format": connector["format"],
        "connector_power_type": connector["power_type"],
    }


def _period(period: Period, terms: Terms) -> dict[str, Any]:
    length = hours(period.seconds)
    if period.is_charging:
        dimensions = [
            {"type": "ENERGY", "volume": period.energy_kwh},
            {"type": "TIME", "volume": length},
        ]
    else:
        dimensions = [{"type": "PARKING_TIME", "volume": length}]
    return {
        "start_date_time": written(period.start),
        "dimensions": dimensions,
        "tariff_id": terms.id,
    }
