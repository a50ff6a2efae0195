"""A CDR as the columns of its row.

Rule: shape only: numbers and times are bounded to their columns, personal data is masked;
nothing is computed but what is written.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from settlement.bounds import SCALE, fits_number, fits_time, stored
from settlement.cdr import Cdr
from settlement.finding import Finding
from settlement.pricing.priced import PricedCdr, Segment
from settlement.reconciliation.claim import COSTS
from settlement.tariff import Price

SHOWN_CHARACTERS = 4
_INTEGER_CHARACTERS = 10  # at most that many before the point: below 10^10
_ZERO = Decimal(0)


def number_column(value: Decimal | None) -> Decimal | None:
    """Give a number as its column holds it, null where it does not fit."""
    if value is None:
        return None
    held = _plainly_held(value)
    if held is not None:
        return held
    return stored(value) if fits_number(value) else None


def time_column(value: datetime | None) -> datetime | None:
    """Give a time as its column holds it: milliseconds, null outside the years 2000 to 2100."""
    if value is None or not fits_time(value):
        return None
    surplus = value.microsecond % 1000
    return value.replace(microsecond=value.microsecond - surplus) if surplus else value


def computed_column(value: Decimal | None) -> Decimal | None:
    """Give a computed number, half-even at the column's 18 decimals, null where too large."""
    if value is None:
        return None
    held = _plainly_held(value)
    if held is not None:
        return held
    held = stored(value)
    return held if fits_number(held) else None


def _plainly_held(value: Decimal) -> Decimal | None:
    """Give what nearly all numbers become, from their text alone; None for any other.

    Up to ten digits, a point and up to eighteen more always fit; only zeros at the end go.
    """
    text = str(value)
    point = text.find(".")
    if point < 0:
        return value if len(text) <= _INTEGER_CHARACTERS and text.isdecimal() else None
    if point > _INTEGER_CHARACTERS or len(text) - point > SCALE + 1 or "E" in text:
        return None
    if text[-1] != "0":
        return value
    text = text.rstrip("0")
    if text[-1] != ".":
        return Decimal(text)
    return Decimal(text[:-1]) if value else _ZERO


def masked(text: str | None) -> str:
    """Mask personal data: all but the last four characters."""
    if not text:
        return ""
    shown = text[-SHOWN_CHARACTERS:] if len(text) > 2 * SHOWN_CHARACTERS else ""
    return "*" * (len(text) - len(shown)) + shown


def numbers_of(cdr: Cdr) -> list[tuple[str, Decimal | None]]:
    """List the numbers of a CDR that stand in columns, with their paths."""
    numbers: list[tuple[str, Decimal | None]] = [
        ("total_energy", cdr.total_energy),
        ("total_time", cdr.total_time),
        ("total_parking_time", cdr.total_parking_time),
    ]
    for name in COSTS:
        cost = getattr(cdr, name)
        if cost is not None:
            numbers.append((f"{name}.before_taxes", cost.before_taxes))
            numbers.append((f"{name}.after_taxes", cost.after_taxes))
    return numbers


def cdr_columns(cdr: Cdr) -> dict[str, Any]:
    """Give the columns that say what the document says."""
    at, token = cdr.cdr_location, cdr.cdr_token
    return {
        "cdr_id": cdr.id or "",
        "session_id": cdr.session_id or "",
        "ocpi_version": cdr.ocpi_version,
        "location_id": (at.id if at else None) or "",
        "evse_uid": (at.evse_uid if at else None) or "",
        "connector_id": (at.connector_id if at else None) or "",
        "country": (at.country if at else None) or "",
        "token_uid_masked": masked(token.uid if token else None),
        "contract_id_masked": masked(token.contract_id if token else None),
        "currency": cdr.currency,
        "start_date_time": time_column(cdr.start_date_time),
        "end_date_time": time_column(cdr.end_date_time),
        "energy_kwh": number_column(cdr.total_energy),
        "time_hours": number_column(cdr.total_time),
        "parking_hours": number_column(cdr.total_parking_time),
        "is_credit": cdr.credit,
        "credit_reference_id": cdr.credit_reference_id or "",
        "invoice_reference_id": cdr.invoice_reference_id or "",
        "claimed_before_taxes": _claimed(cdr.total_cost),
        "claimed_after_taxes": number_column(
            cdr.total_cost.after_taxes if cdr.total_cost else None
        ),
        "claimed_fixed": _claimed(cdr.total_fixed_cost),
        "claimed_energy": _claimed(cdr.total_energy_cost),
        "claimed_time": _claimed(cdr.total_time_cost),
        "claimed_parking": _claimed(cdr.total_parking_cost),
        "claimed_reservation": _claimed(cdr.total_reservation_cost),
    }


def priced_columns(priced: PricedCdr) -> dict[str, Any]:
    """Give the columns that say what was computed."""
    costs = priced.rounded
    total = costs.total_cost
    return {
        "priced_before_taxes": computed_column(total.before_taxes if total else None),
        "priced_after_taxes": computed_column(total.after_taxes if total else None),
        "priced_fixed": _priced(costs.total_fixed_cost),
        "priced_energy": _priced(costs.total_energy_cost),
        "priced_time": _priced(costs.total_time_cost),
        "priced_parking": _priced(costs.total_parking_cost),
        "priced_reservation": _priced(costs.total_reservation_cost),
        "profile": priced.profile,
        "segments": tuple([_segment_column(segment) for segment in priced.segments]),
    }


def finding_column(finding: Finding) -> Finding:
    """Give a finding as its columns hold it."""
    return Finding(
        code=finding.code,
        path=finding.path,
        message=finding.message,
        severity=finding.severity,
        claimed=finding.claimed,
        computed=finding.computed,
        difference=computed_column(finding.difference),
        cause=finding.cause,
        candidates=finding.candidates or (),
    )


def _claimed(price: Price | None) -> Decimal | None:
    return number_column(price.before_taxes) if price is not None else None


def _priced(price: Price | None) -> Decimal | None:
    return computed_column(price.before_taxes) if price is not None else None


def _segment_column(segment: Segment) -> Segment:
    volume = computed_column(segment.volume) or _ZERO
    is_as_measured = segment.billed_volume is segment.volume
    return Segment(
        period=segment.period,
        tariff_id=segment.tariff_id,
        element=segment.element,
        component=segment.component,
        dimension=segment.dimension,
        is_reservation=segment.is_reservation,
        volume=volume,
        billed_volume=(
            volume if is_as_measured else computed_column(segment.billed_volume) or _ZERO
        ),
        unit_price=computed_column(segment.unit_price) or _ZERO,
        before_taxes=computed_column(segment.before_taxes),
        tax_rate=computed_column(segment.tax_rate),
        tax=computed_column(segment.tax),
        why=segment.why,
    )
