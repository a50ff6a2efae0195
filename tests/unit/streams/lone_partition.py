"""A partition that asks no broker, and records for it."""

from collections.abc import Callable
from typing import Any

from settlement.pricing.profile import DEFAULT
from streams.open_transactions import OpenTransactions
from streams.partition import Partition
from streams.record import Record
from streams.settings import StreamsSettings
from tests.builders import a_cdr_document
from tests.pipeline.inbox import a_sent


class Ack:
    """Stands for Faust's event."""

    def __init__(self) -> None:
        self.is_done = False

    def ack(self) -> None:
        self.is_done = True


def a_record(offset: int) -> Record:
    sent = a_sent("cdrs", "POST", a_cdr_document(id=f"CDR-{offset}"))
    return Record(
        partition=0, offset=offset, value=sent.body, envelope=sent.envelope(f"id-{offset}")
    )


def a_partition(*, on_failure: Callable[[Exception], None], **settings: Any) -> Partition:
    """Give a partition; whoever asks for it stops it, in the same loop."""
    return Partition(
        number=0,
        settings=StreamsSettings(kafka_brokers="127.0.0.1:1", **settings),
        profile=DEFAULT,
        transactions=OpenTransactions(),
        on_failure=on_failure,
    )
