"""Price components that do not charge what they read like.

Rule: one component at a time; thresholds are stated here with their reason.
"""

from collections.abc import Iterator
from decimal import Decimal

from msgspec.structs import replace

from settlement.pricing.wording import number
from settlement.tariff import PriceComponent, Tariff
from settlement.tariff_tools.lint.found import Found, Subject

_UNITS = {"ENERGY": "kWh", "TIME": "hour", "PARKING_TIME": "hour"}
# Currencies whose unit buys two to ten kWh; in others a price says nothing of its unit.
_STRONG = {"CHF", "EUR", "GBP", "USD"}
_LOWEST_PER_KWH = Decimal("0.005")  # a thousandth of the dearest kWh
_LOWEST_PER_HOUR = Decimal("0.2")  # below it an hour costs less than half a kWh anywhere
_HIGHEST_PER_KWH = Decimal(5)
_HIGHEST_VAT = Decimal(30)  # percent; the highest in force is 27
_LARGE_STEPS = {"ENERGY": 1000, "TIME": 3600, "PARKING_TIME": 3600}


def check_components(subject: Subject) -> Iterator[Found]:
    """Find what is odd about the components of each element."""
    tariff = subject.tariff
    parks = any(
        component.type == "PARKING_TIME"
        for element in tariff.elements
        if element.restrictions is None or element.restrictions.reservation is None
        for component in element.price_components
    )
    for number_, element in enumerate(tariff.elements):
        kind = element.restrictions.reservation if element.restrictions else None
        seen: set[str] = set()
        for index, component in enumerate(element.price_components):
            at = (number_, index)
            before = f"/elements/{number_}/price_components/{index}"
            if component.type in seen:
                yield Found(
                    "duplicate_dimension",
                    before,
                    f"Component {index} of element {number_} is its second of {component.type} "
                    "and never prices.",
                    _without(tariff, number_, seen_first(element.price_components, component)),
                )
                continue
            seen.add(component.type)
            if kind is not None and component.type in {"ENERGY", "PARKING_TIME"}:
                yield Found(
                    "reservation_dimension",
                    f"{before}/type",
                    f"Element {number_} is for reservations, for which {component.type} "
                    "is never priced.",
                )
            yield from _step(tariff, at, before, component, parks=parks and kind is None)
            yield from _money(tariff, at, before, component)


def seen_first(components: tuple[PriceComponent, ...], like: PriceComponent) -> int:
    """Give the place of the first component of the same dimension."""
    return next(place for place, one in enumerate(components) if one.type == like.type)


def _step(
    tariff: Tariff, at: tuple[int, int], before: str, component: PriceComponent, *, parks: bool
) -> Iterator[Found]:
    step, where = component.step_size, f"{before}/step_size"
    name = f"step_size {step} of {component.type} in element {at[0]}"
    if component.type == "FLAT":
        if step not in {0, 1}:
            yield Found("step_size_flat", where, f"{name} has no meaning: a fee has no volume.")
        return
    if step <= 0:
        yield Found("step_size_zero", where, f"{name} counts as 1; 1 is what to write.")
        return
    meant = _changed(tariff, at, step_size=1)
    if component.type in _LARGE_STEPS and step % _LARGE_STEPS[component.type] == 0:
        count = step // _LARGE_STEPS[component.type]
        unit = _UNITS[component.type]
        if count > 1:
            unit = f"{count} {unit}" + ("s" if unit == "hour" else "")
        text = (
            f"{name} charges every started {unit} in full where this price is the last; "
            "1 charges what was measured."
        )
        yield Found("step_size_like_unit", where, text, meant)
    if component.type == "TIME" and step > 1 and parks:
        text = f"{name} rounds nothing in a session whose parking is priced: parking is rounded."
        yield Found("step_size_inert", where, text)


def _money(
    tariff: Tariff, at: tuple[int, int], before: str, component: PriceComponent
) -> Iterator[Found]:
    price, where, kind = component.price, f"{before}/price", component.type
    told = f"{number(price)} {tariff.currency}".rstrip() + (
        f" per {_UNITS[kind]}" if kind in _UNITS else ""
    )
    name = f"{told} for {kind} in element {at[0]}"
    is_strong = tariff.currency in _STRONG
    if price < 0:
        yield Found("price_negative", where, f"{name} is negative: it pays the driver.")
    elif kind == "ENERGY" and 0 < price < _LOWEST_PER_KWH and is_strong:
        meant = _changed(tariff, at, price=price * 1000)
        yield Found("price_per_small_unit", where, f"{name}: was it meant by the Wh?", meant)
    elif kind in {"TIME", "PARKING_TIME"} and 0 < price < _LOWEST_PER_HOUR and is_strong:
        is_by_minute = price * 60 >= _LOWEST_PER_HOUR
        meant = _changed(tariff, at, price=price * (60 if is_by_minute else 3600))
        unit = "minute" if is_by_minute else "second"
        yield Found("price_per_small_unit", where, f"{name}: was it meant by the {unit}?", meant)
    elif kind == "ENERGY" and price > _HIGHEST_PER_KWH and is_strong:
        meant = _changed(tariff, at, price=price / 100)
        yield Found("price_in_minor_units", where, f"{name}: was it meant in cents?", meant)
    vat = component.vat
    if vat is not None and (vat < 0 or vat > _HIGHEST_VAT or 0 < vat < 1):
        text = f"A VAT of {number(vat)} % on {kind} in element {at[0]} is not in force anywhere."
        if 0 < vat < 1:
            text += f" Was {number(vat * 100)} meant?"
        yield Found("vat_implausible", f"{before}/vat", text)


def _changed(tariff: Tariff, at: tuple[int, int], **changes: object) -> Tariff:
    element, index = at
    components = list(tariff.elements[element].price_components)
    components[index] = replace(components[index], **changes)
    return _with(tariff, element, tuple(components))


def _without(tariff: Tariff, element: int, index: int) -> Tariff:
    components = tariff.elements[element].price_components
    return _with(tariff, element, components[:index] + components[index + 1 :])


def _with(tariff: Tariff, element: int, components: tuple[PriceComponent, ...]) -> Tariff:
    elements = list(tariff.elements)
    elements[element] = replace(elements[element], price_components=components)
    return replace(tariff, elements=tuple(elements))
