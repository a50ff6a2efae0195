"""The working of a price in text, for a terminal and for a file.

Rule: spells what an answer holds; computes nothing.
"""

from decimal import Decimal

from settlement.answer import Answer
from settlement.answer_json import plain
from settlement.pricing.priced import PricedCdr, Segment
from settlement.tariff import Price

COSTS = (
    ("total_fixed_cost", "fixed"),
    ("total_energy_cost", "energy"),
    ("total_time_cost", "time"),
    ("total_parking_cost", "parking"),
    ("total_reservation_cost", "reservation"),
    ("total_cost", "total"),
)
# What to do on the command line where there is no price.
HINTS = {
    "time_zone_missing": "Name the zone with --time-zone, such as --time-zone Europe/Berlin.",
    "tariff_missing": "Give the tariff with --tariff FILE.",
}
# What partners write must neither break a line nor command the terminal.
VISIBLE = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}
VISIBLE |= {ord("\n"): "\\n", ord("\r"): "\\r", ord("\t"): "\\t"}
_UNITS = {"ENERGY": "kWh", "TIME": "h", "PARKING_TIME": "h", "FLAT": ""}
_GAP = "  "
_NUMBERS = 6  # decimals that people want to see of a number that does not end


def one_line(answer: Answer) -> str:
    """Give the outcome of one CDR of many."""
    claimed = _total(answer.claimed.total_cost)
    priced = answer.priced
    price = _total(priced.rounded.total_cost) if isinstance(priced, PricedCdr) else "-"
    codes = ", ".join(dict.fromkeys(f.code for f in answer.findings if f.severity != "info"))
    if answer.causes:
        why = " or ".join(cause.code for cause in answer.causes)
        codes = f"{codes}; {why}" if codes else why
    line = (
        f"{answer.cdr.id or '-'}: {answer.verdict}, claimed {claimed}, "
        f"priced {price} {answer.cdr.currency}"
    )
    return (f"{line} ({codes})" if codes else line).translate(VISIBLE)


def working(answer: Answer) -> str:
    """Give the whole working of one CDR."""
    cdr, priced = answer.cdr, answer.priced
    lines = [*heading(answer), ""]
    if isinstance(priced, PricedCdr):
        head, body = segment_table(priced, cdr.currency)
        lines += aligned(head, body, right={2, 3, 4, 5, 6})
        lines += ["", *_whys(priced), ""]
        lines += aligned(*cost_table(answer), right={1, 2, 3, 4})
    else:
        lines.append(f"No price: {priced.message} ({priced.code})")
        if priced.code in HINTS:
            lines.append(HINTS[priced.code])
    for title, entries in (("Notes", answer.notes), ("Findings", answer.findings)):
        if entries:
            lines += ["", f"{title}:"]
            lines += [f"  {e.code} at {e.path}: {e.message}" for e in entries]
    whys = why_it_differs(answer)
    if whys:
        lines += ["", "Why the claim differs:", *(f"  {why}" for why in whys)]
    lines += ["", f"Verdict: {answer.verdict}"]
    return "\n".join(lines)


def why_it_differs(answer: Answer) -> list[str]:
    """Say which known mistakes explain the claim; nothing where none was looked for."""
    if all(finding.candidates is None for finding in answer.findings):
        return []
    causes = answer.causes
    if not causes:
        return ["No known mistake explains the claim."]
    told = [
        f"{cause.message} Against the price that is {signed(cause.amount)} {cause.currency} "
        f"{cause.side.replace('_', ' ')} ({cause.code}).".translate(VISIBLE)
        for cause in causes
    ]
    if len(told) == 1:
        return told
    return ["Each of these mistakes alone gives the claim:", *(f"* {one}" for one in told)]


def heading(answer: Answer) -> list[str]:
    """Say which CDR this is and how it was read."""
    cdr = answer.cdr
    start, end = (f"{t:%Y-%m-%d %H:%M:%S}" for t in (cdr.start_date_time, cdr.end_date_time))
    zone, name = answer.time_zone or "not known", (cdr.id or "(no id)").translate(VISIBLE)
    return [
        f"CDR {name}, OCPI {cdr.ocpi_version}, {start} to {end} UTC",
        f"Time zone {zone}, price basis {answer.price_basis}, profile {answer.profile}",
    ]


def segment_table(priced: PricedCdr, currency: str) -> tuple[list[str], list[list[str]]]:
    """Give the segments as a table: what was measured, billed, at what price, for how much."""
    head = ["period", "dimension", "measured", "billed", "unit price", "before taxes", "tax"]
    body = []
    for segment in priced.segments:
        unit = _UNITS[segment.dimension]
        name = "RESERVATION" if segment.is_reservation else segment.dimension
        if segment.is_reservation and segment.dimension == "FLAT":
            name = "RESERVATION FLAT"
        body.append(
            [
                str(segment.period),
                name,
                f"{short(segment.volume)} {unit}".strip(),
                f"{short(segment.billed_volume)} {unit}".strip(),
                _unit_price(segment, currency),
                amount(segment.before_taxes),
                _tax(segment),
            ]
        )
    return head, body


def _unit_price(segment: Segment, currency: str) -> str:
    if segment.element is None:
        return "free"
    unit = _UNITS[segment.dimension]
    return f"{plain(segment.unit_price)} {currency}" + (f"/{unit}" if unit else "")


def _tax(segment: Segment) -> str:
    rate = "" if segment.tax_rate is None else f" ({plain(segment.tax_rate)} %)"
    return amount(segment.tax) + rate


def _whys(priced: PricedCdr) -> list[str]:
    """Say once what several segments have in common."""
    found: dict[tuple[str, str], list[str]] = {}
    for segment in priced.segments:
        key = (segment.dimension, segment.why)
        found.setdefault(key, []).append(str(segment.period))
    return [
        f"{dimension} in period {', '.join(periods)}: {why}"
        for (dimension, why), periods in found.items()
    ]


def cost_table(answer: Answer) -> tuple[list[str], list[list[str]]]:
    """Give claimed and priced costs side by side."""
    priced = answer.priced
    assert isinstance(priced, PricedCdr)
    head = ["cost", "claimed before", "priced before", "claimed after taxes", "priced after taxes"]
    body = []
    for field, name in COSTS:
        claim, price = getattr(answer.claimed, field), getattr(priced.rounded, field)
        if claim is None and price is None:
            continue
        claims, prices = _sides(claim), _sides(price)
        body.append([name, claims[0], prices[0], claims[1], prices[1]])
    return head, body


def _sides(price: Price | None) -> tuple[str, str]:
    """Spell both sides; what is not claimed or priced at all is a dash."""
    if price is None:
        return "-", "-"
    return amount(price.before_taxes), amount(price.after_taxes)


def aligned(head: list[str], body: list[list[str]], *, right: set[int]) -> list[str]:
    """Lay out a table in columns."""
    rows = [head, *body]
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]

    def spelled(row: list[str]) -> str:
        cells = [
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return _GAP.join(cells).rstrip()

    return [spelled(head), _GAP.join("-" * width for width in widths), *map(spelled, body)]


def short(value: Decimal) -> str:
    """Spell a number for people: at most six decimals, marked where it goes on."""
    text = plain(value)
    whole, _, decimals = text.partition(".")
    if len(decimals) <= _NUMBERS:
        return text
    return f"{whole}.{decimals[:_NUMBERS]}…"


def signed(value: Decimal) -> str:
    """Spell a difference with its sign."""
    return f"{'' if value < 0 else '+'}{plain(value)}"


def amount(value: Decimal | None) -> str:
    """Spell an amount for people; what is not known is a question mark."""
    return "?" if value is None else short(value)


def _total(price: Price | None) -> str:
    if price is None:
        return "-"
    return amount(price.after_taxes if price.before_taxes is None else price.before_taxes)
