"""A tariff as a document of one OCPI version.

Rule: from the record, so that it is correct whatever its source looked like; what OCPI has for
people (alternative texts, the energy mix) is taken over as it is. What a version cannot say is
refused, never dropped.
"""

from collections.abc import Mapping
from typing import Any

from settlement.party import PartyId
from settlement.tariff import Price, PriceComponent, Restrictions, Tariff
from settlement.tariff_tools.generate.wanted import CannotGenerate, written

Json = dict[str, Any]

_DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_NUMBERS = (
    "min_kwh",
    "max_kwh",
    "min_current",
    "max_current",
    "min_power",
    "max_power",
    "min_duration",
    "max_duration",
)
_FOR_PEOPLE = ("tariff_alt_text", "tariff_alt_url", "energy_mix")


def tariff_document(
    *, tariff: Tariff, source: Mapping[str, Any], cpo: PartyId, ocpi_version: str
) -> Json:
    """Write a tariff; `source` is the document that it was read from.

    Raises CannotGenerate where the version has no place for something that changes the price.
    """
    _check(tariff, ocpi_version)
    is_old = ocpi_version == "2.1.1"
    document: Json = {} if is_old else {"country_code": cpo.country_code, "party_id": cpo.party_id}
    document |= {"id": tariff.id, "currency": tariff.currency}
    if tariff.type is not None and not is_old:
        document["type"] = tariff.type
    document |= {name: source[name] for name in _FOR_PEOPLE if source.get(name) is not None}
    for name, limit in (("min_price", tariff.min_price), ("max_price", tariff.max_price)):
        if limit is not None:
            document[name] = limit_document(limit, ocpi_version)
    document["elements"] = [
        {"price_components": [_component(one, tariff) for one in element.price_components]}
        | ({} if element.restrictions is None else _restricted(element.restrictions))
        for element in tariff.elements
    ]
    if ocpi_version == "2.3.0":
        document["tax_included"] = tariff.tax_included
    if tariff.start_date_time is not None:
        document["start_date_time"] = written(tariff.start_date_time)
    if tariff.end_date_time is not None:
        document["end_date_time"] = written(tariff.end_date_time)
    return document


def limit_document(limit: Price, ocpi_version: str) -> Json:
    """Write min_price or max_price."""
    names = ("excl_vat", "incl_vat") if ocpi_version == "2.2.1" else ("before_taxes", "after_taxes")
    amounts = zip(names, (limit.before_taxes, limit.after_taxes), strict=True)
    return {name: amount for name, amount in amounts if amount is not None}


def _component(component: PriceComponent, tariff: Tariff) -> Json:
    document: Json = {"type": component.type, "price": component.price}
    if component.vat is not None and tariff.tax_included != "N/A":
        document["vat"] = component.vat
    return document | {"step_size": component.step_size}


def _restricted(given: Restrictions) -> Json:
    document: Json = {}
    for name in ("start_time", "end_time"):
        clock = getattr(given, name)
        if clock is not None:
            document[name] = clock.strftime("%H:%M:%S" if clock.second else "%H:%M")
    for name in ("start_date", "end_date"):
        day = getattr(given, name)
        if day is not None:
            document[name] = day.isoformat()
    document |= {
        name: getattr(given, name) for name in _NUMBERS if getattr(given, name) is not None
    }
    if given.day_of_week:
        document["day_of_week"] = [_DAYS[day] for day in given.day_of_week]
    if given.reservation is not None:
        document["reservation"] = given.reservation
    return {"restrictions": document} if document else {}


def _check(tariff: Tariff, ocpi_version: str) -> None:
    """Refuse what the version cannot say."""
    if ocpi_version != "2.3.0" and tariff.tax_included == "YES":
        _refuse("tax_included YES", ocpi_version)
    if ocpi_version != "2.1.1" or tariff.ocpi_version == "2.1.1":
        return
    for name in ("min_price", "max_price", "start_date_time", "end_date_time"):
        if getattr(tariff, name) is not None:
            _refuse(name, ocpi_version)
    for element in tariff.elements:
        if tariff.tax_included == "NO" and any(one.vat for one in element.price_components):
            _refuse("vat", ocpi_version)
        for name in ("reservation", "min_current", "max_current"):
            if element.restrictions is not None and getattr(element.restrictions, name) is not None:
                _refuse(name, ocpi_version)


def _refuse(name: str, ocpi_version: str) -> None:
    raise CannotGenerate(f"the tariff has {name}, for which OCPI {ocpi_version} has no place")
