"""A tariff as its document says it, in one canonical spelling.

Rule: plain JSON in, of any OCPI version; only what can change a price, nothing is evaluated.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from settlement.verify.digest import content_digest
from settlement.verify.number import text_of
from settlement.verify.value import Object, Reading, Sides

_NUMBERS = (
    "min_kwh",
    "max_kwh",
    "min_current",
    "max_current",
    "min_power",
    "max_power",
    "min_duration",
    "max_duration",
)
_CLOCKS = ("start_time", "end_time", "start_date", "end_date")
FIRST_VERSION = "2.1.1"  # of which tariffs know no taxes, limits and life
LAST_VERSION = "2.3.0"  # of which tariffs say whether taxes are included


@dataclass(frozen=True, slots=True)
class Component:
    """A price component: per kWh, per hour or once."""

    dimension: str
    price: Decimal | None  # None only while it is read
    vat: Decimal | None
    step: int


@dataclass(frozen=True, slots=True)
class Element:
    """Components that share restrictions."""

    components: tuple[Component, ...]
    restrictions: tuple[Any, ...] | None

    @property
    def is_restricted(self) -> bool:
        """Tell whether it does not always apply."""
        return self.restrictions is not None


@dataclass(frozen=True, slots=True)
class Tariff:
    """One content of a tariff."""

    digest: str  # our own, of what it can charge
    currency: str
    elements: tuple[Element, ...]
    minimum: Sides | None
    maximum: Sides | None
    tax_included: str
    last_updated: datetime | None
    is_odd: bool  # not in OCPI's own form: read with tolerance

    @property
    def is_simple(self) -> bool:
        """Tell whether its price follows from the volumes alone."""
        return self.tax_included in {"NO", "N/A"} and not any(
            element.is_restricted for element in self.elements
        )


def read_tariff(told: Any, *, version: str, currency: str = "") -> Tariff | None:
    """Read a tariff of this OCPI version; None where it cannot price anything.

    `currency` stands in for its own.
    """
    reading = Reading()
    body = reading.object(told)
    elements = [_element(one, reading, version) for one in reading.objects(body.get("elements"))]
    components = [component for element in elements for component in element.components]
    if not elements or any(one.price is None or not one.dimension for one in components):
        return None
    own = reading.currency(body.get("currency")) or currency
    limits: list[Sides | None] = [None, None]
    life: list[datetime | None] = [None, None]
    tax_included, kind = "NO", None
    if version != FIRST_VERSION:
        kind = reading.code(body.get("type"))
        life = [reading.time(body.get(name)) for name in ("start_date_time", "end_date_time")]
        limits = [
            None if body.get(name) is None else reading.price(body[name])
            for name in ("min_price", "max_price")
        ]
    if version == LAST_VERSION:
        tax_included = reading.code(body.get("tax_included")) or "NO"
    updated = reading.time(body.get("last_updated"))
    content = [
        own,
        kind,
        [[_content(component) for component in element.components] for element in elements],
        [element.restrictions for element in elements],
        [None if limit is None else [text_of(side) for side in limit] for limit in limits],
        tax_included,
        [str(moment) for moment in life],
    ]
    return Tariff(
        digest=content_digest(content),
        currency=own,
        elements=tuple(elements),
        minimum=limits[0],
        maximum=limits[1],
        tax_included=tax_included,
        last_updated=updated,
        is_odd=reading.is_odd,
    )


def _element(told: Object, reading: Reading, version: str) -> Element:
    return Element(
        components=tuple(
            _component(one, reading, version)
            for one in reading.objects(told.get("price_components"))
        ),
        restrictions=_restrictions(told, reading),
    )


def _component(told: Object, reading: Reading, version: str) -> Component:
    step = reading.number(told.get("step_size"))
    return Component(
        dimension=reading.code(told.get("type")) or "",
        price=reading.number(told.get("price")),
        vat=None if version == FIRST_VERSION else reading.number(told.get("vat")),
        step=1 if step is None else int(step),
    )


def _content(component: Component) -> list[Any]:
    price, vat = text_of(component.price), text_of(component.vat)
    return [component.dimension, price, vat, component.step]


def _restrictions(told: Object, reading: Reading) -> tuple[Any, ...] | None:
    """Spell restrictions; None where nothing restricts."""
    said = reading.object(told.get("restrictions"))
    days = said.get("day_of_week")
    days = [days] if isinstance(days, str) else days
    reading.is_odd |= days is not None and not isinstance(days, list)
    spelled = [
        *(text_of(reading.number(said.get(name))) for name in _NUMBERS),
        *(reading.clock(said.get(name)) for name in _CLOCKS),
        sorted({reading.code(day) or "" for day in days})
        if isinstance(days, list) and days
        else None,
        reading.code(said.get("reservation")),
    ]
    return tuple(spelled) if any(value is not None for value in spelled) else None
