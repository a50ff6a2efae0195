"""A CDR as its document says it.

Rule: plain JSON in, of OCPI 2.1.1, 2.2.1 or 2.3.0; read, never judged. Ids are upper case:
OCPI's ids do not tell case.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from settlement.verify.digest import content_digest
from settlement.verify.number import add, text_of
from settlement.verify.tariff import FIRST_VERSION, Tariff, read_tariff
from settlement.verify.value import Object, Reading, Sides

# Column of a row -> OCPI's name.
PARTS = {
    "fixed": "total_fixed_cost",
    "energy": "total_energy_cost",
    "time": "total_time_cost",
    "parking": "total_parking_cost",
    "reservation": "total_reservation_cost",
}
MOST_TARIFFS = 1_000
_tariffs: dict[tuple[str, str, str], Tariff | None] = {}
_NOTHING: Sides = (None, None)


def _no_number(text: str) -> None:
    raise ValueError(text)


_JSON = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number)
_HALF = re.compile(r"[\ud800-\udfff]")  # of a surrogate pair; `json` joins whole ones


class Unreadable(ValueError):  # noqa: N818 - the partner's document, not an error of ours
    """The bytes are no JSON object."""


def read_json(value: bytes) -> dict[str, Any]:
    """Read a JSON object with exact numbers; raises Unreadable.

    Half a surrogate pair, as a text cut in the middle of an emoji leaves it, is read as U+FFFD.
    """
    try:
        body = _JSON.decode(value.decode())
        if b"\\ud" in value or b"\\uD" in value:
            body = _with_whole_characters(body)
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise Unreadable(str(error)) from error
    if not isinstance(body, dict):
        raise Unreadable("not an object")
    return body


def _with_whole_characters(value: Any) -> Any:
    if isinstance(value, str):
        return _HALF.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, list):
        return [_with_whole_characters(one) for one in value]
    if isinstance(value, dict):
        return {
            _with_whole_characters(name): _with_whole_characters(one) for name, one in value.items()
        }
    return value


class Body(NamedTuple):
    """A CDR document as it lies in the inbox, with what the gateway resolved."""

    value: bytes
    version: str  # of OCPI
    emsp: str
    object_id: str


@dataclass(frozen=True, slots=True)
class Period:
    """A charging period: its volumes by dimension, summed, and as told."""

    start: datetime | None
    tariff_id: str | None
    volumes: Mapping[str, Decimal]
    told: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where it was charged, as the CDR embeds it."""

    id: str
    evse_uid: str
    connector_id: str
    country: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class CdrDocument:
    """What a CDR document says, as far as it can be checked."""

    currency: str
    start: datetime | None
    end: datetime | None
    energy: Decimal | None
    time: Decimal | None
    parking: Decimal | None
    cost: Sides
    parts: Mapping[str, Sides]
    is_credit: bool
    place: Place
    periods: tuple[Period, ...]
    tariffs: tuple[tuple[str, Tariff], ...]  # embedded ones, by id
    content: str  # our own digest of what is billed: equal ones are one copy
    is_odd: bool  # something that counts is not written in OCPI's own form

    @property
    def claimed(self) -> Decimal | None:
        """Give the claim before taxes."""
        return self.cost[0]

    def tariff(self, tariff_id: str) -> Tariff | None:
        """Give the embedded copy of a tariff."""
        return next((tariff for name, tariff in self.tariffs if name == tariff_id), None)


def read_cdr(value: bytes, *, version: str) -> CdrDocument:
    """Read a CDR document of this OCPI version; raises Unreadable."""
    body, reading = read_json(value), Reading()
    is_first = version == FIRST_VERSION
    currency = reading.currency(body.get("currency"))
    start = reading.time(body.get("start_date_time"))
    end = reading.time(body.get("stop_date_time" if is_first else "end_date_time"))
    numbers = [reading.number(body.get(name)) for name in _NUMBERS]
    cost = reading.price(body.get("total_cost"))
    parts = {
        part: _NOTHING if is_first else reading.price(body.get(name))
        for part, name in PARTS.items()
    }
    flags = [
        not is_first and reading.flag(body.get(name))
        for name in ("credit", "home_charging_compensation")
    ]
    place, where = _place(body, reading, is_first=is_first)
    periods = _periods(body.get("charging_periods"), start, reading, is_first=is_first)
    tariffs = _embedded(body.get("tariffs"), reading, version=version, currency=currency)
    content = content_digest(
        [
            _parties(body, reading, is_first=is_first),
            where,
            [str(start), str(end), currency],
            [[str(one.start), one.tariff_id, one.told] for one in periods],
            [[text_of(side) for side in price] for price in (cost, *parts.values())],
            [text_of(number) for number in numbers],
            flags,
            sorted(f"{name} {tariff.digest}" for name, tariff in tariffs),
        ]
    )
    return CdrDocument(
        currency=currency,
        start=start,
        end=end,
        energy=numbers[0],
        time=numbers[1],
        parking=numbers[2],
        cost=cost,
        parts=parts,
        is_credit=flags[0],
        place=place,
        periods=periods,
        tariffs=tariffs,
        content=content,
        is_odd=reading.is_odd or any(tariff.is_odd for _, tariff in tariffs),
    )


_NUMBERS = ("total_energy", "total_time", "total_parking_time")


def folded(identifier: Any) -> str:
    """Give the form in which ids are compared."""
    return str(identifier).upper()


def _parties(body: Object, reading: Reading, *, is_first: bool) -> list[str | None]:
    if is_first:
        return [reading.identifier(body.get(name)) for name in ("id", "auth_id")]
    names = ("country_code", "party_id", "id", "session_id", "credit_reference_id")
    token = reading.object(body.get("cdr_token"))
    of_token = ("country_code", "party_id", "uid", "contract_id")
    return [
        *(reading.identifier(body.get(name)) for name in names),
        *(reading.identifier(token.get(name)) for name in of_token),
        reading.code(token.get("type")),
    ]


def _place(body: Object, reading: Reading, *, is_first: bool) -> tuple[Place, list[Any]]:
    """Give the place, and what of it tells copies apart."""
    told = reading.object(body.get("location" if is_first else "cdr_location"))
    country = reading.currency(told.get("country"))
    reading.is_odd |= len(country) == len("NL")  # in place of three letters
    uid, connector_id, evse_id = (
        told.get(name) for name in ("evse_uid", "connector_id", "evse_id")
    )
    zone: Any = ""
    tariff_ids: list[str | None] = []
    if is_first:  # the whole location, of which one EVSE and connector are left
        evses = reading.objects(told.get("evses"))
        connectors = [one for each in evses for one in reading.objects(each.get("connectors"))]
        evse = evses[0] if len(evses) == 1 else {}
        uid, evse_id = evse.get("uid"), evse.get("evse_id")
        connector_id = connectors[0].get("id") if len(connectors) == 1 else None
        tariff_ids = [reading.identifier(one.get("tariff_id")) for one in connectors]
        zone = told.get("time_zone") or ""
        reading.is_odd |= not isinstance(zone, str)
    ids = [reading.identifier(one) for one in (told.get("id"), uid, connector_id, evse_id)]
    place = Place(ids[0] or "", ids[1] or "", ids[2] or "", country, str(zone))
    return place, [*ids, country, str(zone), tariff_ids]


def _periods(
    charged: Any, start: datetime | None, reading: Reading, *, is_first: bool
) -> tuple[Period, ...]:
    periods = []
    for one in reading.objects(charged):
        volumes: dict[str, Decimal] = {}
        said = []
        for dimension in reading.objects(one.get("dimensions")):
            kind = reading.code(dimension.get("type"))
            volume = reading.number(dimension.get("volume"))
            if kind is None or volume is None:
                reading.is_odd = True
                continue
            said.append(f"{kind} {text_of(volume)}")
            volumes[kind] = add(volumes[kind], volume) if kind in volumes else volume
        start = reading.time(one.get("start_date_time")) or start
        tariff_id = None if is_first else reading.identifier(one.get("tariff_id"))
        periods.append(Period(start, tariff_id, volumes, tuple(sorted(said))))
    return tuple(periods)


def _embedded(
    told: Any, reading: Reading, *, version: str, currency: str
) -> tuple[tuple[str, Tariff], ...]:
    """Read the embedded tariffs; the same one stands in very many CDRs."""
    tariffs = []
    for one in reading.objects(told):
        key = (repr(one), version, currency)
        if key not in _tariffs:
            if len(_tariffs) >= MOST_TARIFFS:
                _tariffs.clear()
            _tariffs[key] = read_tariff(one, version=version, currency=currency)
        tariff, name = _tariffs[key], reading.identifier(one.get("id"))
        if tariff is None or name is None:
            reading.is_odd = True
        else:
            tariffs.append((name, tariff))
    return tuple(tariffs)
