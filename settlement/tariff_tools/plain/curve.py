"""What an ordinary session costs so far, at every moment and at every kWh: two curves.

Rule: each point is a price by the engine for the session cut there; between two points the
price is a straight line to within half a minor unit. A step is two points one second or Wh apart.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from heapq import heapify, heappop, heappush
from itertools import pairwise
from math import floor

import msgspec

from settlement.cdr import Cdr, CdrDimension
from settlement.money import minor_unit
from settlement.pricing.engine import price
from settlement.pricing.exact import divide
from settlement.pricing.plan import plan_of
from settlement.pricing.priced import PricedCdr
from settlement.pricing.profile import DEFAULT
from settlement.pricing.restriction import DAY, MICROSECONDS
from settlement.tariff import Price, Tariff
from settlement.tariff_tools.ordinary import CHARGING, PARKING, POWER_KW, ordinary_cdr

_SECOND = timedelta(seconds=1)
_CHARGED = CHARGING // _SECOND
_PARKED = PARKING // _SECOND
_WATT_HOURS = int(POWER_KW * 1000) * _CHARGED // 3600  # in the whole session
_BUDGET = 1200  # prices a curve: more steps than that nobody sees
_RULES = msgspec.structs.replace(DEFAULT, straddling="split")
_TINY = Decimal("1e-9")  # exact amounts end after 18 decimals, where a quotient goes on
_MOST_STEPS = 400  # of one component that are looked for one by one
_ZERO = timedelta(0)
_START = 10 * 3600  # of the session, seconds of the day


class Point(msgspec.Struct, frozen=True):
    """The session cut at `at` seconds or Wh, and its exact price."""

    at: int
    price: Price


class Curve(msgspec.Struct, frozen=True):
    """Points, straight lines between them; a jump is two points one unit apart."""

    points: tuple[Point, ...]
    is_exact: bool  # else there are more steps than points

    @property
    def side(self) -> str:
        """Say which side of the prices is known: after_taxes, unless a rate is missing."""
        return "after_taxes" if _knows(self.points, "after_taxes") else "before_taxes"

    def amounts(self) -> list[tuple[int, Decimal]]:
        """Give the points to draw."""
        side = self.side
        return [(point.at, getattr(point.price, side)) for point in self.points]


PriceAt = Callable[[int], Price]


def curve_over_time(tariff: Tariff) -> Curve | None:
    """Price the session cut at each second; None where it cannot be priced."""
    tariff = _with_currency(tariff)

    def price_at(second: int) -> Price:
        charging = _SECOND * min(second, _CHARGED)
        parking = _SECOND * max(second - _CHARGED, 0)
        return _priced(ordinary_cdr(tariff, charging=charging, parking=parking), tariff)

    ends = (0, _CHARGED, _CHARGED + _PARKED)
    return _curve(price_at, [*ends, *_bounds(tariff, ends[-1])], tariff.currency)


def curve_over_energy(tariff: Tariff) -> Curve | None:
    """Price the session cut at each Wh, before anything is parked; None as above."""
    tariff = _with_currency(tariff)

    def price_at(watt_hours: int) -> Price:
        length = _SECOND * -(-_CHARGED * watt_hours // _WATT_HOURS)  # begun seconds count
        cdr = ordinary_cdr(tariff, charging=length, parking=_ZERO)
        return _priced(_with_energy(cdr, Decimal(watt_hours) / 1000), tariff)

    bounds = [bound * _WATT_HOURS / _CHARGED for bound in _bounds(tariff, _CHARGED)]
    return _curve(price_at, [0, _WATT_HOURS, *bounds], tariff.currency)


def _bounds(tariff: Tariff, length: int) -> Iterator[Fraction]:
    """Give the seconds at which the price may step or bend: restrictions and billing steps."""
    plan = plan_of(tariff)
    pace = Fraction(_CHARGED, _WATT_HOURS)  # seconds a Wh
    found = [Fraction(at, MICROSECONDS) for at in plan.at_bounds]
    found += [Fraction(kwh) * 1000 * pace for kwh in plan.kwh_bounds]
    found += [Fraction((clock - _START) % DAY) for clock in plan.clock_bounds]
    for element in tariff.elements:
        for component in element.price_components:
            step = component.step_size * (pace if component.type == "ENERGY" else Fraction(1))
            if component.type != "FLAT" and step * _MOST_STEPS >= length:
                found += [step * count for count in range(1, int(length / step) + 1)]
    return (bound for bound in found if 0 < bound < length)


def _with_currency(tariff: Tariff) -> Tariff:
    return msgspec.structs.replace(tariff, currency=tariff.currency or "EUR")


def _with_energy(cdr: Cdr, energy: Decimal) -> Cdr:
    """Set the energy of a session to whole Wh, which need not be whole seconds."""
    periods = tuple(
        msgspec.structs.replace(
            period,
            dimensions=tuple(
                CdrDimension("ENERGY", energy) if one.type == "ENERGY" else one
                for one in period.dimensions
            ),
        )
        for period in cdr.charging_periods
    )
    return msgspec.structs.replace(cdr, charging_periods=periods, total_energy=energy)


class _NoPrice(Exception):  # noqa: N818 - a property of the tariff, not an error of ours
    """The tariff cannot price the session."""


def _priced(cdr: Cdr, tariff: Tariff) -> Price:
    priced = price(cdr=cdr, tariffs=(tariff,), zone="UTC", profile=_RULES)
    if not isinstance(priced, PricedCdr) or priced.exact.total_cost is None:
        raise _NoPrice
    return priced.exact.total_cost


def _curve(price_at: PriceAt, corners: Iterable[Fraction | int], currency: str) -> Curve | None:
    known: dict[int, Price] = {}

    def at(place: int) -> Price:
        if place not in known:
            known[place] = price_at(place)
        return known[place]

    edges = {floor(corner) for corner in corners}
    # What begins on a bound begins in the next unit: a fee is due once there is a session.
    edges |= {edge + 1 for edge in edges if edge + 1 < max(edges)}
    try:
        places, is_exact = _refined(at, sorted(edges), minor_unit(currency) / 2)
    except _NoPrice:
        return None
    points = [Point(place, known[place]) for place in places]
    return Curve(tuple(_without_middles(points)), is_exact)


def _refined(at: PriceAt, edges: list[int], tolerance: Decimal) -> tuple[list[int], bool]:
    """Find the places between which the price is straight; the widest gap is looked at first."""
    gaps = [(low - high, low, high) for low, high in pairwise(edges)]
    heapify(gaps)
    places, looks, is_exact = set(edges), 0, True
    while gaps:
        _, low, high = heappop(gaps)
        if high - low < 2:  # neighbours: a step
            continue
        looks += 3
        if looks > _BUDGET:
            is_exact = False
            break
        middle = (low + high) // 2
        ends = Point(low, at(low)), Point(high, at(high))
        inner = [Point(place, at(place)) for place in (low + 1, middle, high - 1)]
        if not all(_is_on_line(point, *ends, tolerance) for point in inner):
            places.add(middle)
            heappush(gaps, (low - middle, low, middle))
            heappush(gaps, (middle - high, middle, high))
    for place in places:
        at(place)
    return sorted(places), is_exact


def _is_on_line(point: Point, low: Point, high: Point, tolerance: Decimal) -> bool:
    for side in ("before_taxes", "after_taxes"):
        here, first, last = (getattr(one.price, side) for one in (point, low, high))
        if None in {here, first, last}:
            continue
        share = divide((last - first) * (point.at - low.at), Decimal(high.at - low.at))
        if abs(here - first - share) >= tolerance:
            return False
    return True


def _without_middles(points: list[Point]) -> list[Point]:
    """Leave out points that lie on the line between their neighbours."""
    kept: list[Point] = []
    for place, point in enumerate(points):
        is_end = place in {0, len(points) - 1}
        if is_end or not _is_on_line(point, kept[-1], points[place + 1], _TINY):
            kept.append(point)
    return kept


def _knows(points: tuple[Point, ...], side: str) -> bool:
    return all(getattr(point.price, side) is not None for point in points)
