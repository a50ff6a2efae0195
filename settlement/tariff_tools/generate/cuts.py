"""Where the session is cut: every second at which another price may begin.

Rule: the bounds are those of the compiled tariff, found by pricing itself, so that no period
straddles one. Times fall on whole seconds; a bound in kWh is met exactly, at the nearest second.
"""

from decimal import Decimal
from fractions import Fraction

from settlement.pricing.plan import Plan
from settlement.pricing.split import bounds_in
from settlement.pricing.stretch import Stretch
from settlement.tariff_tools.generate.curve import Curve, to_digits
from settlement.tariff_tools.generate.wanted import CannotGenerate, Wanted
from settlement.zone import load_zone

_SECOND = 1_000_000  # microseconds


def cuts_of(*, wanted: Wanted, plan: Plan, curve: Curve) -> dict[int, Decimal]:
    """Give where periods begin, in seconds, and the kWh so far; with the end of the session."""
    at = _times(wanted, plan)
    if readings_asked(plan):
        at |= {second for second, _ in curve.corners}
    at |= {0, wanted.charging, wanted.length}
    bounds = [kwh for kwh in plan.kwh_bounds if 0 < kwh < wanted.kwh]
    reached = _reached(bounds, curve, wanted)
    found = dict(reached)
    for second in at - found.keys():
        if second >= wanted.charging:
            found[second] = wanted.kwh
            continue
        low = max((kwh for met, kwh in reached.items() if met < second), default=Decimal(0))
        high = min((kwh for met, kwh in reached.items() if met > second), default=wanted.kwh)
        found[second] = min(max(to_digits(curve.energy_at(second)), low), high)
    return dict(sorted(found.items()))


def _times(wanted: Wanted, plan: Plan) -> set[int]:
    """Find the bounds of the clock, of days and of durations, and where the clock is moved."""
    zone = None if wanted.time_zone is None else load_zone(wanted.time_zone)
    whole = Stretch(0, plan, wanted.start, wanted.length * _SECOND, zone)
    return {int(part * wanted.length) for part in bounds_in(whole, plan)}


def readings_asked(plan: Plan) -> set[str]:
    """Give which readings the restrictions of the session ask for: POWER, CURRENT."""
    tests = [row.test for row in plan.session if row.test is not None]
    names = {name for test in tests for name, _ in test.electric}
    return {name.rpartition("_")[2].upper() for name in names}


def _reached(bounds: list[Decimal], curve: Curve, wanted: Wanted) -> dict[int, Decimal]:
    """Give each bound in kWh a second of its own, the nearest that is free."""
    seconds: list[int] = []
    for bound in bounds:
        near = (curve.second_of(bound) + Fraction(1, 2)).__floor__()
        seconds.append(max(near, seconds[-1] + 1 if seconds else 1))
    latest = wanted.charging - 1
    for place in reversed(range(len(seconds))):
        seconds[place] = min(seconds[place], latest)
        latest = seconds[place] - 1
    if seconds and seconds[0] < 1:
        raise CannotGenerate("the session is too short to be cut at every bound of the tariff")
    return dict(zip(seconds, bounds, strict=True))
