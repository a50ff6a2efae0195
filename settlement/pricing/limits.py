"""min_price and max_price: the total is clamped, each side by its own limit (spec-notes D.5).

Rule: totals only; the costs by dimension stay as computed, so their sum may differ from it.
"""

from decimal import Decimal

import msgspec

from settlement.pricing.amount import Sides, settled_sides
from settlement.pricing.exact import divide, multiply
from settlement.pricing.plan import Limits
from settlement.pricing.profile import Profile


class Clamped(msgspec.Struct, frozen=True):
    """A total after its limits, and which of them took hold."""

    total: Sides
    hits: tuple[str, ...]  # min_price, max_price, tax_scaled


def clamp(total: Sides, limits: Limits, rules: Profile) -> Clamped:
    """Lift a total to min_price, then cut it to max_price."""
    hits: list[str] = []
    low = Sides(limits.min_before, limits.min_after)
    high = Sides(limits.max_before, limits.max_after)
    for name, bound in (("min_price", low), ("max_price", high)):
        if bound.before is None and bound.after is None:
            continue
        is_low = name == "min_price"
        before = _bounded(total.before, bound.before, is_low=is_low)
        after = _bounded(total.after, bound.after, is_low=is_low)
        if before == total.before and after == total.after:
            continue
        hits.append(name)
        if rules.one_sided_limit == "scale_tax":
            if bound.after is None and total.after is not None:
                after = _scaled(total.after, total.before, before)
                hits.append("tax_scaled")
            elif bound.before is None and total.before is not None:
                before = _scaled(total.before, total.after, after)
                hits.append("tax_scaled")
        total = Sides(before, after)
    return Clamped(settled_sides(total) if hits else total, tuple(hits))


def _bounded(amount: Decimal | None, bound: Decimal | None, *, is_low: bool) -> Decimal | None:
    if amount is None or bound is None:
        return amount
    return max(amount, bound) if is_low else min(amount, bound)


def _scaled(other: Decimal, old: Decimal | None, new: Decimal | None) -> Decimal | None:
    """Scale the other side as this side went from old to new; from nothing: no tax."""
    if old is None or new is None:
        return None
    if not old:
        return new
    return divide(multiply(other, new), old)
