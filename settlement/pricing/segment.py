"""From lines to segments: the working as it leaves pricing.

Rule: quotients that do not end are given to 18 decimals here; totals are never summed from these.
"""

from decimal import Decimal

from settlement.pricing.amount import sides_of
from settlement.pricing.exact import SECONDS, ZERO, add, divide, multiply, shown, subtract
from settlement.pricing.line import Line
from settlement.pricing.priced import Segment
from settlement.pricing.profile import Profile
from settlement.pricing.wording import FREE, NO_TARIFF


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
    tax, billed = component.tax, line.billed
    before: Decimal | None = multiply(component.price, billed)
    after: Decimal | None
    assert before is not None
    if line.is_time:
        before = divide(before, SECONDS)
        billed = shown(divide(billed, SECONDS))
    if tax.is_on_top:
        taxed: Decimal | None = multiply(before, tax.fraction)  # type: ignore[arg-type]
        after = add(before, taxed)  # type: ignore[arg-type]
    else:
        before, after = sides_of(before, tax, rules)
        taxed = None if before is None or after is None else subtract(after, before)
    if line.is_time or tax.mode == "YES":  # a quotient is in it
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
        why=component.why + line.step if line.step else component.why,
    )
