"""From lines to segments: the working as it leaves pricing.

Rule: quotients that do not end are given to 18 decimals here; totals are never summed from these.
"""

from decimal import Decimal

from settlement.pricing.amount import sides_of
from settlement.pricing.exact import SECONDS, ZERO, divide, shown
from settlement.pricing.line import Line
from settlement.pricing.priced import Segment
from settlement.pricing.profile import Profile
from settlement.pricing.wording import FREE, NO_TARIFF


def segment_of(line: Line, rules: Profile) -> Segment:
    """Write one line as a segment."""
    component, volume = line.component, line.volume
    if component is None:
        return _free(line)
    tax, billed = component.tax, line.billed
    before: Decimal | None = component.price * billed
    after: Decimal | None
    taxed: Decimal | None
    assert before is not None
    if line.is_time:
        before = divide(before, SECONDS)
        billed = shown(divide(billed, SECONDS))
    if tax.is_on_top:
        taxed = before * tax.fraction  # type: ignore[operator]
        after = before + taxed
    else:
        before, after = sides_of(before, tax, rules)
        taxed = None if before is None or after is None else after - before
    if line.is_time or tax.mode == "YES":  # a quotient is in it
        before = None if before is None else shown(before)
        taxed = None if taxed is None else shown(taxed)
        after = None if after is None else shown(after)
    return Segment(
        line.period,
        component.tariff_id,
        component.element,
        component.index,
        line.dimension,
        line.is_reservation,
        volume,
        billed,
        component.price,
        before,
        tax.rate,
        taxed,
        after,
        component.why + line.step if line.step else component.why,
    )


def _free(line: Line) -> Segment:
    plan, volume = line.plan, line.volume
    return Segment(
        line.period,
        "" if plan is None else plan.tariff.id,
        None,
        None,
        line.dimension,
        line.is_reservation,
        volume,
        volume,
        ZERO,
        ZERO,
        None,
        ZERO,
        ZERO,
        NO_TARIFF if plan is None else FREE,
    )
