"""The end report as values and as tables."""

import io
import json
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from rich.console import Console

from ingest.demo.figures import Figures, plain, written_figures
from ingest.demo.show import report_of
from settlement.clickhouse.report import Accounting, ExplainedCdr, FindingTotal, Pair
from tests.unit.ingest.demo.test_check import a_run

FIGURES = Figures(
    pairs=[
        Pair(
            cpo="NL*LDN",
            emsp="DE*FHR",
            currency="EUR",
            cdrs=1234,
            credits=2,
            energy_kwh=Decimal("18000.125000000000000000"),
            claimed=Decimal("9000.500000000000000000"),
            priced=Decimal("8990.250000000000000000"),
            payable=Decimal("8990.250000000000000000"),
            held=Decimal("10.250000000000000000"),
            disputed=Decimal("120.000000000000000000"),
        )
    ],
    findings=[
        FindingTotal(
            code="claimed_above_priced", currency="EUR", count=3, difference=Decimal("10.25")
        )
    ],
    accounting=Accounting(
        received=12,
        rejected=2,
        accepted=10,
        settled=5,
        waiting=1,
        duplicate=1,
        conflict=2,
        dead_lettered=1,
        unexplained=0,
    ),
    explained=ExplainedCdr(
        cdr={
            "cpo": "NL*LDN",
            "cdr_id": "CDR-1",
            "emsp": "DE*FHR",
            "currency": "EUR",
            "start_date_time": datetime(2025, 2, 3, 8, tzinfo=UTC),
            "end_date_time": datetime(2025, 2, 3, 9, tzinfo=UTC),
            "energy_kwh": Decimal("20.000"),
            "claimed_before_taxes": Decimal("9.50"),
            "priced_before_taxes": Decimal("9.00"),
            "payable": Decimal("9.00"),
            "held": Decimal("0.50"),
            "verdict": "disputed",
        },
        segments=(
            {
                "period": 0,
                "dimension": "ENERGY",
                "why": "the first element prices energy",
                "billed_volume": Decimal("20.000000000000000000"),
                "unit_price": Decimal("0.45"),
                "before_taxes": Decimal("9.000"),
                "tax_rate": None,
            },
        ),
        findings=(
            {
                "code": "claimed_above_priced",
                "message": "too much",
                "claimed": "9.50",
                "computed": "9.00",
                "difference": Decimal("0.50"),
            },
        ),
        postings=(
            {"account": "claimed", "amount": Decimal("-9.50"), "currency": "EUR"},
            {"account": "payable", "amount": Decimal("9.00"), "currency": "EUR"},
            {"account": "held", "amount": Decimal("0.50"), "currency": "EUR"},
        ),
    ),
)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("12.340000000000000000", "12.34"),
        ("12.345600000000000000", "12.3456"),
        ("0E-18", "0.00"),
        ("1E+3", "1000.00"),
        ("-0.500000", "-0.50"),
    ],
)
def test_an_amount_keeps_its_digits_and_at_least_two_decimals(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text


def test_the_json_report_has_money_and_energy_as_strings() -> None:
    written = json.loads(json.dumps(written_figures(FIGURES, a_run(), [])))

    (pair,) = written["pairs"]
    assert pair["claimed"] == "9000.50"
    assert pair["energy_kwh"] == "18000.125"
    assert pair["cdrs"] == 1234
    assert written["findings"][0]["difference"] == "10.25"
    assert written["accounting"]["unexplained"] == 0
    assert written["explained"]["segments"][0]["before_taxes"] == "9.00"
    assert written["rates"]["settled_per_second"] == 2.0


def test_a_report_without_any_cdr_has_nothing_to_explain() -> None:
    empty = Figures(pairs=[], findings=[], accounting=FIGURES.accounting, explained=None)

    assert written_figures(empty, a_run(), [])["explained"] is None


def test_people_read_every_figure_of_the_report() -> None:
    console = Console(file=io.StringIO(), width=132)

    console.print(report_of(FIGURES, a_run()))

    text = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    for figure in ("18,000.125", "9,000.50", "8,990.25", "claimed_above_priced", "-9.50"):
        assert figure in text, figure
    for figure in ("the first element prices energy", "too much", "2 Credit CDRs wait"):
        assert figure in text, figure
    for place in FIGURES.accounting.__struct_fields__:
        assert place in text, place
