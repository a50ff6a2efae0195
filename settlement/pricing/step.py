"""What step_size adds: once a session, to the last priced component (OCPI mod_cdrs).

Rule: volumes only. Rounds the session's total of a dimension up and adds the difference to the
last line that priced it; earlier steps, and volume that nothing prices, do not count.
"""

from decimal import Decimal

from settlement.pricing.exact import WATT_HOURS, ZERO, divide
from settlement.pricing.line import (
    ENERGY_COST,
    FAMILIES,
    FIXED,
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
    last: list[Line | None] = [None] * FAMILIES  # the line whose component's step counts
    totals = [ZERO] * FAMILIES  # what is rounded with it
    last_time = FIXED  # that is none
    for line in lines:
        component = line.component
        assert component is not None
        if component.bit == FLAT or not (counts_free or component.price):
            continue
        family = line.family
        totals[family] += line.billed
        last[family] = line
        if TIME_COST <= family <= PARKING_COST:
            last_time = family
    if rules.step_size_tariffs == "last_tariff":
        totals = [_total_of_tariff(line, lines, counts_free=counts_free) for line in last]
    if last[PARKING_COST] is not None and rules.step_size_parking == "parking_first":
        last_time = PARKING_COST
    energy, time, reserved = last[ENERGY_COST], last[last_time], last[RESERVATION_COST]
    if energy is not None:
        _step_energy(energy, totals[ENERGY_COST], rules)
    if time is not None:
        _step_time(time, totals[last_time])
    if reserved is not None and (time is None or rules.step_size_reservation == "separate"):
        _step_time(reserved, totals[RESERVATION_COST])


def _total_of_tariff(last: Line | None, lines: list[Line], *, counts_free: bool) -> Decimal:
    """Sum what the tariff of the last line prices in its dimension."""
    total = ZERO
    if last is None:
        return total
    for line in lines:
        assert line.component is not None
        is_counted = line.component.bit != FLAT and (counts_free or line.component.price)
        if is_counted and line.family == last.family and line.plan is last.plan:
            total += line.billed
    return total


def _step_energy(last: Line, total: Decimal, rules: Profile) -> None:
    if total < ZERO and rules.negative_energy == "exact":
        return
    assert last.component is not None
    step = last.component.step
    over = total * WATT_HOURS % step
    if not over:
        return
    # A volume of four decimals can lie above the multiple that was meant by its last digit.
    is_noise = ZERO < over <= rules.energy_noise_wh
    missing = over.copy_negate() if is_noise else _up(over, step)
    surplus = divide(missing, WATT_HOURS)
    last.billed += surplus
    if surplus > ZERO:
        last.step = stepped_energy(total, total + surplus, step)


def _step_time(last: Line, total: Decimal) -> None:
    assert last.component is not None
    step = last.component.step
    over = total % step
    if over:
        surplus = _up(over, step)
        last.billed += surplus
        last.step = stepped_time(total, total + surplus, step)


def _up(over: Decimal, step: int) -> Decimal:
    """Give what is missing to the next multiple; `over` has the sign of the total."""
    return step - over if over > ZERO else over.copy_negate()
