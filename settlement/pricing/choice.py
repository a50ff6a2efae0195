"""Which component is active: OCPI's choice at one moment.

Rule: per dimension the first element that has a component of it and whose restrictions all hold
(OCPI mod_tariffs, 11.3.2). No volumes, no arithmetic.
"""

from settlement.pricing.plan import Component, Row
from settlement.pricing.profile import Profile
from settlement.pricing.restriction import holds
from settlement.pricing.stretch import Stretch

Choice = dict[int, Component]  # by dimension bit; a dimension that is not in it is free


def choose(
    rows: tuple[Row, ...],
    need: int,
    stretch: Stretch,
    rules: Profile,
    missing: set[tuple[int, int]],
) -> Choice:
    """Choose components for the dimensions in `need` at the start of a stretch.

    Where a reading that a restriction asks for is missing, the profile decides and the period
    and element go to `missing`. Raises ZoneMissing.
    """
    chosen: Choice = {}
    for row in rows:
        if not row.mask & need:
            continue
        if row.test is not None:
            held = holds(row.test, stretch, rules)
            if held is None:
                missing.add((stretch.period, row.components[0].element))
                held = rules.missing_evidence == "match"
            if not held:
                continue
        for component in row.components:
            if component.bit & need:
                chosen[component.bit] = component
        need &= ~row.mask
        if not need:
            break
    return chosen
