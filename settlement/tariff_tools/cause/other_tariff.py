"""Tariffs at hand that did not price the CDR: older and newer versions, and others.

Rule: only tariffs that were given or that the CDR embeds; ids are compared folded.
"""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from functools import lru_cache, partial

from settlement.cdr import folded
from settlement.pricing.plan import Plan, compile_plan
from settlement.tariff import Tariff
from settlement.tariff_tools.cause.case import Case, Used


def older_versions(case: Case) -> Iterator[Used]:
    """Price under each version that is older than the one that counts."""
    return _versions(case, -1)


def newer_versions(case: Case) -> Iterator[Used]:
    """Price under each version that is newer than the one that counts."""
    return _versions(case, 1)


def other_tariffs(case: Case) -> Iterator[Used]:
    """Price under each tariff of another id, and under copies of the same that are no version."""
    yield from _versions(case, 0)
    keys = {plan.key for plan in case.assigned.plans}
    for other in case.others:
        if folded(other.id) not in keys and _is_usable(other, case):
            yield Used(case.with_plans(partial(_instead, other, keys)).price(), _name(other))


def _versions(case: Case, order: int) -> Iterator[Used]:
    """Price under each other copy of a tariff that is older, newer or neither, one at a time."""
    for other in case.others:
        for plan in case.assigned.plans:
            used = plan.tariff
            if folded(other.id) != plan.key or other == used or _order(other, used) != order:
                continue
            if _is_usable(other, case):
                changed = case.with_plans(partial(_instead, other, {plan.key}))
                yield Used(changed.price(), _name(other))


def _name(tariff: Tariff) -> str:
    """Say which tariff, and which version of it."""
    if tariff.last_updated is None:
        return tariff.id
    return f"{tariff.id} of {tariff.last_updated:%Y-%m-%d %H:%M} UTC"


def _instead(other: Tariff, keys: AbstractSet[str], plan: Plan) -> Plan:
    """Put another tariff in the place of those of some ids."""
    return _compiled(other) if plan.key in keys else plan


def _order(other: Tariff, used: Tariff) -> int:
    """Compare by when they were last updated: -1 older, 1 newer, 0 where nothing tells."""
    there, here = other.last_updated, used.last_updated
    if there is None or here is None:
        return 0
    return (there > here) - (there < here)


def _is_usable(other: Tariff, case: Case) -> bool:
    return not other.currency or other.currency == case.cdr.currency


@lru_cache(maxsize=1024)
def _compiled(tariff: Tariff) -> Plan:
    return compile_plan(tariff)
