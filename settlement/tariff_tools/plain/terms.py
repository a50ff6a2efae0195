"""The terms of a whole tariff in words: limits, VAT, for whom and for how long.

Rule: what the tariff states, as the engine applies it under the default profile.
"""

from collections.abc import Iterator
from decimal import Decimal

from settlement.tariff import Price, Tariff
from settlement.tariff_tools.plain.language import Language

_RATED = {"YES": "with_vat", "NO": "plus_vat"}


def rates_of(tariff: Tariff) -> set[Decimal | None]:
    """Give the VAT rates of all components that cost something; None for one that states none."""
    if tariff.tax_included == "N/A":
        return set()
    return {
        component.vat
        for element in tariff.elements
        for component in element.price_components
        if component.price
    }


def has_taxes(tariff: Tariff) -> bool:
    """Tell whether the price before taxes and after may differ."""
    rates = rates_of(tariff)
    return any(rates) or (tariff.tax_included == "YES" and None in rates)


def vat_of_each(tariff: Tariff) -> str:
    """Give the wording that tells VAT with each price; empty where one rate is for all."""
    return _RATED[tariff.tax_included] if len(rates_of(tariff)) > 1 else ""


def limits(tariff: Tariff, language: Language) -> Iterator[str]:
    """Tell min_price and max_price, before and after taxes."""
    for key, limit in (("at_least", tariff.min_price), ("at_most", tariff.max_price)):
        if limit is not None:
            yield from _limit(key, limit, tariff, language)


def _limit(key: str, limit: Price, tariff: Tariff, language: Language) -> Iterator[str]:
    before, after = limit.before_taxes, limit.after_taxes
    told = [language.money(side, tariff.currency) for side in (before, after) if side is not None]
    if not told:
        return
    if before == after or (len(told) == 1 and not has_taxes(tariff)):
        yield language.say(key, money=told[0])
    elif len(told) > 1:
        yield language.say(f"{key}_both", before=told[0], after=told[1])
    else:
        side = "after" if before is None else "before"
        yield language.say(f"{key}_{side}", money=told[0])


def vat(tariff: Tariff, language: Language) -> Iterator[str]:
    """Tell VAT once, where one rate is for all prices or none is stated."""
    rates = rates_of(tariff)
    if tariff.tax_included == "N/A":
        yield language.say("no_taxes")
    elif len(rates) == 1:
        yield _vat(rates.pop(), tariff, language)


def _vat(rate: Decimal | None, tariff: Tariff, language: Language) -> str:
    is_included = tariff.tax_included == "YES"
    if rate is not None:
        if not rate:
            return language.say("vat_zero")
        key = "vat_included" if is_included else "vat_on_top"
        return language.say(key, rate=language.percent(rate))
    if is_included:
        return language.say("taxes_included")
    if tariff.ocpi_version == "2.1.1":
        return language.say("vat_not_in_version")
    return language.say("taxes_on_top" if tariff.ocpi_version == "2.3.0" else "vat_not_stated")


def evidence(tariff: Tariff, language: Language) -> Iterator[str]:
    """Tell that prices by power are of no use where no CDR can state the power."""
    given = [element.restrictions for element in tariff.elements if element.restrictions]
    if tariff.ocpi_version == "2.1.1" and any(
        one.min_power is not None or one.max_power is not None for one in given
    ):
        yield language.say("no_power_in_version")


def scope(tariff: Tariff, language: Language) -> Iterator[str]:
    """Tell for which sessions the tariff is."""
    if tariff.type is not None and f"type_{tariff.type}" in language.words:
        yield language.say(f"type_{tariff.type}")
    start, end = tariff.start_date_time, tariff.end_date_time
    first = None if start is None else language.instant(start)
    last = None if end is None else language.instant(end)
    if first and last:
        yield language.say("valid_between", start=first, end=last)
    elif first:
        yield language.say("valid_from", start=first)
    elif last:
        yield language.say("valid_until", end=last)
