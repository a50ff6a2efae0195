"""min_price and max_price: the total is clamped, each side by its own limit (OCPI mod_tariffs).

Rule: totals only; the costs by dimension stay as computed, so their sum may differ from it.
"""

from decimal import Decimal

from settlement.pricing.amount import Sides
from settlement.pricing.exact import divide, settled
from settlement.pricing.plan import Limits
from settlement.pricing.profile import Profile


def clamp(total: Sides, limits: Limits, rules: Profile) -> tuple[Sides, list[str]]:
    """Lift a total to min_price, then cut it to max_price; name what took hold.

    That is min_price, max_price, and tax_scaled where a limit has one side only.
    """
    hits: list[str] = []
    bounds = (
        ("min_price", limits.min_before, limits.min_after),
        ("max_price", limits.max_before, limits.max_after),
    )
    for name, bound_before, bound_after in bounds:
        is_low = name == "min_price"
        old_before, old_after = total
        before = _bounded(old_before, bound_before, is_low=is_low)
        after = _bounded(old_after, bound_after, is_low=is_low)
        if before is old_before and after is old_after:
            continue
        hits.append(name)
        if rules.one_sided_limit == "scale_tax":
            if bound_after is None and old_after is not None:
                after = _scaled(old_after, old_before, before)
                hits.append("tax_scaled")
            elif bound_before is None and old_before is not None:
                before = _scaled(old_before, old_after, after)
                hits.append("tax_scaled")
        total = (before, after)
    return total, hits


def _bounded(amount: Decimal | None, bound: Decimal | None, *, is_low: bool) -> Decimal | None:
    """Give the bound where the amount is beyond it, else the amount itself."""
    if amount is None or bound is None:
        return amount
    true = settled(amount)
    is_beyond = true < bound if is_low else true > bound
    return bound if is_beyond else amount


def _scaled(other: Decimal, old: Decimal | None, new: Decimal | None) -> Decimal:
    """Scale the other side as this side went from old to new; from nothing the tax stays."""
    assert old is not None  # a side that is not known is not clamped
    assert new is not None
    return divide(other * new, old) if old else other + new
