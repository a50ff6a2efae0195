"""The engine and the oracle agree, and the oracle agrees with the worked examples."""

import json
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from tests.naive import oracle
from tests.naive.agree import PARTS, differences
from tests.naive.worlds import a_world

CASES = Path(__file__).parent.parent / "cases"
# What the oracle answers: cases of the default profile that have a price.
EXPECTED = {
    path.parent: expected
    for path in sorted(CASES.glob("*/*/expected.json"))
    if not (expected := json.loads(path.read_text())).get("profile")
    and "unpriceable" not in expected
    and expected.get("total_cost")
}
A_BLOCK = 200


@pytest.mark.parametrize("first", range(1, 2001, A_BLOCK))
def test_the_engine_agrees_with_the_oracle(first: int) -> None:
    found = {
        seed: lines
        for seed in range(first, first + A_BLOCK)
        if (lines := differences(a_world(seed)))
    }

    assert found == {}


@pytest.mark.parametrize(
    "folder", EXPECTED, ids=lambda folder: f"{folder.parent.name}/{folder.name}"
)
def test_the_oracle_agrees_with_the_golden_cases(folder: Path) -> None:
    expected = EXPECTED[folder]
    document = (folder / "cdr.json").read_bytes()

    answer = oracle.price(document, expected["ocpi_version"], expected["time_zone"] or "UTC")

    found = {"total_cost": answer.total_cost, **answer.parts}
    wanted = {name: expected[name] for name in ("total_cost", *PARTS) if expected.get(name)}
    assert wanted == {
        name: {
            side: shown(found[name][place], expected, like=wanted[name][side])
            for place, side in enumerate(("before_taxes", "after_taxes"))
        }
        for name in wanted
    }


def shown(amount: Fraction | None, expected: dict[str, Any], *, like: str | None) -> str | None:
    """Write an amount as a case does, to its decimals; as it stands there where it is equal."""
    if amount is None or like is None:
        return None
    last = Decimal(1).scaleb(-int(expected.get("decimals", 18)))
    exact = Decimal(amount.numerator) / Decimal(amount.denominator)
    found = exact.quantize(last, ROUND_HALF_UP)
    return like if found == Decimal(like).quantize(last, ROUND_HALF_UP) else str(found)
