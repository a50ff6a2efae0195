"""What `--fix` takes out of a tariff or writes anew, and what the tariff is then.

Rule: one finding, one repair, only where `proof` says that no price changes. A repair gives the
record that has to come out, so that the changed text can be read and compared with it.
"""

from collections.abc import Callable

import msgspec
from msgspec.structs import replace

from settlement.tariff import PriceComponent, Restrictions, Tariff, TariffElement
from settlement.tariff_tools.lint.edit import with_value, without_item, without_key
from settlement.tariff_tools.lint.family import kind_of
from settlement.tariff_tools.lint.found import Found
from settlement.tariff_tools.lint.proof import (
    is_parking_fee,
    is_redundant,
    is_unrestricting,
    never_holds,
    never_prices,
)
from settlement.tariff_tools.lint.source import Node, find

Edit = Callable[[bytes, Node], bytes | None]  # the tariff's text and its top; None: cannot be done


class Repair(msgspec.Struct, frozen=True):
    """The tariff that comes out, how the text is changed, what is said of it.

    `removed` is the element, or the element and component, that is gone.
    """

    expected: Tariff
    edit: Edit
    message: str
    removed: tuple[int, ...] = ()


def repair_of(*, tariff: Tariff, found: Found) -> Repair | None:
    """Give the repair of a finding; None where there is none that changes no price."""
    make = REPAIRS.get(found.code)
    return None if make is None else make(tariff, found.pointer.split("/")[1:])


def _no_element(tariff: Tariff, path: list[str]) -> Repair | None:
    element = int(path[1])
    if not never_holds(tariff.elements[element].restrictions):
        return None
    return _without_element(tariff, element, "is gone: its restrictions never hold.")


def _no_component(tariff: Tariff, path: list[str]) -> Repair | None:
    """Take out what elements before it hide."""
    element, component = int(path[1]), int(path[3])
    dimension = tariff.elements[element].price_components[component].type
    if not never_prices(tariff=tariff, element=element, dimension=dimension):
        return None
    return _without_component(tariff, element, component, "never priced")


def _no_repetition(tariff: Tariff, path: list[str]) -> Repair | None:
    """Take out what the elements after it charge as well."""
    element, component = int(path[1]), int(path[3])
    dimension = tariff.elements[element].price_components[component].type
    if not is_redundant(tariff=tariff, element=element, dimension=dimension):
        return None
    return _without_component(tariff, element, component, "changed no price")


def _no_second(tariff: Tariff, path: list[str]) -> Repair | None:
    """Take out a component that stands behind another of its dimension in the same element."""
    element, component = int(path[1]), int(path[3])
    components = tariff.elements[element].price_components
    if components[component].type not in {one.type for one in components[:component]}:
        return None
    return _without_component(tariff, element, component, "never priced: it was the second one")


def _no_other_dimension(tariff: Tariff, path: list[str]) -> Repair | None:
    """Take energy or parking out of an element for reservations."""
    element, component = int(path[1]), int(path[3])
    kind = kind_of(tariff=tariff, element=element)
    dimension = tariff.elements[element].price_components[component].type
    if kind is None or dimension not in {"ENERGY", "PARKING_TIME"}:
        return None
    return _without_component(tariff, element, component, "was never priced in a reservation")


def _no_restriction(tariff: Tariff, path: list[str]) -> Repair | None:
    element = int(path[1])
    given = tariff.elements[element].restrictions
    assert given is not None
    name = path[3] if len(path) > 3 else None
    if name is not None:
        if not is_unrestricting(given=given, name=name):
            return None
        given = replace(given, **{name: () if name == "day_of_week" else None})
    is_empty = given == Restrictions()
    if name is None and not is_empty:
        return None

    def edit(data: bytes, top: Node) -> bytes | None:
        whole = find(node=top, pointer=f"/elements/{element}")
        inner = find(node=top, pointer=f"/elements/{element}/restrictions")
        if whole is None or inner is None or inner.fields is None:
            return None
        if is_empty and set(inner.fields) <= {name}:
            return without_key(data=data, node=whole, name="restrictions")
        if name is None or name not in inner.fields:
            return None
        return without_key(data=data, node=inner, name=name)

    told = (
        "The empty restrictions are gone." if name is None else f"{name} is gone: it held always."
    )
    expected = _with_element(tariff, element, restrictions=None if is_empty else given)
    return Repair(expected, edit, told)


def _step_of_one(tariff: Tariff, path: list[str]) -> Repair | None:
    element, component = int(path[1]), int(path[3])
    components = list(tariff.elements[element].price_components)
    given = components[component]
    if given.type != "FLAT" and given.step_size > 0:
        return None
    components[component] = replace(given, step_size=1)

    def edit(data: bytes, top: Node) -> bytes | None:
        node = find(node=top, pointer="/" + "/".join(path))
        return None if node is None else with_value(data=data, node=node, value=b"1")

    expected = _with_element(tariff, element, price_components=tuple(components))
    return Repair(expected, edit, f"step_size {given.step_size} is now 1, as it counted.")


def _without_element(tariff: Tariff, element: int, told: str) -> Repair | None:
    if len(tariff.elements) == 1:
        return None  # a tariff needs one

    def edit(data: bytes, top: Node) -> bytes | None:
        node = find(node=top, pointer="/elements")
        if node is None or node.items is None or element >= len(node.items):
            return None
        return without_item(data=data, node=node, index=element)

    elements = tariff.elements[:element] + tariff.elements[element + 1 :]
    expected = replace(tariff, elements=elements)
    return Repair(expected, edit, f"The element {told}", (element,))


def _without_component(tariff: Tariff, element: int, component: int, why: str) -> Repair | None:
    components = tariff.elements[element].price_components
    dimension = components[component].type
    rest = components[:component] + components[component + 1 :]
    if not rest:
        return _without_element(tariff, element, f"is gone: its {dimension} {why}.")
    if _moves_a_fee(tariff, element, rest):
        return None

    def edit(data: bytes, top: Node) -> bytes | None:
        node = find(node=top, pointer=f"/elements/{element}/price_components")
        if node is None or node.items is None or component >= len(node.items):
            return None
        return without_item(data=data, node=node, index=component)

    expected = _with_element(tariff, element, price_components=rest)
    told = f"The {dimension} component is gone: it {why}."
    return Repair(expected, edit, told, (element, component))


def _moves_a_fee(tariff: Tariff, element: int, rest: tuple[PriceComponent, ...]) -> bool:
    """Tell whether a FLAT that stays would count to another cost under some profile."""
    if not any(one.type == "FLAT" for one in rest) or kind_of(tariff=tariff, element=element):
        return False
    return is_parking_fee(rest) != is_parking_fee(tariff.elements[element].price_components)


def _with_element(tariff: Tariff, element: int, **changes: object) -> Tariff:
    elements = list(tariff.elements)
    changed: TariffElement = replace(elements[element], **changes)
    elements[element] = changed
    return replace(tariff, elements=tuple(elements))


REPAIRS: dict[str, Callable[[Tariff, list[str]], Repair | None]] = {
    "element_unreachable": _no_component,
    "component_redundant": _no_repetition,
    "duplicate_dimension": _no_second,
    "reservation_dimension": _no_other_dimension,
    "restriction_impossible": _no_element,
    "bounds_crossed": _no_element,
    "dates_crossed": _no_element,
    "never_together": _no_element,
    "restriction_whole_range": _no_restriction,
    "step_size_zero": _step_of_one,
    "step_size_flat": _step_of_one,
}
