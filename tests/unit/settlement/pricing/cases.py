"""Golden cases: found, loaded, priced.

Rule: reads `tests/cases` only; what is compared stands in the tests.
"""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec

from settlement.cdr import Cdr
from settlement.pricing.profile import Profile, profile_of
from settlement.tariff import Tariff
from tests.unit.settlement.pricing.plain_reader import read_cdr, read_tariff

CASES = Path(__file__).parents[3] / "cases"


class Case(msgspec.Struct, frozen=True):
    """One case folder."""

    name: str
    cdr: Cdr
    tariffs: tuple[Tariff, ...]
    profile: Profile
    expected: dict[str, Any]


def case_names() -> list[str]:
    """List all case folders as `group/name`."""
    return sorted(str(path.parent.relative_to(CASES)) for path in CASES.glob("*/*/cdr.json"))


def load_case(name: str) -> Case:
    """Read a case folder; its tariff is the published one, else the embedded ones."""
    folder = CASES / name
    expected = json.loads((folder / "expected.json").read_text())
    version = expected["ocpi_version"]
    cdr = read_cdr(load_json(folder / "cdr.json"), version)
    published = folder / "tariff.json"
    tariffs = (read_tariff(load_json(published), version),) if published.exists() else cdr.tariffs
    profile = profile_of({"name": "case"} | expected.get("profile", {}))
    return Case(name, cdr, tariffs, profile, expected)


def load_json(path: Path) -> Any:
    """Read JSON with exact numbers."""
    return json.loads(path.read_text(), parse_float=Decimal)


def decimal_or_none(text: str | None) -> Decimal | None:
    """Read an expected amount."""
    return None if text is None else Decimal(text)
