"""What a CPO claims against what we priced.

Rule: comparison only. A difference counts beyond the profile's tolerance: so many minor units on
a partial cost, so many on the total. More than priced is an error, less is information.
"""

from collections.abc import Iterable
from decimal import Context, Decimal

from settlement.cdr import Cdr
from settlement.finding import Finding
from settlement.money import minor_unit, rounded
from settlement.pricing.priced import Costs, PricedCdr, Unpriceable
from settlement.pricing.profile import Profile
from settlement.tariff import Price

PARTS = (
    "total_fixed_cost",
    "total_energy_cost",
    "total_time_cost",
    "total_parking_cost",
    "total_reservation_cost",
)
COSTS = ("total_cost", *PARTS)
SIDES = ("before_taxes", "after_taxes")

# Findings on the total that a mistake of the sender can explain (settlement.tariff_tools.cause).
EXPLAINABLE = frozenset(
    {"claimed_above_priced", "claimed_below_priced", "tax_above_priced", "tax_below_priced"}
)
# Findings that say: this cannot be, whatever the tariff.
INVALID = frozenset({"out_of_range", "end_before_start"})

_EXACT = Context(prec=200)
_ZERO = Decimal(0)


def verdict_of(
    *, findings: Iterable[Finding], priced: PricedCdr | Unpriceable, is_invalid: bool = False
) -> str:
    """Give the verdict: invalid, unverifiable, disputed or matched.

    Invalid is what cannot be (`is_invalid` where the caller knows so); unverifiable what has no
    price yet; disputed what has a finding of severity error.
    """
    severities = set()
    for finding in findings:
        if finding.code in INVALID:
            return "invalid"
        severities.add(finding.severity)
    if is_invalid:
        return "invalid"
    if isinstance(priced, Unpriceable):
        return "unverifiable"
    return "disputed" if "error" in severities else "matched"


# Notes that say that pricing read a volume otherwise than it is written.
_ODD_VOLUMES = frozenset(
    {
        "periods_missing",
        "periods_out_of_order",
        "dimension_not_priced",
        "time_negative",
        "energy_negative",
        "time_unit_suspected",
        "energy_unit_suspected",
        "credit_cdr",
        "min_price",
        "max_price",
    }
)


def claimed_costs(cdr: Cdr) -> Costs:
    """Give what a CDR claims in the form of what is priced."""
    return Costs(  # by position: by keyword each field is looked for among all
        cdr.total_cost,
        cdr.total_fixed_cost,
        cdr.total_energy_cost,
        cdr.total_time_cost,
        cdr.total_parking_cost,
        cdr.total_reservation_cost,
        cdr.total_energy,
        cdr.total_time,
        cdr.total_parking_time,
    )


def is_as_priced(*, claimed: Costs, priced: PricedCdr) -> bool:
    """Tell quickly whether every cost is claimed as it was priced, and every volume as measured.

    Then there is nothing for `reconcile_claim` to find, and no sum to check but the order.
    """
    rounded = priced.rounded
    return (
        claimed.total_cost == rounded.total_cost
        and claimed.total_energy_cost == rounded.total_energy_cost
        and claimed.total_fixed_cost == rounded.total_fixed_cost
        and claimed.total_time_cost == rounded.total_time_cost
        and claimed.total_parking_cost == rounded.total_parking_cost
        and claimed.total_reservation_cost == rounded.total_reservation_cost
        and (claimed.total_energy is None or claimed.total_energy == rounded.total_energy)
        and (claimed.total_time is None or claimed.total_time == rounded.total_time)
        and (
            claimed.total_parking_time is None
            or claimed.total_parking_time == rounded.total_parking_time
        )
        and _ODD_VOLUMES.isdisjoint([note.code for note in priced.notes])
    )


def reconcile_claim(*, cdr: Cdr, priced: PricedCdr, profile: Profile) -> tuple[Finding, ...]:
    """Compare claimed costs with priced ones: the total and each part, before and after taxes.

    `difference` is claimed minus priced, in the currency of the CDR.
    """
    findings: list[Finding] = []
    if cdr.total_cost != priced.rounded.total_cost or cdr.total_cost is None:
        findings += _total_findings(cdr, priced, profile)
    unit = minor_unit(cdr.currency)
    tolerance = _EXACT.multiply(unit, profile.tolerance_part_minor_units)
    for part in PARTS:
        claim = getattr(cdr, part)
        if claim is None:
            continue
        if tolerance >= unit and claim == getattr(priced.rounded, part):
            continue  # parts are rounded by less than a unit
        price = getattr(priced.exact, part)
        finding = _part_finding(part, cdr, price, tolerance)
        if finding is not None:
            findings.append(finding)
    return tuple(findings)


def _total_findings(cdr: Cdr, priced: PricedCdr, profile: Profile) -> list[Finding]:
    claim, price = cdr.total_cost, priced.rounded.total_cost
    assert price is not None
    if claim is None or (claim.before_taxes is None and claim.after_taxes is None):
        return [
            Finding(
                code="total_cost_missing",
                path="$.total_cost",
                message="the CDR claims no total cost",
                severity="warning",
                computed=_text(price.before_taxes, price.after_taxes),
            )
        ]
    unit = minor_unit(cdr.currency)
    tolerance = _EXACT.multiply(unit, profile.tolerance_total_minor_units)
    compared = False
    for side in SIDES:
        claimed, computed = getattr(claim, side), getattr(price, side)
        if claimed is None or computed is None:
            continue
        difference = _EXACT.subtract(claimed, computed)
        if difference.copy_abs() > tolerance:
            if compared:
                return [_tax_differs(claimed, computed, priced)]
            return [_total_differs(side, claimed, computed, cdr.currency)]
        compared = True
    if compared:
        return []
    return [
        Finding(
            code="claim_not_comparable",
            path="$.total_cost",
            message="the CDR claims one side of taxes, its tariff gives only the other",
            severity="error",
            claimed=_text(claim.before_taxes, claim.after_taxes),
            computed=_text(price.before_taxes, price.after_taxes),
        )
    ]


def _total_differs(side: str, claimed: Decimal, computed: Decimal, currency: str) -> Finding:
    is_above = claimed > computed
    word = "more" if is_above else "less"
    return Finding(
        code="claimed_above_priced" if is_above else "claimed_below_priced",
        path=f"$.total_cost.{side}",
        message=f"{_plain(claimed)} {currency} is claimed, {word} than the {_plain(computed)} "
        f"that the tariff gives {side.replace('_', ' ')}",
        severity="error" if is_above else "info",
        claimed=_plain(claimed),
        computed=_plain(computed),
        difference=_EXACT.subtract(claimed, computed),
    )


def _tax_differs(claimed: Decimal, computed: Decimal, priced: PricedCdr) -> Finding:
    """The amount before taxes agrees, so it is the tax that differs."""
    is_above = claimed > computed
    has_rates = not any(note.code == "vat_missing" for note in priced.notes)
    rule = "the rates of the tariff" if has_rates else "a tariff that names no rate"
    return Finding(
        code="tax_above_priced" if is_above else "tax_below_priced",
        path="$.total_cost.after_taxes",
        message=f"after taxes {_plain(claimed)} {priced.currency} is claimed; "
        f"{rule} give{'' if has_rates else 's'} {_plain(computed)}",
        severity="error" if is_above and has_rates else "warning" if is_above else "info",
        claimed=_plain(claimed),
        computed=_plain(computed),
        difference=_EXACT.subtract(claimed, computed),
    )


def _part_finding(part: str, cdr: Cdr, price: Price | None, tolerance: Decimal) -> Finding | None:
    """Compare one partial cost; the side after taxes counts where the other agrees."""
    claim = getattr(cdr, part)
    for side in SIDES:
        claimed = getattr(claim, side)
        computed = _ZERO if price is None else getattr(price, side)
        if claimed is None or computed is None:
            continue
        if cdr.credit:  # partial costs of a credit may have either sign
            claimed = claimed.copy_abs()
        if _EXACT.subtract(claimed, computed).copy_abs() > tolerance:
            return _part_differs(part, side, claimed, computed, cdr.currency)
    return None


def _part_differs(
    part: str, side: str, claimed: Decimal, computed: Decimal, currency: str
) -> Finding:
    computed = rounded(computed, currency)
    return Finding(
        code=f"{part}_differs",
        path=f"$.{part}.{side}",
        message=f"{part} is claimed as {_plain(claimed)} {currency}; "
        f"the tariff gives {_plain(computed)} {side.replace('_', ' ')}",
        severity="warning" if claimed > computed else "info",
        claimed=_plain(claimed),
        computed=_plain(computed),
        difference=_EXACT.subtract(claimed, computed),
    )


def _plain(amount: Decimal) -> str:
    return format(amount, "f")


def _text(before: Decimal | None, after: Decimal | None) -> str | None:
    amount = after if before is None else before
    return None if amount is None else _plain(amount)
