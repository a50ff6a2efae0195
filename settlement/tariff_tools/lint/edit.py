"""Changes to a JSON text that leave all other bytes as they are.

Rule: what is removed takes its comma and blanks with it; nothing is read or formatted anew.
"""

from collections.abc import Sequence

from settlement.tariff_tools.lint.source import Node

Span = tuple[int, int]


def without_item(*, data: bytes, node: Node, index: int) -> bytes:
    """Take one item out of a list."""
    spans = [(item.start, item.end) for item in node.items or ()]
    return _without(data, node, spans, index)


def without_member(*, data: bytes, node: Node, place: int) -> bytes:
    """Take one member out of an object, by its place among all that are written."""
    spans = [(member.start, member.value.end) for member in node.members]
    return _without(data, node, spans, place)


def without_key(*, data: bytes, node: Node, name: str) -> bytes:
    """Take a key out of an object, the last of its name."""
    places = [place for place, member in enumerate(node.members) if member.name == name]
    return without_member(data=data, node=node, place=places[-1])


def with_value(*, data: bytes, node: Node, value: bytes) -> bytes:
    """Write another value in a value's place."""
    return data[: node.start] + value + data[node.end :]


def _without(data: bytes, node: Node, spans: Sequence[Span], place: int) -> bytes:
    if len(spans) == 1:
        start, end = node.start + 1, node.end - 1
    elif place < len(spans) - 1:
        start, end = spans[place][0], spans[place + 1][0]
    else:
        start, end = spans[place - 1][1], spans[place][1]
    return data[:start] + data[end:]
