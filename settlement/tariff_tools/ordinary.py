"""The ordinary session that tells what a tariff costs, priced by the engine itself.

Rule: Tuesday 10:00 local, two hours of charging at 15 kW, then one hour parked; a fixed date
where the tariff names none, so that equal tariffs give equal answers. Power and current are
stated where CDRs of the tariff's OCPI version can.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from settlement.cdr import Cdr, CdrDimension, ChargingPeriod
from settlement.pricing.engine import price
from settlement.pricing.priced import PricedCdr
from settlement.pricing.profile import DEFAULT
from settlement.tariff import Tariff

POWER_KW = Decimal(15)
CHARGING = timedelta(hours=2)
PARKING = timedelta(hours=1)
# 15 kW on three phases of 230 V: 21.74 A each, the sum over the phases as OCPI counts it.
CURRENT_A = Decimal("65.2")
SENTENCE = "Tuesday 10:00, 2 h at 15 kW, then 1 h parked"

_READINGS = ("MIN_POWER", "MAX_POWER", "MIN_CURRENT", "MAX_CURRENT")
_SOME_MONDAY = datetime(2026, 1, 12, tzinfo=UTC)
_EVERY_DAY = 7
_TEN = timedelta(hours=10)
_HOUR = timedelta(hours=1)
# Periods are cut where the price changes, as a CPO has to.
_RULES = msgspec.structs.replace(DEFAULT, straddling="split")


def ordinary_cdr(
    tariff: Tariff, *, charging: timedelta = CHARGING, parking: timedelta = PARKING
) -> Cdr:
    """Give the session's CDR; its location's clock is UTC, so local time is what it says."""
    start = _tuesday(tariff) + _TEN
    middle, end = start + charging, start + charging + parking
    hours = Decimal(charging // timedelta(seconds=1)) / 3600
    periods = []
    if charging:
        readings = [
            CdrDimension(name, CURRENT_A if name.endswith("CURRENT") else POWER_KW)
            for name in _readings(tariff)
        ]
        energy = CdrDimension("ENERGY", POWER_KW * hours)
        periods.append(ChargingPeriod(start, (energy, CdrDimension("TIME", hours), *readings)))
    if parking:
        parked = Decimal(parking // timedelta(seconds=1)) / 3600
        still = [CdrDimension(name, Decimal(0)) for name in _readings(tariff)]
        periods.append(ChargingPeriod(middle, (CdrDimension("PARKING_TIME", parked), *still)))
    return Cdr(
        ocpi_version=tariff.ocpi_version,
        start_date_time=start,
        end_date_time=end,
        currency=tariff.currency,
        charging_periods=tuple(periods),
        total_energy=POWER_KW * hours,
        total_time=Decimal((charging + parking) // timedelta(seconds=1)) / 3600,
    )


def _readings(tariff: Tariff) -> tuple[str, ...]:
    """Name the readings that a CDR can state: OCPI 2.1.1 has no dimension of power."""
    return _READINGS[2:] if tariff.ocpi_version == "2.1.1" else _READINGS


def priced_session(
    tariff: Tariff, *, charging: timedelta = CHARGING, parking: timedelta = PARKING
) -> PricedCdr | None:
    """Price the session; None where the tariff cannot price it."""
    tariff = msgspec.structs.replace(tariff, currency=tariff.currency or "EUR")
    cdr = ordinary_cdr(tariff, charging=charging, parking=parking)
    priced = price(cdr=cdr, tariffs=(tariff,), zone="UTC", profile=_RULES)
    return priced if isinstance(priced, PricedCdr) else None


def session_cost(
    tariff: Tariff, *, charging: timedelta = CHARGING, parking: timedelta = PARKING
) -> Decimal | None:
    """Give the session's total before taxes (after, where only that is known), rounded."""
    priced = priced_session(tariff, charging=charging, parking=parking)
    if priced is None or priced.rounded.total_cost is None:
        return None
    total = priced.rounded.total_cost
    return total.after_taxes if total.before_taxes is None else total.before_taxes


def _tuesday(tariff: Tariff) -> datetime:
    """Give the first Tuesday in the tariff's life, or the last one before it is over."""
    start, end = tariff.start_date_time or _SOME_MONDAY, tariff.end_date_time
    if tariff.start_date_time is None and end is not None:
        start = min(start, end - timedelta(days=_EVERY_DAY + 1))
    day = datetime(start.year, start.month, start.day, tzinfo=UTC)
    if start > day:
        day += timedelta(days=1)
    return day + timedelta(days=(1 - day.weekday()) % _EVERY_DAY)
