"""What a tariff asks for each dimension: the elements that can price it, in the engine's order.

Rule: facts without words. Which element is reached, which excludes another and what nothing
prices is asked of the exact sweep, so that a sentence and a price cannot differ.
"""

from collections.abc import Iterator

import msgspec

from settlement.tariff import PriceComponent, Restrictions, Tariff
from settlement.tariff_tools.lint.axis import UNKNOWN, meet
from settlement.tariff_tools.lint.checks.reach import holes_of, reached
from settlement.tariff_tools.lint.family import family_of, subject_of
from settlement.tariff_tools.lint.found import Family, Subject
from settlement.tariff_tools.lint.sweep import Region, Space, TooWide

SESSION = ("ENERGY", "TIME", "PARKING_TIME", "FLAT")
RESERVED = ("FLAT", "TIME")
NONE, WHERE_UNKNOWN, SOME = "none", "where_unknown", "some"  # what no element prices

_READINGS = (5, 6)  # the axes of power and current


class Case(msgspec.Struct, frozen=True):
    """One element that prices a dimension somewhere."""

    element: int
    index: int
    component: PriceComponent
    restrictions: Restrictions | None
    is_otherwise: bool  # an earlier one can hold at the same place, and then counts


class Offer(msgspec.Struct, frozen=True):
    """All that prices one dimension, of the session (kind "") or of a reservation."""

    kind: str  # "", RESERVATION, RESERVATION_EXPIRES
    dimension: str
    cases: tuple[Case, ...]
    gap: str

    @property
    def is_free(self) -> bool:
        """Tell whether it costs nothing, ever."""
        return not any(case.component.price for case in self.cases)


def offers_of(tariff: Tariff) -> list[Offer]:
    """Give the offers of a tariff, the session's first; those without any element are left out."""
    return list(_offers(subject_of(tariff)))


def _offers(subject: Subject) -> Iterator[Offer]:
    for dimension in SESSION:
        yield from _offer("", _family(subject, None, dimension), subject)
    for dimension in RESERVED:
        yield from _offer("RESERVATION", _family(subject, "RESERVATION", dimension), subject)
    for dimension in RESERVED:
        expires = _family(subject, "RESERVATION_EXPIRES", dimension)
        if expires.elements:
            falls_back = _family(subject, "RESERVATION", dimension)
            both = Family(
                dimension,
                expires.kind,
                expires.elements + falls_back.elements,
                expires.components + falls_back.components,
                Space(expires.space.boxes + falls_back.space.boxes),
            )
            yield from _offer("RESERVATION_EXPIRES", both, subject)


def _family(subject: Subject, kind: str | None, dimension: str) -> Family:
    return family_of(subject=subject, kind=kind, dimension=dimension)


def _offer(kind: str, family: Family, subject: Subject) -> Iterator[Offer]:
    if not family.elements:
        return
    boxes, cases = family.space.boxes, []
    for bit, element in enumerate(family.elements):
        if not _is_reached(family, bit):
            continue
        given = subject.tariff.elements[element]
        index = family.components[bit]
        earlier = [boxes[other] for other in range(bit) if _is_reached(family, other)]
        is_otherwise = any(meet(one=box, other=boxes[bit]) for box in earlier)
        component = given.price_components[index]
        cases.append(Case(element, index, component, given.restrictions, is_otherwise))
    yield Offer(kind, family.dimension, tuple(cases), _gap(family))


def _is_reached(family: Family, bit: int) -> bool:
    try:
        return reached(family=family, bit=bit)
    except TooWide:
        return True


def _gap(family: Family) -> str:
    try:
        holes = holes_of(family)
    except TooWide:
        return SOME
    if not holes:
        return NONE
    return WHERE_UNKNOWN if all(map(_lacks_reading, holes)) else SOME


def _lacks_reading(region: Region) -> bool:
    return any(region[axis] == (UNKNOWN,) for axis in _READINGS)
