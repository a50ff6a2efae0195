"""Tariff elements and charging periods in a few words, and their price.

Rule: for the tests of this folder; whole records come from `tests.builders`.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from settlement.cdr import Cdr, CdrDimension, ChargingPeriod
from settlement.pricing.engine import price
from settlement.pricing.priced import PricedCdr
from settlement.tariff import PriceComponent, Restrictions, TariffElement
from tests.builders import START

D = Decimal
HOUR = timedelta(hours=1)


def an_element(*components: PriceComponent, **restrictions: Any) -> TariffElement:
    return TariffElement(
        price_components=components,
        restrictions=Restrictions(**restrictions) if restrictions else None,
    )


def a_period(hours: int = 0, tariff: str | None = "T1", **volumes: Any) -> ChargingPeriod:
    dimensions = tuple(CdrDimension(kind, D(volume)) for kind, volume in volumes.items())
    return ChargingPeriod(START + hours * HOUR, dimensions, tariff)


def priced(cdr: Cdr, **changes: Any) -> PricedCdr:
    told: dict[str, Any] = {"tariffs": cdr.tariffs, "zone": "Europe/Amsterdam"}
    result = price(cdr=cdr, **(told | changes))
    assert isinstance(result, PricedCdr), result
    return result
