"""The tariff as a whole: its life and its limits.

Rule: a tariff's life is in UTC and an element's dates are local, so a day is allowed between
them before anything is said.
"""

from collections.abc import Iterator
from datetime import timedelta

from msgspec.structs import replace

from settlement.pricing.wording import number
from settlement.tariff_tools.lint.found import Found, Subject

_A_DAY = timedelta(days=1)


def check_life(subject: Subject) -> Iterator[Found]:
    """Find a life that never is, and elements outside of it."""
    tariff = subject.tariff
    start, end = tariff.start_date_time, tariff.end_date_time
    if start is not None and end is not None and start >= end:
        text = f"The tariff ends at {end:%Y-%m-%d %H:%M} and begins at {start:%Y-%m-%d %H:%M}."
        yield Found("never_active", "/end_date_time", text)
        return
    for number_, element in enumerate(tariff.elements):
        given, before = element.restrictions, f"/elements/{number_}/restrictions"
        if given is None:
            continue
        first = None if start is None else start.date() - _A_DAY
        if first is not None and given.end_date is not None and given.end_date <= first:
            text = f"Element {number_} ends on {given.end_date}, before the tariff begins."
            yield Found("never_active", f"{before}/end_date", text)
        if end is None:
            continue
        if given.start_date is not None and given.start_date > end.date() + _A_DAY:
            text = f"Element {number_} begins on {given.start_date}, after the tariff has ended."
            yield Found("never_active", f"{before}/start_date", text)
        elif given.end_date is not None and given.end_date > end.date() + _A_DAY:
            text = f"The tariff ends on {end:%Y-%m-%d}, element {number_} on {given.end_date}."
            yield Found("ends_before_elements", f"{before}/end_date", text)


def check_limits(subject: Subject) -> Iterator[Found]:
    """Find limits that cross or are negative."""
    tariff = subject.tariff
    low, high = tariff.min_price, tariff.max_price
    for name, limit in (("min_price", low), ("max_price", high)):
        amounts = () if limit is None else (limit.before_taxes, limit.after_taxes)
        if any(amount is not None and amount < 0 for amount in amounts):
            yield Found("price_negative", f"/{name}", f"{name} is negative.")
    if low is None or high is None:
        return
    sides = (
        ("before", low.before_taxes, high.before_taxes),
        ("after", low.after_taxes, high.after_taxes),
    )
    for side, least, most in sides:
        if least is not None and most is not None and least > most:
            text = (
                f"min_price {number(least)} is above max_price {number(most)}: "
                f"every session costs {number(most)} {side} taxes, whatever was charged."
            )
            meant = replace(tariff, min_price=None, max_price=None)
            yield Found("limits_crossed", "/min_price", text, meant)
            return
