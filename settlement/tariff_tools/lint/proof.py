"""What can be taken out of a tariff without any price changing, proved from the exact sweep.

Rule: as the engine reads under the default profile, and wider than any session: energy may be fed
back, so kWh and readings may lie below 0; a period may begin before its session, so its duration
may; of power and current the lowest and the highest reading are axes of their own, and each may be
missing. Whoever cannot be sure says no.
"""

from collections.abc import Sequence
from decimal import Decimal

from settlement.tariff import PriceComponent, Restrictions, Tariff
from settlement.tariff_tools.lint.axis import AXES, INFINITE, Axis, Bound, Box, Intervals, box_of
from settlement.tariff_tools.lint.family import first_component, kind_of
from settlement.tariff_tools.lint.sweep import Space, TooWide, lowest

_LOWEST = -INFINITE
_MISSING = Decimal("-1E+30")  # no reading; all that are stated lie above
_READINGS = (
    # a lower bound asks for the highest reading, an upper bound for the lowest
    ("highest power", "min_power"),
    ("lowest power", "max_power"),
    ("highest current", "min_current"),
    ("lowest current", "max_current"),
)
_PROVED_AXES = (
    *AXES[:3],
    Axis("kwh", (_LOWEST, INFINITE)),
    Axis("duration", (_LOWEST, INFINITE)),
    *(Axis(name, (_LOWEST, INFINITE)) for name, _ in _READINGS),
)


def never_holds(restrictions: Restrictions | None) -> bool:
    """Tell whether restrictions hold nowhere."""
    return not _space([_box(restrictions)]).regions(mask=1, wanted=bool, first_counts=True)


def never_prices(*, tariff: Tariff, element: int, dimension: str) -> bool:
    """Tell whether elements before it hold wherever an element does, for one dimension."""
    rivals = _rivals(tariff, element, dimension)
    rivals = rivals[: rivals.index(element) + 1]
    last = len(rivals) - 1
    try:
        space = _space([_box(tariff.elements[rival].restrictions) for rival in rivals])
        return not space.regions(
            mask=space.all, wanted=lambda held: lowest(held) == last, first_counts=True
        )
    except TooWide:
        return False


def is_redundant(*, tariff: Tariff, element: int, dimension: str) -> bool:
    """Tell whether the element that holds next charges the same wherever an element prices."""
    rivals = _rivals(tariff, element, dimension)
    bit = rivals.index(element)
    charges = [_charge(tariff, rival, dimension) for rival in rivals]

    def differs(held: int) -> bool:
        if lowest(held) != bit:
            return False
        following = lowest(held & ~(1 << bit))
        return following < 0 or charges[following] != charges[bit]

    try:
        space = _space([_box(tariff.elements[rival].restrictions) for rival in rivals])
        return not space.regions(mask=space.all, wanted=differs)
    except TooWide:
        return False


def is_unrestricting(*, given: Restrictions, name: str) -> bool:
    """Tell whether a restriction can be left out: without it the rest holds as before."""
    empty: object = () if name == "day_of_week" else None
    changed = {field: getattr(given, field) for field in given.__struct_fields__}
    return _box(Restrictions(**(changed | {name: empty}))) == _box(given)


def _rivals(tariff: Tariff, element: int, dimension: str) -> list[int]:
    """Give the elements of the same kind that price a dimension, in order."""
    kind = kind_of(tariff=tariff, element=element)
    return [
        other
        for other in range(len(tariff.elements))
        if kind_of(tariff=tariff, element=other) == kind
        and first_component(tariff=tariff, element=other, dimension=dimension) is not None
    ]


def _charge(tariff: Tariff, element: int, dimension: str) -> tuple[PriceComponent, bool]:
    index = first_component(tariff=tariff, element=element, dimension=dimension)
    assert index is not None
    components = tariff.elements[element].price_components
    return components[index], dimension == "FLAT" and is_parking_fee(components)


def is_parking_fee(components: Sequence[PriceComponent]) -> bool:
    """Tell whether a FLAT among components may count as one of parking."""
    types = {component.type for component in components}
    return "PARKING_TIME" in types and not types & {"TIME", "ENERGY"}


def _space(boxes: Sequence[Box]) -> Space:
    return Space(boxes, _PROVED_AXES)


def _box(restrictions: Restrictions | None) -> Box:
    box = box_of(restrictions)
    if restrictions is None:
        restrictions = Restrictions()
    readings = [
        _above(getattr(restrictions, name))
        if name.startswith("min")
        else _below(getattr(restrictions, name))
        for _, name in _READINGS
    ]
    kwh = _between(restrictions.min_kwh, restrictions.max_kwh)
    duration = _between(restrictions.min_duration, restrictions.max_duration)
    return (*box[:3], kwh, duration, *readings)


def _between(low: Bound | None, high: Bound | None) -> Intervals:
    least, most = _LOWEST if low is None else low, INFINITE if high is None else high
    return ((least, most),) if least < most else ()


def _above(low: Bound | None) -> Intervals:
    return _between(None, None) if low is None else _between(max(low, _MISSING), None)


def _below(high: Bound | None) -> Intervals:
    return _between(None, None) if high is None else _between(_MISSING, high)
