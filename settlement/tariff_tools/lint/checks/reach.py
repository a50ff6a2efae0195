"""Which elements price anything, and what is priced by none.

Rule: told from the exact sweep alone.
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from settlement.tariff import Price, PriceComponent, Tariff, TariffElement
from settlement.tariff_tools.lint.axis import AXES, Box, is_inside, meet
from settlement.tariff_tools.lint.family import families, family_of
from settlement.tariff_tools.lint.found import Family, Found, Subject
from settlement.tariff_tools.lint.proof import is_redundant, never_prices
from settlement.tariff_tools.lint.sweep import Region, Space, lowest
from settlement.tariff_tools.words import region_in_words

_MOST_TOLD = 3  # regions in one sentence
_REGULAR = " in a regular session"  # where a proof for every one, also of odd CDRs, fails


def check_reach(subject: Subject) -> Iterator[Found]:
    """Find elements that are shadowed, wholly or in part, and components without effect."""
    for family in families(subject):
        for bit, element in enumerate(family.elements):
            if element in subject.empty:
                continue
            if not reached(family=family, bit=bit):
                yield _unreachable(subject, family, bit)
                continue
            yield from _partly(subject, family, bit)
            if _is_redundant(subject, family, bit):
                is_proved = is_redundant(
                    tariff=subject.tariff, element=element, dimension=family.dimension
                )
                yield Found(
                    "component_redundant",
                    f"/elements/{element}/price_components/{family.components[bit]}",
                    f"The {family.dimension} component of element {element} changes no price"
                    f"{'' if is_proved else _REGULAR}: "
                    "where it applies, the elements after it charge the same.",
                )


def reached(*, family: Family, bit: int) -> bool:
    """Tell whether an element of a family is the first that holds at some place."""
    before = (1 << (bit + 1)) - 1
    return bool(
        family.space.regions(
            mask=before, wanted=lambda held: lowest(held) == bit, first_counts=True
        )
    )


def holes_of(family: Family) -> list[Region]:
    """Give the places at which no element of a family holds."""
    return family.space.regions(
        mask=family.space.all, wanted=lambda held: not held, first_counts=True
    )


def check_holes(subject: Subject) -> Iterator[Found]:
    """Find places at which charging, or one dimension of it, has no price."""
    found = {
        dimension: family_of(subject=subject, kind=None, dimension=dimension)
        for dimension in ("ENERGY", "TIME", "PARKING_TIME")
    }
    charging = [found[name] for name in ("ENERGY", "TIME") if found[name].elements]
    both = sorted({element for family in charging for element in family.elements})
    if both:
        space = Space([subject.boxes[element] for element in both])
        free = space.regions(mask=space.all, wanted=lambda held: not held, first_counts=True)
        free = [region for region in free if not _is_without_reading(region)]
        if free:
            names = " or ".join(family.dimension for family in charging)
            yield Found(
                "charging_hole",
                "/elements",
                f"Charging is free{_but_for(subject)} {_told(free)}: no element prices {names} "
                "there.",
                _with_fallback(subject, charging[0]),
            )
    for family in found.values():
        holes = _gaps(subject, family, [one for one in charging if one is not family])
        if family.elements and holes:
            yield Found(
                "coverage_hole",
                "/elements",
                f"{family.dimension} has no price {_told(holes)}.",
                _with_fallback(subject, family),
            )


def _but_for(subject: Subject) -> str:
    """Name what may be charged where neither energy nor time has a price."""
    fees = family_of(subject=subject, kind=None, dimension="FLAT").elements
    low = subject.tariff.min_price
    names = ["the fee"] if fees else []
    if low is not None and any(side is not None and side > 0 for side in _sides(low)):
        names.append("min_price")
    return f", but for {' and '.join(names)}," if names else ""


def _sides(price: Price) -> tuple[Decimal | None, ...]:
    return price.before_taxes, price.after_taxes


def _gaps(subject: Subject, family: Family, others: list[Family]) -> list[Region]:
    """Give the holes of a dimension; of one that charging may pay by, where the other is paid."""
    if family.dimension == "PARKING_TIME":
        return [region for region in holes_of(family) if not _is_without_reading(region)]
    boxes = [subject.boxes[element] for other in others for element in other.elements]
    space = Space([*family.space.boxes, *boxes])
    mine = family.space.all
    holes = space.regions(mask=space.all, wanted=lambda held: bool(held) and not held & mine)
    return [region for region in holes if not _is_without_reading(region)]


def _unreachable(subject: Subject, family: Family, bit: int) -> Found:
    element = family.elements[bit]
    by = [
        family.elements[other]
        for other in range(bit)
        if meet(one=family.space.boxes[other], other=family.space.boxes[bit])
        and family.elements[other] not in subject.empty
    ]
    alone = [other for other in by if _covers(subject, other, element)]
    by = alone[:1] or by
    names = elements_in_words(by)
    is_proved = never_prices(tariff=subject.tariff, element=element, dimension=family.dimension)
    return Found(
        "element_unreachable",
        f"/elements/{element}/price_components/{family.components[bit]}",
        f"Element {element} never prices {family.dimension}{'' if is_proved else _REGULAR}: "
        f"{names} "
        f"{'holds' if len(by) == 1 else 'hold'} wherever it holds, and what comes first prices.",
        _moved(subject.tariff, element, by[0]),
    )


def _covers(subject: Subject, first: int, second: int) -> bool:
    """Tell whether one element holds wherever another does."""
    both = zip(subject.boxes[first], subject.boxes[second], strict=True)
    return all(is_inside(inner=its, outer=mine) for mine, its in both)


def _partly(subject: Subject, family: Family, bit: int) -> Iterator[Found]:
    element, mine = family.elements[bit], family.space.boxes[bit]
    for other in range(bit):
        first, its = family.elements[other], family.space.boxes[other]
        if first in subject.empty or not meet(one=its, other=mine):
            continue
        crossing, apart = _crossing(its, mine)
        if not (crossing or apart):
            continue
        if _price(subject, first, family, other) == _price(subject, element, family, bit):
            continue
        here = Space([its, mine]).regions(mask=0b11, wanted=lambda held: held == 0b11)
        if not here:
            continue
        code = "element_overlaps" if crossing else "element_shadowed_in_part"
        yield Found(
            code,
            f"/elements/{element}/price_components/{family.components[bit]}",
            f"Element {element} does not price {family.dimension} {_told(here)}: "
            f"element {first} holds there too and comes first.",
            _moved(subject.tariff, element, first) if crossing else None,
        )


def _crossing(first: Box, second: Box) -> tuple[bool, bool]:
    """Tell whether two boxes cross on one axis, and whether each is narrower on some axis."""
    is_first_narrower = is_second_narrower = is_crossing = False
    for mine, its in zip(first, second, strict=True):
        inside, around = is_inside(inner=mine, outer=its), is_inside(inner=its, outer=mine)
        is_first_narrower |= inside and not around
        is_second_narrower |= around and not inside
        is_crossing |= not inside and not around
    return is_crossing, is_first_narrower and is_second_narrower


def _price(subject: Subject, element: int, family: Family, bit: int) -> PriceComponent:
    return subject.tariff.elements[element].price_components[family.components[bit]]


def _is_redundant(subject: Subject, family: Family, bit: int) -> bool:
    """Tell whether the next element that holds charges the same wherever this one prices."""
    mine = _price(subject, family.elements[bit], family, bit)

    def differs(held: int) -> bool:
        if lowest(held) != bit:
            return False
        following = lowest(held & ~(1 << bit))
        return (
            following < 0 or _price(subject, family.elements[following], family, following) != mine
        )

    return not family.space.regions(mask=family.space.all, wanted=differs)


def _is_without_reading(region: Region) -> bool:
    """Tell whether a hole is only there because a CDR states no power or current."""
    return any(region[axis][-1][1] <= 0 for axis, given in enumerate(AXES) if given.whole[0] == -1)


def _told(regions: list[Region]) -> str:
    texts = [region_in_words(region) for region in regions[:_MOST_TOLD]]
    more = len(regions) - _MOST_TOLD
    return "; ".join(texts) + (f"; and {more} more" if more > 0 else "")


def elements_in_words(numbers: list[int]) -> str:
    """Name elements: `element 1`, `elements 0 and 1 together`."""
    texts = [str(number) for number in numbers]
    if len(texts) == 1:
        return f"element {texts[0]}"
    return f"elements {', '.join(texts[:-1])} and {texts[-1]} together"


def _moved(tariff: Tariff, element: int, before: int) -> Tariff:
    """Give the tariff with one element moved to the front of another."""
    elements = list(tariff.elements)
    elements.insert(before, elements.pop(element))
    return msgspec.structs.replace(tariff, elements=tuple(elements))


def _with_fallback(subject: Subject, family: Family) -> Tariff:
    """Give the tariff with the last price of a dimension as its fallback."""
    last = len(family.elements) - 1
    component = _price(subject, family.elements[last], family, last)
    fallback = TariffElement(price_components=(component,))
    return msgspec.structs.replace(subject.tariff, elements=(*subject.tariff.elements, fallback))
