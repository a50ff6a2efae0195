"""Each cause is named in its case, with its amount, and not in the look-alike."""

import json
from pathlib import Path
from typing import Any

import pytest

from settlement import load_tariff, price_cdr
from settlement.answer import Answer
from settlement.reconciliation.claim import EXPLAINABLE
from settlement.tariff_tools.cause.table import MISTAKES

CASES = Path(__file__).parents[3] / "cause_cases"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())


def answered(folder: Path, name: str) -> Answer:
    """Price a document of a case under the tariffs that the folder gives, if any."""
    path = folder / "tariffs.json"
    given = json.loads(path.read_text()) if path.exists() else []
    return price_cdr(folder / name, tariffs=[load_tariff(tariff) for tariff in given])


def named(answer: Answer) -> dict[str, Any]:
    """Give the cause and the candidates of the finding on the total."""
    found = [finding for finding in answer.findings if finding.code in EXPLAINABLE]
    if not found:
        return {"cause": None, "candidates": None}
    (finding,) = found
    assert finding.candidates is not None
    return {"cause": finding.cause, "candidates": list(finding.candidates)}


@pytest.mark.parametrize("name", NAMES)
def test_a_claim_has_the_cause_that_is_written_down(name: str) -> None:
    expected = json.loads((CASES / name / "expected.json").read_text())["cdr"]

    answer = answered(CASES / name, "cdr.json")

    (cause,) = answer.causes
    told = {"amount": str(cause.amount), "currency": cause.currency, "side": cause.side}
    assert expected == named(answer) | told | {"message": cause.message}
    assert expected["cause"] == cause.code == name


@pytest.mark.parametrize("name", NAMES)
def test_a_look_alike_has_another_cause_or_none(name: str) -> None:
    expected = json.loads((CASES / name / "expected.json").read_text())["look_alike"]

    answer = answered(CASES / name, "look_alike.json")

    assert expected == named(answer)
    assert name not in {cause.code for cause in answer.causes}


def test_every_cause_has_a_case_that_says_why() -> None:
    assert {mistake.code for mistake in MISTAKES} == set(NAMES)
    assert all((CASES / name / "why.md").read_text().endswith(".\n") for name in NAMES)
