"""A curve as text: braille dots, two across and four down in a character.

Rule: characters only; what is drawn is told by `drawing`.
"""

from decimal import Decimal

from settlement.tariff_tools.plain.drawing import Drawing

ROWS = 9
_ACROSS, _DOWN = 2, 4
_BLANK = 0x2800  # U+2800, no dot set; the dots of a character by column and row:
_DOTS = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
_LEAST = 24  # characters across, whatever the terminal is


def text_chart(drawing: Drawing, *, width: int) -> list[str]:
    """Draw a curve in lines of at most `width` characters, axes and units included."""
    margin = max(map(len, drawing.y_ticks))
    columns = max(width - margin - 2, _LEAST)
    cells = [[0] * columns for _ in range(ROWS)]
    dots_down = ROWS * _DOWN - 1
    for across, (low, high) in enumerate(_spans(drawing, columns * _ACROSS)):
        top = dots_down - int(drawing.y.share(high) * dots_down)
        bottom = dots_down - int(drawing.y.share(low) * dots_down)
        for down in range(top, bottom + 1):
            cells[down // _DOWN][across // _ACROSS] |= _DOTS[across % _ACROSS][down % _DOWN]
    labels = _labels(drawing)
    lines = [f"{drawing.title} ({drawing.y_label})"]
    for row, cell in enumerate(cells):
        text = "".join(chr(_BLANK + dots) if dots else " " for dots in cell).rstrip()
        mark = "┤" if row in labels else "│"
        lines.append(f"{labels.get(row, ''):>{margin}} {mark}{text}".rstrip())
    lines.append(f"{'':>{margin}} └{'─' * columns}")
    lines.append(f"{'':>{margin}}  {_below(drawing, columns)}")
    lines.append(f"{'':>{margin}}  {drawing.x_label:>{columns}}")
    return lines


def _spans(drawing: Drawing, count: int) -> list[tuple[Decimal, Decimal]]:
    """Give the least and the most price in each of so many stretches of the axis."""
    points, length = drawing.points, drawing.points[-1][0]
    spans, place, last = [], 0, points[0][1]
    for number in range(1, count + 1):
        end = length * number / count
        amounts = [last]
        while place < len(points) and points[place][0] <= end:
            amounts.append(points[place][1])
            place += 1
        if place < len(points):
            (x, amount), (next_x, next_amount) = points[place - 1], points[place]
            amounts.append(amount + (next_amount - amount) * (end - x) / (next_x - x))
        last = amounts[-1]
        spans.append((min(amounts), max(amounts)))
    return spans


def _labels(drawing: Drawing) -> dict[int, str]:
    """Place the ticks beside their rows; where two fall on one, the upper one is told."""
    labels = {}
    dots_down = ROWS * _DOWN - 1
    for tick, text in zip(drawing.y.ticks, drawing.y_ticks, strict=True):
        labels[(dots_down - int(drawing.y.share(tick) * dots_down)) // _DOWN] = text
    return labels


def _below(drawing: Drawing, columns: int) -> str:
    """Write the ticks of the axis below, centred where there is room."""
    line = [" "] * columns
    for tick, text in zip(drawing.x.ticks, drawing.x_ticks, strict=True):
        at = int(drawing.x.share(tick) * (columns - 1)) - len(text) // 2
        at = max(0, min(at, columns - len(text)))
        if all(character == " " for character in line[max(at - 1, 0) : at + len(text) + 1]):
            line[at : at + len(text)] = text
    return "".join(line).rstrip()
