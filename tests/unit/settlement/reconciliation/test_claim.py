"""Claimed against priced: one row a situation."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from settlement.finding import Finding, Note
from settlement.pricing.engine import price
from settlement.pricing.priced import Costs, PricedCdr, Unpriceable
from settlement.pricing.profile import DEFAULT, profile_of
from settlement.reconciliation.claim import is_as_priced, reconcile_claim, verdict_of
from settlement.reconciliation.sums import reconcile_sums
from settlement.tariff import Price, TariffElement
from tests.builders import a_cdr, a_price_component, a_tariff

# 20.5 kWh at 0.25 before 21 % VAT: 5.125 and 6.20125, rounded 5.13 and 6.20
EXACT = Price(Decimal("5.125"), Decimal("6.20125"))


def a_price(before: str | None, after: str | None = None) -> Price:
    return Price(
        None if before is None else Decimal(before), None if after is None else Decimal(after)
    )


def findings_of(profile: Any = DEFAULT, **changes: Any) -> tuple[Finding, ...]:
    cdr = a_cdr(**{"total_cost": EXACT, "total_energy_cost": None} | changes)
    priced = price(cdr=cdr, tariffs=cdr.tariffs, zone=None)
    assert isinstance(priced, PricedCdr)
    return reconcile_claim(cdr=cdr, priced=priced, profile=profile)


# claimed before, after -> code, severity, difference
TOTALS = [
    ("5.125", "6.20125", None, None, None),
    ("5.13", "6.20", None, None, None),
    ("5.15", "6.22", None, None, None),  # two cents are tolerated
    ("5.16", "6.25", "claimed_above_priced", "error", "0.03"),
    ("9", None, "claimed_above_priced", "error", "3.87"),
    ("5.11", "6.18", None, None, None),
    ("5.10", "6.17", "claimed_below_priced", "info", "-0.03"),
    ("0", "0", "claimed_below_priced", "info", "-5.13"),
    ("5.13", "6.50", "tax_above_priced", "error", "0.30"),
    ("5.13", "5.13", "tax_below_priced", "info", "-1.07"),
    (None, "6.20", None, None, None),
    (None, "7.20", "claimed_above_priced", "error", "1.00"),
]


@pytest.mark.parametrize(("before", "after", "code", "severity", "difference"), TOTALS)
def test_a_total_is_compared_within_the_tolerance(
    before: str | None,
    after: str | None,
    code: str | None,
    severity: str | None,
    difference: str | None,
) -> None:
    findings = findings_of(total_cost=a_price(before, after))

    if code is None:
        assert findings == ()
    else:
        (finding,) = findings
        assert (finding.code, finding.severity) == (code, severity)
        assert Decimal(str(difference)) == finding.difference
        assert finding.path.startswith("$.total_cost.")
        assert finding.claimed in {before, after}
        assert finding.computed in {"5.13", "6.20"}


# claimed part -> severity, difference
PARTS = [
    ("5.13", None, None),
    ("5.12", None, None),
    ("5.115", None, None),  # one cent off the exact amount
    ("5.14", "warning", "0.01"),
    ("5.00", "info", "-0.13"),
]


@pytest.mark.parametrize(("claimed", "severity", "difference"), PARTS)
def test_a_partial_cost_is_compared_within_its_tolerance(
    claimed: str, severity: str | None, difference: str | None
) -> None:
    findings = findings_of(total_energy_cost=a_price(claimed))

    if severity is None:
        assert findings == ()
    else:
        (finding,) = findings
        assert (finding.code, finding.severity) == ("total_energy_cost_differs", severity)
        assert Decimal(str(difference)) == finding.difference
        assert finding.path == "$.total_energy_cost.before_taxes"


@pytest.mark.parametrize("part", ["total_fixed_cost", "total_time_cost", "total_parking_cost"])
def test_a_part_that_the_tariff_does_not_price_is_compared_with_nothing(part: str) -> None:
    (finding,) = findings_of(**{part: a_price("1.00", "1.21")})

    assert finding.code == f"{part}_differs"
    assert finding.computed == "0.00"
    assert finding.difference == Decimal("1.00")


def test_a_part_is_told_once_for_both_sides() -> None:
    findings = findings_of(total_energy_cost=a_price("6.00", "7.26"))

    assert [finding.path for finding in findings] == ["$.total_energy_cost.before_taxes"]


def test_only_the_tax_of_a_part_may_differ() -> None:
    (finding,) = findings_of(total_energy_cost=a_price("5.13", "7.00"))

    assert finding.path == "$.total_energy_cost.after_taxes"


def test_a_missing_total_is_a_warning_with_what_was_computed() -> None:
    (finding,) = findings_of(total_cost=None)

    assert (finding.code, finding.severity) == ("total_cost_missing", "warning")
    assert finding.computed == "5.13"


def test_a_total_of_no_amount_is_a_missing_total() -> None:
    (finding,) = findings_of(total_cost=Price())

    assert finding.code == "total_cost_missing"


def test_tax_above_a_tariff_that_names_no_rate_is_a_warning_only() -> None:
    component = a_price_component(vat=None)
    tariff = a_tariff(elements=(TariffElement(price_components=(component,)),))

    (finding,) = findings_of(tariffs=(tariff,), total_cost=a_price("5.13", "6.20"))

    assert (finding.code, finding.severity) == ("tax_above_priced", "warning")
    assert "names no rate" in finding.message


def test_a_claim_of_the_other_side_alone_cannot_be_verified() -> None:
    element = TariffElement(price_components=(a_price_component(vat=None),))
    tariff = a_tariff(tax_included="YES", elements=(element,), ocpi_version="2.3.0")

    (finding,) = findings_of(tariffs=(tariff,), total_cost=a_price("5.13"))

    assert (finding.code, finding.severity) == ("claim_not_comparable", "error")
    assert (finding.claimed, finding.computed) == ("5.13", "5.13")


@pytest.mark.parametrize("sign", ["", "-"])
def test_partial_costs_of_a_credit_may_have_either_sign(sign: str) -> None:
    findings = findings_of(
        credit=True,
        total_cost=a_price("-5.13", "-6.20"),
        total_energy_cost=a_price(f"{sign}5.13"),
    )

    assert findings == ()


def test_a_credit_of_too_little_is_claimed_above_its_price() -> None:
    (finding,) = findings_of(credit=True, total_cost=a_price("-4.00"))

    assert finding.code == "claimed_above_priced"
    assert finding.difference == Decimal("1.13")


def test_the_profile_sets_the_tolerance() -> None:
    profile = profile_of({"name": "wide", "tolerance_total_minor_units": 100})

    assert findings_of(profile=profile, total_cost=a_price("6.13")) == ()
    assert findings_of(profile=profile, total_cost=a_price("6.14")) != ()


def a_finding(code: str, severity: str) -> Finding:
    return Finding(code=code, path="$", message="", severity=severity)


PRICED = price(cdr=a_cdr(), tariffs=a_cdr().tariffs, zone=None)
UNPRICED = Unpriceable(code="tariff_missing", path="$", message="")
VERDICTS = [
    ([], PRICED, False, "matched"),
    (
        [("claimed_below_priced", "info"), ("total_time_differs", "warning")],
        PRICED,
        False,
        "matched",
    ),
    ([("claimed_above_priced", "error")], PRICED, False, "disputed"),
    ([("end_before_start", "error")], PRICED, False, "invalid"),
    ([("claimed_above_priced", "error"), ("out_of_range", "error")], PRICED, False, "invalid"),
    ([("tariff_missing", "warning")], UNPRICED, False, "unverifiable"),
    ([("total_cost_negative", "error")], UNPRICED, False, "unverifiable"),
    ([], UNPRICED, True, "invalid"),
    ([], PRICED, True, "invalid"),
]


@pytest.mark.parametrize(("given", "priced", "is_invalid", "verdict"), VERDICTS)
def test_a_verdict_follows_from_findings_and_price(
    given: list[tuple[str, str]], priced: Any, is_invalid: bool, verdict: str
) -> None:
    findings = [a_finding(*one) for one in given]

    assert verdict == verdict_of(findings=findings, priced=priced, is_invalid=is_invalid)


AS_PRICED: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"total_energy": None, "total_time": None}, True),
    ({"total_cost": a_price("5.12", "6.20")}, False),
    ({"total_cost": None}, False),
    ({"total_fixed_cost": a_price("0", "0")}, False),
    ({"total_energy_cost": None}, False),
    ({"total_energy": Decimal("20.4")}, False),
    ({"total_time": Decimal(3)}, False),
    ({"total_parking_time": Decimal(1)}, False),
]


@pytest.mark.parametrize(("changes", "expected"), AS_PRICED)
def test_a_claim_of_exactly_what_was_priced_is_seen_quickly(
    changes: dict[str, Any], expected: bool
) -> None:
    cost = a_price("5.13", "6.20")
    told = {"total_cost": cost, "total_energy_cost": cost} | changes
    cdr = a_cdr(**told)
    priced = price(cdr=cdr, tariffs=cdr.tariffs, zone=None)
    assert isinstance(priced, PricedCdr)
    claimed = Costs(**{name: getattr(cdr, name) for name in Costs.__struct_fields__})

    assert expected == is_as_priced(claimed=claimed, priced=priced)
    if expected:
        assert reconcile_claim(cdr=cdr, priced=priced, profile=DEFAULT) == ()
        assert reconcile_sums(cdr) == ()


def test_an_odd_volume_is_never_as_priced() -> None:
    cdr = a_cdr()
    priced = price(cdr=cdr, tariffs=cdr.tariffs, zone=None)
    assert isinstance(priced, PricedCdr)
    note = Note(code="time_negative", path="$", message="")
    odd = msgspec.structs.replace(priced, notes=(note,))

    assert is_as_priced(claimed=priced.rounded, priced=priced)
    assert not is_as_priced(claimed=priced.rounded, priced=odd)
