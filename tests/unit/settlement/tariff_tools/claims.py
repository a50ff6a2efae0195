"""CDRs that claim so much, and the tariffs and elements that they are made of.

Rule: documents only; nothing is priced here but by the caller.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from settlement.answer import Answer
from tests.builders import a_cdr_document, a_charging_period_document, a_tariff_document

FEE = {"type": "FLAT", "price": 1, "vat": 20, "step_size": 1}
HALF = {"type": "ENERGY", "price": 0.5, "vat": 20, "step_size": 1}
FIFTH = {"type": "ENERGY", "price": 0.2, "vat": 20, "step_size": 1}
TIME = {"type": "TIME", "price": 3, "vat": 20, "step_size": 1}
PARKING = {"type": "PARKING_TIME", "price": 6, "vat": 20, "step_size": 1}
DAY = {"start_time": "08:00", "end_time": "20:00"}
NIGHT = {"start_time": "20:00", "end_time": "08:00"}


PARKED = ({"TIME": "1"}, {"TIME": "1"}, {"PARKING_TIME": "1"})  # at 3.00 and 6.00: 12.00


def an_element(*components: dict[str, Any], **restrictions: Any) -> dict[str, Any]:
    element: dict[str, Any] = {"price_components": [dict(one) for one in components]}
    return element | ({"restrictions": restrictions} if restrictions else {})


def a_claim(
    before: str,
    after: str | None,
    *elements: dict[str, Any],
    volumes: Sequence[dict[str, str]] = ({"ENERGY": "10", "TIME": "1"},),
    tariff: dict[str, Any] | None = None,
    **changes: Any,
) -> dict[str, Any]:
    """Give a CDR of an hour a period from 10:00 UTC, 11:00 local, which claims so much."""
    cost: dict[str, Any] = {"excl_vat": Decimal(before)}
    if after is not None:
        cost["incl_vat"] = Decimal(after)
    periods = [
        a_charging_period_document(
            start_date_time=f"2024-03-01T{10 + place}:00:00Z",
            dimensions=[{"type": kind, "volume": Decimal(v)} for kind, v in period.items()],
        )
        for place, period in enumerate(volumes)
    ]
    document = a_cdr_document(
        end_date_time=f"2024-03-01T{10 + len(volumes)}:00:00Z",
        tariffs=[a_tariff_document(elements=list(elements), **(tariff or {}))],
        charging_periods=periods,
        total_cost=cost,
        **changes,
    )
    for name in ("total_energy_cost", "total_energy", "total_time"):
        document.pop(name, None)
    kwh = sum(Decimal(v.get("ENERGY", 0)) for v in volumes)
    hours = sum(Decimal(v.get(k, 0)) for v in volumes for k in ("TIME", "PARKING_TIME"))
    return document | {"total_energy": kwh, "total_time": hours}


def codes_of(answer: Answer) -> list[str]:
    return [cause.code for cause in answer.causes]
