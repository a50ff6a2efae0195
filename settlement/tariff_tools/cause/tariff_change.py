"""Tariffs as senders misread them: taxes and limits.

Rule: a tariff in, a tariff out; the same object where there is nothing to misread.
"""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from settlement.pricing.exact import HUNDRED, ONE, divide
from settlement.tariff import PriceComponent, Tariff


def tax_on_included(tariff: Tariff) -> Tariff:
    """Add the tax to prices that include it already."""
    if tariff.tax_included != "YES":
        return tariff
    return msgspec.structs.replace(tariff, tax_included="NO")


def tax_on_taxed(tariff: Tariff) -> Tariff:
    """Add the tax once more to the amount after taxes; the amount before taxes is right."""
    is_included = tariff.tax_included == "YES"

    def change(component: PriceComponent, factor: Decimal) -> PriceComponent:
        rate = (factor * factor - ONE) * HUNDRED
        price = component.price * factor if is_included else component.price
        return msgspec.structs.replace(component, price=price, vat=rate)

    return _with_taxed_components(tariff, change)


def taxed_as_net(tariff: Tariff) -> Tariff:
    """Take prices with their tax for prices without, and add the tax to them."""

    def change(component: PriceComponent, factor: Decimal) -> PriceComponent:
        return msgspec.structs.replace(component, price=component.price * factor)

    return _with_taxed_components(tariff, change) if tariff.tax_included == "NO" else tariff


def net_as_taxed(tariff: Tariff) -> Tariff:
    """Take prices without tax for prices that include it."""
    if tariff.tax_included != "NO":
        return tariff
    return msgspec.structs.replace(tariff, tax_included="YES")


def taxed_on_both_sides(tariff: Tariff) -> Tariff:
    """State the amount with its tax as the amount before taxes too."""

    def change(component: PriceComponent, factor: Decimal) -> PriceComponent:
        return msgspec.structs.replace(component, price=component.price * factor)

    gross = _with_taxed_components(tariff, change) if tariff.tax_included == "NO" else tariff
    return msgspec.structs.replace(gross, tax_included="N/A")


def net_on_both_sides(tariff: Tariff) -> Tariff:
    """State the amount before taxes as the amount after them too."""

    def change(component: PriceComponent, factor: Decimal) -> PriceComponent:
        return msgspec.structs.replace(component, price=divide(component.price, factor))

    net = _with_taxed_components(tariff, change) if tariff.tax_included == "YES" else tariff
    return msgspec.structs.replace(net, tax_included="N/A")


def without_min_price(tariff: Tariff) -> Tariff:
    """Leave out min_price."""
    if tariff.min_price is None:
        return tariff
    return msgspec.structs.replace(tariff, min_price=None)


def without_max_price(tariff: Tariff) -> Tariff:
    """Leave out max_price."""
    if tariff.max_price is None:
        return tariff
    return msgspec.structs.replace(tariff, max_price=None)


def _with_taxed_components(
    tariff: Tariff, change: Callable[[PriceComponent, Decimal], PriceComponent]
) -> Tariff:
    """Change each component that has a rate, which is given as the factor from net to gross."""
    if tariff.tax_included == "N/A":
        return tariff
    elements = tuple(
        msgspec.structs.replace(
            element,
            price_components=tuple(
                change(component, ONE + divide(component.vat, HUNDRED))
                if component.vat is not None
                else component
                for component in element.price_components
            ),
        )
        for element in tariff.elements
    )
    return msgspec.structs.replace(tariff, elements=elements)
