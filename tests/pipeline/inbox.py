"""The whole fold without a network: documents in, FINAL rows out.

Rule: an in-memory inbox of one partition with the real steps and the real row functions; that
it behaves like the real thing is shown by tests/integration, which runs the same documents.
"""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from settlement.ocpi.door import parse_cdr
from settlement.pricing.profile import DEFAULT
from streams.apply import Application, Applied
from streams.batches import Batches
from streams.events import EVENT_TYPES, Envelope, headers_of
from streams.record import Record
from streams.rows import FEEDS, Row
from streams.state import State
from streams.steps.settle import Document

RECEIVED = datetime(2025, 3, 1, 12, 0, tzinfo=UTC)
# Sorting key of each table, as in settlement/clickhouse/migrations.
KEYS = {
    "document_received": ("kafka_partition", "kafka_offset"),
    "document_outcome": ("kafka_partition", "kafka_offset"),
    "dead_letter_decision": ("origin_partition", "origin_offset"),
    "dead_letter": ("origin_partition", "origin_offset", "module", "object_key"),
    "session_current": ("cpo", "session_key"),
    "tariff_version": ("cpo", "tariff_key", "last_updated", "digest"),
    "location_current": ("cpo", "location_key"),
    "cdr_settled": ("cpo", "cdr_key"),
    "cdr_outcome": ("cpo", "cdr_key", "version", "outcome_digest"),
}


@dataclass(frozen=True)
class Sent:
    """A document as a partner sent it, with what the gateway resolved."""

    module: str
    method: str
    object_id: str
    body: bytes
    received: datetime = RECEIVED
    cpo: str = "NL*TNM"
    emsp: str = "DE*EMP"
    evse_uid: str = ""
    connector_id: str = ""
    ocpi_version: str = "2.2.1"

    def envelope(self, ce_id: str) -> Envelope:
        return Envelope(
            ce_id=ce_id,
            ce_type=EVENT_TYPES[self.module, self.method],
            ce_source=f"/ocpi/{self.ocpi_version}/{self.module}",
            ce_subject=f"{self.cpo}/{self.object_id}",
            ce_time=self.received.isoformat(),
            received_time=self.received.isoformat(),
            partner=self.cpo,
            cpo=self.cpo,
            emsp=self.emsp if self.module in ("cdrs", "sessions") else "",
            ocpi_version=self.ocpi_version,
            module=self.module,
            http_method=self.method,
            object_id=self.object_id,
            evse_uid=self.evse_uid,
            connector_id=self.connector_id,
        )


def a_sent(module: str, method: str, document: Any, **changes: Any) -> Sent:
    """Give a document as sent; its id comes from the body unless it is named."""
    object_id = changes.pop("object_id", None) or document["id"]
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    return Sent(module=module, method=method, object_id=object_id, body=body, **changes)


def a_decision(method: str, offset: int) -> Sent:
    """Give somebody's decision about a dead letter of partition 0."""
    body = {"partition": 0, "offset": offset, "actor": "ops", "reason": "looked at it"}
    return a_sent("decisions", method, body, object_id=str(offset))


@dataclass
class Inbox:
    """One partition: its log, its state and the rows it derived."""

    log: list[Record] = field(default_factory=list)
    state: State = field(default_factory=State)
    tables: dict[str, dict[tuple[Any, ...], Row]] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    messages: dict[str, list[Any]] = field(default_factory=dict)  # by topic, as in its log
    partition: int = 0

    def receive(self, *sent: Sent) -> "Inbox":
        for one in sent:
            offset = len(self.log)
            self.replay(
                Record(
                    partition=self.partition,
                    offset=offset,
                    value=one.body,
                    envelope=one.envelope(f"id-{offset}"),
                )
            )
        return self

    def replay(self, record: Record) -> None:
        """Take a record as it stands in a log."""
        assert record.offset == len(self.log)
        self.log.append(record)
        self._store("inbox", b"", record.value, headers_of(record.envelope), record.offset)
        self._apply(record)

    def rows(self, table: str) -> list[Row]:
        """Give the rows as FINAL shows them, in key order."""
        return [row for _, row in sorted(self.tables.get(table, {}).items(), key=str)]

    def cdr(self, cdr_id: str) -> Row:
        (row,) = [row for row in self.rows("cdr_settled") if row["cdr_key"] == cdr_id.upper()]
        return row

    def outcomes(self, cdr_id: str) -> list[Row]:
        found = [row for row in self.rows("cdr_outcome") if row["cdr_key"] == cdr_id.upper()]
        return sorted(found, key=lambda row: row["version"])

    def documents(self) -> list[str]:
        ordered = sorted(self.rows("document_outcome"), key=lambda row: row["kafka_offset"])
        return [row["outcome"] for row in ordered]

    def _apply(self, record: Record) -> None:
        application = Application(record=record, state=self.state, profile=DEFAULT)
        read = application.begin()
        retried = application.retried
        batches = Batches()
        batches.add(self._run(application, read))
        if retried is not None:
            again = Application(
                record=self.log[retried], state=self.state, profile=DEFAULT, cause=record
            )
            batches.add(self._run(again, again.begin()))
        for topic, messages in batches.take(generation=1, partition=self.partition):
            for key, value, headers in messages:
                self._store(topic.removesuffix(".g1"), key, value, headers, record.offset)

    def _run(self, application: Application, read: dict[int, Document]) -> Applied:
        wanted = application.wanted(application.touched)
        documents = {offset: self._document(offset) for offset in wanted}
        return application.run(application.touched, {**documents, **read})

    def _document(self, offset: int) -> Document:
        record = self.log[offset]
        parsed = parse_cdr(record.value, ocpi_version=record.envelope.ocpi_version)
        return Document(parsed=parsed, emsp=record.envelope.emsp)

    def _store(self, topic: str, key: bytes, value: bytes, headers: Any, offset: int) -> None:
        record = SimpleNamespace(
            key=key, value=value, headers=headers, partition=self.partition, offset=offset
        )
        self.messages.setdefault(topic, []).append(record)
        for feed in FEEDS:
            if feed.topic.name != topic:
                continue
            for row in feed.rows(record):
                self.written[feed.table] = self.written.get(feed.table, 0) + 1
                place = tuple(row[name] for name in KEYS[feed.table])
                rows = self.tables.setdefault(feed.table, {})
                if place not in rows or rows[place]["version"] <= row["version"]:
                    rows[place] = row
