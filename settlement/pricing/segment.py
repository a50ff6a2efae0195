"""From lines to segments: the working as it leaves pricing.

Rule: quotients that do not end are given to 18 decimals here; totals are never summed from these.
"""

from settlement.pricing.amount import amount_of, sides_of
from settlement.pricing.exact import SECONDS, ZERO, divide, shown, subtract
from settlement.pricing.line import Line
from settlement.pricing.priced import Segment
from settlement.pricing.profile import Profile
from settlement.pricing.wording import FLAT_FEE, FREE, NO_TARIFF


def segment_of(line: Line, rules: Profile) -> Segment:
    """Write one line as a segment."""
    component, plan = line.component, line.plan
    billed = shown(divide(line.billed, SECONDS)) if line.is_time else line.billed
    if component is None:
        return Segment(
            period=line.period,
            tariff_id="" if plan is None else plan.tariff.id,
            element=None,
            component=None,
            dimension=line.dimension,
            is_reservation=line.is_reservation,
            volume=line.volume,
            billed_volume=billed,
            unit_price=ZERO,
            before_taxes=ZERO,
            tax_rate=None,
            tax=ZERO,
            after_taxes=ZERO,
            why=NO_TARIFF if plan is None else FREE,
        )
    assert plan is not None
    sides = sides_of(amount_of(line, line.billed), component.tax, rules)
    before, after = sides.before, sides.after
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
        before_taxes=None if before is None else shown(before),
        tax_rate=component.tax.rate,
        tax=None if before is None or after is None else shown(subtract(after, before)),
        after_taxes=None if after is None else shown(after),
        why=component.why + line.step
        if line.is_time or line.dimension == "ENERGY"
        else component.why + FLAT_FEE,
    )
