"""Holds what one tariff costs between its min_price and max_price.

Rule: each side by its own limit; where only one side has a limit and is moved by it, the other
follows in proportion, so that the tax keeps its share. Nothing of ours is imported.
"""

from fractions import Fraction

from tests.naive.reading import Json, sides

Amount = tuple[Fraction | None, Fraction | None]


def clamped(amount: Amount, tariff: Json, version: str) -> Amount:
    """Lift an amount to min_price, then cut it to max_price."""
    lifted = _bounded(amount, sides(tariff.get("min_price"), version), is_upper=False)
    return _bounded(lifted, sides(tariff.get("max_price"), version), is_upper=True)


def _bounded(amount: Amount, limit: Amount, *, is_upper: bool) -> Amount:
    before, after = (_side(a, b, is_upper=is_upper) for a, b in zip(amount, limit, strict=True))
    if limit[0] is not None and limit[1] is None and before != amount[0]:
        after = _follow(after, amount[0], before)
    elif limit[0] is None and limit[1] is not None and after != amount[1]:
        before = _follow(before, amount[1], after)
    return before, after


def _side(value: Fraction | None, limit: Fraction | None, *, is_upper: bool) -> Fraction | None:
    if value is None or limit is None:
        return value
    return min(value, limit) if is_upper else max(value, limit)


def _follow(other: Fraction | None, was: Fraction | None, now: Fraction | None) -> Fraction | None:
    assert now is not None
    if other is None:
        return None
    return other * now / was if was else other + now
