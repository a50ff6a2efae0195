"""A second pricing of OCPI, as naive as can be: what the engine's answers are checked against.

It was written from the notes on the specification and the table Interpretation of
`settlement/README.md` alone, for the default profile. It walks the session: each second and each
Wh goes to the component that is active, steps are filled up one by one, then all is added up.

Rule: slow and plain; fractions only; nothing of settlement, streams or ingest is imported.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.naive.limits import clamped
from tests.naive.moment import Moment, holds
from tests.naive.reading import (
    MEASURED,
    Json,
    claimed_share_before_taxes,
    exact,
    instant,
    periods_of,
    read,
    with_usual_signs,
)

Amount = tuple[Fraction | None, Fraction | None]  # before and after taxes
NOTHING: Amount = (Fraction(0), Fraction(0))
NOISE_WH = Fraction(5, 100)

# What a dimension is charged as, and where its cost is shown.
COMPONENT = {"ENERGY": "ENERGY", "TIME": "TIME", "PARKING_TIME": "PARKING_TIME"}
COMPONENT |= {"RESERVATION_TIME": "TIME"}
SHOWN_AS = {
    "ENERGY": "total_energy_cost",
    "TIME": "total_time_cost",
    "PARKING_TIME": "total_parking_cost",
    "RESERVATION_TIME": "total_reservation_cost",
    "FLAT": "total_fixed_cost",
    "RESERVATION_FLAT": "total_reservation_cost",
}


class NoPriceError(Exception):
    """The CDR cannot be priced; the text says why in one word."""


@dataclass
class Stretch:
    """A quantity of one dimension under one component: Wh, seconds, or 1 for FLAT."""

    kind: str
    tariff: Json
    component: Json
    quantity: Fraction


@dataclass
class Answer:
    """What the session costs, exactly."""

    total_cost: Amount
    parts: dict[str, Amount]
    stretches: list[Stretch] = field(default_factory=list)


def price(document: bytes, version: str, zone: str) -> Answer:
    """Price a CDR with the tariffs inside it; NoPriceError where that cannot be done."""
    cdr = with_usual_signs(read(document))
    periods = periods_of(cdr, version)
    tariffs = _tariffs_by_period(cdr, periods)
    stretches = _fees_once(list(_walk(cdr, version, zone, periods, tariffs)))
    _fill_steps(stretches)

    costs = [_cost(stretch, version) for stretch in stretches]
    costs = _split_as_claimed(costs, claimed_share_before_taxes(cdr, version))
    parts: dict[str, Amount] = {}
    by_tariff: list[tuple[Json, Amount]] = []
    for tariff in tariffs:
        if tariff is not None and not any(tariff is known for known, _ in by_tariff):
            by_tariff.append((tariff, NOTHING))
    for stretch, cost in zip(stretches, costs, strict=True):
        name = SHOWN_AS[stretch.kind]
        parts[name] = _plus(parts.get(name, NOTHING), cost)
        by_tariff = [(t, _plus(a, cost) if t is stretch.tariff else a) for t, a in by_tariff]
    parts = {name: part if part[1] else NOTHING for name, part in parts.items()}
    total = NOTHING
    for tariff, amount in by_tariff:
        total = _plus(total, clamped(amount, tariff, version))
    if cdr.get("credit"):
        total = (_negative(total[0]), _negative(total[1]))
    return Answer(total, parts, stretches)


def _tariffs_by_period(cdr: Json, periods: list[Json]) -> list[Json | None]:
    embedded: list[Json] = []
    for tariff in cdr.get("tariffs") or []:
        if not any(_content(tariff) == _content(known) for known in embedded):
            embedded.append(tariff)
    ids = [tariff["id"].upper() for tariff in embedded]
    if len(set(ids)) < len(ids):
        raise NoPriceError("ambiguous")  # one id with two contents
    named = [period["tariff_id"] for period in periods]
    if not any(named):
        return [_only(embedded, cdr)] * len(periods)
    chosen: list[Json | None] = []
    for name in named:
        same = [t for t in embedded if name is not None and t["id"].upper() == name.upper()]
        if name is not None and not same:
            raise NoPriceError("missing")
        chosen.append(same[0] if same else None)
    for choice in chosen:
        if choice is not None and choice["currency"] != cdr["currency"]:
            raise NoPriceError("currency")
    return chosen


def _content(tariff: Json) -> Json:
    """Leave out of a tariff what no price depends on, and the case of its id."""
    texts = ("tariff_alt_text", "tariff_alt_url", "energy_mix", "last_updated", "type")
    content = {name: value for name, value in tariff.items() if name not in texts}
    return content | {"id": tariff["id"].upper()}


def _only(embedded: list[Json], cdr: Json) -> Json:
    if not embedded:
        raise NoPriceError("missing")
    start = instant(cdr["start_date_time"])
    valid = embedded
    if len(embedded) > 1:
        valid = [
            t
            for t in embedded
            if (not t.get("start_date_time") or instant(t["start_date_time"]) <= start)
            and (not t.get("end_date_time") or start < instant(t["end_date_time"]))
        ]
    if len(valid) != 1:
        raise NoPriceError("ambiguous")
    if valid[0]["currency"] != cdr["currency"]:
        raise NoPriceError("currency")
    return valid[0]


def _walk(
    cdr: Json, version: str, zone: str, periods: list[Json], tariffs: list[Json | None]
) -> Iterator[Stretch]:
    """Go through the session and yield each quantity with the component active at it."""
    began = instant(cdr["start_date_time"])
    expired = _is_expired(cdr, version, periods)
    kwh = Fraction(0)
    for period, tariff in zip(periods, tariffs, strict=True):
        elapsed = period["start"] - began
        moment = Moment(
            local=period["start"].astimezone(ZoneInfo(zone)),
            kwh_so_far=kwh,
            seconds_so_far=Fraction(elapsed // elapsed.resolution, 1_000_000),
            readings=period,
        )
        kwh += period["ENERGY"]
        if tariff is None:
            continue
        for flat in _phases(period):
            if flat == "FLAT" and expired:
                continue
            found = _active(tariff, "FLAT", moment, _phase_kinds(flat, expired=expired))
            if found is not None:
                yield Stretch(flat, tariff, found, Fraction(1))
        for kind in MEASURED:
            quantity = period[kind] * (1000 if kind == "ENERGY" else 1)
            found = _active(tariff, COMPONENT[kind], moment, _phase_kinds(kind, expired=expired))
            if found is not None and quantity:
                yield Stretch(kind, tariff, found, Fraction(quantity))


def _phases(period: Json) -> list[str]:
    """List the fees that may fall due in a period: of the reservation, of the session."""
    reserved = period["RESERVATION_TIME"] > 0
    used = period["ENERGY"] or period["TIME"] or period["PARKING_TIME"]
    return [
        *(["RESERVATION_FLAT"] if reserved else []),
        *(["FLAT"] if used or not reserved else []),
    ]


def _phase_kinds(kind: str, *, expired: bool) -> list[str | None]:
    """List whose elements price a dimension, in the order in which they are asked."""
    if not kind.startswith("RESERVATION"):
        return [None]
    return ["RESERVATION_EXPIRES", "RESERVATION"] if expired else ["RESERVATION"]


def _is_expired(cdr: Json, version: str, periods: list[Json]) -> bool:
    if version == "2.1.1" or not any(period["RESERVATION_TIME"] for period in periods):
        return False
    if any(p["ENERGY"] or p["TIME"] or p["PARKING_TIME"] for p in periods):
        return False
    if exact(cdr.get("total_energy")):
        return False
    place = cdr.get("cdr_location") or {}
    evse = [place.get(name) for name in ("evse_uid", "evse_id", "connector_id")]
    return not cdr.get("session_id") or "#NA" in evse


def _active(
    tariff: Json, dimension: str, moment: Moment, reservations: list[str | None]
) -> Json | None:
    """Find the first element with this dimension whose restrictions hold."""
    for reservation in reservations:
        for element in tariff["elements"]:
            restrictions: dict[str, Any] = element.get("restrictions") or {}
            if restrictions.get("reservation") != reservation or not holds(restrictions, moment):
                continue
            for component in element["price_components"]:
                if component["type"] == dimension:
                    found: Json = component
                    return found
    return None


def _fees_once(stretches: list[Stretch]) -> list[Stretch]:
    """Keep the first fee of the reservation and the first of the session."""
    kept: list[Stretch] = []
    for stretch in stretches:
        is_fee = stretch.kind in {"FLAT", "RESERVATION_FLAT"}
        if not is_fee or stretch.kind not in {known.kind for known in kept}:
            kept.append(stretch)
    return kept


def _fill_steps(stretches: list[Stretch]) -> None:
    """Round up what step_size rounds: the session's total, at the last component."""
    parked = any(stretch.kind == "PARKING_TIME" for stretch in stretches)
    for kind in ("ENERGY", "PARKING_TIME" if parked else "TIME", "RESERVATION_TIME"):
        priced = [stretch for stretch in stretches if stretch.kind == kind]
        total = sum((stretch.quantity for stretch in priced), Fraction(0))
        if total <= 0:
            continue
        step = max(int(priced[-1].component["step_size"]), 1)
        noise = NOISE_WH if kind == "ENERGY" else Fraction(0)
        billed = total.__floor__()
        while billed % step or billed < total - noise:
            billed += 1
        priced[-1].quantity += billed - total


def _cost(stretch: Stretch, version: str) -> Amount:
    """Price one stretch before and after taxes; None before a tax of unknown rate."""
    unit = {"ENERGY": 1000, "FLAT": 1, "RESERVATION_FLAT": 1}.get(stretch.kind, 3600)
    amount = stretch.quantity / unit * (exact(stretch.component["price"]) or Fraction(0))
    vat = None if version == "2.1.1" else exact(stretch.component.get("vat"))
    included = stretch.tariff.get("tax_included", "NO") if version == "2.3.0" else "NO"
    if included == "N/A":
        return amount, amount
    if included == "NO":
        return amount, amount * (1 + (vat or Fraction(0)) / 100)
    if not amount:
        return amount, amount  # nothing contains no tax, whatever the rate
    if vat is not None:
        return amount / (1 + vat / 100), amount
    return None, amount


def _split_as_claimed(costs: list[Amount], share: Fraction | None) -> list[Amount]:
    """Take out of amounts without a rate the tax that the CDR lists and no known rate explains.

    They hold no less tax than none, and no more than all of them.
    """
    rateless = sum((after or Fraction(0) for before, after in costs if before is None), Fraction(0))
    if share is None or not rateless:
        return costs
    total = sum((after or Fraction(0) for _, after in costs), Fraction(0))
    known = sum(
        (after - before for before, after in costs if before is not None and after is not None),
        Fraction(0),
    )
    left = min(max(1 - (total * (1 - share) - known) / rateless, Fraction(0)), Fraction(1))
    return [
        (after * left if before is None and after else before, after) for before, after in costs
    ]


def _plus(one: Amount, other: Amount) -> Amount:
    return (
        None if one[0] is None or other[0] is None else one[0] + other[0],
        None if one[1] is None or other[1] is None else one[1] + other[1],
    )


def _negative(side: Fraction | None) -> Fraction | None:
    return None if side is None else -side
