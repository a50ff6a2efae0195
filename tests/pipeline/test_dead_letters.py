"""What cannot be processed is kept, told, and can be decided on."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import (
    a_cdr_document,
    a_charging_period_document,
    a_session_document,
    a_tariff_document,
)
from tests.pipeline.inbox import Inbox, Sent, a_decision, a_sent

START = datetime(2024, 3, 1, 10, tzinfo=UTC)
BEFORE = START - timedelta(days=10)
AFTER = START + timedelta(days=10)
PRICE = Decimal("5.13")  # 20.5 kWh at 0.25, rounded half up
CLAIM = Decimal("5.125")


def priced_at(price: float, **changes: Any) -> dict[str, Any]:
    tariff = a_tariff_document(**changes)
    tariff["elements"][0]["price_components"][0]["price"] = price
    return tariff


def a_cdr(**changes: Any) -> Sent:
    return a_sent("cdrs", "POST", a_cdr_document(**changes))


def a_tariff(document: dict[str, Any], received: datetime = BEFORE) -> Sent:
    return a_sent("tariffs", "PUT", document, received=received)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[]", b'{"id": "CDR-1"}'])
def test_what_cannot_be_read_is_a_dead_letter_and_the_rest_goes_on(body: bytes) -> None:
    inbox = Inbox().receive(a_sent("cdrs", "POST", body, object_id="CDR-0"), a_cdr())

    (letter,) = inbox.rows("dead_letter")

    assert (letter["reason"], letter["body"], letter["origin_offset"]) == ("unreadable", body, 0)
    assert inbox.documents() == ["dead_lettered", "first"]
    assert inbox.cdr("CDR-0")["bucket"] == "dead_lettered"
    assert inbox.cdr("CDR-1")["bucket"] == "settled"


def test_a_dead_letter_changes_nothing_admitted_before() -> None:
    twelve = a_charging_period_document(dimensions=[{"type": "ENERGY", "volume": "twelve"}])
    inbox = Inbox().receive(a_cdr())
    before = inbox.cdr("CDR-1")

    inbox.receive(a_cdr(charging_periods=[twelve]))

    assert inbox.documents() == ["first", "dead_lettered"]
    assert inbox.cdr("CDR-1") == before
    (letter,) = inbox.rows("dead_letter")
    assert "twelve" in letter["message"]


def test_a_good_copy_after_a_dead_letter_is_the_first() -> None:
    inbox = Inbox().receive(a_sent("cdrs", "POST", b"{", object_id="CDR-1"), a_cdr())

    assert inbox.documents() == ["dead_lettered", "first"]
    assert inbox.cdr("CDR-1")["bucket"] == "settled"


def test_a_record_that_is_no_document_of_ours_is_a_dead_letter() -> None:
    stranger = Sent(module="cdrs", method="POST", object_id="X", body=b"{}", ocpi_version="9.9")

    inbox = Inbox().receive(stranger, a_cdr())

    assert inbox.documents() == ["dead_lettered", "first"]


def test_a_dead_letter_that_is_dropped_stays_accounted_for() -> None:
    inbox = Inbox().receive(a_sent("cdrs", "POST", b"{", object_id="CDR-0"), a_decision("DROP", 0))

    inbox.receive(a_decision("RETRY", 0))

    assert inbox.documents() == ["dead_lettered", "applied", "no_effect"]
    assert [row["status"] for row in inbox.rows("dead_letter_decision")] == ["dropped"]


def test_a_dead_letter_that_fails_again_is_open_again() -> None:
    inbox = Inbox().receive(a_sent("cdrs", "POST", b"{", object_id="CDR-0"), a_decision("RETRY", 0))

    (letter,) = inbox.rows("dead_letter")
    assert inbox.documents() == ["dead_lettered", "applied"]
    assert letter["version"] == 1
    inbox.receive(a_decision("RETRY", 0))
    assert inbox.documents() == ["dead_lettered", "applied", "applied"]


def test_a_dead_letter_is_applied_when_the_step_was_mended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inbox = Inbox()
    with monkeypatch.context() as broken:
        broken.setattr("streams.steps.settle.price_copy", _broken_step)
        inbox.receive(a_cdr())
    before = inbox.cdr("CDR-1")

    inbox.receive(a_decision("RETRY", 0))

    assert (before["bucket"], inbox.rows("dead_letter")[0]["reason"]) == (
        "dead_lettered",
        "step_failed",
    )
    assert inbox.documents() == ["first", "applied"]
    assert inbox.cdr("CDR-1")["verdict"] == "matched"
    assert inbox.rows("dead_letter_decision")[0]["status"] == "resolved"


def test_a_cdr_whose_own_run_fails_holds_its_whole_claim_until_it_is_retried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inbox = Inbox().receive(a_cdr(), a_cdr(id="CDR-2"))
    with monkeypatch.context() as broken:
        broken.setattr("streams.steps.settle.price_copy", _broken_step)
        inbox.receive(a_tariff(priced_at(0.20)))
    held = inbox.cdr("CDR-1")

    inbox.receive(a_decision("RETRY", 2))

    assert (held["bucket"], held["payable"], held["held"]) == ("waiting", Decimal(0), CLAIM)
    assert inbox.documents() == ["first", "first", "applied", "applied"]
    assert len(inbox.rows("dead_letter")) == 2
    assert [inbox.cdr(one)["payable"] for one in ("CDR-1", "CDR-2")] == [Decimal("4.1")] * 2


@pytest.mark.parametrize("is_highest_first", [True, False])
def test_copies_in_conflict_whose_run_fails_show_the_one_whose_claim_is_held(
    monkeypatch: pytest.MonkeyPatch, is_highest_first: bool
) -> None:
    claims = (9.0, 3.0) if is_highest_first else (3.0, 9.0)
    inbox = Inbox().receive(*[a_cdr(total_cost={"excl_vat": one}) for one in claims])

    with monkeypatch.context() as broken:
        broken.setattr("streams.steps.settle.price_copy", _broken_step)
        inbox.receive(a_tariff(priced_at(0.20)))

    row = inbox.cdr("CDR-1")
    assert (row["bucket"], row["held"]) == ("waiting", Decimal(9))
    assert row["kafka_offset"] == claims.index(9.0)


def test_a_session_with_too_many_changes_is_a_dead_letter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("streams.steps.admit_change.CHANGES_BYTES", 10)

    inbox = Inbox().receive(a_sent("sessions", "PUT", a_session_document()), a_cdr())

    assert inbox.documents() == ["dead_lettered", "first"]
    assert inbox.rows("dead_letter")[0]["reason"] == "too_large"


def _broken_step(**_: object) -> None:
    raise ZeroDivisionError("a step with a mistake")
