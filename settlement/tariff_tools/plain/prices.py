"""A price in words: what one component asks for, per which unit, in which steps, with which VAT.

Rule: one component at a time; which component counts when is told elsewhere.
"""

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from settlement.money import minor_unit
from settlement.pricing.exact import canonical, divide
from settlement.tariff import PriceComponent
from settlement.tariff_tools.plain.language import Language, short_duration

_MINUTES = Decimal(60)  # in an hour
_TIMES = {"TIME", "PARKING_TIME"}
_WATT_HOURS = 1000  # in a kWh


class Manner(msgspec.Struct, frozen=True):
    """How the prices of one dimension are told."""

    dimension: str
    currency: str
    is_reservation: bool
    is_by_minute: bool
    is_step_told_once: bool  # for all prices
    vat: str  # the wording that tells the rate with each price; "" where it is told once


def is_told_by_minute(components: Sequence[PriceComponent], currency: str) -> bool:
    """Tell whether all prices an hour are whole minor units a minute, and billed that finely."""
    unit = minor_unit(currency)
    return all(component.type in _TIMES for component in components) and all(
        component.step_size <= _MINUTES and not component.price / _MINUTES % unit
        for component in components
        if component.price
    )


def price_in_words(
    component: PriceComponent, manner: Manner, language: Language, *, is_first: bool
) -> str:
    """Tell a price that is not 0; the first of a sentence says what it is for."""
    text = _amount(component, manner, language)
    if component.price < 0:
        text = language.say("credit", price=text)
    if manner.vat and component.vat is None:
        text = language.say("without_vat", price=text)
    elif manner.vat:
        assert component.vat is not None
        text = language.say(manner.vat, price=text, rate=language.percent(component.vat))
    if is_first and not manner.is_reservation:
        if manner.dimension == "TIME":
            text = language.say("while_charging", price=text)
        elif manner.dimension == "PARKING_TIME":
            text = language.say("while_parked", price=text)
    if has_step(component) and not manner.is_step_told_once:
        text = language.say("with_step", price=text, step=step_in_words(component, language))
    return text


def by_minute(component: PriceComponent, currency: str, language: Language) -> str:
    """Tell a price an hour by the minute."""
    price = canonical(divide(component.price, _MINUTES))
    return language.say("price_minute", money=language.money(price, currency))


def _amount(component: PriceComponent, manner: Manner, language: Language) -> str:
    price = component.price.copy_abs()
    if manner.is_by_minute:
        price = canonical(divide(price, _MINUTES))
    money = language.money(price, manner.currency)
    if manner.dimension == "ENERGY":
        return language.say("price_energy", money=money)
    if manner.dimension == "FLAT":
        return language.say("price_once" if manner.is_reservation else "price_session", money=money)
    return language.say("price_minute" if manner.is_by_minute else "price_hour", money=money)


def has_step(component: PriceComponent) -> bool:
    """Tell whether a component is billed in steps that a reader can notice."""
    return component.type != "FLAT" and component.step_size > 1


def step_in_words(component: PriceComponent, language: Language) -> str:
    """Tell the step: `1 kWh`, `500 Wh`, `15 min`."""
    if component.type != "ENERGY":
        return short_duration(component.step_size)
    kwh, rest = divmod(component.step_size, _WATT_HOURS)
    return f"{language.number(component.step_size)} Wh" if rest else f"{language.number(kwh)} kWh"
