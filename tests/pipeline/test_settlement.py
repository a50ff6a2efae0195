"""What becomes of a CDR: the situations that finance meets, through all steps to the row."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.builders import (
    a_cdr_document,
    a_charging_period_document,
    a_location_document,
    a_session_document,
    a_tariff_document,
)
from tests.pipeline.inbox import Inbox, Sent, a_sent

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


def without_tariff(**changes: Any) -> Sent:
    return a_cdr(tariffs=[], **changes)


def claiming(amount: float, **changes: Any) -> Sent:
    cost = {"excl_vat": amount}
    return a_cdr(total_cost=cost, total_energy_cost=cost, **changes)


def a_tariff(document: dict[str, Any], received: datetime = BEFORE) -> Sent:
    return a_sent("tariffs", "PUT", document, received=received)


def codes(row: dict[str, Any]) -> list[str]:
    found: list[str] = row["finding.code"]
    return found


def postings(row: dict[str, Any]) -> dict[str, Decimal]:
    return dict(zip(row["posting.account"], row["posting.amount"], strict=True))


def test_a_cdr_that_claims_its_price_is_matched_and_payable_as_sent() -> None:
    row = Inbox().receive(a_cdr()).cdr("CDR-1")

    assert (row["verdict"], row["bucket"]) == ("matched", "settled")
    assert (row["payable"], row["held"]) == (CLAIM, Decimal(0))
    assert row["priced_before_taxes"] == PRICE
    assert postings(row) == {"claimed": -CLAIM, "payable": CLAIM}
    assert row["emsp"] == "DE*EMP"
    assert row["energy_kwh"] == Decimal("20.5")


def test_what_is_claimed_above_the_price_is_held() -> None:
    row = Inbox().receive(claiming(7.0)).cdr("CDR-1")

    assert (row["verdict"], row["bucket"]) == ("disputed", "settled")
    assert (row["payable"], row["held"]) == (PRICE, Decimal(7) - PRICE)
    assert "claimed_above_priced" in codes(row)
    assert sum(postings(row).values()) == 0


def test_an_under_charged_cdr_is_payable_as_claimed() -> None:
    row = Inbox().receive(claiming(3.0)).cdr("CDR-1")

    assert row["verdict"] == "matched"
    assert (row["payable"], row["held"]) == (Decimal(3), Decimal(0))
    assert "claimed_below_priced" in codes(row)


def test_a_cdr_without_a_known_tariff_waits_and_settles_when_it_arrives() -> None:
    inbox = Inbox().receive(without_tariff())
    waiting = inbox.cdr("CDR-1")

    inbox.receive(a_tariff(a_tariff_document(), received=AFTER))

    assert (waiting["verdict"], waiting["bucket"]) == ("unverifiable", "waiting")
    assert waiting["waits_for"] == ("T1",)
    assert (waiting["payable"], waiting["held"]) == (Decimal(0), CLAIM)
    settled = inbox.cdr("CDR-1")
    assert (settled["verdict"], settled["payable"]) == ("matched", CLAIM)
    assert settled["price_basis"] == "published"
    assert "tariff_first_received" in settled["note.code"]
    assert [o["verdict"] for o in inbox.outcomes("CDR-1")] == ["unverifiable", "matched"]


def test_a_matched_cdr_flips_when_its_tariff_is_corrected_in_time() -> None:
    old = priced_at(0.25, last_updated="2024-01-01T00:00:00Z")
    new = priced_at(0.20, last_updated="2024-02-01T00:00:00Z")
    inbox = Inbox().receive(a_tariff(old), without_tariff())
    before = inbox.cdr("CDR-1")

    inbox.receive(a_tariff(new, received=START + timedelta(hours=23)))

    after = inbox.cdr("CDR-1")
    assert (before["verdict"], after["verdict"]) == ("matched", "disputed")
    assert after["priced_before_taxes"] == Decimal("4.1")
    assert len(inbox.outcomes("CDR-1")) == 2
    assert inbox.outcomes("CDR-1")[1]["cause"] == "TariffReceived"
    assert after["version"] == 2


def test_a_version_received_too_late_never_legitimises_an_overcharge() -> None:
    old = priced_at(0.25)
    backdated = priced_at(0.50, last_updated="2024-02-01T00:00:00Z")
    inbox = Inbox().receive(a_tariff(old), claiming(10.25, tariffs=[]))

    inbox.receive(a_tariff(backdated, received=AFTER))

    row = inbox.cdr("CDR-1")
    assert (row["verdict"], row["payable"]) == ("disputed", PRICE)
    assert "late_tariff_differs" in codes(row)


@pytest.mark.parametrize("price", [100_000_000_000, 9_999_999_999])
def test_a_price_that_no_column_holds_pays_nothing(price: int) -> None:
    row = Inbox().receive(a_tariff(priced_at(price)), without_tariff()).cdr("CDR-1")

    assert (row["verdict"], row["bucket"]) == ("unverifiable", "waiting")
    assert (row["payable"], row["held"]) == (Decimal(0), CLAIM)
    assert row["priced_before_taxes"] is None
    assert "price_out_of_range" in codes(row)


def test_late_versions_are_compared_with_the_price_that_counts_in_the_end() -> None:
    higher = priced_at(0.50, last_updated="2024-02-01T00:00:00Z")
    lower = priced_at(0.10, last_updated="2024-02-02T00:00:00Z")
    inbox = Inbox().receive(a_tariff(priced_at(0.25)), without_tariff())

    inbox.receive(a_tariff(higher, received=AFTER), a_tariff(lower, received=AFTER))

    row = inbox.cdr("CDR-1")
    place = row["finding.code"].index("late_tariff_differs")
    assert row["priced_before_taxes"] == Decimal("2.05")
    assert row["finding.computed"][place] == "2.05"
    assert row["finding.difference"][place] == Decimal("8.2")


def test_a_version_received_too_late_counts_where_it_lowers_what_is_payable() -> None:
    backdated = priced_at(0.10, last_updated="2024-02-01T00:00:00Z")
    inbox = Inbox().receive(a_tariff(priced_at(0.25)), without_tariff())

    inbox.receive(a_tariff(backdated, received=AFTER))

    row = inbox.cdr("CDR-1")
    assert (row["verdict"], row["payable"]) == ("disputed", Decimal("2.05"))
    assert list(zip(row["tariff.source"], row["tariff.is_chosen"], strict=True)) == [
        ("published", False),
        ("published", True),
    ]


def test_the_published_tariff_prices_and_an_embedded_one_that_differs_is_told() -> None:
    embedded = priced_at(0.30)
    inbox = Inbox().receive(a_tariff(priced_at(0.25)), claiming(6.15, tariffs=[embedded]))

    row = inbox.cdr("CDR-1")

    assert row["price_basis"] == "published"
    assert row["priced_before_taxes"] == PRICE
    place = codes(row).index("embedded_tariff_differs")
    assert row["finding.difference"][place] == Decimal("6.15") - PRICE


def test_a_deleted_tariff_still_prices() -> None:
    inbox = Inbox().receive(
        a_tariff(a_tariff_document()),
        Sent(module="tariffs", method="DELETE", object_id="T1", body=b"", received=BEFORE),
        without_tariff(),
    )

    assert inbox.cdr("CDR-1")["verdict"] == "matched"
    assert [row["is_deleted"] for row in inbox.rows("tariff_version")] == [True]


def test_the_same_cdr_twice_is_a_duplicate_and_changes_nothing() -> None:
    reordered = dict(reversed(a_cdr_document(total_energy=20.500).items()))
    inbox = Inbox().receive(a_cdr())
    before = inbox.cdr("CDR-1")

    inbox.receive(a_cdr(), a_sent("cdrs", "POST", reordered), a_cdr(id="cdr-1"))

    assert inbox.documents() == ["first", "duplicate", "duplicate", "duplicate"]
    assert inbox.cdr("CDR-1")["payable"] == before["payable"]
    assert inbox.rows("cdr_settled") == [inbox.cdr("CDR-1")]


def test_another_content_under_the_same_id_is_a_conflict_and_holds_the_rest() -> None:
    inbox = Inbox().receive(a_cdr(), claiming(7.0), claiming(4.0))

    row = inbox.cdr("CDR-1")

    assert inbox.documents() == ["first", "conflict", "conflict"]
    assert (row["verdict"], row["bucket"]) == ("conflict", "conflict")
    assert row["claimed_before_taxes"] == Decimal(7)
    assert (row["payable"], row["held"]) == (Decimal(4), Decimal(3))
    assert sorted(row["copy.payable"]) == [Decimal(4), CLAIM, PRICE]
    assert sum(postings(row).values()) == 0


def test_a_conflict_with_a_copy_that_has_no_price_pays_nothing() -> None:
    other = a_charging_period_document(tariff_id="UNKNOWN")
    inbox = Inbox().receive(a_cdr(), claiming(5.0, charging_periods=[other], tariffs=[]))

    row = inbox.cdr("CDR-1")

    assert (row["payable"], row["held"]) == (Decimal(0), CLAIM)


def test_copies_in_two_currencies_hold_everything() -> None:
    inbox = Inbox().receive(
        a_cdr(), a_cdr(currency="CHF", tariffs=[a_tariff_document(currency="CHF")])
    )

    row = inbox.cdr("CDR-1")

    assert (row["payable"], row["held"]) == (Decimal(0), CLAIM)


def test_a_night_tariff_is_read_in_the_zone_of_its_location() -> None:
    tariff = priced_at(0.25)
    night = deepcopy(tariff["elements"][0])
    night["price_components"][0]["price"] = 0.10
    night["restrictions"] = {"start_time": "11:00", "end_time": "14:00"}
    tariff["elements"].insert(0, night)
    cdr = without_tariff(cdr_location={"id": "LOC1", "country": "ESP", "evse_uid": "3256"})
    inbox = Inbox().receive(a_tariff(tariff), cdr)
    waiting = inbox.cdr("CDR-1")

    inbox.receive(a_sent("locations", "PUT", a_location_document(time_zone="Europe/Madrid")))

    row = inbox.cdr("CDR-1")
    assert waiting["waits_for"] == ("time_zone",)
    assert (row["time_zone"], row["priced_before_taxes"]) == ("Europe/Madrid", Decimal("2.05"))


def test_a_zone_that_is_corrected_runs_a_settled_cdr_again() -> None:
    tariff = priced_at(0.25)
    night = deepcopy(tariff["elements"][0])
    night["price_components"][0]["price"] = 0.10
    night["restrictions"] = {"end_time": "11:00"}
    tariff["elements"].insert(0, night)
    inbox = Inbox().receive(a_tariff(tariff), without_tariff())
    amsterdam = inbox.cdr("CDR-1")

    lisbon = a_location_document(time_zone="Europe/Lisbon")
    inbox.receive(a_sent("locations", "PUT", lisbon, received=AFTER))

    assert amsterdam["priced_before_taxes"] == PRICE
    assert "time_zone_from_country" in amsterdam["note.code"]
    assert inbox.cdr("CDR-1")["priced_before_taxes"] == Decimal("2.05")


def test_the_connector_names_the_tariff_where_the_cdr_does_not() -> None:
    period = a_charging_period_document()
    del period["tariff_id"]
    inbox = Inbox().receive(
        a_tariff(a_tariff_document()),
        without_tariff(charging_periods=[period]),
    )
    waiting = inbox.cdr("CDR-1")

    inbox.receive(a_sent("locations", "PUT", a_location_document()))

    assert waiting["waits_for"] == ("location",)
    assert inbox.cdr("CDR-1")["verdict"] == "matched"


def test_a_session_that_says_other_energy_is_told_when_it_is_completed() -> None:
    inbox = Inbox().receive(a_cdr(), a_sent("sessions", "PUT", a_session_document()))
    quiet = codes(inbox.cdr("CDR-1"))

    completed = {"kwh": 19.0, "status": "COMPLETED", "last_updated": "2024-03-01T12:00:05Z"}
    inbox.receive(a_sent("sessions", "PATCH", completed, object_id="s-1"))

    assert "session_energy_differs" not in quiet
    assert "session_energy_differs" in codes(inbox.cdr("CDR-1"))
    assert inbox.cdr("CDR-1")["verdict"] == "matched"


def test_a_patch_before_its_put_is_kept() -> None:
    patch = {"kwh": 3.5, "last_updated": "2024-03-01T11:00:00Z"}
    inbox = Inbox().receive(a_sent("sessions", "PATCH", patch, object_id="S-1"))
    early = inbox.rows("session_current")[0]

    inbox.receive(a_sent("sessions", "PUT", a_session_document()))

    assert (early["status"], early["energy_kwh"]) == ("", None)
    row = inbox.rows("session_current")[0]
    assert (row["status"], row["energy_kwh"]) == ("ACTIVE", Decimal("3.5"))


@pytest.mark.parametrize(
    ("changes", "column"),
    [
        ({"total_energy": 1e11}, "energy_kwh"),
        ({"total_cost": {"excl_vat": 1e30}}, "claimed_before_taxes"),
        ({"end_date_time": "9999-01-01T00:00:00Z"}, "end_date_time"),
    ],
)
def test_what_no_column_can_hold_is_null_and_invalid(changes: dict[str, Any], column: str) -> None:
    row = Inbox().receive(a_cdr(**changes)).cdr("CDR-1")

    assert row[column] is None
    assert (row["verdict"], row["bucket"]) == ("invalid", "settled")
    assert row["payable"] == 0
    assert row["held"] == (row["claimed_before_taxes"] or 0)
    assert "out_of_range" in codes(row)


def test_the_month_of_a_cdr_never_changes() -> None:
    inbox = Inbox().receive(a_cdr(), a_cdr(end_date_time="2024-04-02T00:00:00Z"))

    assert {row["month"] for row in inbox.rows("cdr_outcome")} == {inbox.cdr("CDR-1")["month"]}


def test_cdrs_of_two_cpos_with_one_id_are_two() -> None:
    other = a_sent("cdrs", "POST", a_cdr_document(party_id="ABC"), cpo="NL*ABC")

    inbox = Inbox().receive(a_cdr(), other)

    assert inbox.documents() == ["first", "first"]
    assert len(inbox.rows("cdr_settled")) == 2


@pytest.mark.parametrize(
    ("module", "document"),
    [
        ("tariffs", a_tariff_document(id="OTHER")),
        ("sessions", a_session_document(id="OTHER")),
        ("locations", a_location_document(id="OTHER")),
    ],
)
def test_a_document_that_names_another_object_than_its_url_is_told(
    module: str, document: dict[str, Any]
) -> None:
    inbox = Inbox().receive(
        a_sent(module, "PUT", document, object_id="THIS"),
        a_sent(module, "PUT", {**document, "id": "this"}, object_id="THIS"),
    )

    told = [(row["object_key"], row["reason"]) for row in inbox.rows("document_outcome")]

    assert told == [
        ("THIS", "the document says id 'OTHER', its URL 'THIS': the URL counts"),
        ("THIS", ""),
    ]
