"""From lines to amounts: before taxes and after; by cost and by tariff.

Rule: sums first, divisions last. Seconds times price per hour is summed as it is and divided by
3600 once; a side that cannot be known is None and makes every sum it is part of None.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from settlement.pricing.exact import ONE, SECONDS, ZERO, add, divide, multiply, settled
from settlement.pricing.line import Line
from settlement.pricing.plan import Tax
from settlement.pricing.profile import Profile

Sides = tuple[Decimal | None, Decimal | None]  # before taxes, after; None: not known
Sums = dict[int, Sides]  # by family of costs

NOTHING: Sides = (ZERO, ZERO)


def plus(one: Sides, other: Sides) -> Sides:
    """Add side by side."""
    (before, after), (more_before, more_after) = one, other
    return (
        None if before is None or more_before is None else add(before, more_before),
        None if after is None or more_after is None else add(after, more_after),
    )


def sides_of(amount: Decimal, tax: Tax, rules: Profile) -> Sides:
    """Split an amount in the tariff's own terms into both sides (spec-notes D.5)."""
    if not amount:
        return NOTHING
    fraction = tax.fraction
    if tax.mode == "YES":
        if fraction is None:
            return (None, amount)
        return (divide(amount, add(ONE, fraction)), amount)
    if fraction is not None:
        return (amount, add(amount, multiply(amount, fraction)))
    if tax.mode == "N/A" or rules.missing_vat == "no_tax":
        return (amount, amount)
    return (amount, None)


def amount_of(line: Line) -> Decimal:
    """Give what a line costs in the tariff's own terms."""
    assert line.component is not None
    product = multiply(line.component.price, line.billed)
    return divide(product, SECONDS) if line.is_time else product


class Share(NamedTuple):
    """What all lines of one component come to."""

    tariff: str  # folded id
    family: int
    sides: Sides


def sum_lines(lines: list[Line], rules: Profile) -> list[Share]:
    """Sum priced lines by component: it has one price, one tax, one tariff and one cost."""
    billed: dict[int, Decimal] = {}
    first: dict[int, Line] = {}
    for line in lines:
        key = id(line.component)
        if key in billed:
            billed[key] = add(billed[key], line.billed)
        else:
            billed[key] = line.billed
            first[key] = line
    shares = []
    for key, line in first.items():
        component, plan = line.component, line.plan
        assert component is not None
        assert plan is not None
        amount = multiply(component.price, billed[key])
        if line.is_time:
            amount = divide(amount, SECONDS)
        shares.append(Share(plan.key, line.family, sides_of(amount, component.tax, rules)))
    return shares


def total_of(sums: Iterable[Sides]) -> Sides:
    """Add up, to 40 decimals: what is a tie in truth is a tie here (see `exact`)."""
    total: Sides = NOTHING
    for sides in sums:
        total = plus(total, sides)
    return settled_sides(total)


def settled_sides(sides: Sides) -> Sides:
    """Cut both sides to 40 decimals."""
    before, after = sides
    return (
        None if before is None else settled(before),
        None if after is None else settled(after),
    )
