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
    Line,
)
from settlement.pricing.profile import Profile
from settlement.pricing.wording import stepped_energy, stepped_time


def apply_steps(lines: list[Line], rules: Profile) -> None:
    """Add to the last line of each dimension what its step_size asks for."""
    priced: dict[int, list[Line]] = {}
    ignores_free = rules.step_size_free_component == "ignored"
    last_time = -1
    for line in lines:
        component = line.component
        if component is None or line.dimension == "FLAT":
            continue
        if ignores_free and not component.price:
            continue
        family = line.family
        if family in priced:
            priced[family].append(line)
        else:
            priced[family] = [line]
        if line.is_time and not line.is_reservation:
            last_time = family
    if ENERGY_COST in priced:
        _step_energy(_of_last_tariff(priced[ENERGY_COST], rules), rules)
    if PARKING_COST in priced and rules.step_size_parking == "parking_first":
        last_time = PARKING_COST
    if last_time >= 0:
        _step_time(_of_last_tariff(priced[last_time], rules))
    if RESERVATION_COST in priced and (rules.step_size_reservation == "separate" or last_time < 0):
        _step_time(_of_last_tariff(priced[RESERVATION_COST], rules))


def _of_last_tariff(lines: list[Line], rules: Profile) -> list[Line]:
    if rules.step_size_tariffs == "session_total":
        return lines
    return [line for line in lines if line.plan is lines[-1].plan]


def _step_energy(lines: list[Line], rules: Profile) -> None:
    total = ZERO
    for line in lines:
        total = add(total, line.billed)
    if total < ZERO and rules.negative_energy == "exact":
        return
    last = lines[-1]
    assert last.component is not None
    step = last.component.step
    over = remainder(multiply(total, WATT_HOURS), Decimal(step))
    if not over:
        return
    # A volume of four decimals can lie above the multiple that was meant by its last digit.
    missing = over.copy_negate() if ZERO < over <= rules.energy_noise_wh else _up(over, step)
    surplus = divide(missing, WATT_HOURS)
    last.billed = add(last.billed, surplus)
    if surplus > ZERO:
        last.step = stepped_energy(total, add(total, surplus), step)


def _step_time(lines: list[Line]) -> None:
    total = ZERO
    for line in lines:
        total = add(total, line.billed)
    last = lines[-1]
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
