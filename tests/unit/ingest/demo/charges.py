"""Charges and terms for the tests of the demo: valid by default, override by keyword.

Rule: values only.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from ingest.demo.charge import Charge
from ingest.demo.places import PLACES
from ingest.demo.terms import Terms

PLACE = PLACES[0]  # Europe/Amsterdam


def at(clock: str, day: int = 3) -> datetime:
    return datetime.fromisoformat(f"2025-03-{day:02d}T{clock}").replace(tzinfo=UTC)


def a_charge(
    *,
    plugged: str = "08:00:00",
    charging: str = "08:00:00",
    charged: str = "10:00:00",
    left: str = "11:00:00",
    kwh: str = "20.000",
    days: int = 0,
    **fields: Any,
) -> Charge:
    """Give a charge of one UTC day in March 2025, `days` later at its end."""
    values: dict[str, Any] = {
        "id": "NL-1-000000",
        "connection_start": at(plugged),
        "charging_start": at(charging),
        "charging_end": at(charged, 3 + days),
        "connection_end": at(left, 3 + days),
        "energy_kwh": Decimal(kwh),
        "place": PLACE,
        "evse": PLACE.evses[0],
        "emsp": "BE*VLT",
        "user": "VLT00001",
    }
    return Charge(**(values | fields))


def some_terms(**prices: Any) -> Terms:
    """Give a tariff that asks only what is named; amounts may be strings."""
    values: dict[str, Any] = {
        "id": "NL-TEST",
        "cpo": "NL*LDN",
        "kind": "a test",
        "currency": "EUR",
        "vat": Decimal(20),
        "last_updated": datetime(2017, 12, 1, tzinfo=UTC),
    }
    decimals = {k: Decimal(v) if isinstance(v, str) else v for k, v in prices.items()}
    return Terms(**(values | decimals))
