"""Where every value of a JSON text stands: JSON Pointer to line and column.

Rule: finds places and nothing more; what a value means is the door's business. A text that is
no JSON raises NotJson with the line and column at which it stops being one.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from settlement.ocpi.document import NotJson, checked

_BLANK = re.compile(rb"[ \t\r\n]*")
_STRING = re.compile(rb'"(?:[^"\\\x00-\x1f]|\\.)*"')
_ATOM = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null")
_MARK = b"\xef\xbb\xbf"


class NoValue(NotJson):
    """The text stops being JSON at a line and column."""

    def __init__(self, place: "Place") -> None:
        super().__init__(f"not JSON at line {place.line}, column {place.column}")
        self.line, self.column = place.line, place.column


class Member(msgspec.Struct, frozen=True):
    """One key of an object, the byte where it begins, and its value."""

    name: str
    start: int
    value: "Node"


class Node(msgspec.Struct):
    """One value: its first and last byte, what is in it, and keys that are there twice."""

    start: int
    end: int = 0
    fields: dict[str, "Node"] | None = None  # of a key that is there twice, the last
    items: list["Node"] | None = None
    twice: list[tuple[str, int]] = []
    members: list[Member] = []  # as written


class Place(msgspec.Struct, frozen=True):
    """A place in a text, both counted from 1; a column counts characters."""

    line: int
    column: int


class Source:
    """A text of one or several JSON values, one after the other (JSON lines)."""

    def __init__(self, data: bytes) -> None:
        self.data = checked(data.removeprefix(_MARK))
        self.values: list[Node] = []
        at = self._blank(0)
        while at < len(self.data):
            node = self._value(at)
            self.values.append(node)
            at = self._blank(node.end)
        if not self.values:
            raise NotJson("is empty")

    def place(self, offset: int) -> Place:
        """Give line and column of a byte."""
        before = self.data[:offset]
        line = before.rfind(b"\n") + 1
        return Place(before.count(b"\n") + 1, len(before[line:].decode("utf-8", "replace")) + 1)

    def text(self, node: Node) -> bytes:
        """Give the bytes of a value."""
        return self.data[node.start : node.end]

    def value(self, node: Node) -> Any:
        """Give a value as plain JSON with texts, lists and objects; numbers as texts."""
        return json.loads(self.text(node), parse_float=str, parse_int=str)

    def _blank(self, at: int) -> int:
        match = _BLANK.match(self.data, at)
        assert match is not None
        return match.end()

    def _value(self, at: int) -> Node:
        first = self.data[at : at + 1]
        if first == b"{":
            return self._object(at)
        if first == b"[":
            return self._list(at)
        match = (_STRING if first == b'"' else _ATOM).match(self.data, at)
        if match is None:
            raise self._wrong(at)
        return Node(at, match.end())

    def _object(self, at: int) -> Node:
        fields: dict[str, Node] = {}
        node = Node(at, fields=fields, twice=[], members=[])
        at = self._blank(at + 1)
        while self.data[at : at + 1] != b"}":
            if fields:
                at = self._blank(self._mark(at, b","))
            match = _STRING.match(self.data, at)
            if match is None:
                raise self._wrong(at)
            try:
                name = json.loads(match.group())
            except ValueError:
                raise self._wrong(at) from None
            begin = at
            if name in fields:
                node.twice.append((name, begin))
            at = self._blank(self._mark(self._blank(match.end()), b":"))
            fields[name] = self._value(at)
            node.members.append(Member(name, begin, fields[name]))
            at = self._blank(fields[name].end)
        node.end = at + 1
        return node

    def _list(self, at: int) -> Node:
        items: list[Node] = []
        node = Node(at, items=items)
        at = self._blank(at + 1)
        while self.data[at : at + 1] != b"]":
            if items:
                at = self._blank(self._mark(at, b","))
            items.append(self._value(at))
            at = self._blank(items[-1].end)
        node.end = at + 1
        return node

    def _mark(self, at: int, mark: bytes) -> int:
        if self.data[at : at + 1] != mark:
            raise self._wrong(at)
        return at + 1

    def _wrong(self, at: int) -> NotJson:
        return NoValue(self.place(at))


def at_pointer(*, node: Node, pointer: str) -> Node:
    """Give the value at a JSON Pointer, or the nearest one around it."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        found = None
        if node.fields is not None:
            found = node.fields.get(name)
        elif node.items is not None and name.isdigit() and int(name) < len(node.items):
            found = node.items[int(name)]
        if found is None:
            return node
        node = found
    return node


def escaped(name: str) -> str:
    """Write a key as a part of a JSON Pointer."""
    return name.replace("~", "~0").replace("/", "~1")


def find(*, node: Node, pointer: str) -> Node | None:
    """Give the value at a JSON Pointer; None where there is none."""
    for part in pointer.split("/")[1:]:
        below = at_pointer(node=node, pointer=f"/{part}")
        if below is node:
            return None
        node = below
    return node


def is_sealed(pointer: str) -> bool:
    """Tell whether a tariff stands in a CDR, which never changes once it was sent."""
    return pointer.rstrip("0123456789").rstrip("/").endswith("/tariffs")


def doubled(*, node: Node, pointer: str = "") -> Iterator[tuple[str, int]]:
    """Give the pointer and place of every key that its object holds twice."""
    for name, at in node.twice:
        yield f"{pointer}/{escaped(name)}", at
    for name, child in (node.fields or {}).items():
        yield from doubled(node=child, pointer=f"{pointer}/{escaped(name)}")
    for index, child in enumerate(node.items or ()):
        yield from doubled(node=child, pointer=f"{pointer}/{index}")
