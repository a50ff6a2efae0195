"""The working of a price against the documents: volumes, prices, and which element is first.

Rule: each segment has to be found in the CDR's charging periods and in the tariff that the row
says it chose. Restrictions are not evaluated; an element without any is as far as one may go.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from settlement.verify.choice import Published, candidates_of, chosen_tariff
from settlement.verify.difference import Differences
from settlement.verify.document import CdrDocument, folded
from settlement.verify.number import (
    LARGEST,
    NOISE,
    ZERO,
    add,
    computed_column,
    divide,
    multiply,
    subtract,
    text_of,
    total,
)
from settlement.verify.simple import SECONDS, WATT_HOURS, simple_total
from settlement.verify.tariff import Component, Tariff

CHECK = "working"
Row = Mapping[str, Any]
Lines = list[tuple[str, object, object]]
ONE = Decimal(1)
# Hours are snapped to the nearest second; what step_size cuts as noise is less than 0.1 Wh.
A_SECOND = divide(ONE, SECONDS)
NOISE_KWH = Decimal("0.0001")
# Notes that say that a volume was replaced, with what it was read as.
REPLACED = frozenset({"time_unit_suspected", "time_negative", "periods_missing"})


class Segment(NamedTuple):
    """One segment of a row."""

    period: int
    tariff_id: str
    element: int | None
    component: int | None
    dimension: str
    is_reservation: bool
    volume: Decimal
    billed_volume: Decimal
    unit_price: Decimal
    tax_rate: Decimal | None


def check_working(
    row: Row, document: CdrDocument, published: Published, differences: Differences
) -> None:
    """Check the working of one row; one that has no price has none."""
    columns = [row[f"segment.{name}"] for name in Segment._fields]
    segments = [Segment(*values) for values in zip(*columns, strict=True)]
    if not segments:
        return
    tariffs = {
        tariff_id: chosen_tariff(candidates, published.get(tariff_id, ()),
                                 document.tariff(tariff_id))
        for tariff_id, candidates in candidates_of(row).items()
    }  # fmt: skip
    lines = _volumes(row, segments, document)
    for place, segment in enumerate(segments):
        tariff = tariffs.get(folded(segment.tariff_id))
        if tariff is not None:
            said = [*_price(segment, tariff), *_element(segment, tariff)]
            lines += [(f"segment {place}: {name}", told, found) for name, told, found in said]
    lines += _fee(segments, tariffs)
    lines += _total(row, document, tariffs)
    for name, expected, found in lines:
        differences.add(
            CHECK, f"CDR {row['cpo']} {row['cdr_key']}: {name}", expected=expected, found=found
        )


def _volumes(row: Row, segments: Sequence[Segment], document: CdrDocument) -> Lines:
    """Every volume of the document is in a segment, as it was measured."""
    if REPLACED & set(row["note.code"]) or not document.periods:
        return []
    pieces: dict[tuple[int, str, bool], list[Decimal]] = {}
    for segment in segments:
        if segment.dimension != "FLAT":
            key = (segment.period, segment.dimension, segment.is_reservation)
            pieces.setdefault(key, []).append(Decimal(segment.volume))
    found: Lines = []
    for place, period in enumerate(document.periods):
        for dimension in ("ENERGY", *_TIMES):
            measured = period.volumes.get(dimension, ZERO)
            priced = pieces.pop((place, dimension, False), [])
            allowed = NOISE if dimension == "ENERGY" else A_SECOND
            sides = measured, total(priced)
            if row["is_credit"]:
                sides = measured.copy_abs(), total(priced).copy_abs()
            if not _is_held(*sides, priced, allowed):
                found.append((f"{dimension} of charging period {place}", *sides))
        reserved = period.volumes.get("RESERVATION_TIME", ZERO)
        priced = pieces.pop((place, "TIME", True), [])
        reserved_sides = reserved.copy_abs(), total(priced).copy_abs()
        if not _is_held(*reserved_sides, priced, A_SECOND):
            name = f"RESERVATION_TIME of charging period {place}"
            found.append((name, reserved, total(priced)))
    for (place, dimension, _), volumes in pieces.items():
        if volume := total(volumes):
            found.append((f"{dimension} of charging period {place}", "no such period", volume))
    return found


def _is_held(
    measured: Decimal, priced: Decimal, pieces: Sequence[Decimal], allowed: Decimal
) -> bool:
    """Tell whether segments hold a volume; a piece that no column can hold stands there as 0."""
    missing = subtract(measured, priced).copy_abs()
    return missing <= allowed or (missing > LARGEST and ZERO in pieces)


_TIMES = ("TIME", "PARKING_TIME")


def _price(segment: Segment, tariff: Tariff) -> Lines:
    """Price, tax rate and step of a segment are those of its component."""
    if segment.element is None or segment.component is None:
        return [] if not segment.unit_price else [("price of what is free", 0, segment.unit_price)]
    component = _component(tariff, segment.element, segment.component)
    if component is None or component.dimension != segment.dimension:
        named = f"a component for {segment.dimension}"
        place = f"element {segment.element}, component {segment.component}"
        return [(place, named, None if component is None else component.dimension)]
    found: Lines = []
    price = None if component.price is None else computed_column(component.price) or ZERO
    if price is not None and price != segment.unit_price:
        found.append(("unit_price", text_of(price), segment.unit_price))
    rate = computed_column(component.vat)
    if tariff.tax_included != "N/A" and rate != segment.tax_rate:
        found.append(("tax_rate", text_of(rate), segment.tax_rate))
    return found + _step(segment, component)


def _component(tariff: Tariff, element: int, component: int) -> Component | None:
    if element >= len(tariff.elements):
        return None
    components = tariff.elements[element].components
    return components[component] if component < len(components) else None


def _step(segment: Segment, component: Component) -> Lines:
    """What is billed is what was measured, or up to one step more."""
    more = subtract(Decimal(segment.billed_volume), Decimal(segment.volume))
    step = Decimal(max(component.step, 1))
    if segment.dimension == "FLAT":
        is_right = segment.billed_volume == segment.volume == ONE
    elif segment.dimension == "ENERGY":
        is_right = -NOISE_KWH <= more < max(divide(step, WATT_HOURS), NOISE_KWH) or (
            segment.volume < 0 and more == ZERO
        )
    else:
        is_right = -A_SECOND <= more < multiply(A_SECOND, step + 1)
    if is_right or _is_half_held(segment, step):
        return []
    expected = f"{segment.volume}, or less than a step of {component.step} more"
    return [("billed_volume", expected, segment.billed_volume)]


def _is_half_held(segment: Segment, step: Decimal) -> bool:
    """Tell whether of measured and billed volume one was too large for its column, and is 0."""
    volumes = [Decimal(one).copy_abs() for one in (segment.volume, segment.billed_volume)]
    unit = WATT_HOURS if segment.dimension == "ENERGY" else SECONDS
    return min(volumes) == ZERO and add(max(volumes), divide(step, unit)) >= LARGEST


def _element(segment: Segment, tariff: Tariff) -> Lines:
    """Nothing behind an element without restrictions can price what that element prices."""
    if segment.is_reservation:
        return []
    for place, element in enumerate(tariff.elements):
        if segment.element is not None and place >= segment.element:
            return []
        offers = any(one.dimension == segment.dimension for one in element.components)
        if offers and not element.is_restricted:
            found = "none" if segment.element is None else segment.element
            return [(f"element that prices {segment.dimension}", place, found)]
    return []


def _fee(segments: Sequence[Segment], tariffs: Mapping[str, Tariff | None]) -> Lines:
    """A FLAT fee that nothing restricts is due once."""
    used = {folded(segment.tariff_id) for segment in segments if not segment.is_reservation}
    fees = [
        segment
        for segment in segments
        if segment.dimension == "FLAT" and not segment.is_reservation
    ]
    if len(fees) > 1:
        return [("FLAT fees", "at most one", len(fees))]
    due = any(
        not element.is_restricted
        for tariff_id in used
        if (tariff := tariffs.get(tariff_id)) is not None
        for element in tariff.elements
        if any(component.dimension == "FLAT" for component in element.components)
    )
    return [("FLAT fees", "one", "none")] if due and not fees else []


def _total(row: Row, document: CdrDocument, tariffs: Mapping[str, Tariff | None]) -> Lines:
    """Where the price follows from the volumes alone, it is computed anew."""
    if len(tariffs) != 1 or REPLACED & set(row["note.code"]):
        return []
    (tariff,) = tariffs.values()
    price = None if tariff is None else simple_total(tariff, document, row["currency"])
    priced = row["priced_before_taxes"]
    if price is None or priced is None or price == priced:
        return []
    return [("priced_before_taxes", f"{price}, computed anew from volumes and tariff", priced)]
