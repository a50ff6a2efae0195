"""Why a claim differs: every known mistake is priced, and those that give the claim are named.

Rule: a function of its arguments: no clock, no files, no state. Nothing is named where the claim
is within tolerance, and nothing that comes to the right price.
"""

from collections.abc import Iterator, Sequence
from decimal import (
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    getcontext,
    setcontext,
)

import msgspec

from settlement.cdr import Cdr
from settlement.finding import Cause, Finding
from settlement.money import minor_unit, rounded
from settlement.pricing.engine import with_positive_volumes
from settlement.pricing.exact import WORK
from settlement.pricing.priced import PricedCdr, Unpriceable
from settlement.pricing.profile import DEFAULT, Profile
from settlement.pricing.references import assign
from settlement.pricing.stretch import ZoneMissing
from settlement.reconciliation.claim import EXPLAINABLE, SIDES
from settlement.tariff import Price, Tariff
from settlement.tariff_tools.cause.case import Case, Used
from settlement.tariff_tools.cause.mistake import Mistake
from settlement.tariff_tools.cause.table import MISTAKES

_EXACT = Context(prec=200)


class Explained(msgspec.Struct, frozen=True):
    """The findings, of which that on the total names its cause, and what is known of causes."""

    findings: tuple[Finding, ...]
    causes: tuple[Cause, ...]  # one: the cause; several: candidates; none: no known mistake


def explain_claim(
    *,
    findings: Sequence[Finding],
    cdr: Cdr,
    priced: PricedCdr,
    tariffs: Sequence[Tariff],
    others: Sequence[Tariff] = (),
    zone: str | None,
    profile: Profile = DEFAULT,
) -> Explained:
    """Name in the finding on the total the mistakes that reproduce the claim to the cent.

    The arguments are those of `price`, its answer and what was found; `others` are tariffs at
    hand that did not price the CDR: other versions, and copies that the CDR embeds. Findings that
    are not about the total stay as they are.
    """
    if all(finding.code not in EXPLAINABLE for finding in findings):
        return Explained(tuple(findings), ())
    causes = find_causes(
        cdr=cdr, priced=priced, tariffs=tariffs, others=others, zone=zone, profile=profile
    )
    codes = tuple(cause.code for cause in causes)
    is_one = len(codes) == 1
    named = [
        msgspec.structs.replace(
            finding, cause=codes[0] if is_one else None, candidates=() if is_one else codes
        )
        if finding.code in EXPLAINABLE
        else finding
        for finding in findings
    ]
    return Explained(tuple(named), causes)


def find_causes(
    *,
    cdr: Cdr,
    priced: PricedCdr,
    tariffs: Sequence[Tariff],
    others: Sequence[Tariff] = (),
    zone: str | None,
    profile: Profile = DEFAULT,
) -> tuple[Cause, ...]:
    """Give the mistakes that reproduce the claimed total, in the order of the table.

    Both sides of taxes count where the claim states both, to the currency's minor unit. The
    amount of a cause is what the mistake adds to the right price, in the currency of the CDR.
    """
    claim, right = cdr.total_cost, priced.rounded.total_cost
    if claim is None or right is None:
        return ()
    side = _side_that_differs(claim, right, cdr.currency, profile)
    if side is None:
        return ()
    ambient = getcontext()
    setcontext(WORK)
    try:
        assigned = assign(cdr, tariffs, [])
        if isinstance(assigned, Unpriceable):
            return ()
        if cdr.credit:
            cdr = with_positive_volumes(cdr)
        used = {id(tariff) for tariff in tariffs}
        left = tuple(other for other in others if id(other) not in used)
        case = Case(cdr, assigned, zone, profile, left)
        found = []
        for mistake in MISTAKES:
            told = {}
            for sentence, price in _prices(mistake, case):
                if _reproduces(price, claim, right, cdr.currency):
                    told[sentence] = getattr(price, side) - getattr(right, side)
            if told:
                # which of several forms it was is not known
                sentence = next(iter(told)) if len(told) == 1 else mistake.sentence
                amount = next(iter(told.values()))
                found.append(Cause(mistake.code, sentence, amount, cdr.currency, side))
    finally:
        setcontext(ambient)
    return tuple(found)


def _prices(mistake: Mistake, case: Case) -> Iterator[tuple[str, Price]]:
    """Price a case under a mistake, in each form that can be priced, with its sentence."""
    for form in mistake.forms:
        try:
            for made in form.attempt(case):
                if isinstance(made, Used):
                    yield f"{form.sentence} The one used is {made.tariff}.", made.price
                else:
                    yield form.sentence, made
        except (ZoneMissing, DivisionByZero, InvalidOperation, Overflow, OverflowError):
            continue


def _side_that_differs(claim: Price, right: Price, currency: str, profile: Profile) -> str | None:
    """Give the first side that is off by more than the tolerance; None where none is."""
    tolerance = _EXACT.multiply(minor_unit(currency), profile.tolerance_total_minor_units)
    for side in SIDES:
        claimed, computed = getattr(claim, side), getattr(right, side)
        if claimed is None or computed is None:
            continue
        if _EXACT.subtract(claimed, computed).copy_abs() > tolerance:
            return side
    return None


def _reproduces(price: Price, claim: Price, right: Price, currency: str) -> bool:
    """Tell whether a price is the claim, and not the right price, on each side that is known."""
    is_other = False
    for side in SIDES:
        claimed: Decimal | None = getattr(claim, side)
        computed: Decimal | None = getattr(right, side)
        if claimed is None or computed is None:
            continue
        amount = getattr(price, side)
        if amount != rounded(claimed, currency):
            return False
        is_other = is_other or amount != computed
    return is_other
