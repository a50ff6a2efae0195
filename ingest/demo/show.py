"""The end report as tables for people.

Rule: renders what `figures` holds and decides nothing; the command prints it.
"""

from decimal import Decimal
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ingest.demo.figures import Figures, plain, rates_of
from ingest.demo.play import Run
from settlement.clickhouse.report import ExplainedCdr

_PLACES = (
    ("received", "CDR documents that partners of the registry sent"),
    ("rejected", "refused by the gateway (OCPI 2001), kept with reason and bytes"),
    ("accepted", "answered 1000"),
    ("settled", "priced and reconciled: matched, disputed or invalid"),
    ("waiting", "something is missing: a tariff, the original of a credit"),
    ("conflict", "copies of one CDR that differ in what is billed"),
    ("duplicate", "the same CDR again"),
    ("dead_lettered", "could not be processed, kept with reason and bytes"),
    ("unexplained", "accepted and in no bucket: must be 0"),
)
# Hours are exact to the second in the tables; people read four decimals.
_SHOWN = Decimal("0.0001")


def report_of(figures: Figures, run: Run) -> RenderableType:
    """Render the whole report."""
    parts: list[RenderableType] = [_pairs(figures), Text(), _findings(figures)]
    if figures.explained is not None:
        parts += [Text(), *_explained(figures.explained)]
    parts += [Text(), _accounting(figures), Text(), _rates(run)]
    return Group(*parts)


def _table(title: str, *columns: str, numbers: int = 0) -> Table:
    """Make a table whose last `numbers` columns are numbers."""
    table = Table(title=title, title_justify="left", header_style="bold")
    for place, column in enumerate(columns):
        is_number = place >= len(columns) - numbers
        table.add_column(column, justify="right" if is_number else "left", no_wrap=is_number)
    return table


def _pairs(figures: Figures) -> Table:
    table = _table(
        "Who owes whom, before taxes",
        *("CPO", "eMSP", "currency", "CDRs", "kWh"),
        *("claimed", "priced", "payable", "held", "disputed"),
        numbers=7,
    )
    for pair in figures.pairs:
        amounts = (pair.claimed, pair.priced, pair.payable, pair.held, pair.disputed)
        table.add_row(
            pair.cpo,
            pair.emsp,
            pair.currency,
            f"{pair.cdrs:,}",
            f"{pair.energy_kwh:,.3f}",
            *(f"{amount:,.2f}" for amount in amounts),
        )
    if reversals := sum(pair.credits for pair in figures.pairs):
        table.caption = f"{reversals} Credit CDRs wait and stand outside these sums"
        table.caption_justify = "left"
    return table


def _findings(figures: Figures) -> Table:
    table = _table("Findings", "code", "currency", "CDRs", "money at stake", numbers=2)
    for finding in figures.findings:
        table.add_row(
            finding.code, finding.currency, f"{finding.count:,}", f"{finding.difference:,.2f}"
        )
    return table


def _explained(explained: ExplainedCdr) -> list[RenderableType]:
    cdr = explained.cdr
    currency = cdr["currency"]
    head = Text(
        f"CDR {cdr['cdr_id']} of {cdr['cpo']} for {cdr['emsp']}: {cdr['verdict']}; "
        f"{_number(cdr['energy_kwh'])} kWh from {cdr['start_date_time']:%Y-%m-%d %H:%M} to "
        f"{cdr['end_date_time']:%Y-%m-%d %H:%M} UTC; claimed "
        f"{_number(cdr['claimed_before_taxes'])}, priced {_number(cdr['priced_before_taxes'])}, "
        f"payable {_number(cdr['payable'])}, held {_number(cdr['held'])} {currency}",
        style="bold",
    )
    lines = _table(
        "", "period", "dimension", "why", "billed", "unit price", "amount", "VAT %", numbers=4
    )
    for line in explained.segments:
        volume = line["billed_volume"].quantize(_SHOWN)
        amounts = (volume, line["unit_price"], line["before_taxes"])
        lines.add_row(
            str(line["period"]),
            line["dimension"],
            line["why"],
            *(_number(amount) for amount in (*amounts, line["tax_rate"])),
        )
    findings = _table("", "finding", "sentence", "claimed", "computed", "difference", numbers=3)
    for finding in explained.findings:
        findings.add_row(
            finding["code"],
            finding["message"],
            *(_number(finding[side]) for side in ("claimed", "computed", "difference")),
        )
    postings = _table("", "account", f"posted ({currency})", numbers=1)
    for posting in explained.postings:
        postings.add_row(posting["account"], _number(posting["amount"]))
    return [head, lines, findings, postings]


def _accounting(figures: Figures) -> Table:
    table = _table("Where every CDR document went", "", "", "documents", numbers=1)
    for place, meaning in _PLACES:
        table.add_row(place, meaning, f"{getattr(figures.accounting, place):,}")
    return table


def _rates(run: Run) -> Text:
    rates = rates_of(run)
    return Text(
        f"This run: {rates['requests']:,} requests, {rates['cdrs_accepted']:,} CDR documents "
        f"answered 1000 and {run.tally.cdrs_refused:,} refused in {rates['seconds']} s; "
        f"{rates['sent_per_second']:,} requests sent, {rates['accepted_per_second']:,} accepted, "
        f"{rates['settled_per_second']:,} CDRs settled a second"
    )


def _number(value: Any) -> str:
    if isinstance(value, Decimal):
        return plain(value)
    return "" if value is None else str(value)
