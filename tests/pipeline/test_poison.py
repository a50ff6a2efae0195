"""Records that would stop the fold for ever if they were not dead letters, or invalid rows."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from streams.events import headers_of
from streams.record import Record, record_at
from streams.rows import EPOCH, received_row
from tests.builders import a_cdr_document, a_charging_period_document, a_tariff_document
from tests.pipeline.inbox import Inbox, Sent, a_sent


def a_cdr(**changes: Any) -> Sent:
    return a_sent("cdrs", "POST", a_cdr_document(**changes))


def a_message(offset: int = 0, **headers: str) -> SimpleNamespace:
    sent = a_cdr(id="CDR-0")
    written = dict(headers_of(sent.envelope("id-0"))) | {
        name: text.encode() for name, text in headers.items()
    }
    return SimpleNamespace(
        partition=0, offset=offset, key=b"NL*TNM", value=sent.body, headers=list(written.items())
    )


@pytest.mark.parametrize(
    "received_time",
    ["yesterday", "", "2024-03-01T10:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-01:00"],
)
def test_a_record_whose_receipt_cannot_be_read_is_a_dead_letter(received_time: str) -> None:
    inbox = Inbox()
    message = a_message(received_time=received_time)

    inbox.replay(record_at(message))
    inbox.receive(a_cdr())

    assert inbox.documents() == ["dead_lettered", "first"]
    assert inbox.rows("dead_letter")[0]["body"] == message.value
    assert received_row(message)["received_time"] == EPOCH


@pytest.mark.parametrize(
    "changes",
    [
        {"total_energy_cost": 1e308},
        {"total_energy": 10**300},
        {"start_date_time": "9999-12-31T23:59:59Z"},
        {"end_date_time": "0001-01-01T00:00:00Z"},
    ],
    ids=["cost", "energy", "start", "end"],
)
def test_a_number_or_time_outside_the_columns_is_invalid_and_told(changes: dict[str, Any]) -> None:
    inbox = Inbox().receive(
        a_sent("tariffs", "PUT", a_tariff_document()), a_cdr(**changes), a_cdr(id="CDR-2")
    )

    row = inbox.cdr("CDR-1")

    assert inbox.documents() == ["applied", "first", "first"]
    assert row["verdict"] == "invalid"
    assert row["payable"] == 0
    assert any(text for text in row["finding.message"])


def test_a_cdr_with_more_periods_than_can_be_priced_in_time_is_a_dead_letter() -> None:
    periods = [a_charging_period_document()] * 10_001

    inbox = Inbox().receive(a_cdr(id="CDR-0", charging_periods=periods), a_cdr())

    assert inbox.documents() == ["dead_lettered", "first"]
    (letter,) = inbox.rows("dead_letter")
    assert letter["reason"] == "too_large"
    assert "10001 charging periods" in letter["message"]


def test_a_tariff_with_more_elements_than_can_be_tried_in_time_is_a_dead_letter() -> None:
    tariff = a_tariff_document()
    tariff["elements"] *= 1_001

    inbox = Inbox().receive(
        a_sent("tariffs", "PUT", tariff), a_cdr(id="CDR-0", tariffs=[tariff]), a_cdr()
    )

    assert inbox.documents() == ["dead_lettered", "dead_lettered", "first"]
    assert {row["reason"] for row in inbox.rows("dead_letter")} == {"too_large"}


def test_versions_of_a_tariff_that_do_not_fit_the_state_are_dead_letters(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.steps.admit_change.CHANGES_BYTES", 2_000)
    versions = [
        a_sent("tariffs", "PUT", a_tariff_document(last_updated=f"2024-01-{day:02}T00:00:00Z"))
        for day in range(1, 21)
    ]

    inbox = Inbox().receive(*versions, a_cdr())

    outcomes = inbox.documents()
    assert (outcomes[0], outcomes[19], outcomes[20]) == ("applied", "dead_lettered", "first")
    assert {row["reason"] for row in inbox.rows("dead_letter")} == {"too_large"}
    assert len(inbox.rows("tariff_version")) == outcomes.count("applied")


def test_an_outcome_that_does_not_fit_a_message_is_a_dead_letter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.outcome.OUTCOME_BYTES", 8_000)

    inbox = Inbox().receive(
        a_cdr(id="CDR-0", charging_periods=[a_charging_period_document()] * 50), a_cdr()
    )

    assert inbox.documents() == ["dead_lettered", "first"]
    assert inbox.rows("dead_letter")[0]["reason"] == "too_large"
    assert inbox.cdr("CDR-0")["bucket"] == "dead_lettered"


def test_a_rerun_whose_outcome_does_not_fit_holds_the_claim(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = datetime(2024, 2, 1, tzinfo=UTC)
    inbox = Inbox().receive(a_cdr(charging_periods=[a_charging_period_document()] * 50))
    monkeypatch.setattr("streams.outcome.OUTCOME_BYTES", 8_000)

    inbox.receive(a_sent("tariffs", "PUT", a_tariff_document(), received=before))

    row = inbox.cdr("CDR-1")
    assert inbox.documents() == ["first", "applied"]
    assert (row["bucket"], row["payable"]) == ("waiting", 0)
    assert row["held"] == row["claimed_before_taxes"]
    assert inbox.rows("dead_letter")[0]["reason"] == "too_large"


def test_a_record_of_a_stranger_keeps_its_place() -> None:
    record = record_at(SimpleNamespace(partition=3, offset=7, key=None, value=None, headers=[]))

    assert isinstance(record, Record)
    assert (record.partition, record.offset, record.value) == (3, 7, b"")
    assert record.envelope.module == ""
