"""From lines to amounts: before taxes, tax, after taxes; by cost and by tariff.

Rule: sums first, divisions last. Seconds times price per hour is summed as it is and divided by
3600 once; a side that cannot be known is None and makes every sum it is part of None.
"""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from settlement.pricing.exact import ONE, SECONDS, ZERO, add, divide, multiply, settled
from settlement.pricing.line import Line
from settlement.pricing.plan import Tax
from settlement.pricing.profile import Profile


class Sides(msgspec.Struct, frozen=True):
    """An exact amount before and after taxes; None: not known."""

    before: Decimal | None
    after: Decimal | None

    def plus(self, other: "Sides") -> "Sides":
        """Add side by side."""
        unknown_before = self.before is None or other.before is None
        unknown_after = self.after is None or other.after is None
        return Sides(
            None if unknown_before else add(self.before, other.before),  # type: ignore[arg-type]
            None if unknown_after else add(self.after, other.after),  # type: ignore[arg-type]
        )


NOTHING = Sides(ZERO, ZERO)

Sums = dict[int, Sides]  # by family of costs


def sides_of(amount: Decimal, tax: Tax, rules: Profile) -> Sides:
    """Split an amount in the tariff's own terms into both sides (spec-notes D.5)."""
    if not amount:
        return NOTHING
    fraction = tax.fraction
    if tax.mode == "YES":
        if fraction is None:
            return Sides(None, amount)
        return Sides(divide(amount, add(ONE, fraction)), amount)
    if fraction is not None:
        return Sides(amount, add(amount, multiply(amount, fraction)))
    if tax.mode == "N/A" or rules.missing_vat == "no_tax":
        return Sides(amount, amount)
    return Sides(amount, None)


def amount_of(line: Line, billed: Decimal) -> Decimal:
    """Give what a line costs in the tariff's own terms."""
    assert line.component is not None
    product = multiply(line.component.price, billed)
    return divide(product, SECONDS) if line.is_time else product


def sum_lines(lines: list[Line], rules: Profile) -> dict[str, Sums]:
    """Sum priced lines by tariff (folded id) and cost."""
    groups: dict[tuple[str, int, int, bool], tuple[Line, Decimal]] = {}
    for line in lines:
        component = line.component
        if component is None:
            continue
        assert line.plan is not None
        key = (line.plan.key, line.family, component.tax.number, line.is_time)
        known = groups.get(key)
        billed = line.billed
        product = multiply(component.price, billed)
        groups[key] = (line, product) if known is None else (line, add(known[1], product))
    by_tariff: dict[str, Sums] = {}
    for key, (line, total) in groups.items():
        assert line.component is not None
        amount = divide(total, SECONDS) if line.is_time else total
        sides = sides_of(amount, line.component.tax, rules)
        sums = by_tariff.setdefault(key[0], {})
        known_sides = sums.get(line.family)
        sums[line.family] = sides if known_sides is None else known_sides.plus(sides)
    return by_tariff


def total_of(sums: Iterable[Sides]) -> Sides:
    """Add up, to 40 decimals: what is a tie in truth is a tie here (see `exact`)."""
    total = NOTHING
    for sides in sums:
        total = total.plus(sides)
    return settled_sides(total)


def settled_sides(sides: Sides) -> Sides:
    """Cut both sides to 40 decimals."""
    return Sides(
        None if sides.before is None else settled(sides.before),
        None if sides.after is None else settled(sides.after),
    )
