"""What plain words, curves and pictures must hold whatever the tariff is."""

import json
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from settlement.ocpi.door import parse_cdr, parse_tariff
from settlement.tariff_tools.ordinary import CHARGING, PARKING, session_cost
from settlement.tariff_tools.plain.curve import Curve, curve_over_energy, curve_over_time
from settlement.tariff_tools.plain.language import ENGLISH, LANGUAGES
from settlement.tariff_tools.plain.sentences import sentences_of
from settlement.tariff_tools.plain.svg import HEIGHT, WIDTH
from settlement.tariff_tools.plain.text_chart import text_chart
from settlement.tariff_tools.plain.told import Told, told, told_document
from tests.builders import a_tariff_document
from tests.naive.worlds import a_world

SVG = "{http://www.w3.org/2000/svg}"
RANDOM_WORLDS = 8


def component(kind: str, price: float, **changes: Any) -> dict[str, Any]:
    return {"type": kind, "price": price, "step_size": 1, "vat": 20, **changes}


def a_tariff_of(*elements: dict[str, Any], **changes: Any) -> Told:
    document = a_tariff_document(elements=list(elements), **changes)
    return told_document(json.dumps(document).encode(), language=ENGLISH)


def amounts(curve: Curve | None) -> list[tuple[int, Decimal]]:
    assert curve is not None
    return curve.amounts()


def test_a_curve_steps_where_the_price_does_and_is_straight_between() -> None:
    fee = {"price_components": [component("FLAT", 1), component("PARKING_TIME", 6)]}
    late = {
        "price_components": [component("TIME", 3)],
        "restrictions": {"min_duration": 3600},
    }

    over_time = amounts(a_tariff_of(fee, late).time)

    assert over_time == [
        (0, Decimal("1.2")),  # the fee, with 20 % on top
        (3600, Decimal("1.2")),
        (7200, Decimal("4.8")),
        (10800, Decimal("12.0")),
    ]


def test_the_last_point_of_the_curve_is_what_an_ordinary_session_costs() -> None:
    parsed = parse_tariff(json.dumps(a_tariff_document()).encode(), ocpi_version="2.2.1").value

    curve = curve_over_time(parsed)

    assert curve is not None
    at, price = curve.points[-1].at, curve.points[-1].price.before_taxes
    assert at == int((CHARGING + PARKING).total_seconds())
    assert price == session_cost(parsed)
    energy = curve_over_energy(parsed)
    assert energy is not None
    assert energy.points[-1].at == 30_000


def test_a_picture_is_xml_within_its_edges_and_shows_no_markup_of_the_tariff() -> None:
    tariff = a_tariff_of(
        {"price_components": [component("ENERGY", 0.3)]},
        id="<script>&\x01",
        tariff_alt_text=[{"language": "en", "text": "</svg><script/>"}],
    )

    root = ET.fromstring(tariff.svg())  # noqa: S314 - our own text

    assert {child.tag.removeprefix(SVG) for child in root.iter()} == {
        "svg",
        "title",
        "desc",
        "rect",
        "text",
        "path",
    }
    texts = [one.text or "" for one in root.iter(f"{SVG}text")]
    assert {"energy in kWh", "time in hours", "price in EUR including VAT"} <= set(texts)
    assert any("<script>&" in text for text in texts)
    for one in root.iter(f"{SVG}text"):
        assert 0 <= float(one.attrib["x"]) <= WIDTH
        assert 0 <= float(one.attrib["y"]) <= HEIGHT


@pytest.mark.parametrize("width", [10, 40, 200])
def test_a_chart_fits_the_terminal_where_it_can(width: int) -> None:
    drawing = a_tariff_of({"price_components": [component("ENERGY", 0.3)]}).drawings[0]

    lines = text_chart(drawing, width=width)

    assert max(map(len, lines[1:])) <= max(width, 24 + 7)


@pytest.mark.parametrize("seed", range(1, RANDOM_WORLDS + 1))
def test_any_tariff_is_told(seed: int) -> None:
    world = a_world(seed)

    for tariff in parse_cdr(world.document, ocpi_version=world.version).value.tariffs:
        said = told(tariff, language=LANGUAGES["en"])

        for sentences in (said.sentences, sentences_of(tariff, LANGUAGES["de"])):
            assert sentences
            assert all(one[0] == one[0].upper() for one in sentences)
        ET.fromstring(said.svg())  # noqa: S314 - our own text
