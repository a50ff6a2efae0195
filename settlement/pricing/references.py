"""Which tariffs price a CDR: the ids it names, and which tariff each period gets.

Rule: ids are compared folded. Which version of a tariff counts is the caller's choice.
"""

from collections.abc import Sequence

from settlement.cdr import Cdr, folded
from settlement.pricing.plan import Plan, plan_of
from settlement.pricing.priced import Unpriceable
from settlement.pricing.volumes import Odd
from settlement.tariff import Tariff


def tariff_ids(cdr: Cdr, connector_tariff_ids: Sequence[str] = ()) -> tuple[str, ...]:
    """Give the folded ids that price this CDR, in the order they are met.

    Those that the periods name, else those of the embedded copies, else the connector's
    (spec-notes D.1, blueprint 6).
    """
    named = [period.tariff_id for period in cdr.charging_periods if period.tariff_id]
    if not named:
        named = [tariff.id for tariff in cdr.tariffs]
    if not named:
        embedded = cdr.cdr_location.connector_tariff_ids if cdr.cdr_location else ()
        named = list(connector_tariff_ids or embedded)
    return tuple(dict.fromkeys(folded(name) for name in named))


def assign(cdr: Cdr, tariffs: Sequence[Tariff], odd: list[Odd]) -> dict[int, Plan] | Unpriceable:
    """Give each charging period its compiled tariff; a period that is left out is free."""
    by_key: dict[str, Tariff] = {}
    for tariff in tariffs:
        known = by_key.setdefault(folded(tariff.id), tariff)
        if known is not tariff and known != tariff:
            return Unpriceable(
                code="tariff_ambiguous",
                path="$.tariffs",
                message=f"tariff {tariff.id} is given twice with different content",
                waits_for=(folded(tariff.id),),
            )
    named = {
        index: folded(period.tariff_id)
        for index, period in enumerate(cdr.charging_periods)
        if period.tariff_id
    }
    if not named:
        return _assign_unnamed(cdr, by_key, odd)
    missing = tuple(dict.fromkeys(key for key in named.values() if key not in by_key))
    if missing:
        return _missing(missing, "$.charging_periods")
    if len(named) < len(cdr.charging_periods):
        odd.extend(
            Odd("period_without_tariff", index, {})
            for index in range(len(cdr.charging_periods))
            if index not in named
        )
    return _compiled(cdr, {index: by_key[key] for index, key in named.items()})


def _assign_unnamed(
    cdr: Cdr, by_key: dict[str, Tariff], odd: list[Odd]
) -> dict[int, Plan] | Unpriceable:
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
    everywhere = range(max(len(cdr.charging_periods), 1))
    return _compiled(cdr, dict.fromkeys(everywhere, candidates[0]))


def _is_valid(tariff: Tariff, cdr: Cdr) -> bool:
    start, begin, end = cdr.start_date_time, tariff.start_date_time, tariff.end_date_time
    return (begin is None or begin <= start) and (end is None or start < end)


def _compiled(cdr: Cdr, assigned: dict[int, Tariff]) -> dict[int, Plan] | Unpriceable:
    plans: dict[int, Plan] = {}
    compiled: dict[int, Plan] = {}
    for index, tariff in assigned.items():
        plan = compiled.get(id(tariff))
        if plan is None:
            if tariff.currency and tariff.currency != cdr.currency:
                return Unpriceable(
                    code="currency_differs",
                    path="$.currency",
                    message=(
                        f"the CDR is in {cdr.currency}, its tariff {tariff.id} in {tariff.currency}"
                    ),
                )
            plan = compiled[id(tariff)] = plan_of(tariff)
        plans[index] = plan
    return plans


def _missing(keys: tuple[str, ...], path: str) -> Unpriceable:
    named = ", ".join(keys) if keys else "no tariff is named or given"
    return Unpriceable(
        code="tariff_missing",
        path=path,
        message=f"tariff not known: {named}",
        waits_for=keys,
    )
