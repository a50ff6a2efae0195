"""Makes random tariffs: every restriction, odd steps, limits, tax modes.

Rule: bounds lie where the session can meet them; everything comes from the given chance.
"""

from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

Json = dict[str, Any]
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
ENERGY_STEPS = (1,) * 6 + (0, -5, 7, 10, 25, 100, 250, 500, 1000, 3333)
TIME_STEPS = (1,) * 6 + (0, -60, 7, 60, 60, 300, 600, 900, 1800, 3600)
RATES = (None, Decimal(0), Decimal(10), Decimal(20), Decimal(20), Decimal("7.7"), Decimal("5.125"))


def number(chance: Random, low: int, high: int, *, places: int) -> Decimal:
    """Give a number of so many decimals."""
    scale = 10**places
    return Decimal(chance.randrange(low * scale, high * scale + 1)).scaleb(-places)


def a_tariff(
    chance: Random,
    *,
    version: str,
    name: str,
    start: datetime,
    seconds: int,
    has_reservations: bool,
    is_rateless: bool,
) -> Json:
    """Make a tariff whose bounds lie near a session that starts at a local time."""
    one_rate = None if is_rateless else chance.choice(RATES)
    mixed = not is_rateless and chance.random() < 0.4
    elements: list[Json] = [
        {
            "price_components": _components(chance, version, one_rate, mixed=mixed),
            "restrictions": _restrictions(chance, version, start, seconds),
        }
        for _ in range(chance.choice((0, 1, 1, 2, 2, 3, 4)))
    ]
    if not elements or chance.random() < 0.6:
        elements.append({"price_components": _components(chance, version, one_rate, mixed=mixed)})
    if has_reservations:
        for _ in range(chance.choice((1, 1, 2, 3))):
            elements.insert(
                chance.randrange(len(elements) + 1),
                _reservation(chance, version, start, seconds, one_rate),
            )
    tariff: Json = {
        "id": name,
        "currency": "EUR",
        "elements": elements,
        "last_updated": "2024-01-01T00:00:00Z",
    }
    if version == "2.1.1":
        return tariff
    tariff |= {"country_code": "DE", "party_id": "ALL", **_limits(chance, version)}
    if version == "2.3.0":
        modes = ("YES",) if is_rateless else ("NO", "NO", "YES", "YES", "N/A")
        tariff["tax_included"] = chance.choice(modes)
    return tariff


def _components(chance: Random, version: str, rate: Decimal | None, *, mixed: bool) -> list[Json]:
    kinds = chance.sample(
        ("ENERGY", "TIME", "PARKING_TIME", "FLAT"), chance.choice((1, 1, 2, 3, 4))
    )
    if chance.random() < 0.02:
        kinds.append(kinds[0])
    return [
        _component(chance, version, kind, chance.choice(RATES) if mixed else rate) for kind in kinds
    ]


def _component(chance: Random, version: str, kind: str, rate: Decimal | None) -> Json:
    steps = {"ENERGY": ENERGY_STEPS, "FLAT": (1, 0)}.get(kind, TIME_STEPS)
    price = number(chance, 0, 4, places=chance.choice((1, 2, 2, 3, 5)))
    if chance.random() < 0.08:
        price = Decimal(0)
    elif chance.random() < 0.01:
        price = -price
    component: Json = {"type": kind, "price": price, "step_size": chance.choice(steps)}
    if rate is not None and version != "2.1.1":
        component["vat"] = rate
    return component


def _reservation(
    chance: Random, version: str, start: datetime, seconds: int, rate: Decimal | None
) -> Json:
    kinds = chance.choice((("TIME",), ("FLAT",), ("FLAT", "TIME")))
    rules = _restrictions(chance, version, start, seconds) if chance.random() < 0.3 else {}
    rules["reservation"] = chance.choice(("RESERVATION", "RESERVATION_EXPIRES"))
    return {
        "price_components": [_component(chance, version, kind, rate) for kind in kinds],
        "restrictions": rules,
    }


def _restrictions(chance: Random, version: str, start: datetime, seconds: int) -> Json:
    makers = [_clock, _dates, _weekdays, _kwh, _duration, _power]
    if version != "2.1.1":
        makers.append(_current)
    rules: Json = {}
    for make in chance.sample(makers, chance.choice((1, 1, 1, 2, 3))):
        rules |= make(chance, start, seconds)
    if chance.random() < 0.05:
        absent = ("start_time", "end_date", "min_kwh", "max_power", "max_duration", "day_of_week")
        rules = dict.fromkeys(absent) | rules  # some senders write every optional field
    return rules


def _clock(chance: Random, start: datetime, seconds: int) -> Json:
    def clock() -> str:
        near = start + timedelta(seconds=chance.randrange(-3600, seconds + 3600))
        minute = chance.choice((0, 0, 15, 30, near.minute))
        return chance.choice((f"{near.hour:02}:{minute:02}",) * 5 + ("00:00",))

    luck = chance.random()
    if luck < 0.15:
        return {"start_time": clock()}
    if luck < 0.3:
        return {"end_time": clock()}
    if luck < 0.37:
        return dict.fromkeys(("start_time", "end_time"), clock())
    return {"start_time": clock(), "end_time": clock()}


def _dates(chance: Random, start: datetime, _: int) -> Json:
    first = start.date() + timedelta(days=chance.choice((-1, 0, 0, 1, 1, 2)))
    until = first + timedelta(days=chance.choice((0, 1, 1, 30)))
    return chance.choice(
        (
            {"start_date": first.isoformat()},
            {"end_date": until.isoformat()},
            {"start_date": first.isoformat(), "end_date": until.isoformat()},
        )
    )


def _weekdays(chance: Random, start: datetime, _: int) -> Json:
    today = start.weekday()
    near = [DAYS[(today + n) % 7] for n in chance.choice(((0,), (1,), (0, 1), (-1,), (-1, 1)))]
    return {"day_of_week": near}


def _bounds(chance: Random, name: str, low: Decimal, high: Decimal) -> Json:
    return chance.choice(
        (
            {f"min_{name}": low},
            {f"max_{name}": high},
            {f"min_{name}": low, f"max_{name}": high},
        )
    )


def _kwh(chance: Random, _: datetime, __: int) -> Json:
    low, high = sorted(number(chance, 0, 20, places=chance.choice((0, 1, 2))) for _ in range(2))
    return _bounds(chance, "kwh", low, high)


def _duration(chance: Random, _: datetime, seconds: int) -> Json:
    low, high = sorted(chance.choice((0, 1800, 3600, chance.randrange(seconds))) for _ in range(2))
    return {k: int(v) for k, v in _bounds(chance, "duration", Decimal(low), Decimal(high)).items()}


def _power(chance: Random, _: datetime, __: int) -> Json:
    low, high = sorted(Decimal(chance.randrange(0, 51, 4)) for _ in range(2))
    return _bounds(chance, "power", low, high)


def _current(chance: Random, _: datetime, __: int) -> Json:
    low, high = sorted(Decimal(chance.randrange(0, 65, 4)) for _ in range(2))
    return _bounds(chance, "current", low, high)


def _limits(chance: Random, version: str) -> Json:
    names = ("excl_vat", "incl_vat") if version == "2.2.1" else ("before_taxes", "after_taxes")
    low = number(chance, 0, 5, places=1)
    limits = {}
    for name, amount in (("min_price", low), ("max_price", low + number(chance, 0, 30, places=1))):
        if chance.random() < 0.25:
            after = amount * chance.choice((1, Decimal("1.1"), Decimal("1.2")))
            limits[name] = {names[0]: amount}
            if chance.random() < 0.5:
                limits[name][names[1]] = after
                if chance.random() < 0.1:
                    del limits[name][names[0]]
    return limits
