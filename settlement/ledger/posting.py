"""How a CDR's claim is spread over the accounts.

Rule: the postings of a CDR sum to zero, asserted here and checked by the table.
"""

from decimal import Decimal

import msgspec

from settlement.bounds import EXACT
from settlement.ledger.account import ACCOUNTS, CLAIMED, HELD, PAYABLE

_ZERO = Decimal(0)


class Posting(msgspec.Struct, frozen=True):
    """One leg of a CDR's transaction, before taxes."""

    account: str
    amount: Decimal


def spread_claim(
    *, claimed: Decimal, priced: Decimal | None, tolerance: Decimal
) -> tuple[Decimal, Decimal]:
    """Give what of a claim is payable and what is held, before taxes.

    Up to the price plus tolerance the claim is payable as it was sent; above, the price is
    payable and the rest held; without a price everything is held.
    """
    if priced is None:
        return _ZERO, claimed
    if claimed <= EXACT.add(priced, tolerance):
        return claimed, _ZERO
    return priced, EXACT.subtract(claimed, priced)


def post_claim(*, payable: Decimal, held: Decimal) -> tuple[Posting, ...]:
    """Give the postings of a claim; accounts without an amount are left out."""
    legs = (
        Posting(CLAIMED, EXACT.minus(EXACT.add(payable, held))),
        Posting(PAYABLE, payable),
        Posting(HELD, held),
    )
    assert EXACT.add(legs[0].amount, EXACT.add(payable, held)) == 0, legs
    assert all(leg.account in ACCOUNTS for leg in legs), legs
    return tuple(leg for leg in legs if leg.amount)
