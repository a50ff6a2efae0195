"""What finance asks first, on tables whose every row is known.

Rule: a database of its own; rows are inserted, nothing settles here.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from settlement.clickhouse import report
from settlement.clickhouse.client import Client
from settlement.clickhouse.migrate import read_migrations, statements
from tests.integration.clickhouse_fixture import ClickHouse

pytestmark = [pytest.mark.clickhouse]
MOMENT = datetime(2025, 2, 3, 8, tzinfo=UTC)
MONTH = date(2025, 2, 1)


@pytest.fixture(scope="module")
def reader(clickhouse: ClickHouse) -> Client:
    tables, views = clickhouse.fresh_database(), clickhouse.fresh_database()
    writer = clickhouse.client(database=tables)
    for migration in read_migrations():
        for statement in statements(migration):
            text = statement.text
            writer.command(text.replace("{database}", tables).replace("{views}", views))
    for table, rows in TABLES.items():
        columns = list(rows[0])
        writer.insert(table, [list(row.values()) for row in rows], column_names=columns)
    return clickhouse.reader(database=views)


def received(offset: int, key: str, *, module: str = "cdrs") -> dict[str, Any]:
    return {
        "cpo": "NL*LDN",
        "module": module,
        "object_key": key,
        "object_id": key.lower(),
        "partner": "NL*LDN",
        "received_time": MOMENT,
        "kafka_partition": 1,
        "kafka_offset": offset,
        "month": MONTH,
        "version": offset,
    }


def outcome(offset: int, key: str, what: str) -> dict[str, Any]:
    return {
        "kafka_partition": 1,
        "kafka_offset": offset,
        "cpo": "NL*LDN",
        "module": "cdrs",
        "object_key": key,
        "outcome": what,
        "version": offset,
    }


def settled(key: str, verdict: str, bucket: str, claimed: str, payable: str, **other: Any) -> Any:
    claim, owed = Decimal(claimed), Decimal(payable)
    is_credit = other.get("is_credit", False)
    return {
        "cpo": "NL*LDN",
        "cdr_key": key,
        "cdr_id": key.lower(),
        "emsp": "DE*FHR",
        "currency": other.get("currency", "EUR"),
        "start_date_time": MOMENT,
        "end_date_time": MOMENT,
        "energy_kwh": Decimal("10.5"),
        "is_credit": is_credit,
        "claimed_before_taxes": claim,
        "priced_before_taxes": owed,
        "payable": owed,
        "held": Decimal(0) if is_credit else claim - owed,
        "verdict": verdict,
        "bucket": bucket,
        "segment.period": [0],
        "segment.tariff_id": ["T"],
        "segment.element": [0],
        "segment.component": [0],
        "segment.dimension": ["ENERGY"],
        "segment.is_reservation": [False],
        "segment.volume": [Decimal(20)],
        "segment.billed_volume": [Decimal(20)],
        "segment.unit_price": [Decimal("0.5")],
        "segment.before_taxes": [Decimal(10)],
        "segment.tax_rate": [Decimal(19)],
        "segment.tax": [Decimal("1.9")],
        "segment.why": ["because"],
        "posting.account": [] if is_credit else ["claimed", "payable", "held"],
        "posting.amount": [] if is_credit else [-claim, owed, claim - owed],
        "received_time": MOMENT,
        "month": MONTH,
        "version": 1,
        **_findings(claim - owed if verdict == "disputed" else None),
    }


def _findings(difference: Decimal | None) -> dict[str, list[Any]]:
    found = [] if difference is None else [("claimed_above_priced", difference)]
    return {
        "finding.code": [code for code, _ in found],
        "finding.path": ["$.total_cost" for _ in found],
        "finding.message": ["too much" for _ in found],
        "finding.severity": ["error" for _ in found],
        "finding.claimed": [None for _ in found],
        "finding.computed": [None for _ in found],
        "finding.difference": [amount for _, amount in found],
    }


# A is sent twice, B in two copies that differ, C credits A, D is unreadable, E has no outcome
# yet, F was first and its row is missing.
TABLES: dict[str, list[dict[str, Any]]] = {
    "document_received": [
        *(received(offset, key) for offset, key in enumerate("AABBCDEF")),
        received(8, "S", module="sessions"),
    ],
    "document_outcome": [
        outcome(0, "A", "first"),
        outcome(1, "A", "duplicate"),
        outcome(2, "B", "first"),
        outcome(3, "B", "conflict"),
        outcome(4, "C", "first"),
        outcome(5, "D", "dead_lettered"),
        outcome(7, "F", "first"),
    ],
    "document_rejected": [
        {
            "partner": "NL*LDN",
            "module": module,
            "received_time": MOMENT,
            "kafka_partition": 1,
            "kafka_offset": offset,
            "version": offset,
        }
        for offset, module in enumerate(("cdrs", "cdrs", "sessions"))
    ],
    "cdr_settled": [
        settled("A", "disputed", "settled", "12", "10"),
        settled("B", "conflict", "conflict", "5", "4", currency="CHF"),
        settled("C", "unverifiable", "waiting", "-12", "0", is_credit=True),
        settled("D", "invalid", "dead_lettered", "0", "0", currency=""),
    ],
    "sink_offset": [
        {"topic": "inbox", "kafka_partition": 1, "next_offset": 9, "version": 9},
        {"topic": "inbox", "kafka_partition": 2, "next_offset": 4, "version": 4},
        {"topic": "rejected", "kafka_partition": 1, "next_offset": 3, "version": 3},
    ],
}


def money(*amounts: int) -> tuple[Decimal, ...]:
    return tuple(Decimal(amount) for amount in amounts)


def test_pairs_are_summed_by_currency_without_credits(reader: Client) -> None:
    swiss, euro = report.load_pairs(reader)

    assert (swiss.currency, swiss.cdrs, swiss.claimed, swiss.held) == ("CHF", 1, *money(5, 1))
    assert (euro.cdrs, euro.credits, euro.energy_kwh) == (1, 1, Decimal("10.5"))
    sums = (euro.claimed, euro.payable, euro.held, euro.disputed)
    assert sums == money(12, 10, 2, 12)


def test_findings_are_counted_by_code_and_currency(reader: Client) -> None:
    (finding,) = report.load_findings(reader)

    assert (finding.code, finding.currency) == ("claimed_above_priced", "EUR")
    assert (finding.count, finding.difference) == (1, *money(2))


def test_every_cdr_document_counts_once_and_what_is_missing_is_unexplained(reader: Client) -> None:
    accounting = report.load_accounting(reader)

    assert accounting == report.Accounting(
        received=10,
        rejected=2,
        accepted=8,
        settled=1,
        waiting=1,
        duplicate=1,
        conflict=2,
        dead_lettered=1,
        unexplained=2,
    )


def test_progress_is_counted_by_offsets(reader: Client) -> None:
    assert report.load_passed(reader) == report.Passed(received=13, cdrs=4)
    assert report.load_decided(reader) == 7
    assert report.load_sink_offsets(reader)[("rejected", 1)] == 3


def test_documents_are_counted_by_partner(reader: Client) -> None:
    ours = report.load_answered(reader, partners=["NL*LDN"])
    others = report.load_answered(reader, partners=["DE*STB"])

    assert ours == report.Answered(accepted=8, rejected=2)
    assert others == report.Answered(accepted=0, rejected=0)


def test_the_most_disputed_cdr_is_explained_line_by_line(reader: Client) -> None:
    explained = report.load_telling_cdr(reader)

    assert explained is not None
    assert explained.cdr["cdr_id"] == "a"
    (segment,) = explained.segments
    assert segment["billed_volume"] * segment["unit_price"] == segment["before_taxes"]
    assert [finding["code"] for finding in explained.findings] == ["claimed_above_priced"]
    assert sum(posting["amount"] for posting in explained.postings) == 0


def test_a_cdr_that_is_not_there_is_said(reader: Client) -> None:
    with pytest.raises(LookupError, match="NOBODY"):
        report.load_explained(reader, cpo="NL*LDN", cdr_key="NOBODY")
