"""One record of the inbox, as the steps see it.

Rule: what arrived and where it stands; nothing is interpreted here.
"""

from typing import Any

import msgspec

from settlement.cdr import folded
from streams.events import Envelope, NewerSchema, envelope_of, receipt_of


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A document with its envelope and position."""

    partition: int
    offset: int
    value: bytes
    envelope: Envelope

    @property
    def object_key(self) -> str:
        """Give the object's id in the form in which ids are compared."""
        return folded(self.envelope.object_id)


def record_at(message: Any) -> Record:
    """Read a Kafka message of the inbox (Faust's or aiokafka's).

    Headers that are no envelope, or name no time of receipt, give an empty module, which no step
    admits. Raises NewerSchema for what a newer program wrote.
    """
    headers = message.headers
    pairs = headers.items() if isinstance(headers, dict) else headers or ()
    try:
        envelope = envelope_of(pairs)
    except NewerSchema:
        raise
    except ValueError:
        envelope = _stranger(message)
    if receipt_of(envelope.received_time) is None:
        envelope = _stranger(message)
    return Record(
        partition=message.partition,
        offset=message.offset,
        value=message.value or b"",
        envelope=envelope,
    )


def _stranger(message: Any) -> Envelope:
    return Envelope(
        ce_id=f"{message.partition}-{message.offset}",
        ce_type="",
        ce_source="",
        ce_subject="",
        ce_time="",
        received_time="1970-01-01T00:00:00+00:00",
        partner="",
        cpo=(message.key or b"").decode(errors="replace"),
        ocpi_version="",
        module="",
        http_method="",
        object_id="",
    )
