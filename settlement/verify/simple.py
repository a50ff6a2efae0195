"""The price of a CDR under a tariff without restrictions, computed anew.

Rule: written from OCPI's chapter on tariffs for the cases where the price follows from the
volumes alone; everything else is None, never a guess.
"""

from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from settlement.verify.document import CdrDocument
from settlement.verify.number import ZERO, add, divide, half_up, multiply, subtract
from settlement.verify.tariff import Component, Tariff

SECONDS = Decimal(3600)
WATT_HOURS = Decimal(1000)
DIMENSIONS = ("ENERGY", "TIME", "PARKING_TIME")
SECOND = timedelta(seconds=1)


def first_component(tariff: Tariff, dimension: str) -> tuple[int, Component] | None:
    """Give the component that prices a dimension in a tariff without restrictions."""
    for place, element in enumerate(tariff.elements):
        for component in element.components:
            if component.dimension == dimension:
                return place, component
    return None


def simple_total(tariff: Tariff, document: CdrDocument, currency: str) -> Decimal | None:
    """Price a CDR before taxes, rounded; None where that takes more than its volumes."""
    if not tariff.is_simple or document.is_odd or not document.periods:
        return None
    if tariff.currency != currency or document.is_credit:
        return None
    if len({period.tariff_id is None for period in document.periods}) > 1:
        return None  # where some periods name a tariff, one that names none is free
    volumes = {name: _volume(name, document) for name in DIMENSIONS}
    amount = ZERO
    for name, volume in volumes.items():
        if volume is None:
            return None
        found = first_component(tariff, name)
        if found is None or not volume:
            continue
        component = found[1]
        assert component.price is not None, tariff
        billed = _stepped(name, volume, component)
        if billed is None:
            return None
        amount = add(amount, multiply(component.price, billed))
    flat = first_component(tariff, "FLAT")
    if flat is not None:
        assert flat[1].price is not None, tariff
        amount = add(amount, flat[1].price)
    return _limited(amount, tariff, currency)


def _volume(name: str, document: CdrDocument) -> Decimal | None:
    """Sum a dimension in kWh or hours; None where a volume needs a second look."""
    amount = ZERO
    for place, period in enumerate(document.periods):
        if "RESERVATION_TIME" in period.volumes:
            return None
        volume = period.volumes.get(name, ZERO)
        if volume < ZERO:
            return None
        if name != "ENERGY":
            seconds = _seconds(volume, place, document)
            if seconds is None:
                return None
            volume = divide(seconds, SECONDS)
        amount = add(amount, volume)
    return amount


def _seconds(hours: Decimal, place: int, document: CdrDocument) -> Decimal | None:
    """Snap hours to the nearest second; None where they exceed their period."""
    if not hours:
        return ZERO
    start, end = bounds(document, place)
    if start is None or end is None or start.microsecond or end.microsecond:
        return None
    seconds = multiply(hours, SECONDS).to_integral_value(ROUND_HALF_UP)
    return None if seconds > (end - start) // SECOND + 1 else seconds


def bounds(document: CdrDocument, place: int) -> tuple[datetime | None, datetime | None]:
    """Give when a charging period begins and ends."""
    periods = document.periods
    end = periods[place + 1].start if place + 1 < len(periods) else document.end
    return periods[place].start, end


def _stepped(name: str, volume: Decimal, component: Component) -> Decimal | None:
    if component.step <= 1:
        return volume if name != "ENERGY" else _whole(volume, Decimal(1))
    return _whole(volume, Decimal(component.step)) if name == "ENERGY" else None


def _whole(kwh: Decimal, step: Decimal) -> Decimal | None:
    """Round energy up to a multiple of step_size Wh; None so near to one that noise is cut."""
    steps = divide(multiply(kwh, WATT_HOURS), step)
    whole = steps.to_integral_value(ROUND_CEILING)
    over = subtract(steps, whole - 1)
    if over != 1 and multiply(over, step) <= Decimal("0.05"):
        return None
    return divide(multiply(whole, step), WATT_HOURS)


def _limited(amount: Decimal, tariff: Tariff, currency: str) -> Decimal | None:
    for limit, bounded in ((tariff.minimum, max), (tariff.maximum, min)):
        if limit is None:
            continue
        before, after = limit
        if before is None or after is not None:
            return None  # both sides are bounded, each by its own limit
        amount = bounded(amount, before)
    return half_up(amount, currency)
