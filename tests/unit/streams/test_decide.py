"""A decision is a fact that the fold finds its dead letter by; places are named one way."""

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import msgspec
import pytest

from streams.decide import DROP, RETRY, decision_envelope
from streams.decided import Result
from streams.decision import Decision
from streams.events import headers_of
from streams.kept_letter import KeptLetter, Place, parse_place
from streams.record import record_at
from tests.builders import a_cdr_document
from tests.pipeline.inbox import Inbox, a_sent

NOW = datetime(2025, 3, 1, 12, tzinfo=timezone(timedelta(hours=2)))
CLOCK = datetime(2025, 3, 1, 10, tzinfo=UTC)


def a_letter(offset: int, cpo: str = "NL*TNM") -> KeptLetter:
    return KeptLetter(
        topic="inbox",
        partition=0,
        offset=offset,
        status="open",
        reason="unreadable",
        message="no JSON",
        cpo=cpo,
        module="cdrs",
        object_key="CDR-1",
        received_time=NOW,
        version=offset,
    )


def decide(inbox: Inbox, letter: KeptLetter, method: str) -> None:
    """Put a decision into an inbox as it would stand in Kafka."""
    decision = Decision(partition=0, offset=letter.offset, actor="ann", reason="looked at it")
    value = msgspec.json.encode(decision)
    envelope = decision_envelope(letter=letter, method=method, value=value, now=NOW)
    headers = headers_of(envelope)
    inbox.replay(
        record_at(
            SimpleNamespace(
                partition=0, offset=len(inbox.log), key=b"", value=value, headers=headers
            )
        )
    )


@pytest.mark.parametrize(("method", "status"), [(RETRY, "resolved"), (DROP, "dropped")])
def test_the_fold_finds_the_dead_letter_of_a_decision(method: str, status: str) -> None:
    inbox = Inbox().receive(a_sent("cdrs", "POST", b"{", object_id="CDR-1"))

    decide(inbox, a_letter(0), method)

    assert inbox.documents() == ["dead_lettered", "applied"]
    (decided,) = inbox.rows("dead_letter_decision")
    assert (decided["status"], decided["actor"], decided["reason"]) == (
        status,
        "ann",
        "looked at it",
    )


@pytest.mark.parametrize("cpo", ["", "\ufffd\ufffd"], ids=["no key", "an unreadable key"])
def test_the_dead_letter_of_a_stranger_can_be_decided_on(cpo: str) -> None:
    key = cpo.encode().replace("\ufffd".encode(), b"\xff") or None
    inbox = Inbox()
    inbox.replay(record_at(SimpleNamespace(partition=0, offset=0, key=key, value=b"?", headers=[])))

    decide(inbox, a_letter(0, cpo), DROP)

    assert inbox.documents() == ["dead_lettered", "applied"]


def test_a_decision_has_an_id_of_its_own_and_its_time_in_utc() -> None:
    envelopes = [
        decision_envelope(
            letter=a_letter(offset), method=method, value=str(offset).encode(), now=NOW
        )
        for offset in (1, 2)
        for method in (RETRY, DROP)
    ]

    assert len({envelope.ce_id for envelope in envelopes}) == 4
    assert {envelope.received for envelope in envelopes} == {CLOCK}


def test_a_decision_leaves_the_cdrs_of_its_cpo_as_they_are() -> None:
    inbox = Inbox().receive(
        a_sent("cdrs", "POST", a_cdr_document(id="CDR-2")),
        a_sent("cdrs", "POST", b"{", object_id="CDR-1"),
    )
    before = inbox.cdr("CDR-2")

    decide(inbox, a_letter(1), RETRY)

    assert inbox.cdr("CDR-2") == before


def test_a_place_is_partition_and_offset() -> None:
    place = parse_place("3/17")

    assert place == Place(3, 17)
    assert str(place) == "3/17"


@pytest.mark.parametrize("text", ["", "3", "3/", "/17", "3/17/1", "-3/17", "3/x", " 3/17", "3-17"])
def test_anything_else_is_no_place(text: str) -> None:
    with pytest.raises(ValueError, match="is not PARTITION/OFFSET, such as 3/17"):
        parse_place(text)


@pytest.mark.parametrize(
    ("outcome", "failed_again", "is_fine"),
    [
        ("first", 0, True),
        ("applied", 0, True),
        ("applied", 2, False),
        ("no_effect", 0, False),
        ("dead_lettered", 1, False),
        ("", 0, False),
    ],
)
def test_a_decision_is_fine_where_it_had_its_effect(
    outcome: str, failed_again: int, is_fine: bool
) -> None:
    result = Result(
        place=Place(0, 1), decision=Place(0, 2), outcome=outcome, failed_again=failed_again
    )

    assert result.is_fine is is_fine
