"""The cause of a claim as `settle price` and `settle explain` tell it."""

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from settlement.answer_json import JsonAnswer, JsonCause
from tests.builders import a_cdr_document, as_bytes

Run = Callable[..., tuple[int, str, str]]
CASES = Path(__file__).parents[3] / "cause_cases"
TWICE = str(CASES / "tax_twice" / "cdr.json")
NEITHER = str(CASES / "tax_twice" / "look_alike.json")
SENTENCE = (
    "Tax was added once more to the amount after taxes. "
    "Against the price that is +1.20 EUR after taxes (tax_twice)"
)


def two_candidates() -> dict[str, Any]:
    """Give 20.5 kWh at 0.25 and a step of 1 Wh, charged by the Wh: 5125.00."""
    return a_cdr_document(total_cost={"excl_vat": 5125, "incl_vat": 6201.25})


@pytest.mark.parametrize(
    "command",
    [("price",), ("explain", "--format", "markdown"), ("explain", "--format", "table")],
    ids=" ".join,
)
def test_people_read_a_sentence(settle: Run, written: Any, command: tuple[str, ...]) -> None:
    one = settle(*command, TWICE)
    several = settle(*command, written(two_candidates()))
    none = settle(*command, NEITHER)
    matched = settle(*command, written(a_cdr_document(), "matched.json"))

    assert (one[0], several[0], none[0], matched[0]) == (1, 1, 1, 0)
    assert f"{SENTENCE}." in one[1]
    assert "Each of these mistakes alone gives the claim:" in several[1]
    for code in ("wh_for_kwh", "price_per_step"):
        assert f"Against the price that is +5119.87 EUR before taxes ({code})." in several[1]
    assert "No known mistake explains the claim." in none[1]
    assert "claim differs" not in matched[1]


def test_too_little_has_a_minus(settle: Run) -> None:
    _, out, _ = settle("price", str(CASES / "min_price_ignored" / "cdr.json"))

    assert "Against the price that is -3.00 EUR before taxes (min_price_ignored)." in out


def test_a_line_of_many_names_the_causes(settle: Run, written: Any) -> None:
    documents = [json.loads(Path(TWICE).read_text()), two_candidates(), a_cdr_document()]

    _, out, _ = settle("price", written(documents, "many.json"))

    first, second, third = out.splitlines()
    assert first.endswith("(tax_above_priced; tax_twice)")
    assert second.endswith("; wh_for_kwh or price_per_step)")
    assert third.endswith("EUR")


def answer_of(settle: Run, path: str) -> JsonAnswer:
    code, out, _ = settle("price", "--json", path)
    assert code == 1
    return msgspec.json.decode(out, type=JsonAnswer)


def test_json_names_cause_candidates_and_amounts(settle: Run, written: Any) -> None:
    one = answer_of(settle, TWICE)
    several = answer_of(settle, written(two_candidates()))
    none = answer_of(settle, NEITHER)

    sentence = "Tax was added once more to the amount after taxes."
    assert one.causes == [JsonCause("tax_twice", sentence, "1.20", "EUR", "after_taxes")]
    assert [(c.code, c.amount) for c in several.causes] == [
        ("wh_for_kwh", "5119.87"),
        ("price_per_step", "5119.87"),
    ]
    assert none.causes == []
    named = [
        [(f.cause, f.candidates) for f in answer.findings if f.code.endswith("_above_priced")]
        for answer in (one, several, none)
    ]
    assert named == [
        [("tax_twice", ())],
        [(None, ("wh_for_kwh", "price_per_step"))],
        [(None, ())],
    ]


def test_json_of_other_findings_has_none_asked_for(settle: Run, written: Any) -> None:
    answer = answer_of(settle, written(two_candidates()))

    others = [f for f in answer.findings if f.code == "cost_sum_differs"]
    assert [(f.cause, f.candidates) for f in others] == [(None, None)]


def test_json_spells_an_amount_without_an_exponent(settle: Run, written: Any) -> None:
    document = a_cdr_document(
        total_cost={"excl_vat": 5125, "incl_vat": 6201.25},
        total_energy=Decimal("2.05E+1"),
    )
    text = as_bytes(document).replace(b'"2.05E+1"', b"2.05E+1")

    code, out, _ = settle("price", "--json", written(text))

    assert code == 1
    assert [cause["amount"] for cause in json.loads(out)["causes"]] == ["5119.87", "5119.87"]
    assert "E+" not in out


def test_the_schema_describes_cause_and_candidates(settle: Run) -> None:
    schema = json.loads(settle("price", "--schema")[1])["$defs"]

    finding = schema["JsonFinding"]
    assert {"cause", "candidates"} <= set(finding["required"])
    assert finding["properties"]["cause"] == {"anyOf": [{"type": "string"}, {"type": "null"}]}
    assert schema["JsonCause"]["required"] == ["code", "message", "amount", "currency", "side"]
    causes = schema["JsonAnswer"]["properties"]["causes"]
    assert causes == {"type": "array", "items": {"$ref": "#/$defs/JsonCause"}}
