"""A CDR as its document says it.

Rule: plain JSON in, of OCPI 2.1.1, 2.2.1 or 2.3.0; read, never judged. Ids are upper case:
OCPI's ids do not tell case.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from settlement.verify.digest import content_digest
from settlement.verify.moment import is_plain_time, read_time
from settlement.verify.number import add, read_number, text_of
from settlement.verify.tariff import Tariff, price_sides, read_tariff

# Column of a row -> OCPI's name.
PARTS = {
    "fixed": "total_fixed_cost",
    "energy": "total_energy_cost",
    "time": "total_time_cost",
    "parking": "total_parking_cost",
    "reservation": "total_reservation_cost",
}
_PRICES = ("total_cost", *PARTS.values())
MOST_TARIFFS = 1_000
_tariffs: dict[tuple[str, str], Tariff | None] = {}
_NUMBERS = ("total_energy", "total_time", "total_parking_time")


def _no_number(text: str) -> None:
    raise ValueError(text)


_JSON = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number)


class Unreadable(ValueError):  # noqa: N818 - the partner's document, not an error of ours
    """The bytes are no JSON object."""


def read_json(value: bytes) -> dict[str, Any]:
    """Read a JSON object with exact numbers; raises Unreadable."""
    try:
        body = _JSON.decode(value.decode())
    except (ValueError, RecursionError, ArithmeticError) as error:
        raise Unreadable(str(error)) from error
    if not isinstance(body, dict):
        raise Unreadable("not an object")
    return body


@dataclass(frozen=True, slots=True)
class Period:
    """A charging period: its volumes by dimension, summed."""

    start: datetime | None
    tariff_id: str | None
    volumes: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class CdrDocument:
    """What a CDR document says, as far as it can be checked."""

    body: dict[str, Any]
    currency: str
    start: datetime | None
    end: datetime | None
    energy: Decimal | None
    time: Decimal | None
    parking: Decimal | None
    before: Decimal | None
    after: Decimal | None
    parts: Mapping[str, Decimal | None]
    is_credit: bool
    periods: tuple[Period, ...]
    tariffs: tuple[tuple[str, Tariff], ...]  # embedded ones, by id
    is_odd: bool  # something that counts is not written in OCPI's own form

    def tariff(self, tariff_id: str) -> Tariff | None:
        """Give the embedded copy of a tariff."""
        return next((tariff for name, tariff in self.tariffs if name == tariff_id), None)

    @property
    def place(self) -> dict[str, Any]:
        """Give the location as the CDR embeds it."""
        place = self.body.get("cdr_location") or self.body.get("location")
        return place if isinstance(place, dict) else {}


def read_cdr(value: bytes) -> CdrDocument:
    """Read a CDR document; raises Unreadable."""
    body = read_json(value)
    currency = _text(body.get("currency")) or ""
    before, after = price_sides(body.get("total_cost"))
    told = body.get("tariffs")
    told = [told] if isinstance(told, dict) else told
    tariffs = []
    for one in told if isinstance(told, list) else ():
        tariff = _embedded(one, currency)
        if tariff is not None and _text(one.get("id")):
            tariffs.append((folded(one["id"]), tariff))
    return CdrDocument(
        body=body,
        currency=currency.upper(),
        start=read_time(body.get("start_date_time")),
        end=read_time(body.get("end_date_time", body.get("stop_date_time"))),
        energy=read_number(body.get("total_energy")),
        time=read_number(body.get("total_time")),
        parking=read_number(body.get("total_parking_time")),
        before=before,
        after=after,
        parts={part: price_sides(body.get(name))[0] for part, name in PARTS.items()},
        is_credit=_flag(body.get("credit")),
        periods=_periods(body.get("charging_periods")),
        tariffs=tuple(tariffs),
        is_odd=_is_odd(body, len(tariffs)) or any(tariff.is_odd for _, tariff in tariffs),
    )


def _embedded(told: Any, currency: str) -> Tariff | None:
    """Read an embedded tariff; the same one stands in very many CDRs."""
    key = (repr(told), currency)
    if key not in _tariffs:
        if len(_tariffs) >= MOST_TARIFFS:
            _tariffs.clear()
        _tariffs[key] = read_tariff(told, currency=currency)
    return _tariffs[key]


def folded(identifier: Any) -> str:
    """Give the form in which ids are compared."""
    return str(identifier).upper()


def billed_content(document: CdrDocument) -> str:
    """Give our own digest of what is billed: two documents with one digest are one CDR."""
    body = document.body
    token = body.get("cdr_token")
    token = token if isinstance(token, dict) else {}
    names = ("country_code", "party_id", "id", "session_id", "credit_reference_id")
    place = ("id", "evse_uid", "evse_id", "connector_id", "country", "time_zone")
    periods = body.get("charging_periods")
    return content_digest(
        [
            [_id(body.get(name)) for name in names],
            [_id(token.get(name)) for name in ("country_code", "party_id", "uid", "contract_id")],
            _id(token.get("type")),
            [_id(document.place.get(name)) for name in place],
            [str(document.start), str(document.end), document.currency],
            [_period(one) for one in periods] if isinstance(periods, list) else None,
            [[text_of(side) for side in price_sides(body.get(name))] for name in _PRICES],
            [text_of(read_number(body.get(name))) for name in _NUMBERS],
            document.is_credit,
            _flag(body.get("home_charging_compensation")),
            sorted(f"{name} {tariff.digest}" for name, tariff in document.tariffs),
        ]
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _id(value: Any) -> str | None:
    return None if value is None or value == "" else str(value).upper()


def _flag(value: Any) -> bool:
    return str(value).lower() in {"true", "1"}


def _periods(told: Any) -> tuple[Period, ...]:
    periods = []
    start = None
    told = [told] if isinstance(told, dict) else told
    for one in told if isinstance(told, list) else ():
        if not isinstance(one, dict):
            continue
        volumes: dict[str, Decimal] = {}
        dimensions = one.get("dimensions")
        for dimension in dimensions if isinstance(dimensions, list) else ():
            volume = read_number(dimension.get("volume")) if isinstance(dimension, dict) else None
            if volume is not None:
                kind = folded(dimension.get("type"))
                volumes[kind] = add(volumes[kind], volume) if kind in volumes else volume
        start = read_time(one.get("start_date_time")) or start
        tariff_id = _id(one.get("tariff_id"))
        periods.append(Period(start=start, tariff_id=tariff_id, volumes=volumes))
    return tuple(periods)


def _period(one: Any) -> list[Any]:
    (period,) = _periods([one]) or (Period(None, None, {}),)
    dimensions = one.get("dimensions") if isinstance(one, dict) else None
    volumes = sorted(
        f"{folded(each.get('type'))} {text_of(read_number(each.get('volume')))}"
        for each in (dimensions if isinstance(dimensions, list) else ())
        if isinstance(each, dict)
    )
    return [str(period.start), period.tariff_id, volumes]


def _is_odd(body: dict[str, Any], readable_tariffs: int) -> bool:
    """Tell whether something that counts is written in another form than OCPI's."""
    periods, tariffs = body.get("charging_periods"), body.get("tariffs") or ()
    if not isinstance(periods, list) or not isinstance(tariffs, list | tuple):
        return True
    if readable_tariffs != len(tariffs):
        return True
    for name in (
        "start_date_time",
        "end_date_time" if "end_date_time" in body else "stop_date_time",
    ):
        if not is_plain_time(body.get(name)):
            return True
    for name in _NUMBERS:
        if isinstance(body.get(name), str):
            return True
    for name in _PRICES:
        price = body.get(name)
        if isinstance(price, dict):
            for side in price.values():
                if isinstance(side, str | list):
                    return True
        elif price is not None and not isinstance(price, Decimal | int):
            return True
    for period in periods:
        for dimension in period.get("dimensions") or () if isinstance(period, dict) else ():
            if isinstance(dimension, dict) and isinstance(dimension.get("volume"), str):
                return True
    return False
