"""The curves are the engine's prices, and the picture is the curves."""

import json
import re
from decimal import Decimal
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from settlement.tariff_tools.plain.curve import Curve
from settlement.tariff_tools.plain.drawing import Drawing
from settlement.tariff_tools.plain.language import LANGUAGES
from settlement.tariff_tools.plain.svg import HEIGHT, WIDTH
from settlement.tariff_tools.plain.told import Told, told_document
from tests.builders import a_tariff_document

SVG = "{http://www.w3.org/2000/svg}"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
EM = Decimal("0.62")  # of a wide sign of a usual sans-serif font, as a share of its size


def component(kind: str, price: float, **changes: Any) -> dict[str, Any]:
    return {"type": kind, "price": price, "step_size": 1, "vat": 0, **changes}


def a_tariff_of(*components: dict[str, Any], lang: str = "en", **changes: Any) -> Told:
    elements = [{"price_components": list(components)}]
    document = a_tariff_document(**{"elements": elements, **changes})
    return told_document(json.dumps(document).encode(), language=LANGUAGES[lang])


def amounts(curve: Curve | None) -> list[tuple[int, Decimal]]:
    assert curve is not None
    return curve.amounts()


def risers(points: list[tuple[int, Decimal]]) -> list[tuple[int, Decimal]]:
    """Give the steps of a staircase: the unit at which each begins, and its price."""
    assert all(high == low or right == left + 1 for (left, low), (right, high) in pairwise(points))
    return [(right, high) for (_, low), (right, high) in pairwise(points) if high != low]


def test_energy_in_steps_is_a_staircase() -> None:
    told = a_tariff_of(component("ENERGY", 0.5, step_size=5000))

    steps = risers(amounts(told.energy))

    # every started 5 kWh cost 2.50, from its first Wh on
    assert steps == [(n * 5000 + 1, Decimal("2.5") * (n + 1)) for n in range(6)]


def test_time_in_steps_is_a_staircase_and_flat_once_it_is_parked() -> None:
    told = a_tariff_of(component("TIME", 3, step_size=1800))

    steps = risers(amounts(told.time))

    assert steps == [(n * 1800 + 1, Decimal("1.5") * (n + 1)) for n in range(4)]
    assert amounts(told.time)[-1] == (10800, Decimal("6.0"))


def test_steps_of_two_dimensions_stand_in_both_curves() -> None:
    told = a_tariff_of(
        component("ENERGY", 0.3, step_size=10000), component("PARKING_TIME", 6, step_size=1200)
    )

    over_time = risers(amounts(told.time))

    # 10 kWh take 40 minutes at 15 kW
    charged = [(n * 2400 + 1, Decimal(3) * (n + 1)) for n in range(3)]
    parked = [(7200 + n * 1200 + 1, 9 + Decimal(2) * (n + 1)) for n in range(3)]
    assert over_time == charged + parked


def test_a_step_that_is_reached_stays_where_the_session_goes_on() -> None:
    told = a_tariff_of(component("FLAT", 1), component("ENERGY", 0.5, step_size=30000))

    assert risers(amounts(told.energy)) == [(1, Decimal(16))]


@pytest.mark.parametrize(
    "components",
    [
        [component("ENERGY", 0.25)],
        [component("FLAT", 2), component("TIME", 3, step_size=900), component("PARKING_TIME", 6)],
        [component("ENERGY", -0.25)],
        [component("ENERGY", 0)],
    ],
)
def test_a_path_goes_through_the_points_of_its_curve(components: list[dict[str, Any]]) -> None:
    told = a_tariff_of(*components)
    root = ET.fromstring(told.svg())  # noqa: S314 - our own text

    paths = [one.attrib["d"] for one in root.iter(f"{SVG}path") if "stroke-width" in one.attrib]

    assert len(paths) == 2
    for path, curve, drawing in zip(paths, (told.energy, told.time), told.drawings, strict=True):
        assert curve is not None
        drawn = [Decimal(text) for text in NUMBER.findall(path)]
        dots = list(zip(drawn[::2], drawn[1::2], strict=True))
        assert dots == [expected(drawing, root, at, amount) for at, amount in curve.amounts()]
        assert path == "M" + "L".join(f"{x:f} {y:f}" for x, y in dots)


def expected(drawing: Drawing, root: ET.Element, at: int, amount: Decimal) -> tuple[Any, Any]:
    """Work out where a point belongs, from where the picture writes the ends of the axes."""
    (low, high), (left, right) = frame(drawing, root)
    x = left + (right - left) * at / drawing.x.ticks[-1]
    first, last = drawing.y.ticks[0], drawing.y.ticks[-1]
    y = low - (low - high) * (amount - first) / (last - first)
    return (x.quantize(Decimal("0.01")).normalize(), y.quantize(Decimal("0.01")).normalize())


def frame(drawing: Drawing, root: ET.Element) -> tuple[Any, Any]:
    """Find the axes of a drawing: the path from the top of one to the end of the other."""
    place = [one.text for one in root.iter(f"{SVG}text")].index(drawing.title)
    ordinal = 0 if place < 5 else 1
    axes = [one.attrib["d"] for one in root.iter(f"{SVG}path") if one.attrib.get("fill") == "none"]
    left, top, bottom, right = map(Decimal, NUMBER.findall(axes[ordinal * 2]))
    return (bottom, top), (left, right)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize(
    "changes",
    [
        {"id": "X" * 36},
        {"currency": "IDR", "elements": [{"price_components": [component("ENERGY", 45000000)]}]},
        {"currency": "", "elements": [{"price_components": [component("ENERGY", -1e9)]}]},
        {"elements": [{"price_components": [component("ENERGY", 0)]}]},
    ],
)
def test_nothing_is_drawn_beyond_the_edges(lang: str, changes: dict[str, Any]) -> None:
    root = ET.fromstring(a_tariff_of(lang=lang, **changes).svg())  # noqa: S314 - our own text

    assert root.attrib["viewBox"] == f"0 0 {WIDTH} {HEIGHT}"
    for one in root.iter(f"{SVG}text"):
        left, right = span(one)
        assert left >= 0, one.text
        assert right <= WIDTH, one.text
        assert 0 <= Decimal(one.attrib["y"]) <= HEIGHT
    for one in root.iter(f"{SVG}path"):
        numbers = [Decimal(text) for text in NUMBER.findall(one.attrib["d"])]
        assert all(0 <= number <= WIDTH for number in numbers)


def span(text: ET.Element) -> tuple[Decimal, Decimal]:
    """Give from where to where a text reaches, if all its signs were wide."""
    width = len(text.text or "") * Decimal(text.attrib["font-size"]) * EM
    at = Decimal(text.attrib["x"])
    share = {"start": Decimal(0), "middle": width / 2, "end": width}[text.attrib["text-anchor"]]
    return at - share, at - share + width
