"""A tariff, compiled: what the walk over a session asks of it, laid out so that it is cheap.

Rule: a function of the tariff's content alone. Prices and rates are spelled canonically, so that
equal tariffs give equal plans whatever was seen before; the cache only saves time.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import TypeVar

import msgspec

from settlement.cdr import folded
from settlement.pricing.exact import HUNDRED, canonical, divide
from settlement.pricing.restriction import Test, compile_test
from settlement.pricing.stretch import ENERGY, FLAT, PARKING, TIME
from settlement.pricing.wording import FLAT_FEE, describe_element
from settlement.tariff import PriceComponent, Tariff, TariffElement

_BITS = {"ENERGY": ENERGY, "TIME": TIME, "PARKING_TIME": PARKING, "FLAT": FLAT}
_CACHED_PLANS = 4096  # tariffs in use at a time by all CPOs of a settlement, generously


class Tax(msgspec.Struct, frozen=True):
    """How a price becomes an amount before and after taxes."""

    mode: str  # NO: comes on top; YES: is contained; N/A: there is none
    rate: Decimal | None  # percent
    fraction: Decimal | None  # rate / 100
    is_on_top: bool  # a rate is known and comes on top of the price


class Component(msgspec.Struct, frozen=True):
    """A price component with its place in the tariff."""

    tariff_id: str
    element: int
    index: int
    bit: int
    price: Decimal
    step: int  # Wh or seconds, at least 1
    tax: Tax
    is_parking_fee: bool  # a FLAT beside PARKING_TIME, and neither TIME nor ENERGY
    why: str


class Row(msgspec.Struct, frozen=True):
    """One element: when it applies and what it prices."""

    test: Test | None
    mask: int
    components: tuple[Component, ...]


class Limits(msgspec.Struct, frozen=True):
    """min_price and max_price, before and after taxes."""

    min_before: Decimal | None
    min_after: Decimal | None
    max_before: Decimal | None
    max_after: Decimal | None


class Traits(msgspec.Struct, frozen=True):
    """What one or several plans have in them that not all have, so that it costs nothing else."""

    has_life: bool  # a tariff says from when or until when it is valid
    has_limits: bool  # a tariff has a min_price or max_price
    lacks_rate: bool  # a component names no tax rate where there may be one
    has_clock: bool  # the clock is asked
    is_simple: bool  # in the session nothing but the time of day decides

    def joined(self, other: "Traits") -> "Traits":
        """Give what two plans have together."""
        return Traits(
            has_life=self.has_life or other.has_life,
            has_limits=self.has_limits or other.has_limits,
            lacks_rate=self.lacks_rate or other.lacks_rate,
            has_clock=self.has_clock or other.has_clock,
            is_simple=self.is_simple and other.is_simple,
        )


# What prices energy, time and parking at a time of day, and a fee that is due.
Chosen = tuple[Component | None, Component | None, Component | None, Component | None]


class Plan(msgspec.Struct, frozen=True):
    """A compiled tariff: its elements for the session, a reservation and an expired one."""

    tariff: Tariff
    key: str  # folded id
    session: tuple[Row, ...]
    reserved: tuple[Row, ...]
    expired: tuple[Row, ...]
    offers: int  # bits of the dimensions that some element prices in the session
    is_bounded: bool  # a bound below can make another component active inside a period
    at_bounds: tuple[int, ...]  # microseconds
    kwh_bounds: tuple[Decimal, ...]
    clock_bounds: tuple[int, ...]  # seconds of the day
    memo: dict[int, Chosen]  # choices of a simple plan, by time of day and need
    limits: Limits | None
    traits: Traits


_Bound = TypeVar("_Bound", int, Decimal)

_plans: dict[Tariff, Plan] = {}
_plans_by_object: dict[int, tuple[Tariff, Plan]] = {}


def plan_of(tariff: Tariff) -> Plan:
    """Compile a tariff, or find it compiled: embedded tariffs repeat from CDR to CDR."""
    found = _plans_by_object.get(id(tariff))
    if found is not None:
        return found[1]
    plan = _plans.get(tariff)
    if plan is None:
        plan = compile_plan(tariff)
        if len(_plans) >= _CACHED_PLANS:
            _plans.clear()
        _plans[tariff] = plan
    if len(_plans_by_object) >= _CACHED_PLANS:
        _plans_by_object.clear()
    _plans_by_object[id(tariff)] = (tariff, plan)  # holds the object, so its id stays its own
    return plan


def compile_plan(tariff: Tariff) -> Plan:
    """Compile a tariff."""
    taxes: dict[Decimal | None, Tax] = {}
    rows: dict[str | None, list[Row]] = {None: [], "RESERVATION": [], "RESERVATION_EXPIRES": []}
    for position, element in enumerate(tariff.elements):
        kind = element.restrictions.reservation if element.restrictions else None
        if kind in rows:
            rows[kind].append(_row(position, element, tariff, taxes))
    reserved, expires = rows["RESERVATION"], rows["RESERVATION_EXPIRES"]
    tests = [row.test for kind in rows.values() for row in kind if row.test is not None]
    clocks = [test.clock for test in tests if test.clock is not None]
    at_bounds = _sorted(bound for test in tests for bound in (test.min_at, test.max_at))
    kwh_bounds = _sorted(bound for test in tests for bound in (test.min_kwh, test.max_kwh))
    clock_bounds = _sorted(bound for clock in clocks for bound in clock.bounds())
    return Plan(
        tariff=tariff,
        key=folded(tariff.id),
        session=tuple(rows[None]),
        reserved=tuple(reserved),
        expired=tuple(expires + reserved),  # what EXPIRES lacks falls back
        offers=_all_bits(rows[None]),
        is_bounded=bool(at_bounds or kwh_bounds or clock_bounds),
        at_bounds=at_bounds,
        kwh_bounds=kwh_bounds,
        clock_bounds=clock_bounds,
        memo={},
        limits=_limits(tariff),
        traits=Traits(
            has_life=tariff.start_date_time is not None or tariff.end_date_time is not None,
            has_limits=tariff.min_price is not None or tariff.max_price is not None,
            lacks_rate=tariff.tax_included != "N/A" and None in taxes,
            has_clock=bool(clock_bounds),
            is_simple=all(_is_simple(row.test) for row in rows[None]),
        ),
    )


def _row(
    position: int,
    element: TariffElement,
    tariff: Tariff,
    taxes: dict[Decimal | None, Tax],
) -> Row:
    types = {component.type for component in element.price_components}
    is_parking = "PARKING_TIME" in types and not types & {"TIME", "ENERGY"}
    components: dict[int, Component] = {}
    for index, given in enumerate(element.price_components):
        bit = _BITS.get(given.type)
        if bit is None or bit in components:
            continue  # only the first of a dimension can be active
        components[bit] = Component(
            tariff_id=tariff.id,
            element=position,
            index=index,
            bit=bit,
            price=canonical(given.price),
            step=max(given.step_size, 1),  # 0 and below count as 1
            tax=_tax(given, tariff.tax_included, taxes),
            is_parking_fee=is_parking,
            why=describe_element(position, element) + (FLAT_FEE if bit == FLAT else ""),
        )
    return Row(compile_test(element.restrictions), sum(components), tuple(components.values()))


def _tax(
    component: PriceComponent,
    mode: str,
    taxes: dict[Decimal | None, Tax],
) -> Tax:
    rate = None if component.vat is None or mode == "N/A" else canonical(component.vat)
    if rate not in taxes:
        fraction = None if rate is None else divide(rate, HUNDRED)
        is_on_top = fraction is not None and mode != "YES"
        taxes[rate] = Tax(mode, rate, fraction, is_on_top)
    return taxes[rate]


def _is_simple(test: Test | None) -> bool:
    """Tell whether a test asks for the time of day alone, in the same way in every profile."""
    if test is None:
        return True
    clock = test.clock
    return (
        test.is_clock_alone
        and clock is not None
        and not clock.is_equal
        and not clock.weekdays
        and clock.first_day is None
        and clock.end_day is None
    )


def _all_bits(rows: list[Row]) -> int:
    bits = 0
    for row in rows:
        bits |= row.mask
    return bits


def _limits(tariff: Tariff) -> Limits | None:
    low, high = tariff.min_price, tariff.max_price
    if low is None and high is None:
        return None
    return Limits(
        min_before=low.before_taxes if low else None,
        min_after=low.after_taxes if low else None,
        max_before=high.before_taxes if high else None,
        max_after=high.after_taxes if high else None,
    )


def _sorted(bounds: Iterable[_Bound | None]) -> tuple[_Bound, ...]:
    return tuple(sorted({bound for bound in bounds if bound is not None}))
