"""What step_size adds: once a session, to the last priced component (spec-notes D.4).

Rule: volumes only. Rounds the session's total of a dimension up and adds the difference to the
last line that priced it; earlier steps, and volume that nothing prices, do not count.
"""

from decimal import Decimal

from settlement.pricing.exact import WATT_HOURS, ZERO, add, divide, multiply, remainder, subtract
from settlement.pricing.line import (
    ENERGY_COST,
    PARKING_COST,
    RESERVATION_COST,
    TIME_COST,
    Line,
)
from settlement.pricing.profile import Profile
from settlement.pricing.stretch import FLAT
from settlement.pricing.wording import stepped_energy, stepped_time


def apply_steps(lines: list[Line], rules: Profile) -> None:
    """Add to the last of the priced lines of each dimension what its step_size asks for."""
    counts_free = rules.step_size_free_component == "counts"
    is_of_one_tariff = rules.step_size_tariffs == "last_tariff"
    last: dict[int, Line] = {}  # by family: the line whose component's step counts
    totals: dict[tuple[int, str], Decimal] = {}  # what is rounded with it
    last_time = None
    for line in lines:
        component = line.component
        assert component is not None
        if component.bit == FLAT or not (counts_free or component.price):
            continue
        family = line.family
        key = (family, line.plan.key if is_of_one_tariff and line.plan else "")
        totals[key] = add(totals[key], line.billed) if key in totals else line.billed
        last[family] = line
        if family in {TIME_COST, PARKING_COST}:
            last_time = family
    if PARKING_COST in last and rules.step_size_parking == "parking_first":
        last_time = PARKING_COST
    for family, line in last.items():
        total = totals[family, line.plan.key if is_of_one_tariff and line.plan else ""]
        if family == ENERGY_COST:
            _step_energy(line, total, rules)
        elif family == RESERVATION_COST:
            if last_time is None or rules.step_size_reservation == "separate":
                _step_time(line, total)
        elif family == last_time:
            _step_time(line, total)


def _step_energy(last: Line, total: Decimal, rules: Profile) -> None:
    if total < ZERO and rules.negative_energy == "exact":
        return
    assert last.component is not None
    step = last.component.step
    over = remainder(multiply(total, WATT_HOURS), Decimal(step))
    if not over:
        return
    # A volume of four decimals can lie above the multiple that was meant by its last digit.
    is_noise = ZERO < over <= rules.energy_noise_wh
    missing = over.copy_negate() if is_noise else _up(over, step)
    surplus = divide(missing, WATT_HOURS)
    last.billed = add(last.billed, surplus)
    if surplus > ZERO:
        last.step = stepped_energy(total, add(total, surplus), step)


def _step_time(last: Line, total: Decimal) -> None:
    assert last.component is not None
    step = last.component.step
    over = remainder(total, Decimal(step))
    if over:
        surplus = _up(over, step)
        last.billed = add(last.billed, surplus)
        last.step = stepped_time(total, add(total, surplus), step)


def _up(over: Decimal, step: int) -> Decimal:
    """Give what is missing to the next multiple; `over` has the sign of the total."""
    return subtract(Decimal(step), over) if over > ZERO else over.copy_negate()
