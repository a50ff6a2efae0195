"""A tariff as a table: every component, when it counts, what it costs.

Rule: one row a component in the tariff's order, also those that never count; told as written.
"""

import msgspec

from settlement.tariff import PriceComponent, Restrictions, Tariff
from settlement.tariff_tools.plain.conditions import when
from settlement.tariff_tools.plain.language import Language
from settlement.tariff_tools.plain.offers import SESSION, offers_of
from settlement.tariff_tools.plain.prices import (
    by_minute,
    has_step,
    is_told_by_minute,
    step_in_words,
)

HEADS = ("element", "when", "dimension", "price", "unit", "step", "vat")
_KINDS = {"RESERVATION": "while_reserved", "RESERVATION_EXPIRES": "while_expired"}
_CROSSING = (("min_power", "max_power", "kW"), ("min_current", "max_current", "A"))
_UNITS = {"PARKING_TIME": "TIME"}


class Row(msgspec.Struct, frozen=True):
    """One component: its place, what it is in words, and whether it ever counts."""

    element: int
    component: PriceComponent
    is_reached: bool
    words: tuple[str, ...]  # one cell a head


def heads(language: Language) -> list[str]:
    """Give the heads of the table."""
    return [language.say(f"head_{name}") for name in HEADS]


def rows_of(tariff: Tariff, language: Language) -> list[Row]:
    """Give the rows of a tariff."""
    reached = {(case.element, case.index) for offer in offers_of(tariff) for case in offer.cases}
    return [
        _row(tariff, element, index, language, is_reached=(element, index) in reached)
        for element, given in enumerate(tariff.elements)
        for index in range(len(given.price_components))
    ]


def _row(tariff: Tariff, element: int, index: int, language: Language, *, is_reached: bool) -> Row:
    given = tariff.elements[element]
    component = given.price_components[index]
    price, vat = language.money(component.price, tariff.currency), _vat(component, tariff, language)
    if component.type not in SESSION:
        not_priced = language.say("not_priced")
        step = str(component.step_size)  # in what unit only the sender knows
        words = (str(element), not_priced, component.type, price, "", step, vat)
        return Row(element, component, is_reached, words)
    words = (
        str(element),
        _when(tariff, element, language) if is_reached else _never(given.restrictions, language),
        language.say(f"dimension_{_what(tariff, element, component)}"),
        price,
        _unit(tariff, component, language),
        step_in_words(component, language) if has_step(component) else "",
        vat,
    )
    return Row(element, component, is_reached, words)


def _never(restrictions: Restrictions | None, language: Language) -> str:
    """Say that an element never counts, or where it may: bounds of readings that cross."""
    for lower, upper, unit in _CROSSING:
        low, high = getattr(restrictions, lower, None), getattr(restrictions, upper, None)
        if low is not None and high is not None and low >= high > 0:
            least, most = (f"{language.number(bound)} {unit}" for bound in (low, high))
            return language.say("crossed", low=least, high=most)
    return language.say("never")


def _unit(tariff: Tariff, component: PriceComponent, language: Language) -> str:
    """Name the unit, and what the price is by the minute where it is even and told so."""
    if component.price and is_told_by_minute([component], tariff.currency):
        price = by_minute(component, tariff.currency, language)
        return language.say("unit_TIME_by_minute", price=price)
    return language.say(f"unit_{_UNITS.get(component.type, component.type)}")


def _what(tariff: Tariff, element: int, component: PriceComponent) -> str:
    """Say what is paid for: TIME in an element for reservations is the reserved time."""
    restrictions = tariff.elements[element].restrictions
    is_reserved = restrictions is not None and restrictions.reservation is not None
    return "RESERVED" if is_reserved and component.type == "TIME" else component.type


def _when(tariff: Tariff, element: int, language: Language) -> str:
    restrictions = tariff.elements[element].restrictions
    text = when(restrictions, language) or language.say("always")
    kind = restrictions.reservation if restrictions else None
    return text if kind is None else language.say(_KINDS[kind], when=text)


def _vat(component: PriceComponent, tariff: Tariff, language: Language) -> str:
    if tariff.tax_included == "N/A":
        return ""
    if component.vat is None:
        return language.say("unknown")
    return language.percent(component.vat)
