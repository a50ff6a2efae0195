"""A tariff as its document says it, in one canonical spelling.

Rule: plain JSON in, of any OCPI version; only what can change a price, nothing is evaluated.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from settlement.verify.digest import content_digest
from settlement.verify.moment import is_plain_time, read_time
from settlement.verify.number import add, read_number, text_of

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
_TEXTS = ("start_time", "end_time", "start_date", "end_date", "reservation")


@dataclass(frozen=True, slots=True)
class Component:
    """A price component: per kWh, per hour or once."""

    dimension: str
    price: Decimal | None
    vat: Decimal | None
    step: int


@dataclass(frozen=True, slots=True)
class Element:
    """Components that share restrictions."""

    components: tuple[Component, ...]
    is_restricted: bool
    is_reservation: bool


@dataclass(frozen=True, slots=True)
class Tariff:
    """One content of a tariff."""

    digest: str
    currency: str
    elements: tuple[Element, ...]
    minimum: tuple[Decimal | None, Decimal | None] | None  # before and after taxes
    maximum: tuple[Decimal | None, Decimal | None] | None
    tax_included: str
    last_updated: datetime | None
    starts: datetime | None
    ends: datetime | None
    is_odd: bool  # not in OCPI's own form: read with tolerance

    @property
    def is_simple(self) -> bool:
        """Tell whether its price follows from the volumes alone."""
        return self.tax_included in {"NO", "N/A"} and not any(
            element.is_restricted
            or any(component.price is None for component in element.components)
            for element in self.elements
        )


def price_sides(value: Any) -> tuple[Decimal | None, Decimal | None]:
    """Read a price of any OCPI version: before and after taxes."""
    if not isinstance(value, dict):
        return read_number(value), None
    before = _first(value, "before_taxes", "excl_vat")
    after = _first(value, "after_taxes", "incl_vat")
    taxes = value.get("taxes")
    if after is None and before is not None and isinstance(taxes, list) and taxes:
        amounts = [read_number(tax.get("amount")) for tax in taxes if isinstance(tax, dict)]
        if None not in amounts:
            after = add(before, *(amount for amount in amounts if amount is not None))
    return before, after


def _first(value: dict[str, Any], *names: str) -> Decimal | None:
    for name in names:
        if value.get(name) is not None:
            return read_number(value[name])
    return None


def read_tariff(body: Any, *, currency: str = "") -> Tariff | None:
    """Read a tariff; None where it cannot price anything. `currency` stands in for its own."""
    if not isinstance(body, dict):
        return None
    told = body.get("elements")
    if not isinstance(told, list) or not told:
        return None
    elements = [_element(one) for one in told if isinstance(one, dict)]
    if len(elements) != len(told) or not all(element.components for element in elements):
        return None
    own = str(body.get("currency") or currency).upper()
    limits = [
        None if body.get(name) is None else price_sides(body[name])
        for name in ("min_price", "max_price")
    ]
    starts, ends, updated = (
        read_time(body.get(name)) for name in ("start_date_time", "end_date_time", "last_updated")
    )
    tax_included = str(body.get("tax_included") or "NO").upper()
    kind = body.get("type")
    content = [
        own,
        None if kind is None else str(kind).upper(),
        [[_content(component) for component in element.components] for element in elements],
        [_restrictions(one) for one in told],
        [None if limit is None else [text_of(side) for side in limit] for limit in limits],
        tax_included,
        [str(starts), str(ends)],
    ]
    return Tariff(
        digest=content_digest(content),
        currency=own,
        elements=tuple(elements),
        minimum=limits[0],
        maximum=limits[1],
        tax_included=tax_included,
        last_updated=updated,
        starts=starts,
        ends=ends,
        is_odd=_is_odd(body),
    )


def _element(told: dict[str, Any]) -> Element:
    components = told.get("price_components")
    if isinstance(components, dict):
        components = [components]
    restrictions = _restrictions(told)
    return Element(
        components=tuple(
            _component(one)
            for one in (components if isinstance(components, list) else [])
            if isinstance(one, dict)
        ),
        is_restricted=restrictions is not None,
        is_reservation=restrictions is not None and restrictions[-1] is not None,
    )


def _component(told: dict[str, Any]) -> Component:
    price = told.get("price")
    if isinstance(price, dict):
        price = price.get("before_taxes", price.get("excl_vat"))
    step = read_number(told.get("step_size"))
    return Component(
        dimension=str(told.get("type", "")).strip().upper(),
        price=read_number(price),
        vat=read_number(told.get("vat")),
        step=1 if step is None else int(step),
    )


def _content(component: Component) -> list[Any]:
    price, vat = text_of(component.price), text_of(component.vat)
    return [component.dimension, price, vat, component.step]


def _restrictions(told: Any) -> list[Any] | None:
    """Spell restrictions; None where nothing restricts."""
    restrictions = told.get("restrictions")
    if not isinstance(restrictions, dict):
        return None
    days = restrictions.get("day_of_week") or ()
    days = [days] if isinstance(days, str) else days
    spelled: list[Any] = [text_of(read_number(restrictions.get(name))) for name in _NUMBERS]
    spelled.append(sorted({str(day).upper() for day in days}) or None)
    for name in _TEXTS:
        value = restrictions.get(name)
        spelled.append(None if value is None else str(value).upper())
    return spelled if any(value is not None for value in spelled) else None


def _is_odd(body: dict[str, Any]) -> bool:
    """Tell whether a value that counts is written in another form than OCPI's."""
    for name in ("start_date_time", "end_date_time", "last_updated"):
        value = body.get(name)
        if value is not None and not is_plain_time(value):
            return True
    for element in body["elements"]:
        components = element.get("price_components")
        if not isinstance(components, list):
            return True
        for component in components:
            if any(isinstance(component.get(name), str) for name in ("price", "vat", "step_size")):
                return True
        restrictions = element.get("restrictions") or {}
        if not isinstance(restrictions, dict) or any(
            isinstance(restrictions.get(name), str) for name in _NUMBERS
        ):
            return True
        for name in ("start_time", "end_time"):
            value = restrictions.get(name)
            if value is not None and len(str(value)) != len("08:00"):
                return True
    return False
