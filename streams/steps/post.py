"""From verdict to postings: what of a claim is payable and what is held.

Rule: every claimed cent stands in exactly one account; a Credit CDR posts nothing
until its original is known.
"""

from decimal import Decimal

import msgspec

from settlement.bounds import canonical, fits_number, stored
from settlement.cdr import Cdr
from settlement.ledger.posting import Posting, post_claim, spread_claim
from settlement.money import minor_unit
from settlement.pricing.priced import PricedCdr
from settlement.pricing.profile import Profile

_ZERO = Decimal(0)


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """What of a claim is payable and what is held, before taxes."""

    payable: Decimal
    held: Decimal

    @property
    def postings(self) -> tuple[Posting, ...]:
        """Give the transaction of the claim."""
        return post_claim(payable=self.payable, held=self.held)


NOTHING = Spread(payable=_ZERO, held=_ZERO)


def claim_of(cdr: Cdr) -> Decimal:
    """Give the claim before taxes; a claim that no column can hold, or none, counts zero."""
    claimed = cdr.total_cost.before_taxes if cdr.total_cost else None
    return stored(claimed) if claimed is not None and fits_number(claimed) else _ZERO


def post_copy(*, cdr: Cdr, result: PricedCdr | None, verdict: str, profile: Profile) -> Spread:
    """Spread the claim of one copy; `result` is None where there is no price."""
    if cdr.credit:
        return NOTHING
    claimed = claim_of(cdr)
    priced = None
    if result is not None and verdict in ("matched", "disputed"):
        cost = result.rounded.total_cost
        priced = cost.before_taxes if cost else None
    tolerance = minor_unit(cdr.currency) * profile.tolerance_total_minor_units
    payable, held = spread_claim(claimed=claimed, priced=priced, tolerance=tolerance)
    return Spread(payable=canonical(payable), held=canonical(held))
