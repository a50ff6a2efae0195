"""What reconciliation has to say about a CDR, and what pricing noted on its way.

Rule: values only. A finding has a code that never changes its meaning; a note explains a price.
"""

from decimal import Decimal

import msgspec


class Cause(msgspec.Struct, frozen=True):
    """A known mistake that reproduces a claim to the cent, and what it adds to the price."""

    code: str
    message: str
    amount: Decimal  # on the side of taxes on which the claim differs
    currency: str
    side: str  # before_taxes, after_taxes


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One discrepancy; `difference` is the money at stake before taxes."""

    code: str
    path: str  # JSON path in the document, such as $.total_cost
    message: str
    severity: str  # info, warning, error
    claimed: str | None = None
    computed: str | None = None
    difference: Decimal | None = None  # None: no money at stake
    cause: str | None = None  # code of the one known mistake that reproduces the claim
    candidates: tuple[str, ...] | None = None  # of several; empty: none does; None: not asked


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that pricing assumed or left out, and what it would cost otherwise."""

    code: str
    path: str
    message: str
