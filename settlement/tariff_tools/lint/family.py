"""A tariff as the linter sees it: its elements as boxes, in families that compete.

Rule: the same reading as a price: the first component of a dimension in an element, the first
element that holds; elements for reservations by themselves.
"""

from collections.abc import Iterator

from settlement.tariff import Tariff
from settlement.tariff_tools.lint.axis import box_of
from settlement.tariff_tools.lint.found import Family, Subject
from settlement.tariff_tools.lint.sweep import Space

DIMENSIONS = ("ENERGY", "TIME", "PARKING_TIME", "FLAT")
KINDS = (None, "RESERVATION", "RESERVATION_EXPIRES")


def subject_of(tariff: Tariff) -> Subject:
    """Lay out a tariff. Raises TooWide where its restrictions cannot be swept."""
    boxes = tuple(box_of(element.restrictions) for element in tariff.elements)
    empty = frozenset(
        number
        for number, box in enumerate(boxes)
        if not Space([box]).regions(mask=1, wanted=bool, first_counts=True)
    )
    return Subject(tariff, boxes, empty)


def kind_of(*, tariff: Tariff, element: int) -> str | None:
    """Give the kind of reservation that an element is for, None for the session."""
    restrictions = tariff.elements[element].restrictions
    return None if restrictions is None else restrictions.reservation


def first_component(*, tariff: Tariff, element: int, dimension: str) -> int | None:
    """Give the component of a dimension that counts in an element."""
    for index, component in enumerate(tariff.elements[element].price_components):
        if component.type == dimension:
            return index
    return None


def families(subject: Subject) -> Iterator[Family]:
    """Give the families that have at least one element."""
    for kind in KINDS:
        for dimension in DIMENSIONS:
            if kind is not None and dimension not in {"TIME", "FLAT"}:
                continue
            family = family_of(subject=subject, kind=kind, dimension=dimension)
            if family.elements:
                yield family


def family_of(*, subject: Subject, kind: str | None, dimension: str) -> Family:
    """Give one family."""
    elements, components = [], []
    for element in range(len(subject.tariff.elements)):
        index = first_component(tariff=subject.tariff, element=element, dimension=dimension)
        if index is not None and kind_of(tariff=subject.tariff, element=element) == kind:
            elements.append(element)
            components.append(index)
    space = Space([subject.boxes[element] for element in elements])
    return Family(dimension, kind, tuple(elements), tuple(components), space)
