"""Elements that are added up where OCPI takes the first that applies.

Rule: each element is priced as if it were its tariff's only one, by the engine; what of that is
added to what stands in the attempts.
"""

from collections.abc import Iterator
from functools import lru_cache, partial

import msgspec

from settlement.pricing.line import Line
from settlement.pricing.plan import Plan, compile_plan
from settlement.pricing.stretch import FLAT
from settlement.tariff import Price, Tariff
from settlement.tariff_tools.cause.case import Case
from settlement.tariff_tools.cause.line_change import fee, is_fee, without_fees


def all_added(case: Case) -> Iterator[Price]:
    """Add up all elements that apply, fees among them."""
    lines = _lines_of_each(case)
    if lines:
        yield case.price_of(lines, case.read())


def volumes_added(case: Case) -> Iterator[Price]:
    """Add up all elements that apply, with the fee that is right."""
    lines = _lines_of_each(case)
    if lines:
        reading = case.read()
        fees = [line for line in reading.walk.priced if is_fee(line) and not line.is_reservation]
        yield case.price_of([*without_fees(lines), *fees], reading)


def fees_added(case: Case) -> Iterator[Price]:
    """Add up the FLAT of all elements that apply at some time."""
    lines = _lines_of_each(case)
    if lines:
        reading = case.read()
        fees = [line for line in lines if is_fee(line) and not line.is_reservation]
        yield case.price_of([*without_fees(reading.walk.priced), *fees], reading)


def all_fees_added(case: Case) -> Iterator[Price]:
    """Add up the FLAT of all elements, whether they apply or not."""
    reading = case.read()
    fees = [
        fee(0, plan.key, component, reading)
        for plan in case.assigned.plans
        for row in plan.session
        for component in row.components
        if component.bit == FLAT
    ]
    if fees:
        yield case.price_of([*without_fees(reading.walk.priced), *fees], reading)


def _lines_of_each(case: Case) -> list[Line]:
    """Price each element by itself; empty where no tariff has several."""
    count = max((len(plan.tariff.elements) for plan in case.assigned.plans), default=0)
    if count < 2:
        return []
    lines: list[Line] = []
    for place in range(count):
        lines += case.with_plans(partial(_alone, place)).read().walk.priced
    return lines


def _alone(place: int, plan: Plan) -> Plan:
    return _compiled(plan.tariff, place)


@lru_cache(maxsize=1024)
def _compiled(tariff: Tariff, place: int) -> Plan:
    """Compile one element of a tariff."""
    elements = tariff.elements[place : place + 1]
    return compile_plan(msgspec.structs.replace(tariff, elements=elements))
