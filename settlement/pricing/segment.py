"""From lines to segments: the working as it leaves pricing.

Rule: quotients that do not end are given to 18 decimals here; totals are never summed from these.
"""

from settlement.pricing.amount import sides_of
from settlement.pricing.exact import SECONDS, ZERO, divide, multiply, shown, subtract
from settlement.pricing.line import Line
from settlement.pricing.priced import Segment
from settlement.pricing.profile import Profile
from settlement.pricing.wording import FLAT_FEE, FREE, NO_TARIFF


def segment_of(line: Line, rules: Profile) -> Segment:
    """Write one line as a segment."""
    component, plan = line.component, line.plan
    if component is None:
        return Segment(
            period=line.period,
            tariff_id="" if plan is None else plan.tariff.id,
            element=None,
            component=None,
            dimension=line.dimension,
            is_reservation=line.is_reservation,
            volume=line.volume,
            billed_volume=line.volume,
            unit_price=ZERO,
            before_taxes=ZERO,
            tax_rate=None,
            tax=ZERO,
            after_taxes=ZERO,
            why=NO_TARIFF if plan is None else FREE,
        )
    assert plan is not None
    tax, billed, is_time = component.tax, line.billed, line.is_time
    amount = multiply(component.price, billed)
    if is_time:
        amount = divide(amount, SECONDS)
        billed = shown(divide(billed, SECONDS))
    before, after = sides_of(amount, tax, rules)
    taxed = None if before is None or after is None else subtract(after, before)
    if is_time or tax.mode == "YES":  # a quotient is in it
        before = None if before is None else shown(before)
        taxed = None if taxed is None else shown(taxed)
        after = None if after is None else shown(after)
    return Segment(
        period=line.period,
        tariff_id=plan.tariff.id,
        element=component.element,
        component=component.index,
        dimension=line.dimension,
        is_reservation=line.is_reservation,
        volume=line.volume,
        billed_volume=billed,
        unit_price=component.price,
        before_taxes=before,
        tax_rate=tax.rate,
        tax=taxed,
        after_taxes=after,
        why=component.why + (line.step or (FLAT_FEE if line.dimension == "FLAT" else "")),
    )
