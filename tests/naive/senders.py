"""Claims of senders who make a known mistake, one a code of the table in `settlement/README.md`.

Rule: the mistake is made in the document or in the oracle, never with the code that looks for it;
nothing of settlement, streams or ingest is imported.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from tests.naive import oracle
from tests.naive.mutants import MUTANTS
from tests.naive.reading import Json, exact, read
from tests.naive.worlds import World

Amount = oracle.Amount
CENT = Fraction(1, 100)
_encode = msgspec.json.Encoder(decimal_format="number").encode


@dataclass(frozen=True)
class Claim:
    """What is claimed, and what the receiver has at hand: the CDR, and tariffs it was given."""

    total: Amount
    cdr: Json
    given: list[Json] = field(default_factory=list)


def priced(cdr: Json, world: World, zone: str | None = None) -> Amount:
    """Price a document by the oracle."""
    return oracle.price(_encode(cdr), world.version, zone or world.zone).total_cost


Sender = Callable[[Json, World], Claim | Amount | None]
SENDERS: dict[str, Sender] = {}


def sender(claim: Sender) -> Sender:
    SENDERS[claim.__name__] = claim
    return claim


def _changed(
    code: str,
    *,
    component: Callable[[Json, Json], None] | None = None,
    period: Callable[[Json], None] | None = None,
    tariff: Callable[[Json], Any] | None = None,
) -> None:
    """Let a sender price a document in which something stands otherwise."""

    def claim(cdr: Json, world: World) -> Amount | None:
        for one in cdr["tariffs"]:
            for element in one["elements"] if component else ():
                for each in element["price_components"]:
                    component(one, each)  # type: ignore[misc]
            if tariff:
                tariff(one)
        for one in cdr["charging_periods"] if period else ():
            period(one)  # type: ignore[misc]
        return priced(cdr, world)

    SENDERS[code] = claim


def _like(code: str, mutant: str) -> None:
    """Let a sender read OCPI as a mutant of the oracle does."""

    def claim(cdr: Json, world: World) -> Amount | None:
        with pytest.MonkeyPatch.context() as patch:
            MUTANTS[mutant](patch)
            return priced(cdr, world)

    SENDERS[code] = claim


def _times(component: Json, factor: Fraction) -> None:
    with localcontext() as context:
        context.prec = 60
        scaled = (exact(component["price"]) or Fraction(0)) * factor
        component["price"] = Decimal(scaled.numerator) / Decimal(scaled.denominator)


def _rate(component: Json) -> Fraction:
    return 1 + (exact(component.get("vat")) or Fraction(0)) / 100


def _tax_twice(tariff: Json, component: Json) -> None:
    included = tariff.get("tax_included", "NO")
    if component.get("vat") is None or included == "N/A":
        return
    rate = _rate(component)
    if included == "YES":
        _times(component, rate)
    vat = (rate * rate - 1) * 100
    component["vat"] = Decimal(vat.numerator) / Decimal(vat.denominator)


def _taxed_on_both_sides(tariff: Json, component: Json) -> None:
    if tariff.get("tax_included", "NO") == "NO":
        _times(component, _rate(component))
        component.pop("vat", None)


def _untaxed(tariff: Json, component: Json) -> None:
    if tariff.get("tax_included") == "YES":
        _times(component, 1 / _rate(component))
    component.pop("vat", None)


def _no_tax_at_all(tariff: Json) -> None:
    if "tax_included" in tariff:
        tariff["tax_included"] = "N/A"


def _seconds(_: Json, component: Json) -> None:
    if component["type"] in {"TIME", "PARKING_TIME"}:
        _times(component, Fraction(3600))


def _each_step(_: Json, component: Json) -> None:
    units = {"ENERGY": 1000, "TIME": 3600, "PARKING_TIME": 3600}
    if component["type"] in units:
        _times(component, Fraction(units[component["type"]], max(component["step_size"], 1)))


def _as(kinds: dict[str, tuple[str, ...]]) -> Callable[[Json], None]:
    def change(period: Json) -> None:
        period["dimensions"] = [
            dimension | {"type": kind}
            for dimension in period["dimensions"]
            for kind in kinds.get(dimension["type"], (dimension["type"],))
        ]

    return change


def _watt_hours(period: Json) -> None:
    for dimension in period["dimensions"]:
        if dimension["type"] == "ENERGY":
            dimension["volume"] *= 1000


_changed("tax_twice", component=_tax_twice)
_changed("tax_already_included", component=_taxed_on_both_sides, tariff=_no_tax_at_all)
_changed("tax_forgotten", component=_untaxed, tariff=_no_tax_at_all)
_changed("parking_as_time", period=_as({"PARKING_TIME": ("TIME",)}))
_changed("time_as_parking", period=_as({"TIME": ("PARKING_TIME",)}))
_changed(
    "charged_and_parked_together",
    period=_as({"PARKING_TIME": ("TIME", "PARKING_TIME"), "TIME": ("TIME", "PARKING_TIME")}),
)
_changed("min_price_ignored", tariff=lambda tariff: tariff.pop("min_price", None))
_changed("max_price_ignored", tariff=lambda tariff: tariff.pop("max_price", None))
_changed("wh_for_kwh", period=_watt_hours)
_changed("hours_as_seconds", component=_seconds)
_changed("price_per_step", component=_each_step)
_like("step_size_ignored", "no_steps")
_like("step_size_per_period", "steps_of_each_stretch")
_like("flat_per_period", "flat_fees_are_due_in_each_period")


@sender
def windows_in_utc(cdr: Json, world: World) -> Amount:
    return priced(cdr, world, "UTC")


def _another_price(cdr: Json, world: World, *, day: str | None) -> Claim | None:
    """Let the sender use a tariff with prices of one and a half times."""
    if len(cdr["tariffs"]) != 1:
        return None
    right, other = cdr["tariffs"][0], deepcopy(cdr["tariffs"][0])
    for element in other["elements"]:
        for component in element["price_components"]:
            _times(component, Fraction(3, 2))
    changed = cdr | {"tariffs": [other]}
    total = priced(changed, world)
    if day is None:
        return Claim(total, changed, [right])
    other["last_updated"] = day
    return Claim(total, cdr, [right, other])


@sender
def older_tariff_version(cdr: Json, world: World) -> Claim | None:
    return _another_price(cdr, world, day="2023-01-01T00:00:00Z")


@sender
def newer_tariff_version(cdr: Json, world: World) -> Claim | None:
    return _another_price(cdr, world, day="2026-01-01T00:00:00Z")


@sender
def retail_instead_of_agreed(cdr: Json, world: World) -> Claim | None:
    return _another_price(cdr, world, day=None)


def _has_limits(cdr: Json) -> bool:
    return any(t.get("min_price") or t.get("max_price") for t in cdr["tariffs"])


def _each_element(cdr: Json, world: World) -> list[oracle.Answer]:
    """Price a CDR once for each place in its tariffs' elements, with the element there alone."""
    answers = []
    for place in range(max(len(tariff["elements"]) for tariff in cdr["tariffs"])):
        alone = [t | {"elements": t["elements"][place : place + 1]} for t in cdr["tariffs"]]
        answers.append(oracle.price(_encode(cdr | {"tariffs": alone}), world.version, world.zone))
    return answers


def _sum(amounts: list[Amount]) -> Amount:
    total: Amount = (Fraction(0), Fraction(0))
    for amount in amounts:
        total = oracle._plus(total, amount)
    return total


@sender
def overlapping_elements_added(cdr: Json, world: World) -> Amount | None:
    if _has_limits(cdr):
        return None
    return _sum([answer.total_cost for answer in _each_element(cdr, world)])


@sender
def flat_in_every_element(cdr: Json, world: World) -> Amount | None:
    if _has_limits(cdr) or cdr.get("credit"):
        return None
    name = "total_fixed_cost"
    right = oracle.price(_encode(cdr), world.version, world.zone)
    fees = [a.parts[name] for a in _each_element(cdr, world) if name in a.parts]
    return _sum([*(part for known, part in right.parts.items() if known != name), *fees])


def _stepping(cdr: Json, world: World, fill: Callable[[list[oracle.Stretch]], None]) -> Amount:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(oracle, "_fill_steps", fill)
        return priced(cdr, world)


@sender
def step_size_over_both_times(cdr: Json, world: World) -> Amount:
    right = oracle._fill_steps

    def fill(stretches: list[oracle.Stretch]) -> None:
        both = [s for s in stretches if s.kind in {"TIME", "PARKING_TIME"}]
        right([s for s in stretches if s not in both])
        if both:
            step = max(int(both[-1].component["step_size"]), 1)
            both[-1].quantity += -sum(s.quantity for s in both) % step

    return _stepping(cdr, world, fill)


@sender
def step_size_rounded_down(cdr: Json, world: World) -> Amount:
    right = oracle._fill_steps

    def fill(stretches: list[oracle.Stretch]) -> None:
        before = [s.quantity for s in stretches]
        right(stretches)
        for stretch, quantity in zip(stretches, before, strict=True):
            if stretch.quantity > quantity:
                stretch.quantity -= max(int(stretch.component["step_size"]), 1)

    return _stepping(cdr, world, fill)


def _each_line(
    cdr: Json, world: World, to_cents: Callable[[Fraction | None], Fraction | None]
) -> Amount | None:
    if _has_limits(cdr) or cdr.get("credit"):
        return None
    lines = oracle.price(_encode(cdr), world.version, world.zone).stretches
    costs = [oracle._cost(line, world.version) for line in lines]
    return _sum([(to_cents(before), to_cents(after)) for before, after in costs])


@sender
def rounding_per_line(cdr: Json, world: World) -> Amount | None:
    return _each_line(cdr, world, in_cents)


@sender
def rounding_down(cdr: Json, world: World) -> Amount | None:
    def cut(amount: Fraction | None) -> Fraction | None:
        return None if amount is None else Fraction(int(amount / CENT)) * CENT

    return _each_line(cdr, world, cut)


def in_cents(amount: Fraction | None) -> Fraction | None:
    """Round to cents, a half away from zero."""
    if amount is None:
        return None
    cents = int(abs(amount) / CENT + Fraction(1, 2)) * CENT
    return cents if amount >= 0 else -cents


def claim_of(code: str, world: World) -> Claim | None:
    """Give what a sender claims who makes this mistake; None where he cannot make it here."""
    cdr = read(world.document)
    if not cdr.get("charging_periods") or not cdr["tariffs"] or _depends_on_the_claim(cdr):
        return None
    found = SENDERS[code](deepcopy(cdr), world)
    if found is None or isinstance(found, Claim):
        return found
    return Claim(found, cdr)


def _depends_on_the_claim(cdr: Json) -> bool:
    """Tell whether a tax of unknown rate is split as the CDR claims."""
    return any(
        tariff.get("tax_included") == "YES" and component.get("vat") is None
        for tariff in cdr["tariffs"]
        for element in tariff["elements"]
        for component in element["price_components"]
    )
