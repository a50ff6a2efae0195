"""The messages of a flush, by topic.

Rule: the one table of which outcome goes to which derived topic, under which key.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from streams.apply import Applied
from streams.events import Headers, headers_of
from streams.outcome import (
    DeadLetterDecided,
    DocumentOutcome,
    LocationOutcome,
    SessionOutcome,
    TariffOutcome,
)
from streams.topics import (
    DEAD_LETTER,
    SETTLEMENT_CDR,
    SETTLEMENT_DECISION,
    SETTLEMENT_DOCUMENT,
    SETTLEMENT_LOCATION,
    SETTLEMENT_SESSION,
    SETTLEMENT_TARIFF,
    Topic,
)

Message = tuple[bytes, bytes, Headers]
SCHEMA: Headers = [("schema_version", b"1")]
_ENCODE = msgspec.json.Encoder().encode

# outcome -> (topic, key of its object, event type)
OUTCOMES: dict[type, tuple[Topic, Callable[[Any], str], str]] = {
    SessionOutcome: (SETTLEMENT_SESSION, lambda o: o.session_key, "SessionFolded"),
    TariffOutcome: (SETTLEMENT_TARIFF, lambda o: o.tariff_key, "TariffVersionKept"),
    LocationOutcome: (SETTLEMENT_LOCATION, lambda o: o.location_key, "LocationFolded"),
    DeadLetterDecided: (SETTLEMENT_DECISION, lambda o: str(o.origin_offset), "DeadLetterDecided"),
}
# What a CDR's event is called by the bucket it is in.
CDR_HEADERS: dict[str, Headers] = {
    "settled": [("ce_type", b"CdrSettled"), *SCHEMA],
    "waiting": [("ce_type", b"CdrAwaiting"), *SCHEMA],
    "conflict": [("ce_type", b"CdrConflicted"), *SCHEMA],
    "dead_lettered": [("ce_type", b"CdrDeadLettered"), *SCHEMA],
}


class Batches:
    """Messages that wait for the next flush."""

    def __init__(self) -> None:
        self._messages: dict[str, list[Message]] = {}
        self._topics: dict[str, Topic] = {}
        self._documents: list[DocumentOutcome] = []

    def add(self, applied: Applied) -> None:
        """Take what one fact says."""
        record = applied.record
        if applied.document is not None:
            self._documents.append(applied.document)
        for cdr in applied.cdrs:
            headers = CDR_HEADERS[cdr.bucket]
            self._append(SETTLEMENT_CDR, f"{cdr.cpo}|{cdr.cdr_key}", cdr.value, headers)
        for outcome in applied.objects:
            topic, key, name = OUTCOMES[type(outcome)]
            headers = [("ce_type", name.encode()), *SCHEMA]
            self._append(topic, f"{outcome.cpo}|{key(outcome)}", _ENCODE(outcome), headers)
        for letter in applied.dead_letters:
            headers = [*headers_of(record.envelope), ("dead_letter", _ENCODE(letter))]
            self._append(DEAD_LETTER, record.envelope.cpo, record.value, headers)

    def take(self, *, generation: int, partition: int) -> list[tuple[str, list[Message]]]:
        """Give everything by topic name, the documents' outcomes in one message."""
        if self._documents:
            value = _ENCODE(self._documents)
            headers = [("ce_type", b"DocumentsAccounted"), *SCHEMA]
            self._append(SETTLEMENT_DOCUMENT, str(partition), value, headers)
            self._documents = []
        taken = [
            (self._topics[name].in_generation(generation), messages)
            for name, messages in self._messages.items()
        ]
        self._messages, self._topics = {}, {}
        return taken

    def _append(self, topic: Topic, key: str, value: bytes, headers: Headers) -> None:
        self._topics[topic.name] = topic
        self._messages.setdefault(topic.name, []).append((key.encode(), value, headers))
