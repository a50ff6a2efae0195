"""Whether a CDR agrees with itself.

Rule: one CDR alone - its periods, volumes, times and costs against each other (spec-notes E and
J); no tariff is evaluated. What cannot be is an error, what does not add up a warning.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Context, Decimal
from itertools import pairwise

from settlement.cdr import Cdr, ChargingPeriod, folded
from settlement.finding import Finding
from settlement.money import minor_unit
from settlement.pricing.profile import DEFAULT

_EXACT = Context(prec=200)
_ZERO = Decimal(0)
_DIGIT = Decimal("0.0001")  # OCPI's numbers have four decimals: the last may be off in each period
_HOUR = Decimal(3600)
_THOUSAND = Decimal(1000)
_UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # OCPI 2.2.1, 10.2: start or end not known
_TIMES = ("TIME", "PARKING_TIME", "RESERVATION_TIME")
# OCPI 2.2.1, 10.4.2: these belong to sessions.
_SESSION_ONLY = frozenset({"CURRENT", "POWER", "ENERGY_IMPORT", "ENERGY_EXPORT", "STATE_OF_CHARGE"})
_PARTS = (
    "total_fixed_cost",
    "total_energy_cost",
    "total_time_cost",
    "total_parking_cost",
    "total_reservation_cost",
)


def reconcile_sums(cdr: Cdr) -> tuple[Finding, ...]:
    """Check a CDR against itself; no finding where it is of one piece."""
    return (
        *_times(cdr),
        *_periods(cdr),
        *_volumes(cdr),
        *_costs(cdr),
        *_credit(cdr),
        *_tariffs(cdr),
    )


def _times(cdr: Cdr) -> Iterator[Finding]:
    if _UNKNOWN_TIME in (cdr.start_date_time, cdr.end_date_time):
        yield _finding("time_not_known", "$.start_date_time", "start or end is not known (1970)")
    elif cdr.end_date_time < cdr.start_date_time:
        yield Finding(
            code="end_before_start",
            path="$.end_date_time",
            message="the session ends before it starts",
            severity="error",
            claimed=cdr.end_date_time.isoformat(),
            computed=cdr.start_date_time.isoformat(),
        )


def _periods(cdr: Cdr) -> Iterator[Finding]:
    periods = cdr.charging_periods
    if not periods:
        yield _finding("periods_missing", "$.charging_periods", "there are no charging periods")
        return
    starts = [period.start_date_time for period in periods]
    if any(later < earlier for earlier, later in pairwise(starts)):
        message = "the charging periods are not in time order"
        yield _finding("periods_out_of_order", "$.charging_periods", message)
    if min(starts) != cdr.start_date_time:
        yield Finding(
            code="first_period_not_at_start",
            path="$.charging_periods[0].start_date_time",
            message="the first charging period does not start with the session",
            severity="info",
            claimed=min(starts).isoformat(),
            computed=cdr.start_date_time.isoformat(),
        )
    late = [i for i, start in enumerate(starts) if start > cdr.end_date_time]
    if late and cdr.end_date_time >= cdr.start_date_time:
        path = f"$.charging_periods[{late[0]}].start_date_time"
        yield _finding("period_after_end", path, "a charging period starts after the session")
    yield from _dimensions(cdr, periods)


def _dimensions(cdr: Cdr, periods: Sequence[ChargingPeriod]) -> Iterator[Finding]:
    """Check single volumes: of sessions only, negative, in another unit."""
    for index, period in enumerate(periods):
        for place, dimension in enumerate(period.dimensions):
            path = f"$.charging_periods[{index}].dimensions[{place}]"
            kind, volume = dimension.type, dimension.volume
            if kind in _SESSION_ONLY:
                message = f"{kind} is for sessions: it is not priced in a CDR"
                yield _finding("session_only_dimension", f"{path}.type", message, "info")
            elif kind in _TIMES and volume < _ZERO and not cdr.credit:
                message = f"{kind} is negative: it is not priced"
                yield _finding("time_negative", f"{path}.volume", message, claimed=volume)
            elif kind in _TIMES and volume > _ZERO:
                last = index + 1 == len(periods)
                end = cdr.end_date_time if last else periods[index + 1].start_date_time
                length = _hours(period.start_date_time, end)
                factor = DEFAULT.time_unit_factor
                if length > _ZERO and volume >= _EXACT.multiply(length, factor):
                    yield _other_unit(kind, f"{path}.volume", volume, length)


def _other_unit(kind: str, path: str, volume: Decimal, length: Decimal) -> Finding:
    """A time of ten times its period's length or more cannot be hours (spec-notes J.22)."""
    seconds = _EXACT.multiply(length, _HOUR)
    unit = "seconds or minutes"
    for name, full in (("seconds", seconds), ("minutes", _EXACT.divide(seconds, Decimal(60)))):
        if _EXACT.subtract(volume, full).copy_abs() <= _EXACT.divide(full, Decimal(10)):
            unit = name
    return Finding(
        code="time_unit_suspected",
        path=path,
        message=f"{kind} is ten times its period or more: likely {unit} written as hours",
        severity="warning",
        claimed=_plain(volume),
        computed=_plain(length.quantize(_DIGIT, context=_EXACT)),
    )


def _volumes(cdr: Cdr) -> Iterator[Finding]:
    periods = cdr.charging_periods
    sums = dict.fromkeys(("ENERGY", *_TIMES), _ZERO)
    for period in periods:
        for dimension in period.dimensions:
            if dimension.type in sums:
                sums[dimension.type] = _EXACT.add(sums[dimension.type], dimension.volume)
    energy = sums["ENERGY"] if periods else cdr.total_energy or _ZERO
    hours = _hours(cdr.start_date_time, cdr.end_date_time)
    if hours > _ZERO and energy.copy_abs() > _EXACT.multiply(hours, DEFAULT.plausible_power_kw):
        yield Finding(
            code="energy_unit_suspected",
            path="$.total_energy",
            message="no charge point delivers this in that time: likely Wh written as kWh",
            severity="warning",
            claimed=_plain(energy),
            computed=_plain(_EXACT.divide(energy, _THOUSAND)),
        )
    if not periods:
        return
    tolerance = _EXACT.multiply(_DIGIT, Decimal(len(periods)))
    time = _EXACT.add(sums["TIME"], sums["PARKING_TIME"])
    with_reservation = _EXACT.add(time, sums["RESERVATION_TIME"])
    yield from _sum("energy", cdr.total_energy, (sums["ENERGY"],), tolerance)
    # Whether total_time holds the reserved time is not said (spec-notes D.6): either will do.
    # Many tariffs price no time, and their CDRs state none in the periods.
    if with_reservation:
        yield from _sum("time", cdr.total_time, (time, with_reservation), tolerance)
        parking = sums["PARKING_TIME"]
        yield from _sum("parking_time", cdr.total_parking_time, (parking,), tolerance)


def _sum(
    name: str, claimed: Decimal | None, sums: tuple[Decimal, ...], tolerance: Decimal
) -> Iterator[Finding]:
    if claimed is None or any(
        _EXACT.subtract(claimed.copy_abs(), one.copy_abs()).copy_abs() <= tolerance for one in sums
    ):
        return
    yield Finding(
        code=f"total_{name}_differs",
        path=f"$.total_{name}",
        message=f"total_{name} is {_plain(claimed)}, its charging periods add up to "
        f"{_plain(sums[0])}",
        severity="warning",
        claimed=_plain(claimed),
        computed=_plain(sums[0]),
    )


def _costs(cdr: Cdr) -> Iterator[Finding]:
    """Check that partial costs add up to the total, unless a limit may have cut it."""
    parts = [part for name in _PARTS if (part := getattr(cdr, name)) is not None]
    if not parts or cdr.total_cost is None:
        return
    if any(tariff.min_price or tariff.max_price for tariff in cdr.tariffs):
        return
    tolerance = _EXACT.multiply(minor_unit(cdr.currency), Decimal(len(parts)))
    for side in ("before_taxes", "after_taxes"):
        total = getattr(cdr.total_cost, side)
        amounts = [getattr(part, side) for part in parts]
        if total is None or None in amounts:
            continue
        added = _ZERO
        for amount in amounts:
            added = _EXACT.add(added, amount.copy_abs() if cdr.credit else amount)
        claimed = total.copy_abs() if cdr.credit else total
        if _EXACT.subtract(claimed, added).copy_abs() > tolerance:
            yield Finding(
                code="cost_sum_differs",
                path=f"$.total_cost.{side}",
                message=f"total_cost is {_plain(claimed)}, the partial costs add up to "
                f"{_plain(added)} {side.replace('_', ' ')}",
                severity="warning",
                claimed=_plain(claimed),
                computed=_plain(added),
                difference=_EXACT.subtract(claimed, added),
            )
            return


def _credit(cdr: Cdr) -> Iterator[Finding]:
    """A total is negative in a credit CDR, and, energy fed back apart, only there (E.4, E.5)."""
    total = cdr.total_cost.before_taxes if cdr.total_cost else None
    if cdr.credit:
        if cdr.credit_reference_id is None:
            message = "a credit CDR has to name the CDR that it credits"
            yield _finding("credit_reference_missing", "$.credit_reference_id", message)
        if total is not None and total > _ZERO:
            message = "the total of a credit CDR has to be negative"
            yield _finding("credit_not_negative", "$.total_cost", message, claimed=total)
    elif total is not None and total < _ZERO:
        fed_back = any(
            dimension.type == "ENERGY" and dimension.volume < _ZERO
            for period in cdr.charging_periods
            for dimension in period.dimensions
        )
        if not fed_back:
            message = "the total is negative and the CDR is no credit"
            yield _finding("total_cost_negative", "$.total_cost", message, "error", claimed=total)


def _tariffs(cdr: Cdr) -> Iterator[Finding]:
    if not cdr.tariffs:
        return
    known = {folded(tariff.id) for tariff in cdr.tariffs}
    for index, period in enumerate(cdr.charging_periods):
        if period.tariff_id and folded(period.tariff_id) not in known:
            path = f"$.charging_periods[{index}].tariff_id"
            message = f"tariff {period.tariff_id} is not among the tariffs of the CDR"
            yield _finding("tariff_not_embedded", path, message, "info")
            return


def _hours(start: datetime, end: datetime) -> Decimal:
    length = end - start
    seconds = Decimal(length.days * 86_400 + length.seconds)
    return _EXACT.divide(seconds, _HOUR)


def _finding(
    code: str, path: str, message: str, severity: str = "warning", claimed: Decimal | None = None
) -> Finding:
    text = None if claimed is None else _plain(claimed)
    return Finding(code=code, path=path, message=message, severity=severity, claimed=text)


def _plain(value: Decimal) -> str:
    return format(value, "f")
