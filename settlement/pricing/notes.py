"""What pricing assumed or left out, in sentences with stable codes.

Rule: a code never changes its meaning. A note on an assumption that can change the price says
what the other reading would cost; who asks for that computes it, nothing is priced here.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from settlement.finding import Note
from settlement.pricing.plan import Plan
from settlement.pricing.volumes import Odd
from settlement.pricing.wording import number

# code: sentence over the facts of an Odd
_SENTENCES = {
    "periods_missing": (
        "There are no charging periods: one period with total_energy and total_time is priced."
    ),
    "time_not_known": (
        "Start or end is 1970, that is not known: what depends on the clock or on durations "
        "is priced as if it were meant."
    ),
    "periods_out_of_order": "The charging periods are not in time order: priced by start time.",
    "period_without_tariff": "The period names no tariff while others do: it is free.",
    "tariff_not_named": "No charging period names a tariff: the only one, {tariff}, applies.",
    "tariff_chosen_by_validity": (
        "No charging period names a tariff: of several, {tariff} alone is valid at the start."
    ),
    "tariff_not_valid": "Tariff {tariff} is not valid at the start of the period: {answer}.",
    "dimension_not_priced": "{type} is for sessions and is not priced in a CDR.",
    "time_negative": "{type} is {hours} h: a negative time is not priced.",
    "energy_negative": "{kwh} kWh were fed back: {answer}.",
    "reservation_expired": (
        "Only reserved time, no energy, no session or EVSE: priced as an expired reservation."
    ),
    "credit_cdr": "A credit CDR: priced as its original, the total with the sign turned.",
    "vat_missing": "Component {component} of element {element} has no vat: counted as no tax.",
    "vat_unknown": "Component {component} of element {element} has no vat: tax is not known.",
    "tax_split_unknown": (
        "Prices of tariff {tariff} include taxes and name no rate: the amount before taxes "
        "is not known."
    ),
    "tax_split_claimed": (
        "Prices of tariff {tariff} include taxes and name no rate: the amount before taxes "
        "follows the taxes that the CDR lists."
    ),
    "min_price": "min_price of tariff {tariff} lifts the total.",
    "max_price": "max_price of tariff {tariff} cuts the total.",
    "tax_scaled": (
        "The limit of tariff {tariff} is given on one side only: the other side is scaled."
    ),
    "time_unit_suspected": (
        "{type} {hours} h cannot be: its period lasts {seconds} s, which is priced. "
        "{guess}As written the total would be {other}."
    ),
    "energy_unit_suspected": (
        "{kwh} kWh in this time is beyond any charge point: priced as written. "
        "Likely Wh; then the total would be {other}."
    ),
    "evidence_missing": (
        "Element {element} asks for a current or power that the period does not state: "
        "counted as {answer}. Otherwise the total would be {other}."
    ),
    "period_straddles": (
        "Another price applies from a moment inside the period: {answer}. "
        "{otherwise} the total would be {other}."
    ),
}


def note_of(odd: Odd, other: str | None = None) -> Note:
    """Write the note on something odd; `other` tells the total under the other reading."""
    facts: dict[str, Any] = {
        name: number(value) if isinstance(value, Decimal) else value
        for name, value in odd.facts.items()
    }
    if other is not None:
        facts["other"] = other
    if "unit" in facts:
        unit = facts["unit"]
        facts["guess"] = "" if unit == "unknown" else f"Likely {unit} written as hours. "
    path = "$" if odd.period is None else f"$.charging_periods[{odd.period}]"
    return Note(code=odd.code, path=path, message=_SENTENCES[odd.code].format(**facts))


def limit_notes(hits: Sequence[tuple[str, str]], plans: Sequence[Plan]) -> list[Note]:
    """Write a note on each limit that took hold."""
    names = {plan.key: plan.tariff.id for plan in plans}
    return [note_of(Odd(hit, None, {"tariff": names[key]})) for key, hit in hits]
