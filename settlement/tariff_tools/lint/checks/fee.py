"""Fees that are never due, since a session has one FLAT: that of its start.

Rule: told from the exact sweep of the places at which a session can begin.
"""

from collections.abc import Iterator

from settlement.tariff_tools.lint.axis import AXES, NAMES, Box
from settlement.tariff_tools.lint.checks.reach import elements_in_words, reached
from settlement.tariff_tools.lint.family import family_of
from settlement.tariff_tools.lint.found import Family, Found, Subject
from settlement.tariff_tools.lint.sweep import Space

_GROWING = {NAMES.index("kwh"), NAMES.index("duration")}  # 0 at the start


def check_fees(subject: Subject) -> Iterator[Found]:
    """Find a FLAT that begins to hold later, where another one always holds at the start."""
    family = family_of(subject=subject, kind=None, dimension="FLAT")
    if not family.elements:
        return
    space = Space([_at_start(box) for box in family.space.boxes])
    if space.regions(mask=space.all, wanted=lambda held: not held, first_counts=True):
        return  # a session can begin without a fee, and then a later one is due
    at_start = Family(family.dimension, None, family.elements, family.components, space)
    due = [bit for bit in range(len(family.elements)) if reached(family=at_start, bit=bit)]
    names = elements_in_words([family.elements[bit] for bit in due])
    for bit, element in enumerate(family.elements):
        if bit in due or not reached(family=family, bit=bit):
            continue
        yield Found(
            "fee_never_due",
            f"/elements/{element}/price_components/{family.components[bit]}",
            f"The FLAT of element {element} is never due: a session has one FLAT, the first that "
            f"holds, and {names} {'holds' if len(due) == 1 else 'hold'} at every start.",
        )


def _at_start(box: Box) -> Box:
    """Give the part of a box at which a session can begin, whatever it comes to."""
    return tuple(
        ((AXES[axis].whole,) if any(low <= 0 < high for low, high in intervals) else ())
        if axis in _GROWING
        else intervals
        for axis, intervals in enumerate(box)
    )
