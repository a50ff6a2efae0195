"""What is said of a CDR, and its stamp: written once, read as one."""

from datetime import UTC, date, datetime
from decimal import Decimal

import msgspec
import pytest

from streams import outcome
from streams.outcome import (
    CdrOutcome,
    CdrSaid,
    Stamp,
    TooLarge,
    outcome_digest,
    stamped,
    written,
)

SAID = CdrSaid(
    cpo="NL*TNM",
    cdr_key="C1",
    cdr_id="c1",
    verdict="matched",
    bucket="settled",
    payable=Decimal("5.10"),
)
STAMP = Stamp(
    received_time=datetime(2025, 3, 1, 12, tzinfo=UTC),
    kafka_partition=3,
    kafka_offset=7,
    month=date(2025, 3, 1),
    version=9,
    cause="CdrReceived",
    outcome_digest="d",
    rules_version="r",
)


def test_what_is_said_stands_in_the_order_of_names() -> None:
    names = CdrSaid.__struct_fields__

    assert names == tuple(sorted(names))


def test_an_outcome_is_what_is_said_and_then_its_stamp() -> None:
    assert CdrOutcome.__struct_fields__ == CdrSaid.__struct_fields__ + Stamp.__struct_fields__


def test_the_message_reads_as_both_of_its_parts() -> None:
    value = stamped(written(SAID), STAMP)

    read = msgspec.json.decode(value, type=CdrOutcome)

    assert read == CdrOutcome(**msgspec.structs.asdict(SAID), **msgspec.structs.asdict(STAMP))


def test_the_digest_tells_what_is_said_apart_and_nothing_else() -> None:
    other = msgspec.structs.replace(SAID, payable=Decimal("5.11"))

    assert outcome_digest(written(SAID)) == outcome_digest(written(msgspec.structs.replace(SAID)))
    assert outcome_digest(written(SAID)) != outcome_digest(written(other))


def test_what_the_broker_would_refuse_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcome, "OUTCOME_BYTES", 100)

    with pytest.raises(TooLarge):
        written(SAID)
