"""A claim that was found as priced is not added up again, and nothing is lost by that."""

import msgspec
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from settlement.cdr import Cdr
from settlement.pricing.engine import price
from settlement.pricing.priced import PricedCdr
from settlement.pricing.profile import DEFAULT
from settlement.reconciliation.claim import COSTS
from streams.steps.price import Pricing
from streams.steps.reconcile import reconcile_copy
from tests.properties.sessions import sessions

# Equal to the default but not it: for any other profile everything is compared and added up.
SLOW = msgspec.structs.replace(DEFAULT)
CLAIMS = (*COSTS, "total_energy", "total_time", "total_parking_time")


@pytest.mark.timeout(120)
@settings(max_examples=80, deadline=None)
@given(sessions(), st.sets(st.sampled_from(CLAIMS)))
def test_what_is_claimed_as_priced_gives_the_findings_of_a_full_comparison(
    cdr: Cdr, left_out: set[str]
) -> None:
    priced = price(cdr=cdr, tariffs=cdr.tariffs, zone="Europe/Berlin")
    if not isinstance(priced, PricedCdr):
        event("not priced")
        return
    claims = {name: getattr(priced.rounded, name) for name in CLAIMS if name not in left_out}
    claiming = msgspec.structs.replace(cdr, **claims)
    pricing = Pricing(result=priced)

    quick, slow = (
        reconcile_copy(cdr=claiming, remarks=(), pricing=pricing, session=None, profile=profile)
        for profile in (DEFAULT, SLOW)
    )

    event(quick.verdict)
    assert slow == quick
