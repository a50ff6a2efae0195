"""What is named as the cause of a claim, and what never is."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from settlement import load_tariff, price_cdr
from settlement.cdr import Cdr
from settlement.pricing.engine import price
from settlement.pricing.priced import PricedCdr
from settlement.pricing.profile import DEFAULT, Profile
from settlement.reconciliation.claim import reconcile_claim
from settlement.tariff import Price
from settlement.tariff_tools.cause.search import explain_claim, find_causes
from settlement.tariff_tools.cause.table import MISTAKES, readme_table
from tests.builders import (
    a_cdr,
    a_cdr_document,
    a_tariff_document,
    as_bytes,
    in_2_1_1,
)
from tests.unit.settlement.tariff_tools.claims import (
    FEE,
    FIFTH,
    HALF,
    PARKED,
    PARKING,
    TIME,
    a_claim,
    an_element,
    codes_of,
)

ROOT = Path(__file__).parents[4]


def test_several_mistakes_are_candidates_and_none_is_the_cause() -> None:
    document = a_claim("5000", "6000", an_element(HALF))  # a step of 1 Wh: a Wh is a step

    answer = price_cdr(as_bytes(document))

    (finding,) = [f for f in answer.findings if f.code == "claimed_above_priced"]
    assert finding.cause is None
    assert finding.candidates == ("wh_for_kwh", "price_per_step")
    assert [str(cause.amount) for cause in answer.causes] == ["4995.00", "4995.00"]


@pytest.mark.parametrize("cents", [17, 42, 496, 504, 777, 1234, 99999])
def test_a_claim_that_nothing_reproduces_has_neither_cause_nor_candidates(cents: int) -> None:
    claim = Decimal(cents) / 100
    document = a_claim(str(claim), str(claim * 2), an_element(HALF))

    answer = price_cdr(as_bytes(document))

    found = [f for f in answer.findings if f.code.startswith(("claimed", "tax"))]
    assert [(f.cause, f.candidates) for f in found] == [(None, ())]
    assert answer.causes == ()


def test_both_sides_have_to_agree_where_both_are_claimed() -> None:
    document = a_claim("5.00", "7.21", an_element(HALF))  # tax twice is 7.20

    assert codes_of(price_cdr(as_bytes(document))) == []


def test_a_claim_of_many_digits_is_compared_in_cents() -> None:
    document = a_claim("5.000001", "7.199999", an_element(HALF))

    assert codes_of(price_cdr(as_bytes(document))) == ["tax_twice"]


def test_yen_have_no_cents() -> None:
    document = a_claim("100", "144", an_element(HALF | {"price": 10}), tariff={"currency": "JPY"})

    answer = price_cdr(as_bytes(document | {"currency": "JPY"}))

    assert [(c.code, str(c.amount), c.currency) for c in answer.causes] == [
        ("tax_twice", "24", "JPY")
    ]


def test_a_credit_is_explained_as_its_original() -> None:
    document = a_claim(
        "-5", "-7.2", an_element(HALF), credit=True, credit_reference_id="CDR-0", id="CDR-1-C"
    )

    answer = price_cdr(as_bytes(document))

    assert [(c.code, str(c.amount)) for c in answer.causes] == [("tax_twice", "-1.20")]


def test_a_cdr_of_2_1_1_claims_one_side() -> None:
    document = in_2_1_1(a_claim("7", None, an_element(FEE, HALF), volumes=({"ENERGY": "10"},) * 2))
    assert "total_cost" in document

    answer = price_cdr(as_bytes(document | {"total_cost": Decimal(12)}))

    assert codes_of(answer) == ["flat_per_period"]


def test_a_cdr_without_periods_is_explained_by_its_totals() -> None:
    document = a_claim("9", "10.8", an_element(TIME, PARKING), volumes=PARKED)
    document |= {"charging_periods": [], "total_parking_time": 1}

    assert codes_of(price_cdr(as_bytes(document))) == ["parking_as_time"]


def test_the_retail_tariff_may_be_another_one_in_the_cdr() -> None:
    document = a_claim("5", "6", an_element(FIFTH))
    retail = a_tariff_document(id="RETAIL", type="AD_HOC_PAYMENT", elements=[an_element(HALF)])
    document["tariffs"].append(retail)

    assert codes_of(price_cdr(as_bytes(document))) == ["retail_instead_of_agreed"]


def test_an_older_copy_in_the_cdr_is_an_older_version() -> None:
    document = a_claim("5", "6", an_element(HALF))
    agreed = load_tariff(
        a_tariff_document(elements=[an_element(FIFTH)], last_updated="2024-02-01T00:00:00Z")
    )

    assert codes_of(price_cdr(as_bytes(document), tariffs=[agreed])) == ["older_tariff_version"]


def test_a_tariff_in_another_currency_is_no_retail_tariff() -> None:
    document = a_claim("5", "6", an_element(FIFTH))
    document["tariffs"].append(
        a_tariff_document(id="SEK", currency="SEK", elements=[an_element(HALF)])
    )

    assert codes_of(price_cdr(as_bytes(document))) == []


def test_money_rounded_down_in_each_cost_needs_a_profile_of_no_tolerance() -> None:
    rules = msgspec.structs.replace(
        DEFAULT, name="exact", tolerance_total_minor_units=Decimal(0), version=1
    )
    # 1 kWh x 0.509 + 1 h x 3.009 = 3.518: 3.52; each cut off 0.50 + 3.00
    document = a_claim(
        "3.50",
        "3.50",
        an_element(HALF | {"price": 0.509, "vat": 0}, TIME | {"price": 3.009, "vat": 0}),
        volumes=({"ENERGY": "1", "TIME": "1"},),
    )

    assert codes_of(price_cdr(as_bytes(document), profile=rules)) == ["rounding_down"]
    assert price_cdr(as_bytes(document)).causes == ()


def test_what_is_within_tolerance_has_no_cause() -> None:
    claim = Price(Decimal("5.15"), Decimal("6.22"))
    cdr = a_cdr(total_cost=claim)
    priced = price(cdr=cdr, tariffs=cdr.tariffs, zone="Europe/Amsterdam")
    assert isinstance(priced, PricedCdr)

    assert (
        find_causes(
            cdr=cdr,
            priced=priced,
            tariffs=cdr.tariffs,
            zone="Europe/Amsterdam",
            profile=DEFAULT,
        )
        == ()
    )


def explained(cdr: Cdr, rules: Profile) -> list[str]:
    priced = price(cdr=cdr, tariffs=cdr.tariffs, zone=None, profile=rules)
    assert isinstance(priced, PricedCdr)
    findings = reconcile_claim(cdr=cdr, priced=priced, profile=rules)
    answer = explain_claim(
        findings=findings, cdr=cdr, priced=priced, tariffs=cdr.tariffs, zone=None, profile=rules
    )
    return [cause.code for cause in answer.causes]


def test_a_mistake_that_comes_to_the_right_price_is_no_candidate() -> None:
    # 5.125 claimed, 5.13 priced: to the cent they are the same, so any idle mistake would do
    strict = msgspec.structs.replace(DEFAULT, name="s", tolerance_total_minor_units=Decimal(0))

    assert explained(a_cdr(), strict) == []


def test_a_table_of_codes_holds_each_once() -> None:
    codes = [mistake.code for mistake in MISTAKES]

    assert len(codes) == len(set(codes))
    assert all(mistake.sentence.endswith(".") for mistake in MISTAKES)


def test_the_readme_holds_the_table_of_causes() -> None:
    readme = (ROOT / "settlement" / "README.md").read_text()

    assert readme_table() in readme, (
        "put the output of this under 'Why a claim differs': python -c 'from "
        'settlement.tariff_tools.cause.table import readme_table; print(readme_table(), end="")\''
    )


def test_a_cdr_that_matches_does_not_load_the_causes(tmp_path: Path) -> None:
    cdr = tmp_path / "cdr.json"
    cdr.write_bytes(as_bytes(a_cdr_document()))
    program = (
        "import sys; from settlement import price_cdr; "
        "answer = price_cdr(sys.argv[1]); "
        "assert answer.verdict == 'matched'; "
        "print([name for name in sys.modules if name.startswith('settlement.tariff_tools')])"
    )

    done = subprocess.run(
        [sys.executable, "-c", program, str(cdr)], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"


def test_a_cdr_that_matches_does_not_ask_for_causes(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(**_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("settlement.tariff_tools.cause.search.explain_claim", never)

    within = a_cdr_document(total_cost={"excl_vat": 5.14, "incl_vat": 6.21})

    assert price_cdr(a_cdr_document()).verdict == "matched"
    assert price_cdr(within).findings[0].code == "cost_sum_differs"
    with pytest.raises(AssertionError):
        price_cdr(a_cdr_document(total_cost={"excl_vat": 9, "incl_vat": 10.89}))
