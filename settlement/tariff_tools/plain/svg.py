"""Both curves as one picture: SVG without scripts, styles or fonts from elsewhere.

Rule: pixels and markup only; every text is escaped; what is drawn is told by `drawing`.
"""

import html
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from settlement.tariff_tools.plain.drawing import Drawing

WIDTH, HEIGHT = 960, 430
_PANEL = 480  # a curve's share of the width
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 24, 120, 62
_WIDEST_LEFT = 200  # where amounts are long; beyond it they are written smaller
_SIZE, _GAP = 13, 8
_EM = Decimal("0.62")  # of a wide sign of a usual sans-serif font, as a share of its size
_PIXEL = Decimal("0.01")
_INK, _SOFT, _GRID = "#1a1a1a", "#4d4d4d", "#d9d9d9"
_CURVES = ("#00558c", "#8c3b00")  # dark enough on white, and told apart without colour by place
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def picture(
    drawings: Sequence[Drawing], *, title: str, subtitle: str, description: str, language: str
) -> str:
    """Draw up to two curves side by side; `description` is for those who cannot see them."""
    lines = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-labelledby="title description" '
            f'xml:lang="{language}" font-family="sans-serif" font-size="13" fill="{_INK}">'
        ),
        f'<title id="title">{escaped(title)}</title>',
        f'<desc id="description">{escaped(description)}</desc>',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        _text(24, 36, title, size=20, room=WIDTH - 48),
        _text(24, 62, subtitle, colour=_SOFT, room=WIDTH - 48),
    ]
    for number, drawing in enumerate(drawings):
        lines += _panel(drawing, start=_PANEL * number, colour=_CURVES[number])
    return "\n".join([*lines, "</svg>", ""])


def escaped(text: str) -> str:
    """Write a text so that it is XML whatever is in it."""
    return html.escape(_NOT_XML.sub("\ufffd", text))


def _panel(drawing: Drawing, *, start: int, colour: str) -> Iterator[str]:
    longest = int(max(map(len, drawing.y_ticks)) * _SIZE * _EM)
    margin = min(max(longest + 3 * _GAP, _LEFT), _WIDEST_LEFT)
    left, width, height = start + margin, _PANEL - margin - _RIGHT, HEIGHT - _TOP - _BOTTOM
    right, bottom = left + width, HEIGHT - _BOTTOM
    yield _text(left, _TOP - 30, drawing.title, size=15, room=width + _RIGHT)
    yield _text(left, _TOP - 11, drawing.y_label, colour=_SOFT, room=width + _RIGHT)
    for tick, label in zip(drawing.y.ticks, drawing.y_ticks, strict=True):
        at = _pixels(bottom - drawing.y.share(tick) * height)
        yield f'<path d="M{left} {at}H{right}" stroke="{_GRID}"/>'
        room = margin - 2 * _GAP
        yield _text(left - _GAP, at, label, anchor="end", shift="0.35em", room=room)
    for tick, label in zip(drawing.x.ticks, drawing.x_ticks, strict=True):
        at = _pixels(left + drawing.x.share(tick) * width)
        yield f'<path d="M{at} {bottom}v5" stroke="{_INK}"/>'
        yield _text(at, bottom + 20, label, anchor="middle")
    middle = left + width // 2
    yield _text(middle, bottom + 44, drawing.x_label, anchor="middle", colour=_SOFT, room=width)
    yield f'<path d="M{left} {_TOP}V{bottom}H{right}" fill="none" stroke="{_INK}"/>'
    dots = [
        f"{_pixels(left + drawing.x.share(x) * width)} "
        f"{_pixels(bottom - drawing.y.share(y) * height)}"
        for x, y in drawing.points
    ]
    yield (
        f'<path d="M{"L".join(dots)}" fill="none" stroke="{colour}" stroke-width="2.5" '
        'stroke-linejoin="round"/>'
    )


def _pixels(value: Decimal) -> str:
    return f"{value.quantize(_PIXEL).normalize():f}"


def _text(
    x: int | str,
    y: int | str,
    text: str,
    *,
    size: int = _SIZE,
    anchor: str = "start",
    colour: str = _INK,
    shift: str = "0",
    room: int = WIDTH,
) -> str:
    """Write a text, smaller where it would take more than its room."""
    size = max(min(size, int(room / (len(text) * _EM))), 1) if text else size
    return (
        f'<text x="{x}" y="{y}" dy="{shift}" font-size="{size}" text-anchor="{anchor}" '
        f'fill="{colour}">{escaped(text)}</text>'
    )
