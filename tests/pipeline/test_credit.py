"""A Credit CDR waits for what it credits and posts nothing, whatever has arrived."""

from decimal import Decimal
from typing import Any

import pytest

from tests.builders import a_cdr_document, a_tariff_document
from tests.pipeline.inbox import Inbox, Sent, a_sent

CLAIM = Decimal("5.125")


def a_cdr(**changes: Any) -> Sent:
    return a_sent("cdrs", "POST", a_cdr_document(**changes))


def a_credit(amount: float = -5.125, **changes: Any) -> Sent:
    return a_cdr(
        **{
            "id": "CDR-1-C",
            "credit": True,
            "credit_reference_id": "CDR-1",
            "total_cost": {"excl_vat": amount},
            **changes,
        }
    )


CREDITS = {
    "as it should be": {},
    "of more than its original": {"total_cost": {"excl_vat": -900}},
    "claims what it should give back": {"total_cost": {"excl_vat": 5.125}},
    "without a reference": {"credit_reference_id": None},
    "of an unknown original": {"credit_reference_id": "CDR-0"},
    "ends before it starts": {"end_date_time": "2024-03-01T09:00:00Z"},
    "ends in the year 9999": {"end_date_time": "9999-03-01T09:00:00Z"},
    "of more than a column holds": {"total_cost": {"excl_vat": -1e30}},
    "of more energy than a column holds": {"total_energy": 1e30},
    "without a tariff": {"tariffs": []},
}


@pytest.mark.parametrize("is_first", [False, True], ids=["after its original", "before it"])
@pytest.mark.parametrize("changes", CREDITS.values(), ids=CREDITS.keys())
def test_a_credit_cdr_waits_and_posts_nothing(changes: dict[str, Any], is_first: bool) -> None:
    credit = a_credit(**changes)

    inbox = Inbox().receive(*(credit, a_cdr()) if is_first else (a_cdr(), credit))

    row = inbox.cdr("CDR-1-C")
    assert (row["verdict"], row["bucket"]) == ("unverifiable", "waiting")
    assert (row["payable"], row["held"], row["posting.account"]) == (Decimal(0), Decimal(0), [])
    assert "credit_not_posted" in row["finding.code"]
    assert row["waits_for"] == ("original",)
    assert row["is_credit"] is True
    assert inbox.cdr("CDR-1")["payable"] == CLAIM


def test_what_is_wrong_with_a_credit_is_still_said() -> None:
    inbox = Inbox().receive(a_credit(end_date_time="2024-03-01T09:00:00Z"))

    assert "end_before_start" in inbox.cdr("CDR-1-C")["finding.code"]


def test_credits_that_differ_are_in_conflict_and_post_nothing() -> None:
    inbox = Inbox().receive(a_credit(), a_credit(-4), a_credit(-3))

    row = inbox.cdr("CDR-1-C")

    assert (row["verdict"], row["bucket"]) == ("conflict", "conflict")
    assert (row["payable"], row["held"], row["posting.account"]) == (Decimal(0), Decimal(0), [])
    assert row["finding.code"][0] == "conflicting_copies"
    assert "credit_not_posted" in row["finding.code"]
    assert len(row["copy.content_digest"]) == 3


@pytest.mark.parametrize("claims", [(5.125, -5), (-4, 5.125), (5.125, -3), (-2, 5.125)])
def test_of_a_cdr_and_a_credit_under_one_id_the_cdr_is_shown_and_held(
    claims: tuple[float, float],
) -> None:
    inbox = Inbox().receive(*[a_credit(one) if one < 0 else a_cdr(id="CDR-1-C") for one in claims])

    row = inbox.cdr("CDR-1-C")

    assert (row["verdict"], row["is_credit"]) == ("conflict", False)
    assert (row["payable"], row["held"]) == (Decimal(0), CLAIM)


@pytest.mark.parametrize("credit", [-6, -7, -1])
def test_a_credit_under_the_id_of_cdrs_in_conflict_hides_no_claim(credit: float) -> None:
    claims = [a_cdr(id="CDR-1-C", total_cost={"excl_vat": one}) for one in (6, 7)]

    row = Inbox().receive(*claims, a_credit(credit)).cdr("CDR-1-C")

    assert (row["claimed_before_taxes"], row["payable"], row["held"]) == (7, 0, 7)


def test_a_credit_whose_run_fails_still_posts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    inbox = Inbox().receive(a_credit(id="CDR-1"))

    with monkeypatch.context() as broken:
        broken.setattr("streams.steps.settle.price_copy", _broken_step)
        inbox.receive(a_sent("tariffs", "PUT", a_tariff_document()))

    row = inbox.cdr("CDR-1")
    assert (row["verdict"], row["bucket"], row["is_credit"]) == ("unverifiable", "waiting", True)
    assert (row["claimed_before_taxes"], row["payable"], row["held"]) == (-CLAIM, 0, 0)
    assert row["posting.account"] == []
    assert tuple(row["finding.code"]) == ("run_failed", "credit_not_posted")
    assert row["waits_for"] == ("original",)


def _broken_step(**_: Any) -> Any:
    raise ZeroDivisionError("a step with a mistake")
