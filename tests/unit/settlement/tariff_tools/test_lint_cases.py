"""Each code fires in its case, where it says, and is silent in the look-alike."""

import json
from pathlib import Path
from typing import Any

import pytest

from settlement.tariff_tools.lint.code import CODES
from settlement.tariff_tools.lint.linter import lint

CASES = Path(__file__).parents[3] / "lint_cases"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())
WITHOUT_A_CASE = {"not_swept"}  # takes a tariff of thousands of lines; see test_linter


def findings_in(path: Path) -> list[dict[str, Any]]:
    (linted,) = lint(path.read_bytes())
    return [
        {
            "code": one.code,
            "severity": one.severity,
            "at": f"{one.line}:{one.column}",
            "pointer": one.pointer,
            "message": one.message,
            "cost": None if one.cost is None else f"{one.cost.as_written}, {one.cost.as_meant}",
        }
        for one in linted.findings
    ]


@pytest.mark.parametrize("name", NAMES)
def test_a_code_fires_as_written_down(name: str) -> None:
    expected = json.loads((CASES / name / "expected.json").read_text())

    found = findings_in(CASES / name / "fires.json")

    assert found == expected
    assert name in {finding["code"] for finding in found}


@pytest.mark.parametrize("name", NAMES)
def test_a_code_is_silent_in_its_look_alike(name: str) -> None:
    found = findings_in(CASES / name / "quiet.json")

    assert name not in {finding["code"] for finding in found}


def test_every_code_has_a_case_that_says_why() -> None:
    assert set(NAMES) == CODES.keys() - WITHOUT_A_CASE
    assert all((CASES / name / "why.md").read_text().endswith(".\n") for name in NAMES)
