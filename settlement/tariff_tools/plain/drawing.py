"""What is to be drawn: both curves with their axes, free of pixels and characters.

Rule: shared by the text and the picture, so that both show the same.
"""

from decimal import Decimal

import msgspec

from settlement.money import minor_unit
from settlement.tariff import Tariff
from settlement.tariff_tools.plain.curve import Curve
from settlement.tariff_tools.plain.language import Language
from settlement.tariff_tools.plain.scale import Scale, even_scale, scale_of
from settlement.tariff_tools.plain.terms import has_taxes

_AXES = {"energy": (1000, 5000), "time": (3600, 1800)}  # units in one as told; in one tick


class Drawing(msgspec.Struct, frozen=True):
    """One curve, ready to be drawn."""

    title: str
    x_label: str
    y_label: str
    points: tuple[tuple[Decimal, Decimal], ...]  # unscaled
    x: Scale
    y: Scale
    x_ticks: tuple[str, ...]
    y_ticks: tuple[str, ...]


def drawing_of(name: str, curve: Curve, tariff: Tariff, language: Language) -> Drawing:
    """Lay out the curve over `energy` or over `time`."""
    unit, tick = _AXES[name]
    points = tuple((Decimal(at), amount) for at, amount in curve.amounts())
    x = even_scale(curve.points[-1].at, step=tick)
    least = minor_unit(tariff.currency)
    y = scale_of([amount for _, amount in points], least_step=least)
    return Drawing(
        title=language.say(f"curve_{name}"),
        x_label=language.say(f"axis_{name}"),
        y_label=price_label(curve, tariff, language),
        points=points,
        x=x,
        y=y,
        x_ticks=tuple(language.number(at / unit) for at in x.ticks),
        y_ticks=tuple(language.amount(at, tariff.currency) for at in y.ticks),
    )


def price_label(curve: Curve, tariff: Tariff, language: Language) -> str:
    """Say what the amounts are: the currency, and whether VAT is in them."""
    with_vat = curve.side == "after_taxes" and has_taxes(tariff)
    key = "axis_price_with_vat" if with_vat else "axis_price"
    currency = language.symbol(tariff.currency) or language.say("currency_unknown")
    return language.say(key, currency=currency)
