"""Makes random sessions with random tariffs, the same ones for the same seed.

Rule: plain OCPI documents of 2.1.1, 2.2.1 and 2.3.0; everything comes from the seed; nothing of
settlement, streams or ingest is imported.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from tests.naive.oddities import ODDITIES
from tests.naive.tariffs import Json, a_tariff, number

ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "America/Santiago",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Beirut",
    "Antarctica/Troll",
    "UTC",
)
VERSIONS = ("2.2.1",) * 5 + ("2.3.0",) * 5 + ("2.1.1",) * 2
_encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True)
class World:
    """One CDR with its tariffs inside, its OCPI version and the zone of its location."""

    seed: int
    version: str
    zone: str
    document: bytes


def a_world(seed: int) -> World:
    """Make the world of a seed."""
    chance = Random(seed)
    version = chance.choice(VERSIONS)
    zone = chance.choice(ZONES)
    start = _start(chance, zone)
    alone = chance.random() < 0.08 and version != "2.1.1"  # a reservation that nobody used
    reserved = alone or (chance.random() < 0.2 and version != "2.1.1")
    stretch = timedelta(seconds=chance.randrange(720, 6 * 3600))
    end = start + stretch
    is_rateless = version == "2.3.0" and chance.random() < 0.15  # as in North America
    tariffs = [
        a_tariff(
            chance,
            version=version,
            name=name,
            start=start.astimezone(ZoneInfo(zone)),
            seconds=int(stretch.total_seconds()),
            has_reservations=reserved or chance.random() < 0.1,
            is_rateless=is_rateless,
        )
        for name in "ABC"[: chance.choice((1, 1, 1, 2, 3))]
    ]
    cuts = _cuts(chance, start, end, zone, tariffs)
    share = 1.0 if alone else chance.uniform(0.1, 0.5) if reserved else 0.0
    periods = _periods(chance, version, cuts, share, tariffs)
    cdr = _cdr(chance, version, start, end, tariffs, periods, alone=alone)
    cdr["id"] = f"W-{seed}"
    _name_tariffs(chance, version, cdr, start)
    if chance.random() < 0.3:
        chance.choice(ODDITIES)(chance, cdr, version)
    return World(seed, version, zone, _encoder.encode(cdr))


@cache
def _clock_changes(zone: str) -> tuple[datetime, ...]:
    """List the hours of 2024 at whose end the zone's clock has jumped."""
    hours = (datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=n) for n in range(366 * 24))
    place = ZoneInfo(zone)
    return tuple(
        hour
        for hour in hours
        if hour.astimezone(place).utcoffset()
        != (hour + timedelta(hours=1)).astimezone(place).utcoffset()
    )


def _start(chance: Random, zone: str) -> datetime:
    changes = _clock_changes(zone)
    if changes and chance.random() < 0.3:
        hour = chance.choice(changes) - timedelta(hours=chance.randrange(5))
    else:
        hour = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=chance.randrange(365 * 24))
    second = chance.choice((0, 900, 1800, chance.randrange(3600)))
    millis = chance.randrange(1000) if chance.random() < 0.03 else 0
    return hour + timedelta(seconds=second, milliseconds=millis)


def _cuts(
    chance: Random, start: datetime, end: datetime, zone: str, tariffs: list[Json]
) -> list[datetime]:
    """Choose where periods begin: at bounds of the tariffs, beside them, or anywhere."""
    seconds = int((end - start).total_seconds())
    at = {chance.randrange(1, seconds) for _ in range(chance.choice((0, 0, 1, 2, 3, 5)))}
    for bound in _bounds(start, end, zone, tariffs):
        if chance.random() < 0.6:
            at.add(bound + chance.choice((0, 0, 0, 0, -1, 1)))
    inside = sorted(second for second in at if 0 < second < seconds)
    if len(inside) > 8:
        inside = sorted(chance.sample(inside, 8))
    first = start
    if chance.random() < 0.05 and inside:
        first = start + timedelta(seconds=min(30, inside[0] - 1))
    cuts = [first, *(start + timedelta(seconds=second) for second in inside), end]
    if chance.random() < 0.02:
        cuts.insert(1, cuts[1])  # a period of no length
    return cuts


def _bounds(start: datetime, end: datetime, zone: str, tariffs: list[Json]) -> set[int]:
    rules = [e.get("restrictions") or {} for tariff in tariffs for e in tariff["elements"]]
    found = {
        rule[name]
        for rule in rules
        for name in ("min_duration", "max_duration")
        if rule.get(name) is not None
    }
    clocks = {rule[name] for rule in rules for name in ("start_time", "end_time") if rule.get(name)}
    clocks |= {"00:00"} if any("day_of_week" in r or "start_date" in r for r in rules) else set()
    place = ZoneInfo(zone)
    for clock in clocks:
        hour, minute = map(int, clock.split(":"))
        for days in range(-1, 3):
            local = start.astimezone(place) + timedelta(days=days)
            moment = local.replace(hour=hour, minute=minute, second=0, microsecond=0)
            found.add(int((moment.astimezone(UTC) - start).total_seconds()))
    return {int(second) for second in found if 0 < second < (end - start).total_seconds()}


def _hours(chance: Random, seconds: float) -> Decimal:
    mode = chance.choice((ROUND_HALF_UP,) * 3 + (ROUND_FLOOR, ROUND_CEILING))
    places = chance.choice(("0.0001",) * 8 + ("0.001", "0.01", "0.000001"))
    return (Decimal(str(seconds)) / 3600).quantize(Decimal(places), mode)


def _periods(
    chance: Random, version: str, cuts: list[datetime], reserved: float, tariffs: list[Json]
) -> list[Json]:
    count = len(cuts) - 1
    ahead = count if reserved == 1 else max(1, int(count * reserved)) if reserved else 0
    ahead = ahead if reserved == 1 else min(ahead, count - 1)
    bounds = _kwh_bounds(tariffs)
    kwh = Decimal(0)
    periods = []
    for n, (begin, until) in enumerate(pairwise(cuts)):
        length = (until - begin).total_seconds()
        dimensions: list[Json] = (
            [{"type": "RESERVATION_TIME", "volume": _hours(chance, length)}]
            if n < ahead
            else _session_dimensions(chance, length, kwh, bounds)
        )
        kwh += sum((d["volume"] for d in dimensions if d["type"] == "ENERGY"), Decimal(0))
        dimensions += _readings(chance, version)
        periods.append({"start_date_time": _written(begin), "dimensions": dimensions})
    return periods


def _kwh_bounds(tariffs: list[Json]) -> list[Decimal]:
    rules = [e.get("restrictions") or {} for tariff in tariffs for e in tariff["elements"]]
    return [rule[name] for rule in rules for name in ("min_kwh", "max_kwh") if rule.get(name)]


def _session_dimensions(
    chance: Random, length: float, kwh: Decimal, bounds: list[Decimal]
) -> list[Json]:
    dimensions: list[Json] = []
    parked = chance.choice((0.0,) * 6 + (1.0,) * 3 + (0.4,))
    if chance.random() < 0.03:
        length *= chance.choice((0.5, 60, 3600, 0))
    if parked < 1 and chance.random() < 0.85:
        dimensions.append({"type": "TIME", "volume": _hours(chance, length * (1 - parked))})
    if parked or chance.random() < 0.1:
        dimensions.append({"type": "PARKING_TIME", "volume": _hours(chance, length * parked)})
    if parked < 1 or chance.random() < 0.2 or not dimensions:
        dimensions.append({"type": "ENERGY", "volume": _energy(chance, kwh, bounds)})
    if chance.random() < 0.01:
        dimensions[0] = dimensions[0] | {"volume": -dimensions[0]["volume"]}
    if chance.random() < 0.02:
        other = chance.choice(("POWER", "ENERGY_IMPORT", "STATE_OF_CHARGE", "CURRENT"))
        dimensions.append({"type": other, "volume": number(chance, 0, 50, places=1)})
    chance.shuffle(dimensions)
    return dimensions


def _energy(chance: Random, kwh: Decimal, bounds: list[Decimal]) -> Decimal:
    luck = chance.random()
    if luck < 0.04:
        return -number(chance, 0, 5, places=chance.choice((0, 1, 3)))
    if luck < 0.08:
        return Decimal(0)
    ahead = [bound - kwh for bound in bounds if bound > kwh]
    if ahead and luck < 0.4:
        return chance.choice(ahead)
    return number(chance, 0, 15, places=chance.choice((0, 1, 2, 3, 3, 4, 5)))


def _readings(chance: Random, version: str) -> list[Json]:
    found = []
    for kind, top in (("CURRENT", 64), ("POWER", 50)):
        if version == "2.1.1" and kind == "POWER":
            continue
        low, high = sorted(Decimal(chance.randrange(0, top + 1, 4)) for _ in range(2))
        known = chance.random()
        if known < 0.55:
            found.append({"type": f"MIN_{kind}", "volume": low})
        if known < 0.45 or 0.55 < known < 0.65:
            found.append({"type": f"MAX_{kind}", "volume": high})
    return found


def _name_tariffs(chance: Random, version: str, cdr: Json, start: datetime) -> None:
    """Let the periods name their tariffs, mostly; or let none do so."""
    if version == "2.1.1":
        cdr["tariffs"] = cdr["tariffs"][:1]
        return
    names = [tariff["id"] for tariff in cdr["tariffs"]]
    if chance.random() < 0.12:
        if len(names) > 1 and chance.random() < 0.8:
            _bound_life(chance, cdr["tariffs"], start)
        return
    current = chance.choice(names)
    for period in cdr["charging_periods"]:
        current = chance.choice(names) if chance.random() < 0.5 else current
        period["tariff_id"] = current
        if chance.random() < 0.06:
            del period["tariff_id"]


def _bound_life(chance: Random, tariffs: list[Json], start: datetime) -> None:
    """Give tariffs lives that follow on each other around the session's start."""
    turn = start + timedelta(seconds=chance.choice((-3600, 0, 1, 3600)))
    for n, tariff in enumerate(tariffs):
        if n:
            tariff["start_date_time"] = _written(turn + timedelta(days=n - 1))
        if n < len(tariffs) - 1:
            tariff["end_date_time"] = _written(turn + timedelta(days=n))


def _written(moment: datetime) -> str:
    text = moment.replace(tzinfo=None).isoformat(timespec="auto")
    return (text[:-3] if "." in text else text) + "Z"


def _cdr(
    chance: Random,
    version: str,
    start: datetime,
    end: datetime,
    tariffs: list[Json],
    periods: list[Json],
    *,
    alone: bool,
) -> Json:
    totals = {
        kind: sum(
            (d["volume"] for p in periods for d in p["dimensions"] if d["type"] == kind),
            Decimal(0),
        )
        for kind in ("ENERGY", "TIME", "PARKING_TIME")
    }
    cdr: Json = {
        "start_date_time": _written(start),
        "auth_method": "WHITELIST",
        "currency": "EUR",
        "tariffs": tariffs,
        "charging_periods": periods,
        "total_energy": totals["ENERGY"],
        "total_time": totals["TIME"] + totals["PARKING_TIME"],
        "total_parking_time": totals["PARKING_TIME"],
        "last_updated": _written(end),
    }
    if version == "2.1.1":
        return cdr | {
            "stop_date_time": _written(end),
            "auth_id": "NL-TNM-1",
            "location": _place_211(),
            "total_cost": Decimal(1),
        }
    evse = "#NA" if alone and chance.random() < 0.5 else "EVSE-1"
    cdr |= {
        "country_code": "DE",
        "party_id": "ALL",
        "end_date_time": _written(end),
        "cdr_token": {
            "country_code": "NL",
            "party_id": "TNM",
            "uid": "1",
            "type": "RFID",
            "contract_id": "NL-TNM-1",
        },
        "cdr_location": _place(evse),
        "total_cost": _claim(chance, version),
    }
    if not alone or chance.random() < 0.5:
        cdr["session_id"] = "S-1"
    if chance.random() < 0.03 and totals["ENERGY"] >= 0:
        cdr |= {"credit": True, "credit_reference_id": "ORIGINAL"}
    return cdr


def _claim(chance: Random, version: str) -> Json:
    """Claim anything, with taxes listed or not."""
    if version == "2.2.1":
        return {"excl_vat": Decimal(1), "incl_vat": Decimal("1.2")}
    claim: Json = {"before_taxes": number(chance, 1, 10, places=2)}
    if chance.random() < 0.6:
        taxes = [number(chance, 0, 1, places=2) for _ in range(chance.choice((1, 2)))]
        claim["taxes"] = [{"name": f"TAX {n}", "amount": a} for n, a in enumerate(taxes)]
    return claim


def _place(evse: str) -> Json:
    return {
        "id": "LOC1",
        "address": "Street 1",
        "city": "City",
        "country": "DEU",
        "coordinates": {"latitude": "52.000000", "longitude": "5.000000"},
        "evse_uid": evse,
        "evse_id": evse if evse == "#NA" else "DE*ALL*E1",
        "connector_id": evse if evse == "#NA" else "1",
        "connector_standard": "IEC_62196_T2",
        "connector_format": "SOCKET",
        "connector_power_type": "AC_3_PHASE",
    }


def _place_211() -> Json:
    place: dict[str, Any] = {
        "id": "LOC1",
        "type": "ON_STREET",
        "address": "Street 1",
        "city": "City",
        "postal_code": "1000",
        "country": "DEU",
        "coordinates": {"latitude": "52.000000", "longitude": "5.000000"},
        "evses": [],
        "last_updated": "2015-06-29T21:39:09Z",
    }
    return place
