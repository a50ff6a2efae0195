"""What the fold makes of documents in memory, handed to the checks of `settle verify`.

Rule: no table and no topic: rows are spelled as ClickHouse's JSON spells them, records as Kafka
holds them. That both are so is shown by tests/integration/test_verify.py.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from settlement.verify.cdr import Cdrs
from settlement.verify.difference import Differences
from settlement.verify.document import Body
from settlement.verify.inbox import Inbox as Received
from settlement.verify.statement import Statements
from streams.events import headers_of
from streams.rows import Row
from tests.pipeline.inbox import Inbox

MICROSECONDS = {"received_time", "tariff.received_time"}  # columns of six decimals


def differences(
    inbox: Inbox, change: Callable[[Row], Mapping[str, Any]] | None = None
) -> list[str]:
    """Check every CDR of a partition; `change` gives columns that are to be changed in a row."""
    received, statements, found = Received(), Statements(), Differences()
    bodies: dict[tuple[str, str], dict[tuple[int, int], Body]] = {}
    for record in inbox.log:
        envelope = record.envelope
        received.take(
            SimpleNamespace(
                partition=record.partition,
                offset=record.offset,
                key=envelope.cpo.encode(),
                value=record.value,
                headers=headers_of(envelope),
            )
        )
        body = Body(record.value, envelope.ocpi_version, envelope.emsp, envelope.object_id)
        key = (envelope.cpo, record.object_key)
        bodies.setdefault(key, {})[record.partition, record.offset] = body
    for said in inbox.rows("document_outcome"):
        statements.take(said, is_stored=True)
    cdrs = Cdrs(received, {inbox.partition: statements}, found)
    rows = {(row["cpo"], row["cdr_key"]): row for row in inbox.rows("cdr_settled")}
    for key in sorted({*rows, *received.cdrs}):
        row: dict[str, Any] | None = as_read(rows[key]) if key in rows else None
        if row is not None and change is not None:
            row = {**row, **change(row)}
        cdrs.check(*key, row, bodies[key], is_current=True)
    cdrs.recount.compare(found)
    unexplained = sum(account.unexplained for account in cdrs.accounts.values())
    lines = [difference.line for difference in found.kept]
    return [*lines, f"{unexplained} unexplained"] if unexplained else lines


def as_read(row: Row) -> dict[str, Any]:
    """Spell a row as ClickHouse's JSON does."""
    return {name: _spelled(value, name) for name, value in row.items()}


def _spelled(value: Any, name: str) -> Any:
    if isinstance(value, list | tuple):
        return [_spelled(one, name) for one in value]
    if isinstance(value, Decimal):
        whole = value.to_integral_value()
        return int(whole) if value == whole else value
    if isinstance(value, datetime):
        text = value.isoformat(timespec="microseconds")[:26]
        return f"{text if name in MICROSECONDS else text[:-3]}Z"
    return value.isoformat() if isinstance(value, date) else value


def settled(documents: Sequence[Any]) -> Inbox:
    """Give the fold of documents as sent."""
    return Inbox().receive(*documents)
