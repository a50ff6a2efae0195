"""Reads regular CDRs and tariffs of every OCPI version into records, the plain way.

Rule: for golden cases only; independent of the door, so that each checks the other.
"""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from settlement.cdr import Cdr, CdrDimension, CdrLocation, ChargingPeriod
from settlement.tariff import Price, PriceComponent, Restrictions, Tariff, TariffElement

DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
COSTS = (
    "total_cost",
    "total_fixed_cost",
    "total_energy_cost",
    "total_time_cost",
    "total_parking_cost",
    "total_reservation_cost",
)
VOLUMES = ("total_energy", "total_time", "total_parking_time")


def read_cdr(document: dict[str, Any], version: str) -> Cdr:
    place = document.get("cdr_location") or document.get("location") or {}
    end = document.get("end_date_time") or document["stop_date_time"]
    return Cdr(
        ocpi_version=version,
        id=document["id"],
        start_date_time=instant(document["start_date_time"]),
        end_date_time=instant(end),
        session_id=document.get("session_id"),
        currency=document["currency"],
        cdr_location=CdrLocation(
            country=place.get("country"),
            evse_uid=place.get("evse_uid"),
            evse_id=place.get("evse_id"),
            connector_id=place.get("connector_id"),
            time_zone=place.get("time_zone"),
        ),
        tariffs=tuple(read_tariff(tariff, version) for tariff in document.get("tariffs", [])),
        charging_periods=tuple(
            ChargingPeriod(
                instant(period["start_date_time"]),
                tuple(CdrDimension(d["type"], Decimal(d["volume"])) for d in period["dimensions"]),
                period.get("tariff_id"),
            )
            for period in document.get("charging_periods", [])
        ),
        credit=document.get("credit", False),
        credit_reference_id=document.get("credit_reference_id"),
        **{name: price(document.get(name)) for name in COSTS},
        **{name: number(document.get(name)) for name in VOLUMES},
    )


def read_tariff(document: dict[str, Any], version: str) -> Tariff:
    return Tariff(
        ocpi_version=version,
        id=document["id"],
        currency=document["currency"],
        elements=tuple(
            TariffElement(
                price_components=tuple(
                    PriceComponent(
                        type=component["type"],
                        price=Decimal(component["price"]),
                        vat=number(component.get("vat")),
                        step_size=component["step_size"],
                    )
                    for component in element["price_components"]
                ),
                restrictions=restrictions(element.get("restrictions")),
            )
            for element in document["elements"]
        ),
        min_price=price(document.get("min_price")),
        max_price=price(document.get("max_price")),
        tax_included=document.get("tax_included", "NO"),
        start_date_time=optional_instant(document.get("start_date_time")),
        end_date_time=optional_instant(document.get("end_date_time")),
        last_updated=optional_instant(document.get("last_updated")),
    )


def restrictions(given: dict[str, Any] | None) -> Restrictions | None:
    if given is None:
        return None
    fields: dict[str, Any] = {}
    for name, value in given.items():
        if name in {"start_time", "end_time"}:
            fields[name] = time.fromisoformat(value)
        elif name in {"start_date", "end_date"}:
            fields[name] = date.fromisoformat(value)
        elif name == "day_of_week":
            fields[name] = tuple(sorted(DAYS.index(day) for day in value))
        elif name == "reservation":
            fields[name] = value
        elif name in {"min_duration", "max_duration"}:
            fields[name] = int(value)
        else:
            fields[name] = Decimal(value)
    return Restrictions(**fields)


def price(given: Any) -> Price | None:
    if given is None:
        return None
    if not isinstance(given, dict):
        return Price(Decimal(given), None)
    before = number(given.get("excl_vat", given.get("before_taxes")))
    after = number(given.get("incl_vat", given.get("after_taxes")))
    if given.get("taxes"):
        after = before + sum(Decimal(tax["amount"]) for tax in given["taxes"])
    return Price(before, after)


def number(value: Any) -> Decimal | None:
    return None if value is None else Decimal(value)


def optional_instant(text: str | None) -> datetime | None:
    return None if text is None else instant(text)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text.rstrip("Z")).replace(tzinfo=UTC)
