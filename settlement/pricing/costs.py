"""From lines to the costs of a CDR: exact, and rounded so that the parts add up.

Rule: every rounding of money that pricing does is here, by `settlement.money`.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from settlement.money import minor_unit, rounded, spread
from settlement.pricing.amount import (
    NOTHING,
    Part,
    Share,
    Sides,
    Sums,
    amount_of,
    part_of,
    plus,
    settled_sides,
    sides_of,
    sum_lines,
    total_of,
    untaxed_part,
)
from settlement.pricing.exact import shown
from settlement.pricing.limits import clamp
from settlement.pricing.line import FAMILIES, Line
from settlement.pricing.plan import Limits, Plan
from settlement.pricing.priced import Costs
from settlement.pricing.profile import Profile
from settlement.pricing.references import Assigned
from settlement.pricing.volumes import Volumes
from settlement.tariff import Price

_MODES = {
    "half_up": "ROUND_HALF_UP",
    "half_even": "ROUND_HALF_EVEN",
    "up": "ROUND_UP",
    "down": "ROUND_DOWN",
}


class Totals(msgspec.Struct, frozen=True, gc=False):
    """The costs of a CDR before they are rounded."""

    parts: Sums  # by cost
    unlimited: Sides  # the sum of the parts
    total: Sides  # after min_price and max_price
    hits: tuple[tuple[str, str], ...] = ()  # tariff, which limit took hold
    untaxed: Part | None = None  # of amounts of an unknown rate, where the CDR tells


def total_costs(
    lines: list[Line],
    assigned: Assigned,
    rules: Profile,
    *,
    claimed: Price | None,
    is_reservation_only: bool,
) -> Totals:
    """Sum the lines and apply the limits of the tariffs that were used.

    Prices that include taxes of a rate that is not given are split as the claimed total is.
    """
    shares = sum_lines(lines, rules)
    untaxed = untaxed_part(shares, claimed) if assigned.traits.lacks_rate else None
    parts: Sums = {}
    for share in shares:
        sides, family = share.sides, share.first.family
        if untaxed is not None and sides[0] is None and sides[1] is not None:
            share.sides = sides = (part_of(sides[1], untaxed), sides[1])
        parts[family] = plus(parts[family], sides) if family in parts else sides
    unlimited = total_of(parts.values())
    whole = settled_sides(unlimited)
    if not assigned.traits.has_limits:
        return Totals(parts, whole, whole, (), untaxed)
    priced = {share.tariff for share in shares}
    hits: list[tuple[str, str]] = []
    total = NOTHING
    for plan, sides in _limited(assigned.plans, shares, unlimited, rules):
        limits = _limits_that_count(plan, priced, rules, is_reservation_only)
        if limits is None:
            total = plus(total, sides)
            continue
        clamped, names = clamp(sides, limits, rules)
        total = plus(total, clamped)
        hits.extend((plan.key, name) for name in names)
    return Totals(parts, whole, settled_sides(total), tuple(hits), untaxed)


def _limited(
    plans: Sequence[Plan], shares: Iterable[Share], unlimited: Sides, rules: Profile
) -> list[tuple[Plan, Sides]]:
    """Give the amount that each tariff's limits bound."""
    if rules.limits_of_several_tariffs == "last_tariff" or len(plans) == 1:
        return [(plans[-1], unlimited)]
    return [
        (plan, total_of(share.sides for share in shares if share.tariff == plan.key))
        for plan in plans
    ]


def _limits_that_count(
    plan: Plan, priced: set[str], rules: Profile, is_reservation_only: bool
) -> Limits | None:
    if is_reservation_only and rules.limits_of_reservation_only == "ignore":
        return None
    if rules.limits_when_nothing_priced == "ignore" and plan.key not in priced:
        return None
    return plan.limits


def exact_costs(totals: Totals, volumes: Volumes, *, is_credit: bool) -> Costs:
    """Give the unrounded costs; of a credit CDR only the total is negative."""
    prices: list[Price | None] = [None] * FAMILIES
    for family, (before, after) in totals.parts.items():
        prices[family] = Price(
            None if before is None else shown(before), None if after is None else shown(after)
        )
    before, after = _signed(totals.total, is_credit)
    total = Price(
        None if before is None else shown(before), None if after is None else shown(after)
    )
    return _costs(total, prices, volumes)


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
    if rules.rounding_point == "total":
        whole = _rounded(totals.unlimited, currency, mode)
        parts = _parts_of(totals.parts, whole, currency, mode)
    elif rules.rounding_point == "part":
        parts = {
            family: _rounded(settled_sides(sides), currency, mode)
            for family, sides in totals.parts.items()
        }
        whole = total_of(parts.values())
    else:
        parts = _rounded_segments(lines, currency, rules, totals.untaxed)
        whole = total_of(parts.values())
    total = _rounded(totals.total, currency, mode) if totals.hits else whole
    prices: list[Price | None] = [None] * FAMILIES
    for family, sides in parts.items():
        prices[family] = Price(*sides)
    return _costs(Price(*_signed(total, is_credit)), prices, volumes)


def _parts_of(parts: Sums, whole: Sides, currency: str, mode: str) -> Sums:
    """Round the parts so that, on each side that is known, they sum to the rounded total."""
    if not parts or (len(parts) == 1 and None not in whole):
        return dict.fromkeys(parts, whole)
    unit = minor_unit(currency)
    befores = _near([sides[0] for sides in parts.values()], whole[0], unit, mode)
    afters = _near([sides[1] for sides in parts.values()], whole[1], unit, mode)
    if befores is None:
        befores = _spread([sides[0] for sides in parts.values()], whole[0], currency, mode)
    if afters is None:
        afters = _spread([sides[1] for sides in parts.values()], whole[1], currency, mode)
    return dict(zip(parts, zip(befores, afters, strict=True), strict=True))


def _near(
    parts: list[Decimal | None], whole: Decimal | None, unit: Decimal, mode: str
) -> list[Decimal | None] | None:
    """Round one side of all parts, each by itself; None where they do not sum to the whole."""
    near = [None if part is None else part.quantize(unit, mode) for part in parts]
    if whole is None:
        return near
    for part in near:
        whole -= part  # type: ignore[operator]  # as the whole is known, so are they
    return None if whole else near


def _spread(
    parts: list[Decimal | None], whole: Decimal | None, currency: str, mode: str
) -> list[Decimal | None]:
    """Round one side of all parts so that they sum to the whole."""
    assert whole is not None
    known: list[Decimal] = parts  # type: ignore[assignment]  # as the whole is, so are they
    return spread(known, whole, currency, mode)  # type: ignore[return-value]


def _rounded_segments(
    lines: list[Line], currency: str, rules: Profile, untaxed: Part | None
) -> Sums:
    """Round each line by itself and sum what comes out."""
    mode = _MODES[rules.rounding_mode]
    sums: Sums = {}
    for line in lines:
        assert line.component is not None
        sides = settled_sides(sides_of(amount_of(line), line.component.tax, rules, untaxed))
        known = sums.get(line.family, NOTHING)
        sums[line.family] = plus(known, _rounded(sides, currency, mode))
    return sums


def _rounded(sides: Sides, currency: str, mode: str) -> Sides:
    before, after = sides
    return (
        None if before is None else rounded(before, currency, mode),
        None if after is None else rounded(after, currency, mode),
    )


def _signed(sides: Sides, is_credit: bool) -> Sides:
    if not is_credit:
        return sides
    before, after = sides
    return (
        None if before is None else before.copy_negate(),
        None if after is None else after.copy_negate(),
    )


def _costs(total: Price, prices: list[Price | None], volumes: Volumes) -> Costs:
    fixed, energy, time, parking, reservation = prices
    return Costs(
        total,
        fixed,
        energy,
        time,
        parking,
        reservation,
        volumes.energy,
        volumes.time,
        volumes.parking,
    )
