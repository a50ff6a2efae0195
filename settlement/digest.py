"""Digests of content: when two documents mean the same for money.

Rule: only what counts for billing, in one canonical spelling: 1.0 = 1.00 = 1, times in UTC, ids
without case. `last_updated`, remarks, unknown fields and the OCPI version do not count.
A change of what a digest covers is a new rules version.
"""

import hashlib
from collections.abc import Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import msgspec

from settlement.cdr import Cdr, ChargingPeriod
from settlement.location import Location
from settlement.party import PartyId
from settlement.tariff import Price, PriceComponent, Restrictions, Tariff, TariffElement

_encode = msgspec.json.Encoder().encode
_MOST_REMEMBERED = 1024
_remembered: dict[int, tuple[Tariff, str]] = {}


def cdr_digest(cdr: Cdr) -> str:
    """Give the digest by which copies of one CDR are compared."""
    token, location = cdr.cdr_token, cdr.cdr_location
    return _digest(
        [
            _party(cdr.cpo),
            _id(cdr.id),
            _id(cdr.session_id),
            cdr.start_date_time,
            cdr.end_date_time,
            cdr.currency,
            token and [_party(token.party), _id(token.uid), token.type, _id(token.contract_id)],
            location
            and [
                _id(location.id),
                _id(location.evse_uid),
                _id(location.evse_id),
                _id(location.connector_id),
                location.country,
                location.time_zone,
                [_id(tariff_id) for tariff_id in location.connector_tariff_ids],
            ],
            [_period(period) for period in cdr.charging_periods],
            _price(cdr.total_cost),
            _price(cdr.total_fixed_cost),
            _price(cdr.total_energy_cost),
            _price(cdr.total_time_cost),
            _price(cdr.total_parking_cost),
            _price(cdr.total_reservation_cost),
            _number(cdr.total_energy),
            _number(cdr.total_time),
            _number(cdr.total_parking_time),
            cdr.credit,
            _id(cdr.credit_reference_id),
            cdr.home_charging_compensation,
            sorted([f"{_id(tariff.id)} {tariff_digest(tariff)}" for tariff in cdr.tariffs]),
        ]
    )


def tariff_digest(tariff: Tariff) -> str:
    """Give the digest of what a tariff can charge: equal digests price every CDR alike.

    Whose it is and under which id does not count, so that an embedded copy equals the published.
    """
    remembered = _remembered.get(id(tariff))
    if remembered is not None and remembered[0] is tariff:
        return remembered[1]
    digest = _digest(
        [
            tariff.currency,
            tariff.type,
            [_element(element) for element in tariff.elements],
            _price(tariff.min_price),
            _price(tariff.max_price),
            tariff.tax_included,
            tariff.start_date_time,
            tariff.end_date_time,
        ]
    )
    if len(_remembered) >= _MOST_REMEMBERED:
        _remembered.clear()
    _remembered[id(tariff)] = (tariff, digest)
    return digest


def location_digest(location: Location) -> str:
    """Give the digest of what a location can change about a price or a check.

    The country counts only where it has to stand in for a time zone.
    """
    evses = [
        [
            _id(evse.uid),
            _id(evse.evse_id),
            sorted(
                [_id(connector.id) or "", *[_id(name) or "" for name in connector.tariff_ids]]
                for connector in evse.connectors
            ),
        ]
        for evse in location.evses
    ]
    zone = location.time_zone
    return _digest([zone, None if zone else location.country, sorted(evses, key=_encode)])


def _digest(content: list[Any]) -> str:
    return hashlib.sha256(_encode(content)).hexdigest()[:32]


def _party(party: PartyId | None) -> str | None:
    return None if party is None else f"{party.country_code}*{party.party_id}"


def _id(identifier: str | None) -> str | None:
    return None if identifier is None else identifier.upper()


def _number(number: Decimal | None) -> str | None:
    """Spell a number in the one way that its value has."""
    if number is None:
        return None
    text = str(number)
    if text[-1] != "0" and "E" not in text:
        return text  # nearly all are spelled so
    if "E" in text:
        text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _price(price: Price | None) -> list[str | None] | None:
    return None if price is None else [_number(price.before_taxes), _number(price.after_taxes)]


def _period(period: ChargingPeriod) -> list[Any]:
    volumes = [f"{item.type} {_number(item.volume)}" for item in period.dimensions]
    volumes.sort()
    return [period.start_date_time, _id(period.tariff_id), volumes]


def _element(element: TariffElement) -> list[Any]:
    return [
        [_component(component) for component in element.price_components],
        _restrictions(element.restrictions),
    ]


def _component(component: PriceComponent) -> list[Any]:
    return [
        component.type,
        _number(component.price),
        _number(component.vat),
        component.step_size,
    ]


def _restrictions(restrictions: Restrictions | None) -> list[Any] | None:
    """Give what restricts; a restriction without content is none."""
    if restrictions is None:
        return None
    values: Sequence[Any] = msgspec.structs.astuple(restrictions)
    spelled = [_restriction(value) for value in values]
    return spelled if any(value is not None for value in spelled) else None


def _restriction(
    value: Decimal | int | str | time | date | datetime | tuple[int, ...] | None,
) -> Any:
    if isinstance(value, Decimal):
        return _number(value)
    return value or None if isinstance(value, tuple) else value
