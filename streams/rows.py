"""From the messages of a topic to the rows of its tables.

Rule: the one table of which topic feeds which table through which function; a row repeats what
its message says and computes nothing. One writer a table: the sink.
"""

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from operator import attrgetter
from typing import Any, get_type_hints

import msgspec

from settlement.cdr import folded
from streams.events import receipt_of
from streams.outcome import (
    CdrOutcome,
    DeadLetter,
    DeadLetterDecided,
    DocumentOutcome,
    LocationOutcome,
    SessionOutcome,
    TariffOutcome,
)
from streams.topics import (
    DEAD_LETTER,
    INBOX,
    REJECTED,
    SETTLEMENT_CDR,
    SETTLEMENT_DECISION,
    SETTLEMENT_DOCUMENT,
    SETTLEMENT_LOCATION,
    SETTLEMENT_SESSION,
    SETTLEMENT_TARIFF,
    Topic,
)

Row = dict[str, Any]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_cdr = msgspec.json.Decoder(CdrOutcome)
_documents = msgspec.json.Decoder(list[DocumentOutcome])
_session = msgspec.json.Decoder(SessionOutcome)
_tariff = msgspec.json.Decoder(TariffOutcome)
_location = msgspec.json.Decoder(LocationOutcome)
_decided = msgspec.json.Decoder(DeadLetterDecided)
_letter = msgspec.json.Decoder(DeadLetter)

# Array columns of cdr_settled: prefix -> (field of the outcome, fields of its entries).
ARRAYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "tariff": (
        "tariffs",
        ("tariff_id", "digest", "source", "last_updated", "received_time", "is_chosen"),
    ),
    "segment": (
        "segments",
        (
            "period",
            "tariff_id",
            "element",
            "component",
            "dimension",
            "is_reservation",
            "volume",
            "billed_volume",
            "unit_price",
            "before_taxes",
            "tax_rate",
            "tax",
            "why",
        ),
    ),
    "note": ("notes", ("code", "path", "message")),
    "finding": (
        "findings",
        (
            "code",
            "path",
            "message",
            "severity",
            "claimed",
            "computed",
            "difference",
            "cause",
            "candidates",
        ),
    ),
    "posting": ("postings", ("account", "amount")),
    "copy": ("copies", ("content_digest", "claimed", "payable")),
}
_ARRAY_FIELDS = frozenset(field for field, _ in ARRAYS.values())
_SCALARS = tuple(
    name for name in CdrOutcome.__struct_fields__ if name not in _ARRAY_FIELDS and name != "cause"
)
_OUTCOME_COLUMNS = (
    "cpo",
    "cdr_key",
    "version",
    "outcome_digest",
    "verdict",
    "bucket",
    "currency",
    "claimed_before_taxes",
    "priced_before_taxes",
    "payable",
    "held",
    "cause",
    "rules_version",
    "kafka_partition",
    "month",
)
_hints = get_type_hints(CdrOutcome)
# Of an outcome that table needs little: the rest is passed over, not read.
_Summary = msgspec.defstruct("Summary", [(name, _hints[name]) for name in _OUTCOME_COLUMNS])
_summary = msgspec.json.Decoder(_Summary)
_scalars_of = attrgetter(*_SCALARS)
# field of the outcome, its columns, what gives their values from an entry, the columns of none
_ENTRIES: Sequence[tuple[str, Sequence[str], Callable[[Any], Any], Row]] = tuple(
    (field, columns, attrgetter(*names), {column: [] for column in columns})
    for prefix, (field, names) in ARRAYS.items()
    for columns in [tuple(f"{prefix}.{name}" for name in names)]
)


def headers_text(record: Any) -> dict[str, str]:
    """Give a message's headers as text."""
    return {name: value.decode(errors="replace") for name, value in record.headers}


def received_row(record: Any) -> Row:
    """Give the row of an inbox record: the document verbatim."""
    headers = headers_text(record)
    received = _time(headers.get("received_time"))
    object_id = headers.get("object_id", "")
    return {
        "cpo": headers.get("cpo") or (record.key or b"").decode(errors="replace"),
        "module": headers.get("module", ""),
        "object_key": folded(object_id),
        "object_id": object_id,
        "evse_uid": headers.get("evse_uid", ""),
        "connector_id": headers.get("connector_id", ""),
        "partner": headers.get("partner", ""),
        "emsp": headers.get("emsp", ""),
        "event_type": headers.get("ce_type", ""),
        "http_method": headers.get("http_method", ""),
        "ocpi_version": headers.get("ocpi_version", ""),
        "received_time": received,
        "kafka_partition": record.partition,
        "kafka_offset": record.offset,
        "headers": headers,
        "body": record.value or b"",
        "month": date(received.year, received.month, 1),
        "version": record.offset,
    }


def rejected_row(record: Any) -> Row:
    """Give the row of a document that the gateway refused."""
    headers = headers_text(record)
    return {
        "partner": headers.get("partner", ""),
        "cpo": headers.get("cpo", ""),
        "module": headers.get("module", ""),
        "object_id": headers.get("object_id", ""),
        "http_method": headers.get("http_method", ""),
        "ocpi_version": headers.get("ocpi_version", ""),
        "received_time": _time(headers.get("received_time")),
        "reason": headers.get("reason", ""),
        "paths": json.loads(headers.get("paths", "[]")),
        "http_status": int(headers.get("http_status", "0")),
        "ocpi_status": int(headers.get("ocpi_status", "0")),
        "headers": headers,
        "body": record.value or b"",
        "kafka_partition": record.partition,
        "kafka_offset": record.offset,
        "version": record.offset,
    }


def dead_letter_row(record: Any) -> Row:
    """Give the row of a dead letter: why, where it came from, and its bytes."""
    headers = headers_text(record)
    letter = _letter.decode(headers.pop("dead_letter"))
    return {
        **msgspec.structs.asdict(letter),
        "received_time": _time(headers.get("received_time")),
        "headers": headers,
        "body": record.value or b"",
    }


def cdr_row(record: Any) -> Row:
    """Give the one row of a CDR."""
    outcome = _cdr.decode(record.value)
    row: Row = dict(zip(_SCALARS, _scalars_of(outcome), strict=True))
    for field, columns, values_of, nothing in _ENTRIES:
        entries = getattr(outcome, field)
        if entries:
            row.update(zip(columns, zip(*map(values_of, entries), strict=True), strict=True))
        else:
            row.update(nothing)
    return row


def cdr_outcome_row(record: Any) -> Row:
    """Give the row of one outcome of a CDR."""
    return msgspec.structs.asdict(_summary.decode(record.value))


def document_rows(record: Any) -> list[Row]:
    """Give the rows of what became of inbox records."""
    return [msgspec.structs.asdict(outcome) for outcome in _documents.decode(record.value)]


def _struct_rows(decoder: msgspec.json.Decoder[Any]) -> Callable[[Any], list[Row]]:
    return lambda record: [msgspec.structs.asdict(decoder.decode(record.value))]


def _one(function: Callable[[Any], Row]) -> Callable[[Any], list[Row]]:
    return lambda record: [function(record)]


def _time(text: str | None) -> datetime:
    return receipt_of(text or "") or EPOCH


class Feed(msgspec.Struct, frozen=True):
    """One table that a topic feeds."""

    topic: Topic
    table: str
    rows: Callable[[Any], list[Row]]


FEEDS: Sequence[Feed] = (
    Feed(INBOX, "document_received", _one(received_row)),
    Feed(REJECTED, "document_rejected", _one(rejected_row)),
    Feed(DEAD_LETTER, "dead_letter", _one(dead_letter_row)),
    Feed(SETTLEMENT_DOCUMENT, "document_outcome", document_rows),
    Feed(SETTLEMENT_SESSION, "session_current", _struct_rows(_session)),
    Feed(SETTLEMENT_TARIFF, "tariff_version", _struct_rows(_tariff)),
    Feed(SETTLEMENT_LOCATION, "location_current", _struct_rows(_location)),
    Feed(SETTLEMENT_DECISION, "dead_letter_decision", _struct_rows(_decided)),
    Feed(SETTLEMENT_CDR, "cdr_outcome", _one(cdr_outcome_row)),
    Feed(SETTLEMENT_CDR, "cdr_settled", _one(cdr_row)),
)
