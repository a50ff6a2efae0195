"""What was claimed against what was priced, sent and said before.

Rule: comparison only; the checks live in settlement.reconciliation, here their findings and the
verdict of one copy of a CDR come together.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from settlement.bounds import PLAIN_CHARACTERS, fits_number, fits_time
from settlement.cdr import Cdr
from settlement.finding import Finding
from settlement.ocpi.problem import Remark
from settlement.pricing.priced import PricedCdr
from settlement.pricing.profile import DEFAULT, Profile
from settlement.reconciliation.claim import (
    claimed_costs,
    is_as_priced,
    reconcile_claim,
    verdict_of,
)
from settlement.reconciliation.sums import reconcile_sums
from settlement.session import Session
from streams.steps.columns import numbers_of
from streams.steps.price import Pricing

# Energy as sent in a session and in its CDR may differ by a meter's last digit.
SESSION_TOLERANCE_KWH = Decimal("0.001")


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on one copy of a CDR and why."""

    verdict: str  # matched, disputed, unverifiable, invalid
    findings: tuple[Finding, ...]
    waits_for: tuple[str, ...] = ()


def reconcile_copy(
    *,
    cdr: Cdr,
    remarks: Sequence[Remark],
    pricing: Pricing,
    session: Session | None,
    profile: Profile,
) -> Reconciliation:
    """Compare one copy with its price, its own sums and its session."""
    result = pricing.result
    findings = bound_findings(cdr)
    if remarks:
        findings += remark_findings(remarks)
    is_invalid = any(finding.severity == "error" for finding in findings)
    # Most CDRs claim to the last digit what was priced: nothing of it is added up again.
    agrees = (
        profile is DEFAULT
        and isinstance(result, PricedCdr)
        and is_as_priced(claimed=claimed_costs(cdr), priced=result)
    )
    findings += reconcile_sums(cdr=cdr, is_as_priced=agrees)
    findings += _session_findings(cdr, session)
    findings += pricing.findings
    waits_for: tuple[str, ...] = ()
    if isinstance(result, PricedCdr):
        if not agrees:
            findings += reconcile_claim(cdr=cdr, priced=result, profile=profile)
    else:
        findings.append(
            Finding(
                code=result.code,
                path=result.path,
                message=result.message,
                severity="warning",
                difference=_claim(cdr),
            )
        )
        waits_for = result.waits_for
    if cdr.credit:
        findings.append(
            credit_finding(
                credit=f"Credit CDR for {cdr.credit_reference_id or 'no CDR'}", claimed=_claim(cdr)
            )
        )
        # Whatever it says, and whatever has arrived: it is not held against its original yet.
        return Reconciliation(
            verdict="unverifiable", findings=tuple(findings), waits_for=WAITS_FOR_ORIGINAL
        )
    verdict = verdict_of(findings=findings, priced=result, is_invalid=is_invalid)
    return Reconciliation(verdict=verdict, findings=tuple(findings), waits_for=waits_for)


WAITS_FOR_ORIGINAL = ("original",)


def credit_finding(*, credit: str, claimed: Decimal | None) -> Finding:
    """Say that a Credit CDR, named by `credit`, posts nothing; it claims `claimed` before taxes."""
    return Finding(
        code="credit_not_posted",
        path="$.credit",
        message=f"{credit}: not posted yet",
        severity="warning",
        difference=claimed,
    )


def bound_findings(cdr: Cdr) -> list[Finding]:
    """Give a finding for each number or time that no column can hold; its text is kept."""
    if _is_plainly_bounded(cdr):
        return []
    findings = [
        _out_of_range(f"$.{path}", str(value))
        for path, value in numbers_of(cdr)
        if value is not None and not fits_number(value)
    ]
    times: list[tuple[str, datetime]] = [
        ("start_date_time", cdr.start_date_time),
        ("end_date_time", cdr.end_date_time),
    ]
    findings += [
        _out_of_range(f"$.{path}", value.isoformat())
        for path, value in times
        if not fits_time(value)
    ]
    for place, period in enumerate(cdr.charging_periods):
        findings += [
            _out_of_range(f"$.charging_periods[{place}].dimensions[{at}].volume", str(one.volume))
            for at, one in enumerate(period.dimensions)
            if not fits_number(one.volume)
        ]
    return findings


def _is_plainly_bounded(cdr: Cdr) -> bool:
    """Tell quickly of most CDRs that every number has few digits and every time is near."""
    numbers = [one.volume for period in cdr.charging_periods for one in period.dimensions]
    texts = [str(number) for number in numbers]
    texts += [str(number) for _, number in numbers_of(cdr) if number is not None]
    if max(map(len, texts), default=0) > PLAIN_CHARACTERS:
        return False
    text = "".join(texts)
    is_plain = "E" not in text and "N" not in text and "I" not in text  # exponent, NaN, infinity
    return is_plain and fits_time(cdr.start_date_time) and fits_time(cdr.end_date_time)


def _out_of_range(path: str, text: str) -> Finding:
    return Finding(
        code="out_of_range",
        path=path,
        message=f"{text[:80]} does not fit: up to 10^10 with 18 decimals, years 2000 to 2100",
        severity="error",
        claimed=text[:80],
    )


def remark_findings(remarks: Sequence[Remark]) -> list[Finding]:
    """Give one finding for each kind of deviation that was tolerated in reading."""
    first: dict[str, Remark] = {}
    count: dict[str, int] = {}
    for remark in remarks:
        first.setdefault(remark.code, remark)
        count[remark.code] = count.get(remark.code, 0) + 1
    return [
        Finding(
            code=code,
            path=remark.path,
            message=remark.message + (f" ({count[code]} times)" if count[code] > 1 else ""),
            severity="info",
        )
        for code, remark in sorted(first.items())
    ]


def _session_findings(cdr: Cdr, session: Session | None) -> list[Finding]:
    if session is None or session.status != "COMPLETED" or session.kwh is None:
        return []
    if cdr.total_energy is None or abs(session.kwh - cdr.total_energy) <= SESSION_TOLERANCE_KWH:
        return []
    return [
        Finding(
            code="session_energy_differs",
            path="$.total_energy",
            message=f"the completed session says {session.kwh} kWh, the CDR {cdr.total_energy} kWh",
            severity="warning",
            claimed=str(cdr.total_energy),
            computed=str(session.kwh),
        )
    ]


def _claim(cdr: Cdr) -> Decimal | None:
    return cdr.total_cost.before_taxes if cdr.total_cost else None
