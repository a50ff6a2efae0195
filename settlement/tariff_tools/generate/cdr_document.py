"""A CDR as a document of one OCPI version.

Rule: shape only: every required field of the version; what it costs is computed elsewhere.
"""

from decimal import Decimal
from typing import Any

import msgspec

from settlement.cdr import ChargingPeriod
from settlement.party import PartyId
from settlement.pricing.exact import canonical
from settlement.pricing.priced import Costs
from settlement.tariff import Price
from settlement.tariff_tools.generate.periods import hours_of
from settlement.tariff_tools.generate.place import (
    contract_of,
    location_document,
    location_of_2_1_1,
    token_document,
)
from settlement.tariff_tools.generate.wanted import Wanted, after, written

Json = dict[str, Any]

_PARTS = ("total_fixed_cost", "total_energy_cost", "total_time_cost", "total_parking_cost")
_CLOSE = Decimal("0.02")  # both sides are rounded
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """A CDR but for its costs."""

    wanted: Wanted
    ocpi_version: str
    cpo: PartyId
    currency: str
    tariff: Json
    rate: Decimal | None  # of all taxes, in percent
    periods: tuple[ChargingPeriod, ...]


def cdr_text(*, draft: Draft, costs: Costs) -> bytes:
    """Write a CDR with its costs, indented."""
    make = _of_2_1_1 if draft.ocpi_version == "2.1.1" else _of_2_2_1
    return msgspec.json.format(_ENCODER.encode(make(draft, costs)), indent=2)


def _of_2_1_1(draft: Draft, costs: Costs) -> Json:
    wanted, end = draft.wanted, _end(draft)
    assert costs.total_cost is not None
    return {
        "id": _id(draft, "CDR"),
        "start_date_time": written(wanted.start),
        "stop_date_time": end,
        "auth_id": contract_of(wanted.emsp),
        "auth_method": "WHITELIST",
        "location": location_of_2_1_1(wanted=wanted, cpo=draft.cpo, tariff_id=draft.tariff["id"]),
        "currency": draft.currency,
        "tariffs": [draft.tariff],
        "charging_periods": [_period(period) for period in draft.periods],
        "total_cost": costs.total_cost.before_taxes,
        **_volumes(draft),
        "last_updated": end,
    }


def _of_2_2_1(draft: Draft, costs: Costs) -> Json:
    """Write a CDR of 2.2.1 or 2.3.0, which differ in their prices."""
    wanted, end = draft.wanted, _end(draft)

    def price(amounts: Price) -> Json:
        if draft.ocpi_version == "2.3.0":
            return _price_of_2_3_0(amounts, draft.rate)
        return _price_of_2_2_1(amounts)

    assert costs.total_cost is not None
    volumes = _volumes(draft)
    document: Json = {
        "country_code": draft.cpo.country_code,
        "party_id": draft.cpo.party_id,
        "id": _id(draft, "CDR"),
        "start_date_time": written(wanted.start),
        "end_date_time": end,
        "session_id": _id(draft, "SESSION"),
        "cdr_token": token_document(wanted.emsp),
        "auth_method": "WHITELIST",
        "cdr_location": location_document(wanted=wanted, cpo=draft.cpo),
        "currency": draft.currency,
        "tariffs": [draft.tariff],
        "charging_periods": [_period(period) for period in draft.periods],
        "total_cost": price(costs.total_cost),
    }
    for name in _PARTS:
        document |= {key: volumes[key] for key in _BESIDE.get(name, ()) if key in volumes}
        part = getattr(costs, name)
        if part is not None:
            document[name] = price(part)
    return document | {"last_updated": end}


# A volume stands before its cost, as in the specification.
_BESIDE = {
    "total_energy_cost": ("total_energy",),
    "total_time_cost": ("total_time",),
    "total_parking_cost": ("total_parking_time",),
}


def _price_of_2_2_1(price: Price) -> Json:
    told: Json = {"excl_vat": price.before_taxes}
    if price.after_taxes is not None:
        told["incl_vat"] = price.after_taxes
    return told


def _price_of_2_3_0(price: Price, rate: Decimal | None) -> Json:
    """Write the taxes as one, with its rate unless a limit has moved the amounts."""
    before, after_taxes = price.before_taxes, price.after_taxes
    if before is None or after_taxes is None:
        return {"before_taxes": before, "taxes": []}
    tax: Json = {"name": "VAT", "amount": after_taxes - before}
    if rate is not None and abs(before * rate / 100 - tax["amount"]) <= _CLOSE:
        tax = {"name": "VAT", "percentage": rate, "amount": tax["amount"]}
    return {"before_taxes": before, "taxes": [tax]}


def _volumes(draft: Draft) -> Json:
    wanted = draft.wanted
    parking = hours_of(wanted.parking)
    total = hours_of(wanted.charging) + parking
    volumes: dict[str, Decimal] = {
        "total_energy": canonical(wanted.kwh),
        "total_time": canonical(total),
    }
    if wanted.parking:
        volumes["total_parking_time"] = parking
    return volumes


def _period(period: ChargingPeriod) -> Json:
    document: Json = {
        "start_date_time": written(period.start_date_time),
        "dimensions": [{"type": one.type, "volume": one.volume} for one in period.dimensions],
    }
    if period.tariff_id is not None:
        document["tariff_id"] = period.tariff_id
    return document


def _id(draft: Draft, kind: str) -> str:
    """Give the id that was asked for, else one that tells that it was generated."""
    if kind == "CDR" and draft.wanted.cdr_id is not None:
        return draft.wanted.cdr_id
    return f"GENERATED-{kind}-{draft.wanted.start:%Y%m%dT%H%M%SZ}"


def _end(draft: Draft) -> str:
    return written(after(draft.wanted.start, draft.wanted.length))
