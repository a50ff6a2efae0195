"""Every golden case prices as its folder says."""

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from settlement.ocpi.door import parse_cdr
from settlement.pricing.engine import price
from settlement.pricing.priced import Costs, PricedCdr, Segment, Unpriceable
from settlement.reconciliation.claim import reconcile_claim, verdict_of
from settlement.reconciliation.sums import reconcile_sums
from tests.unit.settlement.pricing.cases import (
    CASES,
    Case,
    case_names,
    decimal_or_none,
    load_case,
)

NAMES = case_names()
PARTS = (
    "total_fixed_cost",
    "total_energy_cost",
    "total_time_cost",
    "total_parking_cost",
    "total_reservation_cost",
)


def priced(case: Case) -> PricedCdr:
    result = price(
        cdr=case.cdr,
        tariffs=case.tariffs,
        zone=case.expected["time_zone"],
        profile=case.profile,
    )
    assert isinstance(result, PricedCdr), result
    return result


def compared(amount: Decimal | None, decimals: int | None) -> Decimal | None:
    if amount is None or decimals is None:
        return amount
    return amount.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def assert_costs(expected: dict[str, Any], costs: Costs, decimals: int | None) -> None:
    for name in ("total_cost", *PARTS):
        if name not in expected:
            continue
        got = getattr(costs, name)
        if expected[name] is None:
            assert got is None, name
            continue
        for side, text in expected[name].items():
            want = compared(decimal_or_none(text), decimals)
            if want is None and decimals is not None:
                continue  # the specification does not state this side
            assert want == compared(getattr(got, side), decimals), (name, side)


def billed(segments: tuple[Segment, ...]) -> dict[str, Decimal]:
    sums = dict.fromkeys(
        ("energy_wh", "time_s", "parking_s", "reservation_s", "flat_count"), Decimal(0)
    )
    for segment in segments:
        if segment.element is None:
            continue
        if segment.dimension == "FLAT":
            sums["flat_count"] += 1
        elif segment.dimension == "ENERGY":
            sums["energy_wh"] += segment.billed_volume * 1000
        else:
            kind = "time_s" if segment.dimension == "TIME" else "parking_s"
            kind = "reservation_s" if segment.is_reservation else kind
            sums[kind] += segment.billed_volume * 3600
    return {kind: amount.quantize(Decimal("0.0001")) for kind, amount in sums.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_case_prices_as_its_folder_says(name: str) -> None:
    case = load_case(name)
    expected = case.expected
    if "unpriceable" in expected:
        result = price(cdr=case.cdr, tariffs=case.tariffs, zone=expected["time_zone"])
        assert isinstance(result, Unpriceable)
        assert expected["unpriceable"] == result.code
        return

    result = priced(case)

    assert_costs(expected, result.exact, expected.get("decimals"))
    assert_costs(expected.get("rounded", {}), result.rounded, None)
    assert result.exact.total_cost is not None
    for side, text in expected.get("exact", {}).items():
        if text is not None:
            got = compared(getattr(result.exact.total_cost, side), 8)
            assert compared(Decimal(text), 8) == got, side
    got_billed = billed(result.segments)
    for kind, text in expected.get("billed", {}).items():
        assert Decimal(text) == got_billed[kind], kind
    if "notes" in expected:
        assert expected["notes"] == [note.code for note in result.notes]
    for text in expected.get("note_says", []):
        assert any(text in note.message for note in result.notes), (text, result.notes)
    findings = reconcile_sums(case.cdr) + reconcile_claim(
        cdr=case.cdr, priced=result, profile=case.profile
    )
    if "findings" in expected:
        assert expected["findings"] == [finding.code for finding in findings]
    if "verdict" in expected:
        assert expected["verdict"] == verdict_of(findings=findings, priced=result)


@pytest.mark.parametrize("name", NAMES)
def test_a_case_has_all_its_files(name: str) -> None:
    folder = CASES / name

    why = (folder / "why.md").read_text()

    assert why.strip()
    assert (folder / "expected.json").exists()


@pytest.mark.parametrize("name", NAMES)
def test_the_door_reads_a_case_as_it_is(name: str) -> None:
    case = load_case(name)
    version = case.expected["ocpi_version"]
    read = parse_cdr((CASES / name / "cdr.json").read_bytes(), ocpi_version=version).value

    result = price(
        cdr=read, tariffs=case.tariffs, zone=case.expected["time_zone"], profile=case.profile
    )
    assert result == price(
        cdr=case.cdr, tariffs=case.tariffs, zone=case.expected["time_zone"], profile=case.profile
    )


def test_every_worked_example_of_the_specification_is_a_case() -> None:
    counts = {group: sum(name.startswith(group) for name in NAMES) for group in ("spec-",)}

    assert counts == {"spec-": 87}
