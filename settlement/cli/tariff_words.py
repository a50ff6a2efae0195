"""A tariff in plain words as Markdown, for a terminal, and as JSON.

Rule: spells what `settlement.tariff_tools.plain` tells; computes nothing.
"""

import json
from collections.abc import Sequence
from typing import Any

from settlement.answer_json import plain
from settlement.cli.working import VISIBLE
from settlement.tariff import Price
from settlement.tariff_tools.plain.curve import Curve
from settlement.tariff_tools.plain.rows import HEADS, Row, heads
from settlement.tariff_tools.plain.text_chart import text_chart
from settlement.tariff_tools.plain.told import Told

MARKDOWN_WIDTH = 72


def markdown(told: Told) -> str:
    """Tell a tariff as Markdown: sentences, table, both curves."""
    names = heads(told.language)
    lines = [
        f"# {_escaped(told.title)}",
        "",
        *(f"* {_escaped(text)}" for text in told.sentences),
        "",
    ]
    lines += [_row(names), _row("---" for _ in names), *(_row(row.words) for row in told.rows)]
    lines += ["", _escaped(told.cost_sentence), ""]
    for drawing in told.drawings:
        chart = [line.translate(VISIBLE) for line in text_chart(drawing, width=MARKDOWN_WIDTH)]
        lines += ["```text", *chart, "```", ""]
    return "\n".join(lines)


def screen(told: Told, *, width: int) -> str:
    """Tell a tariff for a terminal."""
    names = heads(told.language)
    lines = [told.title, "", *(f"- {text}" for text in told.sentences), ""]
    lines += [*_columns([names, *(list(row.words) for row in told.rows)]), ""]
    lines += [told.cost_sentence, ""]
    for drawing in told.drawings:
        lines += [*text_chart(drawing, width=width), ""]
    return "\n".join(line.translate(VISIBLE) for line in lines)


def as_json(told: Told) -> str:
    """Tell a tariff as one line of JSON; amounts are decimal strings."""
    document = {
        "tariff_id": told.tariff.id,
        "ocpi_version": told.tariff.ocpi_version,
        "language": told.language.code,
        "currency": told.tariff.currency,
        "sentences": told.sentences,
        "rows": [_object(row) for row in told.rows],
        "ordinary_session": {"cost": _price(told.cost), "sentence": told.cost_sentence},
        "curves": {
            "energy": _curve(told.energy, "Wh"),
            "time": _curve(told.time, "s"),
        },
    }
    return json.dumps(document, ensure_ascii=False)


def _object(row: Row) -> dict[str, Any]:
    component = row.component
    return {
        "element": row.element,
        "type": component.type,
        "price": plain(component.price),
        "vat": None if component.vat is None else plain(component.vat),
        "step_size": component.step_size,
        "is_reached": row.is_reached,
        "words": dict(zip(HEADS, row.words, strict=True)),
    }


def _price(price: Price | None) -> dict[str, str | None] | None:
    if price is None:
        return None
    sides = {"before_taxes": price.before_taxes, "after_taxes": price.after_taxes}
    return {name: None if side is None else plain(side) for name, side in sides.items()}


def _curve(curve: Curve | None, unit: str) -> dict[str, Any] | None:
    if curve is None:
        return None
    return {
        "unit": unit,
        "is_exact": curve.is_exact,
        "points": [{"at": point.at, **(_price(point.price) or {})} for point in curve.points],
    }


def _row(cells: Any) -> str:
    return f"| {' | '.join(_escaped(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _escaped(text: str) -> str:
    return text.replace("\n", " ").translate(VISIBLE).replace("<", "&lt;")


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    from rich.cells import cell_len  # noqa: PLC0415 - 40 ms

    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell + " " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
