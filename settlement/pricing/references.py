"""Which tariffs price a CDR: the ids it names, and which tariff each period gets.

Rule: ids are compared folded. Which version of a tariff counts is the caller's choice.
"""

from collections.abc import Sequence

import msgspec

from settlement.cdr import Cdr, ChargingPeriod, folded
from settlement.pricing.plan import Plan, Traits, plan_of
from settlement.pricing.priced import Unpriceable
from settlement.pricing.volumes import Odd
from settlement.tariff import Tariff


def tariff_ids(cdr: Cdr, connector_tariff_ids: Sequence[str] = ()) -> tuple[str, ...]:
    """Give the folded ids that price this CDR, in the order they are met.

    Those that the periods name, else those of the embedded copies, else the connector's.
    """
    named = [period.tariff_id for period in cdr.charging_periods if period.tariff_id]
    if not named:
        named = [tariff.id for tariff in cdr.tariffs]
    if not named:
        embedded = cdr.cdr_location.connector_tariff_ids if cdr.cdr_location else ()
        named = list(connector_tariff_ids or embedded)
    return tuple(dict.fromkeys(folded(name) for name in named))


class Assigned(msgspec.Struct, frozen=True, gc=False):
    """Which compiled tariff each charging period has; None: it is free."""

    by_period: Sequence[Plan | None]
    plans: tuple[Plan, ...]  # each once, in the order of the periods
    traits: Traits


_NO_TRAITS = Traits(
    has_life=False, has_limits=False, lacks_rate=False, has_clock=False, is_simple=True
)


def assigned_of(by_period: Sequence[Plan | None]) -> Assigned:
    """Join what the periods were assigned."""
    plans = {plan.key: plan for plan in by_period if plan is not None}
    traits = _NO_TRAITS
    for plan in plans.values():
        traits = traits.joined(plan.traits)
    return Assigned(by_period, tuple(plans.values()), traits)


def _assigned_alone(plan: Plan, number: int) -> Assigned:
    return Assigned((plan,) * number, (plan,), plan.traits)


def assign(cdr: Cdr, tariffs: Sequence[Tariff], odd: list[Odd]) -> Assigned | Unpriceable:
    """Give each charging period its compiled tariff."""
    periods = cdr.charging_periods
    if len(tariffs) == 1 and _is_named_throughout(tariffs[0].id, periods):
        plan = _compiled(cdr, tariffs[0])
        return plan if isinstance(plan, Unpriceable) else _assigned_alone(plan, len(periods))
    by_key: dict[str, Tariff] = {}
    for tariff in tariffs:
        known = by_key.setdefault(folded(tariff.id), tariff)
        if known is not tariff and _terms(known) != _terms(tariff):
            return Unpriceable(
                code="tariff_ambiguous",
                path="$.tariffs",
                message=f"tariff {tariff.id} is given twice with different content",
                waits_for=(folded(tariff.id),),
            )
    if not any(period.tariff_id for period in periods):
        return _assign_unnamed(cdr, by_key, odd)
    return _assign_named(cdr, by_key, odd)


def _is_named_throughout(name: str, periods: Sequence[ChargingPeriod]) -> bool:
    for period in periods:
        if period.tariff_id != name:
            return False
    return bool(periods) and bool(name)


def _assign_named(cdr: Cdr, by_key: dict[str, Tariff], odd: list[Odd]) -> Assigned | Unpriceable:
    """Give each period the tariff that it names; one that names none is free."""
    plans: dict[str, Plan] = {}
    by_period: list[Plan | None] = []
    missing: dict[str, None] = {}
    for index, period in enumerate(cdr.charging_periods):
        if not period.tariff_id:
            by_period.append(None)
            odd.append(Odd("period_without_tariff", index, {}))
            continue
        key = folded(period.tariff_id)
        if key not in by_key:
            missing[key] = None
            continue
        if key not in plans:
            plan = _compiled(cdr, by_key[key])
            if isinstance(plan, Unpriceable):
                return plan
            plans[key] = plan
        by_period.append(plans[key])
    if missing:
        return _missing(tuple(missing), "$.charging_periods")
    return assigned_of(by_period)


def _terms(tariff: Tariff) -> tuple[object, ...]:
    """Give what a price depends on; when it was last touched, and by whom, is no part of it."""
    return (
        tariff.currency,
        tariff.elements,
        tariff.min_price,
        tariff.max_price,
        tariff.tax_included,
        tariff.start_date_time,
        tariff.end_date_time,
    )


def _assign_unnamed(cdr: Cdr, by_key: dict[str, Tariff], odd: list[Odd]) -> Assigned | Unpriceable:
    """No period names a tariff: the only one, else the only one valid at the start."""
    candidates = list(by_key.values())
    if not candidates:
        return _missing(tariff_ids(cdr), "$.tariffs")
    if len(candidates) > 1:
        candidates = [tariff for tariff in candidates if _is_valid(tariff, cdr)]
        if len(candidates) != 1:
            return Unpriceable(
                code="tariff_ambiguous",
                path="$.charging_periods",
                message=(
                    f"no charging period names one of the tariffs {', '.join(by_key)} and "
                    f"{len(candidates)} of them are valid at the start"
                ),
                waits_for=tuple(by_key),
            )
        odd.append(Odd("tariff_chosen_by_validity", None, {"tariff": candidates[0].id}))
    elif not cdr.ocpi_version.startswith("2.1"):  # 2.1.1 cannot name one: nothing to note
        odd.append(Odd("tariff_not_named", None, {"tariff": candidates[0].id}))
    plan = _compiled(cdr, candidates[0])
    if isinstance(plan, Unpriceable):
        return plan
    return _assigned_alone(plan, max(len(cdr.charging_periods), 1))


def _is_valid(tariff: Tariff, cdr: Cdr) -> bool:
    start, begin, end = cdr.start_date_time, tariff.start_date_time, tariff.end_date_time
    return (begin is None or begin <= start) and (end is None or start < end)


def _compiled(cdr: Cdr, tariff: Tariff) -> Plan | Unpriceable:
    if tariff.currency and tariff.currency != cdr.currency:
        return Unpriceable(
            code="currency_differs",
            path="$.currency",
            message=f"the CDR is in {cdr.currency}, its tariff {tariff.id} in {tariff.currency}",
        )
    return plan_of(tariff)


def _missing(keys: tuple[str, ...], path: str) -> Unpriceable:
    named = ", ".join(keys) if keys else "no tariff is named or given"
    return Unpriceable(
        code="tariff_missing",
        path=path,
        message=f"tariff not known: {named}",
        waits_for=keys,
    )
