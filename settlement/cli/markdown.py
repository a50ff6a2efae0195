"""A CDR's price as Markdown: every number with the calculation that it comes from.

Rule: spells what an answer holds; computes nothing.
"""

from decimal import Decimal

from settlement.answer import Answer
from settlement.answer_json import plain
from settlement.cli.working import (
    COSTS,
    HINTS,
    amount,
    cost_table,
    heading,
    short,
    why_it_differs,
)
from settlement.pricing.priced import PricedCdr, Segment

_HUNDREDTH = Decimal("0.01")
_UNITS = {"ENERGY": "kWh", "TIME": "h", "PARKING_TIME": "h"}
_NAMES = {
    "ENERGY": "energy",
    "TIME": "charging time",
    "PARKING_TIME": "parking time",
    "FLAT": "fixed fee",
}


def explanation(answer: Answer) -> str:
    """Explain one CDR."""
    title, how = heading(answer)
    lines = [f"# {title}", "", how + ".", ""]
    priced = answer.priced
    if isinstance(priced, PricedCdr):
        lines += ["## Working", "", *_working(answer, priced), ""]
        lines += ["## Costs", "", *_costs(answer, priced), ""]
    else:
        lines += ["## No price", "", f"{priced.message[:1].upper()}{priced.message[1:]}.", ""]
        if priced.code in HINTS:
            lines += [HINTS[priced.code], ""]
    if answer.notes:
        lines += ["## What was assumed", ""]
        lines += [f"* {note.message} (`{note.code}` at `{note.path}`)" for note in answer.notes]
        lines.append("")
    lines += ["## Compared with the claim", ""]
    for finding in answer.findings:
        stake = "" if finding.difference is None else f", difference {plain(finding.difference)}"
        lines.append(
            f"* {finding.severity}: {finding.message} (`{finding.code}` at `{finding.path}`{stake})"
        )
    if not answer.findings:
        lines.append("Nothing differs.")
    whys = why_it_differs(answer)
    if whys:
        lines += ["", "## Why the claim differs", "", *whys]
    lines += ["", f"**Verdict: {answer.verdict}.**", ""]
    return "\n".join(lines)


def _working(answer: Answer, priced: PricedCdr) -> list[str]:
    currency = answer.cdr.currency
    lines = []
    periods = answer.cdr.charging_periods
    for index in dict.fromkeys(segment.period for segment in priced.segments):
        start = periods[index].start_date_time if periods else answer.cdr.start_date_time
        lines += [f"### Period {index}, from {start:%Y-%m-%d %H:%M:%S} UTC", ""]
        for segment in priced.segments:
            if segment.period == index:
                lines += [f"* {_calculation(segment, currency)}", f"  {segment.why}"]
        lines.append("")
    return lines[:-1]


def _calculation(segment: Segment, currency: str) -> str:
    """Spell billed volume times unit price, and the tax on it."""
    name = _NAMES[segment.dimension]
    if segment.is_reservation:
        name = "reservation fee" if segment.dimension == "FLAT" else "reserved time"
    unit = _UNITS.get(segment.dimension)
    measured = f"{short(segment.volume)} {unit}" if unit else "once"
    if segment.element is None:
        return f"{name}, {measured}: free."
    price = f"{plain(segment.unit_price)} {currency}"
    billed = f"{_billed(segment)} x {price}/{unit}" if unit else price
    if unit and segment.billed_volume != segment.volume:
        billed = f"{measured} measured, {billed}"
    if segment.before_taxes is None:
        total = f"{amount(segment.after_taxes)} {currency} with taxes of a rate that is not given"
        return f"{name}: {billed} = {total}."
    tax = f"{amount(segment.tax)} tax"
    if segment.tax_rate is not None:
        tax += f" ({plain(segment.tax_rate)} %)"
    where = f"tariff {segment.tariff_id}, element {segment.element}"
    return (
        f"{name}: {billed} = {short(segment.before_taxes)} {currency}, and {tax} "
        f"({where}, component {segment.component})."
    )


def _billed(segment: Segment) -> str:
    """Spell a billed volume so that a calculator can follow: hours that do not end in seconds."""
    hours = short(segment.billed_volume)
    if segment.dimension == "ENERGY" or hours == plain(segment.billed_volume):
        return f"{hours} {_UNITS[segment.dimension]}"
    seconds = (segment.billed_volume * 3600).quantize(_HUNDREDTH).normalize()
    return f"{seconds:f} s / 3600"


def _costs(answer: Answer, priced: PricedCdr) -> list[str]:
    head, body = cost_table(answer)
    lines = [_row([*head, "unrounded before taxes"]), _row(["---", *["---:"] * len(head)])]
    exact = {
        name: price.before_taxes
        for field, name in COSTS
        if (price := getattr(priced.exact, field)) is not None
    }
    for row in body:
        value = exact.get(row[0])
        lines.append(_row([*row, "" if value is None else plain(value)]))
    return lines


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
