"""Every claimed cent stands in exactly one account: given, claimed, priced, expected."""

from decimal import Decimal

import pytest

from settlement.ledger.posting import post_claim, spread_claim

CENTS = Decimal("0.02")


@pytest.mark.parametrize(
    ("claimed", "priced", "payable", "held"),
    [
        ("10.00", "10.00", "10.00", "0"),
        ("10.02", "10.00", "10.02", "0"),  # within the tolerance: as it was sent
        ("10.03", "10.00", "10.00", "0.03"),
        ("9.00", "10.00", "9.00", "0"),  # under-charged: as claimed
        ("12.50", "10.00", "10.00", "2.50"),
        ("10.00", None, "0", "10.00"),
        ("0", "10.00", "0", "0"),
        ("8.5425", "8.54", "8.5425", "0"),
        ("-1.00", "-1.00", "-1.00", "0"),
    ],
)
def test_a_claim_is_payable_up_to_its_price(
    claimed: str, priced: str | None, payable: str, held: str
) -> None:
    found = spread_claim(
        claimed=Decimal(claimed),
        priced=None if priced is None else Decimal(priced),
        tolerance=CENTS,
    )

    assert (Decimal(payable), Decimal(held)) == found


def test_postings_sum_to_zero_and_leave_out_empty_accounts() -> None:
    postings = post_claim(payable=Decimal("10.00"), held=Decimal(0))

    assert [posting.account for posting in postings] == ["claimed", "payable"]
    assert sum(posting.amount for posting in postings) == 0


def test_nothing_claimed_posts_nothing() -> None:
    assert post_claim(payable=Decimal(0), held=Decimal(0)) == ()
