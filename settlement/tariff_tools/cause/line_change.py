"""Lines of the working as senders would have had them: steps, units and fees.

Rule: changes the lines of a fresh reading, or builds new ones; sums and rounds nothing.
"""

from decimal import Decimal

from settlement.pricing.choice import choose
from settlement.pricing.exact import ONE, SECONDS, WATT_HOURS, ZERO, divide
from settlement.pricing.line import (
    ENERGY_COST,
    FIXED,
    PARKING_COST,
    RESERVATION_COST,
    TIME_COST,
    Line,
)
from settlement.pricing.plan import Component
from settlement.pricing.reading import Reading
from settlement.pricing.stretch import FLAT, Stretch
from settlement.pricing.volumes import read_stretches
from settlement.tariff_tools.cause.case import Case
from settlement.zone import load_zone


def step_each_line(case: Case, reading: Reading) -> list[Line]:
    """Round each line up to its own step_size; the reading is one without steps."""
    for line in reading.walk.priced:
        if is_fee(line):
            continue
        unit = _unit(line)
        noise = ZERO if line.is_time else case.rules.energy_noise_wh
        line.billed = divide(_up(line.billed * unit, _component(line).step, noise), unit)
    return reading.walk.priced


def step_down(case: Case, reading: Reading) -> list[Line] | None:
    """Round down where step_size rounds up; the reading is one without steps."""
    is_changed = False
    right = case.read().walk.priced
    for line, stepped in zip(reading.walk.priced, right, strict=True):
        if stepped.billed > line.billed:
            is_changed = True
            line.billed = stepped.billed - divide(Decimal(_component(line).step), _unit(line))
        else:
            line.billed = stepped.billed
    return reading.walk.priced if is_changed else None


def step_both_times(case: Case, reading: Reading) -> list[Line] | None:
    """Round charging and parking time up as one sum; the reading is one without steps."""
    lines = reading.walk.priced
    both = [line for line in lines if line.family in {TIME_COST, PARKING_COST}]
    both = [line for line in both if not is_fee(line)]
    if len({line.family for line in both}) < 2:
        return None
    for line, stepped in zip(lines, case.read().walk.priced, strict=True):
        if line not in both:
            line.billed = stepped.billed
    total = sum((line.billed for line in both), ZERO)
    both[-1].billed += _up(total, _component(both[-1]).step) - total
    return lines


def price_each_step(family: int | None, reading: Reading) -> list[Line] | None:
    """Charge the price for each step instead of each hour or kWh; of one family or of all."""
    is_changed = False
    for line in reading.walk.priced:
        step = _component(line).step
        if is_fee(line) or family not in {None, line.family}:
            continue
        # a step of the unit itself is charged alike
        factor = divide(SECONDS if line.is_time else WATT_HOURS, Decimal(step))
        is_changed = is_changed or factor != ONE
        line.billed *= factor
    return reading.walk.priced if is_changed else None


def scale_times(factor: Decimal, divisor: Decimal, reading: Reading) -> list[Line] | None:
    """Charge so many times the time."""
    is_changed = False
    for line in reading.walk.priced:
        if line.is_time:
            line.billed = divide(line.billed * factor, divisor)
            is_changed = True
    return reading.walk.priced if is_changed else None


def scale_energy(factor: Decimal, divisor: Decimal, reading: Reading) -> list[Line] | None:
    """Charge so many times the energy, under the components that are right."""
    is_changed = False
    for line in reading.walk.priced:
        if line.family == ENERGY_COST:
            line.billed = divide(line.billed * factor, divisor)
            is_changed = True
    return reading.walk.priced if is_changed else None


def fee_each_period(case: Case, reading: Reading) -> list[Line] | None:
    """Charge in each period of the session the FLAT that is active there."""
    fees = _fees(case, reading, is_reservation=False)
    return [*without_fees(reading.walk.priced), *fees] if fees else None


def every_fee_each_period(case: Case, reading: Reading) -> list[Line] | None:
    """Charge in each period, also of a reservation, the FLAT that is active there."""
    fees = _fees(case, reading, is_reservation=True)
    if not fees:
        return None
    volumes = [line for line in reading.walk.priced if not is_fee(line)]
    return [*volumes, *_fees(case, reading, is_reservation=False), *fees]


def _fees(case: Case, reading: Reading, *, is_reservation: bool) -> list[Line]:
    """Give the FLAT of each period, of the session or of the reservation."""
    is_expired = any(odd.code == "reservation_expired" for odd in reading.odd)
    if is_expired and not is_reservation:
        return []
    measured = read_stretches(
        cdr=case.cdr,
        plans=case.assigned.by_period,
        zone=None if case.zone is None else load_zone(case.zone),
        rules=case.rules,
        odd=[],
    )
    fees = []
    for stretch in measured.stretches:
        plan = stretch.plan
        if plan is None or not (stretch.reservation if is_reservation else _is_session(stretch)):
            continue
        rows = plan.session
        if is_reservation:
            rows = plan.expired if is_expired else plan.reserved
        component = choose(rows, FLAT, stretch, case.rules, set()).get(FLAT)
        if component is not None:
            line = fee(stretch.period, plan.key, component, reading)
            line.is_reservation = is_reservation
            line.family = RESERVATION_COST if is_reservation else FIXED
            fees.append(line)
    return fees


def _is_session(stretch: Stretch) -> bool:
    return not stretch.is_reservation


def fee(period: int, key: str, component: Component, reading: Reading) -> Line:
    """Write a fee of the session."""
    plan = next(plan for plan in reading.plans if plan.key == key)
    return Line(period, plan, component, "FLAT", FIXED, ONE, ONE)


def without_fees(lines: list[Line]) -> list[Line]:
    """Leave out the fees of the session; those of a reservation stay."""
    return [line for line in lines if not is_fee(line) or line.is_reservation]


def is_fee(line: Line) -> bool:
    """Tell whether a line is a FLAT."""
    return _component(line).bit == FLAT


def _component(line: Line) -> Component:
    assert line.component is not None  # only what a component prices is priced
    return line.component


def _unit(line: Line) -> Decimal:
    """Give how many of the units of step_size one billed unit is: 1 s, or 1000 Wh."""
    return ONE if line.is_time else WATT_HOURS


def _up(value: Decimal, step: int, noise: Decimal = ZERO) -> Decimal:
    """Round up to a multiple, or down to it from so little above that it is noise."""
    over = value % step
    if over <= noise:
        return value - over if over > 0 else value
    return value + step - over
