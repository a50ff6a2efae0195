"""What a finding says an ordinary session costs is what that session costs.

The session is written down here once more, as a CDR of half minutes, and priced as any CDR is;
`meant.json` of a case says by hand what is otherwise in the tariff that was likely meant.
"""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from settlement import load_tariff, price_cdr
from settlement.ocpi.door import detect_version
from settlement.pricing.priced import PricedCdr
from tests.builders import a_cdr_document, as_bytes

CASES = Path(__file__).parents[3] / "lint_cases"
TUESDAY = datetime(2026, 1, 13, 10, tzinfo=UTC)
A_PIECE = timedelta(seconds=30)
CHARGING, PARKING = 240, 120  # pieces
AMPERE, KILOWATT = ("MIN_CURRENT", "MAX_CURRENT"), ("MIN_POWER", "MAX_POWER")


def findings_that_cost() -> list[tuple[str, str, str]]:
    return [
        (path.parent.name, finding["code"], finding["cost"])
        for path in sorted(CASES.glob("*/expected.json"))
        for finding in json.loads(path.read_text())
        if finding["cost"] is not None
    ]


def dimensions(is_charging: bool, stated: tuple[str, ...]) -> list[dict[str, Any]]:
    """Give 15 kW and 65.2 A for half a minute, or half a minute of parking."""
    hours = Decimal(30) / 3600
    found: list[dict[str, Any]] = [{"type": "PARKING_TIME", "volume": hours}]
    if is_charging:
        found = [{"type": "TIME", "volume": hours}, {"type": "ENERGY", "volume": Decimal("0.125")}]
    for name in stated:
        amount = Decimal("65.2") if name in AMPERE else Decimal(15)
        found.append({"type": name, "volume": amount if is_charging else Decimal(0)})
    return found


def an_ordinary_session(version: str) -> bytes:
    stated = AMPERE if version == "2.1.1" else AMPERE + KILOWATT
    periods = [
        {
            "start_date_time": f"{TUESDAY + A_PIECE * piece:%Y-%m-%dT%H:%M:%SZ}",
            "dimensions": dimensions(piece < CHARGING, stated),
            "tariff_id": "T1",
        }
        for piece in range(CHARGING + PARKING)
    ]
    document = a_cdr_document(
        start_date_time="2026-01-13T10:00:00Z",
        end_date_time="2026-01-13T13:00:00Z",
        charging_periods=periods,
        total_energy=30,
        total_time=3,
    )
    return as_bytes({name: value for name, value in document.items() if name != "tariffs"})


def cost_under(document: dict[str, Any]) -> Decimal:
    version = detect_version(as_bytes(document))
    tariff = load_tariff(document, ocpi_version=version)
    answer = price_cdr(
        an_ordinary_session(version), tariffs=[tariff], time_zone="UTC", ocpi_version="2.2.1"
    )
    assert isinstance(answer.priced, PricedCdr)
    assert answer.priced.rounded.total_cost is not None
    cost = answer.priced.rounded.total_cost.before_taxes
    assert cost is not None
    return cost


@pytest.mark.parametrize(("name", "code", "cost"), findings_that_cost())
def test_an_ordinary_session_costs_what_the_finding_says(name: str, code: str, cost: str) -> None:
    folder = CASES / name
    written = json.loads((folder / "fires.json").read_text(), parse_float=Decimal)
    changes = json.loads((folder / "meant.json").read_text(), parse_float=Decimal)[code]
    meant = {key: value for key, value in (written | changes).items() if value is not None}

    assert f"{cost_under(written)}, {cost_under(meant)}" == cost


def test_nothing_is_meant_that_no_finding_prices() -> None:
    told = {(name, code) for name, code, _ in findings_that_cost()}

    assert told == {
        (path.parent.name, code)
        for path in CASES.glob("*/meant.json")
        for code in json.loads(path.read_text())
    }
