"""The charging periods of a session, as records.

Rule: volumes are differences of sums that were rounded to OCPI's four decimals, so that the
periods add up to the totals to the last digit.
"""

from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from itertools import pairwise

from settlement.cdr import CdrDimension, ChargingPeriod
from settlement.pricing.exact import canonical
from settlement.pricing.plan import Plan
from settlement.tariff_tools.generate.curve import curve_of, to_digits
from settlement.tariff_tools.generate.cuts import cuts_of, readings_asked
from settlement.tariff_tools.generate.wanted import Wanted, after

_VOLTS = Decimal(230)  # a phase; OCPI's currents are summed over the phases
_TENTHS = Context(prec=60, rounding=ROUND_HALF_UP)


def hours_of(seconds: int) -> Decimal:
    """Give seconds in hours with four decimals."""
    return canonical(to_digits(Fraction(seconds, 3600)))


def periods_of(*, wanted: Wanted, plan: Plan, ocpi_version: str) -> tuple[ChargingPeriod, ...]:
    """Cut the session at every bound of its tariff. Raises CannotGenerate."""
    curve = curve_of(wanted)
    asked = readings_asked(plan)
    if ocpi_version == "2.1.1":
        asked -= {"POWER"}  # a CDR of 2.1.1 has no dimension for it
    cuts = cuts_of(wanted=wanted, plan=plan, curve=curve)
    tariff_id = None if ocpi_version == "2.1.1" else plan.tariff.id
    periods = []
    for (start, kwh), (end, kwh_then) in pairwise(cuts.items()):
        if start < wanted.charging:
            time = hours_of(end) - hours_of(start)
            dimensions = [
                CdrDimension("ENERGY", canonical(kwh_then - kwh)),
                CdrDimension("TIME", canonical(time)),
            ]
        else:
            time = hours_of(end - wanted.charging) - hours_of(start - wanted.charging)
            dimensions = [CdrDimension("PARKING_TIME", canonical(time))]
        dimensions += _readings(asked, curve.power_at(start))
        periods.append(ChargingPeriod(after(wanted.start, start), tuple(dimensions), tariff_id))
    return tuple(periods)


def _readings(asked: set[str], power_kw: Decimal) -> list[CdrDimension]:
    current = (power_kw * 1000 / _VOLTS).quantize(Decimal("0.1"), context=_TENTHS)
    values = {"POWER": canonical(power_kw), "CURRENT": canonical(current)}
    return [
        CdrDimension(f"{side}_{name}", values[name])
        for name in sorted(asked)
        for side in ("MIN", "MAX")
    ]
