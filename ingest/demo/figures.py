"""The end report as plain values, for `--json` and for the tables alike.

Rule: money and energy become strings here, with all their digits and without a float.
"""

from decimal import Decimal
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from ingest.demo.play import Run
from settlement.clickhouse.report import (
    Accounting,
    ExplainedCdr,
    FindingTotal,
    Pair,
    load_accounting,
    load_findings,
    load_pairs,
    load_telling_cdr,
)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What the tables say at the end of a run, the whole database."""

    pairs: list[Pair]
    findings: list[FindingTotal]
    accounting: Accounting
    explained: ExplainedCdr | None


def load_figures(reader: Client) -> Figures:
    """Read the report."""
    return Figures(
        pairs=load_pairs(reader),
        findings=load_findings(reader),
        accounting=load_accounting(reader),
        explained=load_telling_cdr(reader),
    )


def rates_of(run: Run) -> dict[str, Any]:
    """Give what was sent, accepted and settled a second."""
    tally = run.tally
    sending = max(run.seconds_sending, 0.001)
    return {
        "requests": tally.sent,
        "cdrs_sent": tally.cdrs_sent,
        "cdrs_accepted": tally.cdrs_accepted,
        "cdrs_settled": run.settled,
        "seconds": _tenths(run.seconds),
        "sent_per_second": _tenths(tally.sent / sending),
        "accepted_per_second": _tenths(tally.accepted / sending),
        "settled_per_second": _tenths(run.settled / max(run.seconds, 0.001)),
    }


def written_figures(figures: Figures, run: Run, differences: list[str]) -> dict[str, Any]:
    """Give the report as one JSON object."""
    explained = figures.explained
    return {
        "pairs": [_texts(msgspec.structs.asdict(pair)) for pair in figures.pairs],
        "findings": [_texts(msgspec.structs.asdict(finding)) for finding in figures.findings],
        "accounting": msgspec.structs.asdict(figures.accounting),
        "rates": rates_of(run),
        "explained": None if explained is None else _texts(msgspec.structs.asdict(explained)),
        "differences": differences,
    }


def plain(amount: Decimal, *, decimals: int = 2) -> str:
    """Write an amount with at least so many decimals and all digits it has beyond them."""
    text = f"{amount.normalize():f}"
    whole, _, fraction = text.partition(".")
    return f"{whole}.{fraction.ljust(decimals, '0')}" if decimals or fraction else whole


def _texts(value: Any) -> Any:
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_texts(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _tenths(number: float) -> float:
    return int(number * 10 + 0.5) / 10
