"""From lines to amounts: before taxes and after; by cost and by tariff.

Rule: sums first, divisions last. Seconds times price per hour is summed as it is and divided by
3600 once; a side that cannot be known is None and makes every sum it is part of None.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from settlement.pricing.exact import ONE, SECONDS, ZERO, divide, settled
from settlement.pricing.line import Line
from settlement.pricing.plan import Tax
from settlement.pricing.profile import Profile
from settlement.tariff import Price

Sides = tuple[Decimal | None, Decimal | None]  # before taxes, after; None: not known
Sums = dict[int, Sides]  # by family of costs
Part = tuple[Decimal, Decimal]  # so many of so many

NOTHING: Sides = (ZERO, ZERO)


def plus(one: Sides, other: Sides) -> Sides:
    """Add side by side."""
    (before, after), (more_before, more_after) = one, other
    return (
        None if before is None or more_before is None else before + more_before,
        None if after is None or more_after is None else after + more_after,
    )


def sides_of(amount: Decimal, tax: Tax, rules: Profile, untaxed: Part | None = None) -> Sides:
    """Split an amount in the tariff's own terms into both sides.

    `untaxed` is the part of an amount with taxes of an unknown rate that is no tax.
    """
    if not amount:
        return NOTHING
    fraction = tax.fraction
    if tax.mode == "YES":
        if fraction is None:
            return (None if untaxed is None else part_of(amount, untaxed), amount)
        return (divide(amount, ONE + fraction), amount)
    if fraction is not None:
        return (amount, amount + amount * fraction)
    if tax.mode == "N/A" or rules.missing_vat == "no_tax":
        return (amount, amount)
    return (amount, None)


def part_of(amount: Decimal, part: Part) -> Decimal:
    """Give a part of an amount."""
    return divide(amount * part[0], part[1])


def amount_of(line: Line) -> Decimal:
    """Give what a line costs in the tariff's own terms."""
    assert line.component is not None
    product = line.component.price * line.billed
    return divide(product, SECONDS) if line.is_time else product


class Share(msgspec.Struct, gc=False):
    """What all lines of one component come to."""

    first: Line
    billed: Decimal
    sides: Sides = NOTHING

    @property
    def tariff(self) -> str:
        """Give the folded id of the tariff."""
        assert self.first.plan is not None
        return self.first.plan.key


def sum_lines(lines: list[Line], rules: Profile) -> Iterable[Share]:
    """Sum priced lines by component: it has one price, one tax, one tariff and one cost."""
    shares: dict[int, Share] = {}
    for line in lines:
        key = id(line.component)
        share = shares.get(key)
        if share is None:
            shares[key] = Share(line, line.billed)
        else:
            share.billed += line.billed
    for share in shares.values():
        line = share.first
        component = line.component
        assert component is not None
        amount = component.price * share.billed
        if line.is_time:
            amount = divide(amount, SECONDS)
        share.sides = sides_of(amount, component.tax, rules)
    return shares.values()


def untaxed_part(shares: Iterable[Share], claimed: Price | None) -> Part | None:
    """Give which part of the amounts with taxes of an unknown rate is no tax, as the CDR says.

    The claimed total tells how much of it is tax. What the known rates hold of that is taken
    off first, the rest lies in the amounts without a rate: never less than nothing of them,
    never more than all. None where the claim does not tell, or there is no such amount.
    """
    if claimed is None or not claimed.before_taxes or not claimed.after_taxes:
        return None
    rateless = known = total = ZERO
    for share in shares:
        before, after = share.sides
        if after is None:
            return None
        total += after
        if before is None:
            rateless += after
        else:
            known += after - before
    if not rateless:
        return None
    # rateless - (tax - known), where tax is total * claimed tax / claimed total; times the latter
    claimed_tax = claimed.after_taxes - claimed.before_taxes
    untaxed = claimed.after_taxes * (rateless + known) - total * claimed_tax
    whole = claimed.after_taxes * rateless
    share_of_whole = divide(untaxed, whole)
    if share_of_whole < ZERO:
        return (ZERO, ONE)
    return (ONE, ONE) if share_of_whole > ONE else (untaxed, whole)


def total_of(sums: Iterable[Sides]) -> Sides:
    """Add up."""
    total: Sides = NOTHING
    for sides in sums:
        total = plus(total, sides)
    return total


def settled_sides(sides: Sides) -> Sides:
    """Cut both sides to 40 decimals: what is a tie in truth is a tie then (see `exact`)."""
    before, after = sides
    return (
        None if before is None else settled(before),
        None if after is None else settled(after),
    )
