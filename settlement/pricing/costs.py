"""From lines to the costs of a CDR: exact, and rounded so that the parts add up.

Rule: every rounding of money that pricing does is here, by `settlement.money`.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from settlement.money import rounded, spread
from settlement.pricing.amount import (
    NOTHING,
    Sides,
    Sums,
    amount_of,
    settled_sides,
    sides_of,
    sum_lines,
    total_of,
)
from settlement.pricing.exact import ZERO, add, shown
from settlement.pricing.limits import clamp
from settlement.pricing.line import (
    ENERGY_COST,
    FIXED,
    PARKING_COST,
    RESERVATION_COST,
    TIME_COST,
    Line,
)
from settlement.pricing.plan import Limits, Plan
from settlement.pricing.priced import Costs
from settlement.pricing.profile import Profile
from settlement.tariff import Price

_MODES = {
    "half_up": "ROUND_HALF_UP",
    "half_even": "ROUND_HALF_EVEN",
    "up": "ROUND_UP",
    "down": "ROUND_DOWN",
}


class Volumes(msgspec.Struct, frozen=True):
    """What was measured: kWh, hours, hours."""

    energy: Decimal
    time: Decimal
    parking: Decimal


class Totals(msgspec.Struct, frozen=True):
    """The costs of a CDR before they are rounded."""

    parts: Sums  # by cost
    unlimited: Sides  # the sum of the parts
    total: Sides  # after min_price and max_price
    hits: tuple[tuple[str, str], ...]  # tariff, which limit took hold


def total_costs(
    lines: list[Line], plans: Sequence[Plan], rules: Profile, *, is_reservation_only: bool
) -> Totals:
    """Sum the lines and apply the limits of the tariffs that were used."""
    by_tariff = sum_lines(lines, rules)
    parts: Sums = {}
    for sums in by_tariff.values():
        for family, sides in sums.items():
            known = parts.get(family)
            parts[family] = sides if known is None else known.plus(sides)
    unlimited = total_of(parts.values())
    if not any(plan.limits for plan in plans):
        return Totals(parts, unlimited, unlimited, ())
    hits: list[tuple[str, str]] = []
    total = NOTHING
    for plan, share in _shares(plans, by_tariff, unlimited, rules):
        limits = _limits_that_count(plan, by_tariff, rules, is_reservation_only)
        if limits is None:
            total = total.plus(share)
            continue
        clamped = clamp(share, limits, rules)
        total = total.plus(clamped.total)
        hits.extend((plan.key, hit) for hit in clamped.hits)
    return Totals(parts, unlimited, settled_sides(total), tuple(hits))


def _shares(
    plans: Sequence[Plan], by_tariff: dict[str, Sums], unlimited: Sides, rules: Profile
) -> list[tuple[Plan, Sides]]:
    """Give the amount that each tariff's limits bound."""
    if rules.limits_of_several_tariffs == "last_tariff":
        return [(plans[-1], unlimited)]
    return [(plan, total_of(by_tariff.get(plan.key, {}).values())) for plan in plans]


def _limits_that_count(
    plan: Plan, by_tariff: dict[str, Sums], rules: Profile, is_reservation_only: bool
) -> Limits | None:
    if is_reservation_only and rules.limits_of_reservation_only == "ignore":
        return None
    if rules.limits_when_nothing_priced == "ignore" and plan.key not in by_tariff:
        return None
    return plan.limits


def exact_costs(totals: Totals, volumes: Volumes, *, is_credit: bool) -> Costs:
    """Give the unrounded costs; of a credit CDR only the total is negative (spec-notes E.4)."""
    prices = {family: _price(settled_sides(sides)) for family, sides in totals.parts.items()}
    return _costs(prices, _price(_signed(totals.total, is_credit)), volumes)


def rounded_costs(
    totals: Totals,
    lines: list[Line],
    volumes: Volumes,
    *,
    currency: str,
    rules: Profile,
    is_credit: bool,
) -> Costs:
    """Give the costs in minor units, rounded where and as the profile says."""
    mode = _MODES[rules.rounding_mode]
    families = list(totals.parts)
    total, parts = totals.total, list(totals.parts.values())
    if rules.rounding_point == "segment":
        parts = [_sum_of_rounded(lines, family, currency, rules) for family in families]
    elif rules.rounding_point == "part":
        parts = [_rounded(settled_sides(sides), currency, mode) for sides in parts]
    if rules.rounding_point == "total":
        before = _spread([sides.before for sides in parts], totals.unlimited.before, currency, mode)
        after = _spread([sides.after for sides in parts], totals.unlimited.after, currency, mode)
        parts = [Sides(*pair) for pair in zip(before, after, strict=True)]
    elif not totals.hits:
        total = total_of(parts)
    total = _rounded(total, currency, mode)
    prices = {f: Price(sides.before, sides.after) for f, sides in zip(families, parts, strict=True)}
    signed = _signed(total, is_credit)
    return _costs(prices, Price(signed.before, signed.after), volumes)


def _spread(
    parts: list[Decimal | None], total: Decimal | None, currency: str, mode: str
) -> Sequence[Decimal | None]:
    """Round one side of all parts so that they sum to the rounded total, where it is known."""
    if total is None:
        return [None if part is None else rounded(part, currency, mode) for part in parts]
    whole = rounded(total, currency, mode)
    if len(parts) == 1:
        return [whole]
    return spread([part for part in parts if part is not None], whole, currency)


def _sum_of_rounded(lines: list[Line], family: int, currency: str, rules: Profile) -> Sides:
    total = NOTHING
    for line in lines:
        if line.component is None or line.family != family:
            continue
        sides = sides_of(amount_of(line, line.billed), line.component.tax, rules)
        total = total.plus(_rounded(settled_sides(sides), currency, _MODES[rules.rounding_mode]))
    return total


def _rounded(sides: Sides, currency: str, mode: str) -> Sides:
    return Sides(
        None if sides.before is None else rounded(sides.before, currency, mode),
        None if sides.after is None else rounded(sides.after, currency, mode),
    )


def _signed(sides: Sides, is_credit: bool) -> Sides:
    if not is_credit:
        return sides
    return Sides(
        None if sides.before is None else sides.before.copy_negate(),
        None if sides.after is None else sides.after.copy_negate(),
    )


def _price(sides: Sides) -> Price:
    return Price(
        None if sides.before is None else shown(sides.before),
        None if sides.after is None else shown(sides.after),
    )


def _costs(prices: dict[int, Price], total: Price, volumes: Volumes) -> Costs:
    return Costs(
        total_cost=total,
        total_fixed_cost=prices.get(FIXED),
        total_energy_cost=prices.get(ENERGY_COST),
        total_time_cost=prices.get(TIME_COST),
        total_parking_cost=prices.get(PARKING_COST),
        total_reservation_cost=prices.get(RESERVATION_COST),
        total_energy=volumes.energy,
        total_time=volumes.time,
        total_parking_time=volumes.parking,
    )


def measured(lines: list[Line], energy: Decimal) -> Volumes:
    """Sum what the lines measured; reserved time is not part of total_time."""
    time = parking = ZERO
    for line in lines:
        if line.is_time and not line.is_reservation:
            time = add(time, line.volume)
            if line.family == PARKING_COST:
                parking = add(parking, line.volume)
    return Volumes(energy, time, parking)
