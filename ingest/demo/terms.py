"""What a tariff of the demo asks, and the OCPI 2.2.1 document that says so.

Rule: `Terms` is all that the claims are computed from; nothing here is read by the settlement.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

ZERO = Decimal(0)
# The night window of every night tariff, local time; it wraps over midnight.
NIGHT_FROM = "22:00"
NIGHT_UNTIL = "06:00"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """One tariff: prices before taxes, VAT in percent; a price of 0 means: not charged."""

    id: str
    cpo: str  # CC*PPP
    kind: str  # what it shows, in a few words
    currency: str
    vat: Decimal
    kwh: Decimal = ZERO
    night_kwh: Decimal | None = None  # between NIGHT_FROM and NIGHT_UNTIL
    start_fee: Decimal = ZERO
    hour: Decimal = ZERO  # of charging
    hour_step: int = 1  # seconds; charging time is billed in started steps
    parking_hour: Decimal = ZERO  # after charging
    parking_vat: Decimal | None = None  # where parking is taxed at another rate
    blocking_hour: Decimal = ZERO  # charging or not
    blocking_after: int = 0  # seconds since the session's start
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    last_updated: datetime

    @property
    def is_free(self) -> bool:
        """True where nothing is ever asked."""
        return not (self.kwh or self.start_fee or self.hour or self.min_price)


def written(instant: datetime) -> str:
    """Write a UTC instant as OCPI wants it: `2025-03-01T08:00:00Z`."""
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")


def with_vat(amount: Decimal, vat: Decimal) -> Decimal:
    """Give the exact amount after taxes."""
    return amount * (1 + vat / 100)


def tariff_document(terms: Terms) -> dict[str, Any]:
    """Write the tariff as an OCPI 2.2.1 Tariff (mod_tariffs)."""
    country_code, party_id = terms.cpo.split("*")
    document: dict[str, Any] = {
        "country_code": country_code,
        "party_id": party_id,
        "id": terms.id,
        "currency": terms.currency,
        "type": "REGULAR",
        "tariff_alt_text": [{"language": "en", "text": terms.kind}],
    }
    for name, limit in (("min_price", terms.min_price), ("max_price", terms.max_price)):
        if limit is not None:
            after = with_vat(limit, terms.vat).quantize(Decimal("0.01"))
            document[name] = {"excl_vat": limit, "incl_vat": after}
    document["elements"] = _elements(terms)
    document["last_updated"] = written(terms.last_updated)
    return document


def _elements(terms: Terms) -> list[dict[str, Any]]:
    """Restricted elements first: of each dimension the first that matches counts."""
    parking_vat = terms.vat if terms.parking_vat is None else terms.parking_vat
    elements: list[dict[str, Any]] = []
    if terms.night_kwh is not None:
        elements.append(
            {
                "price_components": [_component("ENERGY", terms.night_kwh, terms.vat)],
                "restrictions": {"start_time": NIGHT_FROM, "end_time": NIGHT_UNTIL},
            }
        )
    if terms.blocking_hour:
        elements.append(
            {
                "price_components": [
                    _component("TIME", terms.blocking_hour, terms.vat),
                    _component("PARKING_TIME", terms.blocking_hour, parking_vat),
                ],
                "restrictions": {"min_duration": terms.blocking_after},
            }
        )
    always = []
    if terms.start_fee or terms.is_free:
        always.append(_component("FLAT", terms.start_fee, terms.vat))
    if terms.kwh:
        always.append(_component("ENERGY", terms.kwh, terms.vat))
    if terms.hour:
        always.append(_component("TIME", terms.hour, terms.vat, terms.hour_step))
    if terms.parking_hour:
        always.append(_component("PARKING_TIME", terms.parking_hour, parking_vat))
    return [*elements, {"price_components": always}]


def _component(dimension: str, price: Decimal, vat: Decimal, step_size: int = 1) -> dict[str, Any]:
    return {"type": dimension, "price": price, "vat": vat, "step_size": step_size}
