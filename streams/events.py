"""The envelope of an event: CloudEvents in Kafka headers (binary mode).

Rule: what the gateway resolved is frozen here when the document is accepted; whoever reads an
event later takes it from the headers and never resolves it anew. The value is the document
byte for byte.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from settlement.bounds import fits_time

SCHEMA_VERSION = 1

# (OCPI module, HTTP method) -> the past-tense fact. The values are `ce_type`.
EVENT_TYPES: dict[tuple[str, str], str] = {
    ("cdrs", "POST"): "CdrReceived",
    ("sessions", "PUT"): "SessionReceived",
    ("sessions", "PATCH"): "SessionPatchReceived",
    ("tariffs", "PUT"): "TariffReceived",
    ("tariffs", "PATCH"): "TariffPatchReceived",
    ("tariffs", "DELETE"): "TariffDeleted",
    ("locations", "PUT"): "LocationReceived",
    ("locations", "PATCH"): "LocationPatchReceived",
    ("decisions", "RETRY"): "DeadLetterRetried",
    ("decisions", "DROP"): "DeadLetterDropped",
}


class NewerSchema(Exception):  # noqa: N818 - the log's state, not an error of ours
    """An event was written by a newer program; a consumer must stop, never guess."""


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What is known about a document besides its bytes; absent values are empty strings."""

    ce_id: str  # unique to this receipt
    ce_type: str
    ce_source: str  # /ocpi/2.2.1/cdrs
    ce_subject: str  # NL*TNM/CDR-1: for people; the parts stand below
    ce_time: str  # when it happened in the world (UTC, RFC 3339)
    received_time: str  # when the gateway learned of it (UTC, RFC 3339, microseconds)
    partner: str  # whose token it was
    cpo: str = ""  # owner of the object, NL*TNM; empty only where a refused document names none
    emsp: str = ""  # DE*EMP where the document or the request names it
    ocpi_version: str
    module: str  # cdrs, sessions, tariffs, locations
    http_method: str
    object_id: str = ""  # as sent; empty only where a refused document has none
    evse_uid: str = ""  # of a location's part
    connector_id: str = ""
    request_id: str = ""
    correlation_id: str = ""
    schema_version: str = str(SCHEMA_VERSION)

    @property
    def received(self) -> datetime:
        """Give the receipt as a UTC datetime."""
        return datetime.fromisoformat(self.received_time).astimezone(UTC)


def receipt_of(text: str) -> datetime | None:
    """Read a time of receipt as UTC; None for what is no instant between 2000 and 2100.

    One without an offset is none: it would be read in the time zone of this process.
    """
    try:
        received = datetime.fromisoformat(text)
    except ValueError:
        return None
    if received.tzinfo is None or not fits_time(received):
        return None
    return received.astimezone(UTC)


_FIELDS = Envelope.__struct_fields__
_KNOWN = frozenset(_FIELDS)
_CONSTANT = [("ce_specversion", b"1.0"), ("ce_datacontenttype", b"application/json")]

Headers = list[tuple[str, bytes]]


def headers_of(envelope: Envelope) -> Headers:
    """Write an envelope as Kafka headers."""
    written = [(name, getattr(envelope, name).encode()) for name in _FIELDS]
    return _CONSTANT + [(name, value) for name, value in written if value]


def envelope_of(headers: Iterable[tuple[str, bytes]]) -> Envelope:
    """Read an envelope from Kafka headers.

    Raises NewerSchema for what a newer program wrote, ValueError (msgspec.ValidationError)
    for headers that are no envelope.
    """
    known = {name: value.decode() for name, value in headers if name in _KNOWN}
    if int(known.get("schema_version", "0")) > SCHEMA_VERSION:
        raise NewerSchema(
            f"event {known.get('ce_id')} has schema version {known['schema_version']}, "
            f"this program reads up to {SCHEMA_VERSION}: run a newer one"
        )
    return msgspec.convert(known, Envelope)
