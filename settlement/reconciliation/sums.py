"""Whether a CDR agrees with itself.

Rule: one CDR alone - its periods, volumes, times and costs against each other; no
tariff is evaluated. What cannot be is an error, what does not add up a warning.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal

import msgspec

from settlement.cdr import Cdr, CdrDimension, folded
from settlement.finding import Finding
from settlement.money import minor_unit
from settlement.pricing.profile import DEFAULT

_EXACT = Context(prec=200)
_ZERO = Decimal(0)
_DIGIT = Decimal("0.0001")  # OCPI's numbers have four decimals: the last may be off in each period
_HOUR = Decimal(3600)
_THOUSAND = Decimal(1000)
_MICROSECOND = timedelta(microseconds=1)
_HOUR_MICROSECONDS = 3_600_000_000
_UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)  # OCPI 2.2.1, 10.2: start or end not known
# OCPI 2.2.1, 10.4.2: these belong to sessions.
_SESSION_ONLY = frozenset({"CURRENT", "POWER", "ENERGY_IMPORT", "ENERGY_EXPORT", "STATE_OF_CHARGE"})
_FACTOR = int(DEFAULT.time_unit_factor)
_SLOWEST = int(DEFAULT.plausible_power_kw)  # kW
_add = _EXACT.add


class _Sums(msgspec.Struct):
    """What the charging periods add up to."""

    energy: Decimal = _ZERO
    time: Decimal = _ZERO
    parking: Decimal = _ZERO
    reservation: Decimal = _ZERO


def reconcile_sums(cdr: Cdr, *, is_as_priced: bool = False) -> tuple[Finding, ...]:
    """Check a CDR against itself; no finding where it is of one piece.

    `is_as_priced` says that pricing found nothing odd in the volumes and came to every cost and
    volume that is claimed (`claim.is_as_priced`): they are not added up once more.
    """
    findings: list[Finding] = []
    start, end = cdr.start_date_time, cdr.end_date_time
    if end < start or _UNKNOWN_TIME in (start, end):
        findings.append(_times(cdr))
    if cdr.charging_periods:
        _check_order(cdr, findings)
        if not is_as_priced:
            sums = _sum_periods(cdr, findings)
            findings += _volumes(cdr, sums)
            _doubt_energy(cdr, sums, findings)
    else:
        path = "$.charging_periods"
        findings.append(_finding("periods_missing", path, "there are no charging periods"))
        _doubt_energy(cdr, _Sums(energy=cdr.total_energy or _ZERO), findings)
    if not is_as_priced:
        findings += _costs(cdr)
    findings += _credit(cdr)
    if cdr.tariffs:
        findings += _tariffs(cdr)
    return tuple(findings)


def _times(cdr: Cdr) -> Finding:
    if _UNKNOWN_TIME in {cdr.start_date_time, cdr.end_date_time}:
        return _finding("time_not_known", "$.start_date_time", "start or end is not known (1970)")
    return Finding(
        code="end_before_start",
        path="$.end_date_time",
        message="the session ends before it starts",
        severity="error",
        claimed=cdr.end_date_time.isoformat(),
        computed=cdr.start_date_time.isoformat(),
    )


def _check_order(cdr: Cdr, findings: list[Finding]) -> None:
    """Find what is wrong with the order of the periods."""
    starts = [period.start_date_time for period in cdr.charging_periods]
    ordered = sorted(starts)
    if ordered != starts:
        message = "the charging periods are not in time order"
        findings.append(_finding("periods_out_of_order", "$.charging_periods", message))
    if ordered[0] != cdr.start_date_time:
        findings.append(
            Finding(
                code="first_period_not_at_start",
                path="$.charging_periods[0].start_date_time",
                message="the first charging period does not start with the session",
                severity="info",
                claimed=ordered[0].isoformat(),
                computed=cdr.start_date_time.isoformat(),
            )
        )
    if ordered[-1] > cdr.end_date_time >= cdr.start_date_time:
        path = f"$.charging_periods[{starts.index(ordered[-1])}].start_date_time"
        message = "a charging period starts after the session"
        findings.append(_finding("period_after_end", path, message))


def _sum_periods(cdr: Cdr, findings: list[Finding]) -> _Sums:
    """Add up the periods; find what is wrong with single volumes."""
    periods = cdr.charging_periods
    starts = [period.start_date_time for period in periods]
    ends = [*starts[1:], cdr.end_date_time]
    sums = dict.fromkeys(("ENERGY", "TIME", "PARKING_TIME", "RESERVATION_TIME"), _ZERO)
    for index, period in enumerate(periods):
        # a time volume of this many hours or more cannot be (ten times the period's length)
        too_long = (ends[index] - starts[index]) // _MICROSECOND * _FACTOR // _HOUR_MICROSECONDS
        for place, dimension in enumerate(period.dimensions):
            kind = dimension.type
            if kind in sums:
                volume = dimension.volume
                sums[kind] = _add(sums[kind], volume)
                if kind == "ENERGY" or _ZERO <= volume < too_long:
                    continue
            elif kind not in _SESSION_ONLY:
                continue
            path = f"$.charging_periods[{index}].dimensions[{place}]"
            length = ends[index] - starts[index]
            findings += _odd_volume(dimension, path, length, is_credit=cdr.credit)
    return _Sums(*sums.values())


def _odd_volume(
    dimension: CdrDimension, path: str, length: timedelta, *, is_credit: bool
) -> Iterator[Finding]:
    """Check one volume: of sessions only, negative, in another unit."""
    kind, volume = dimension.type, dimension.volume
    if kind in _SESSION_ONLY:
        message = f"{kind} is for sessions: it is not priced in a CDR"
        yield _finding("session_only_dimension", f"{path}.type", message, "info")
    elif volume < _ZERO and not is_credit:
        message = f"{kind} is negative: it is not priced"
        yield _finding("time_negative", f"{path}.volume", message, claimed=volume)
    elif volume > _ZERO and length > timedelta(0):
        hours = _EXACT.divide(Decimal(length // _MICROSECOND), Decimal(_HOUR_MICROSECONDS))
        if volume >= _EXACT.multiply(hours, DEFAULT.time_unit_factor):
            yield _other_unit(kind, f"{path}.volume", volume, hours)


def _other_unit(kind: str, path: str, volume: Decimal, length: Decimal) -> Finding:
    """A time of ten times its period's length or more cannot be hours."""
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


def _doubt_energy(cdr: Cdr, sums: _Sums, findings: list[Finding]) -> None:
    """Find energy that no charge point delivers in the session's time."""
    length = (cdr.end_date_time - cdr.start_date_time) // _MICROSECOND
    if length <= 0 or sums.energy.copy_abs() <= length * _SLOWEST // _HOUR_MICROSECONDS:
        return
    hours = _EXACT.divide(Decimal(length), Decimal(_HOUR_MICROSECONDS))
    if sums.energy.copy_abs() > _EXACT.multiply(hours, DEFAULT.plausible_power_kw):
        findings.append(
            Finding(
                code="energy_unit_suspected",
                path="$.total_energy",
                message="no charge point delivers this in that time: likely Wh written as kWh",
                severity="warning",
                claimed=_plain(sums.energy),
                computed=_plain(_EXACT.divide(sums.energy, _THOUSAND)),
            )
        )


def _volumes(cdr: Cdr, sums: _Sums) -> Iterator[Finding]:
    tolerance = _EXACT.multiply(_DIGIT, Decimal(len(cdr.charging_periods)))
    if _is_off(cdr.total_energy, sums.energy, tolerance):
        yield _sum_differs("energy", cdr.total_energy, sums.energy)
    # Whether total_time holds the reserved time is not said: either will do.
    # Many tariffs price no time, and their CDRs state none in the periods.
    time = _add(sums.time, sums.parking)
    if not time and not sums.reservation:
        return
    if _is_off(cdr.total_time, time, tolerance) and _is_off(
        cdr.total_time, _add(time, sums.reservation), tolerance
    ):
        yield _sum_differs("time", cdr.total_time, time)
    if _is_off(cdr.total_parking_time, sums.parking, tolerance):
        yield _sum_differs("parking_time", cdr.total_parking_time, sums.parking)


def _is_off(claimed: Decimal | None, added: Decimal, tolerance: Decimal) -> bool:
    """Compare without sign: the volumes of a credit CDR may have either."""
    if claimed is None:
        return False
    difference = _EXACT.subtract(claimed.copy_abs(), added.copy_abs())
    return difference.copy_abs() > tolerance


def _sum_differs(name: str, claimed: Decimal | None, added: Decimal) -> Finding:
    assert claimed is not None
    return Finding(
        code=f"total_{name}_differs",
        path=f"$.total_{name}",
        message=f"total_{name} is {_plain(claimed)}, its charging periods add up to "
        f"{_plain(added)}",
        severity="warning",
        claimed=_plain(claimed),
        computed=_plain(added),
    )


def _costs(cdr: Cdr) -> Iterator[Finding]:
    """Check that partial costs add up to the total, unless a limit may have cut it."""
    parts = [
        part
        for part in (
            cdr.total_fixed_cost,
            cdr.total_energy_cost,
            cdr.total_time_cost,
            cdr.total_parking_cost,
            cdr.total_reservation_cost,
        )
        if part is not None
    ]
    if not parts or cdr.total_cost is None:
        return
    for tariff in cdr.tariffs:
        if tariff.min_price or tariff.max_price:
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
    as_sent = {tariff.id for tariff in cdr.tariffs}
    known = as_sent | {folded(name) for name in as_sent}
    for index, period in enumerate(cdr.charging_periods):
        name = period.tariff_id
        if name and name not in known and folded(name) not in known:
            path = f"$.charging_periods[{index}].tariff_id"
            message = f"tariff {period.tariff_id} is not among the tariffs of the CDR"
            yield _finding("tariff_not_embedded", path, message, "info")
            return


def _finding(
    code: str, path: str, message: str, severity: str = "warning", claimed: Decimal | None = None
) -> Finding:
    text = None if claimed is None else _plain(claimed)
    return Finding(code=code, path=path, message=message, severity=severity, claimed=text)


def _plain(value: Decimal) -> str:
    return format(value, "f")
