"""What a CPO asks for one charge: charging periods and costs, by the demo's own arithmetic.

Rule: nothing of the settlement is used here, so that the two can disagree. Periods are cut at
every moment at which another price begins; volumes are exact, money is rounded once, at the end.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from functools import cache
from importlib import resources
from itertools import pairwise
from zoneinfo import ZoneInfo

import msgspec

from ingest.demo.charge import Charge
from ingest.demo.terms import NIGHT_FROM, NIGHT_UNTIL, ZERO, Terms, with_vat

CENT = Decimal("0.01")  # of EUR and of CHF
WATT_HOUR = Decimal("0.001")
HOUR_DIGITS = Decimal("0.0001")  # OCPI numbers have four decimals
SECONDS_AN_HOUR = 3600


class Period(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch in which nothing changes: charging or idle, one price for everything."""

    start: datetime
    end: datetime
    is_charging: bool
    energy_kwh: Decimal

    @property
    def seconds(self) -> int:
        """Give the length; instants are whole seconds."""
        return int((self.end - self.start).total_seconds())


class Cost(msgspec.Struct, frozen=True):
    """An amount before and after taxes."""

    before: Decimal
    after: Decimal

    def __add__(self, other: "Cost") -> "Cost":
        """Add both sides."""
        return Cost(self.before + other.before, self.after + other.after)


NOTHING = Cost(ZERO, ZERO)
# The parts of a claim, named as OCPI names their totals.
PARTS = ("total_fixed_cost", "total_energy_cost", "total_time_cost", "total_parking_cost")


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """What the CDR says it costs, in cents; a part that the tariff does not price is missing."""

    periods: tuple[Period, ...]
    total: Cost
    parts: dict[str, Cost]


def claim_of(charge: Charge, terms: Terms) -> Claim:
    """Work out what the CPO asks for a charge under a tariff."""
    periods = periods_of(charge, terms)
    priced = _exact_parts(charge, terms, periods)
    # A dimension that did not occur is not claimed; a free tariff claims its 0.00 start fee.
    exact = {name: cost for name, cost in priced.items() if cost.before or terms.is_free}
    total = sum(exact.values(), NOTHING)
    limited = _limited(total, terms)
    rounded_total = Cost(_cents(limited.before), _cents(limited.after))
    if limited != total:  # the parts stay what they are where a limit replaces their sum
        parts = {name: Cost(_cents(c.before), _cents(c.after)) for name, c in exact.items()}
    else:
        before = _spread([cost.before for cost in exact.values()], rounded_total.before)
        after = _spread([cost.after for cost in exact.values()], rounded_total.after)
        parts = {name: Cost(*both) for name, *both in zip(exact, before, after, strict=True)}
    return Claim(periods=periods, total=rounded_total, parts=parts)


def periods_of(charge: Charge, terms: Terms) -> tuple[Period, ...]:
    """Cut a charge where charging begins or ends and where the tariff's prices change."""
    start, end = charge.connection_start, charge.connection_end
    cuts = {start, end, charge.charging_start, charge.charging_end}
    if terms.night_kwh is not None:
        cuts.update(_clock_changes(charge))
    if terms.blocking_hour:
        cuts.add(start + timedelta(seconds=terms.blocking_after))
    instants = sorted(cut for cut in cuts if start <= cut <= end)
    return tuple(
        Period(
            start=begin,
            end=finish,
            is_charging=charge.charging_start <= begin < charge.charging_end,
            energy_kwh=_energy_until(charge, finish) - _energy_until(charge, begin),
        )
        for begin, finish in pairwise(instants)
    )


def hours(seconds: int) -> Decimal:
    """Write seconds as OCPI's hours, four decimals."""
    return (Decimal(seconds) / SECONDS_AN_HOUR).quantize(HOUR_DIGITS, rounding=ROUND_HALF_UP)


def is_night(instant: datetime, zone: str) -> bool:
    """Tell whether the night price applies at a UTC instant."""
    clock = instant.astimezone(_zone(zone)).time()
    return clock >= time.fromisoformat(NIGHT_FROM) or clock < time.fromisoformat(NIGHT_UNTIL)


@cache
def _zone(name: str) -> ZoneInfo:
    """Read a time zone from the pinned tzdata, not from the machine."""
    with resources.files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


def _clock_changes(charge: Charge) -> Iterator[datetime]:
    zone = _zone(charge.place.time_zone)
    day = charge.connection_start.astimezone(zone).date()
    last = charge.connection_end.astimezone(zone).date()
    while day <= last:
        for clock in (NIGHT_UNTIL, NIGHT_FROM):
            local = datetime.combine(day, time.fromisoformat(clock), tzinfo=zone)
            yield local.astimezone(UTC)
        day += timedelta(days=1)


def _energy_until(charge: Charge, instant: datetime) -> Decimal:
    """Give the energy delivered before an instant at constant power, whole Wh but at the end."""
    if instant >= charge.charging_end:
        return charge.energy_kwh
    elapsed = max(int((instant - charge.charging_start).total_seconds()), 0)
    length = int((charge.charging_end - charge.charging_start).total_seconds())
    return (charge.energy_kwh * elapsed / length).quantize(WATT_HOUR, rounding=ROUND_DOWN)


def _exact_parts(charge: Charge, terms: Terms, periods: tuple[Period, ...]) -> dict[str, Cost]:
    """Price each dimension, unrounded; the order is the one of PARTS."""
    parts: dict[str, Cost] = {}
    if terms.start_fee or terms.is_free:
        parts["total_fixed_cost"] = _taxed(terms.start_fee, terms.vat)
    if terms.kwh:
        amount = sum((p.energy_kwh * _kwh_price(charge, terms, p) for p in periods), ZERO)
        parts["total_energy_cost"] = _taxed(amount, terms.vat)
    if terms.hour or terms.blocking_hour:
        parts["total_time_cost"] = _taxed(_time_amount(charge, terms, periods), terms.vat)
    if terms.parking_hour or terms.blocking_hour:
        vat = terms.vat if terms.parking_vat is None else terms.parking_vat
        amount = sum((_parking_amount(charge, terms, p) for p in periods), ZERO)
        parts["total_parking_cost"] = _taxed(amount, vat)
    return parts


def _kwh_price(charge: Charge, terms: Terms, period: Period) -> Decimal:
    if terms.night_kwh is not None and is_night(period.start, charge.place.time_zone):
        return terms.night_kwh
    return terms.kwh


def _time_amount(charge: Charge, terms: Terms, periods: tuple[Period, ...]) -> Decimal:
    """Price the charging time; it is billed in started steps, the surplus at the same price."""
    assert not (terms.hour and terms.blocking_hour), "no tariff of the demo has both"
    charging = sum(period.seconds for period in periods if period.is_charging)
    if terms.hour:
        billed = -(-charging // terms.hour_step) * terms.hour_step
        return terms.hour * billed / SECONDS_AN_HOUR
    blocking = sum(p.seconds for p in periods if p.is_charging and _is_blocking(charge, terms, p))
    return terms.blocking_hour * blocking / SECONDS_AN_HOUR


def _parking_amount(charge: Charge, terms: Terms, period: Period) -> Decimal:
    if period.is_charging:
        return ZERO
    is_blocking = _is_blocking(charge, terms, period)
    price = terms.blocking_hour if is_blocking else terms.parking_hour
    return price * period.seconds / SECONDS_AN_HOUR


def _is_blocking(charge: Charge, terms: Terms, period: Period) -> bool:
    if not terms.blocking_hour:
        return False
    return period.start >= charge.connection_start + timedelta(seconds=terms.blocking_after)


def _taxed(amount: Decimal, vat: Decimal) -> Cost:
    return Cost(amount, with_vat(amount, vat))


def _limited(total: Cost, terms: Terms) -> Cost:
    """Keep each side within its own limit (OCPI: before and after taxes independently)."""
    before, after = total.before, total.after
    if terms.min_price is not None:
        before = max(before, terms.min_price)
        after = max(after, with_vat(terms.min_price, terms.vat).quantize(CENT))
    if terms.max_price is not None:
        before = min(before, terms.max_price)
        after = min(after, with_vat(terms.max_price, terms.vat).quantize(CENT))
    return Cost(before, after)


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def _spread(exact: list[Decimal], total: Decimal) -> list[Decimal]:
    """Round parts to cents that add up to the total: the largest remainders are rounded up."""
    cut = [amount.quantize(CENT, rounding=ROUND_DOWN) for amount in exact]
    missing = int((total - sum(cut, ZERO)) / CENT)
    order = sorted(range(len(exact)), key=lambda index: (cut[index] - exact[index], index))
    for index in order[:missing]:
        cut[index] += CENT
    return cut
