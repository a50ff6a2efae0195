"""How a value that the door tolerates is written in OCPI's own form.

Rule: only where both are read as the same value; a form with more than one meaning is left.
"""

import json
from collections.abc import Callable, Iterator
from datetime import UTC
from decimal import Decimal
from typing import Any

import msgspec

from settlement.ocpi.moment import parse_clock, parse_date, parse_time
from settlement.ocpi.number import parse_number
from settlement.ocpi.shape import Field, shape_of
from settlement.tariff_tools.lint.source import Node, Source, escaped


class Rewrite(msgspec.Struct, frozen=True):
    """Bytes to put in the place of others."""

    start: int
    end: int
    text: bytes


class Regular(msgspec.Struct, frozen=True):
    """One value in OCPI's form: which finding it ends, where, how it was and how it is."""

    code: str
    pointer: str
    message: str
    rewrites: tuple[Rewrite, ...]


def regular_forms(
    *, source: Source, node: Node, wire: type[msgspec.Struct], pointer: str = ""
) -> Iterator[Regular]:
    """Find the values of a document that are not in OCPI's form, and have one."""
    shape = shape_of(wire)
    for name, child in (node.fields or {}).items():
        field = shape.by_name.get(name)
        if field is None:
            continue
        at = f"{pointer}/{escaped(name)}"
        children = [(at, child)]
        if field.is_list:
            if child.items is None:
                if source.text(child) == b"null":
                    continue
                yield _as_list(child, at)
            else:
                children = [(f"{at}/{index}", item) for index, item in enumerate(child.items)]
        for place, value in children:
            if field.wire is not None and field.kind == "object":
                yield from regular_forms(source=source, node=value, wire=field.wire, pointer=place)
            elif field.kind == "price":
                yield from _amounts(source, value, place)
            else:
                yield from _value(source, field, value, place)


def _as_list(node: Node, at: str) -> Regular:
    around = (Rewrite(node.start, node.start, b"["), Rewrite(node.end, node.end, b"]"))
    return Regular("form", at, "One value is now a list of one.", around)


def _amounts(source: Source, node: Node, at: str) -> Iterator[Regular]:
    number = Field(name="", kind="number")
    for name, child in (node.fields or {}).items():
        yield from _value(source, number, child, f"{at}/{name}")


def _value(source: Source, field: Field, node: Node, at: str) -> Iterator[Regular]:
    spell = _SPELLINGS.get(field.kind)
    if spell is None or node.fields is not None or node.items is not None:
        return
    sent = source.text(node)
    value = json.loads(sent, parse_float=_Literal, parse_int=_Literal)
    written = spell(field, value)
    if written is None or written == sent:
        return
    code = "wrong_case" if field.kind in _CODES else "form"
    told = f"{sent.decode()} is now {written.decode()}."
    yield Regular(code, at, told, (Rewrite(node.start, node.end, written),))


class _Literal(str):
    """A number as it is written."""

    __slots__ = ()


def _code(field: Field, value: Any) -> bytes | None:
    if type(value) is not str or value in field.codes:
        return None
    code = value.strip().upper()
    return _text(code) if code in field.codes else None


def _upper(_field: Field, value: Any) -> bytes | None:
    return _text(value.upper()) if type(value) is str and value.upper() != value else None


def _as_text(_field: Field, value: Any) -> bytes | None:
    return _text(value) if type(value) is _Literal and value.isdigit() else None


def _number(_field: Field, value: Any) -> bytes | None:
    read = parse_number(value) if type(value) is str else None
    return str(read).encode() if isinstance(read, Decimal) else None


def _whole(_field: Field, value: Any) -> bytes | None:
    read = parse_number(str(value)) if isinstance(value, str) else None
    if not isinstance(read, Decimal) or read.adjusted() >= 18:
        return None
    return str(int(read)).encode() if read == read.to_integral_value() else None


def _time(_field: Field, value: Any) -> bytes | None:
    read = parse_time(value) if type(value) is str and len(value) < 100 else None
    if read is None or not read[1] or "time_fraction_cut" in read[1] or "time_unknown" in read[1]:
        return None
    return _text(f"{read[0].astimezone(UTC).replace(tzinfo=None).isoformat()}Z")


def _clock(_field: Field, value: Any) -> bytes | None:
    read = parse_clock(value) if type(value) is str and len(value) < 100 else None
    return None if read is None or read.second else _text(f"{read:%H:%M}")


def _date(_field: Field, value: Any) -> bytes | None:
    read = parse_date(value) if type(value) is str and len(value) < 100 else None
    return None if read is None else _text(read.isoformat())


def _text(value: str) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


_CODES = {"code", "day", "currency", "country"}
_SPELLINGS: dict[str, Callable[[Field, Any], bytes | None]] = {
    "code": _code,
    "day": _code,
    "currency": _upper,
    "country": _upper,
    "id": _as_text,
    "text": _as_text,
    "number": _number,
    "whole": _whole,
    "time": _time,
    "clock": _clock,
    "date": _date,
}
