"""The wire models as tables that the tolerant reading walks.

Rule: derived from the wire classes alone, so that the two readings cannot drift apart.
"""

from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, UNSET, Meta, Struct

from settlement.ocpi.form import Form, Later, Weight


class Field(Struct, frozen=True, kw_only=True):
    """One field of a wire class."""

    name: str
    kind: str  # of the value, or of each value of a list
    required: bool = False
    vital: bool = False
    necessary: bool = False
    later: bool = False  # of a later version of OCPI
    is_list: bool = False
    min_items: int = 0
    min_length: int = 0
    max_length: int = 1_000_000
    codes: frozenset[str] = frozenset()
    renamed: dict[str, str] = {}
    wire: type[Struct] | None = None  # of an object
    empty: Any = None  # what stands in the wire object when nothing was sent


class Shape(Struct, frozen=True):
    """A wire class: its fields in order and by name, and those that must be sent.

    `checked` are the fields in which a null can hide that the typed reading lets through.
    """

    fields: tuple[Field, ...]
    by_name: dict[str, Field]
    required: tuple[str, ...]
    checked: tuple[Field, ...]


@cache
def shape_of(wire: type[Struct]) -> Shape:
    """Compile a wire class."""
    hints = get_type_hints(wire, include_extras=True)
    fields = tuple(
        _field(info.name, hints[info.name], info.default is NODEFAULT)
        for info in msgspec.structs.fields(wire)
    )
    return Shape(
        fields,
        {field.name: field for field in fields},
        tuple(field.name for field in fields if field.required),
        tuple(
            field
            for field in fields
            if not field.required or field.empty is UNSET or field.wire is not None
        ),
    )


def _field(name: str, hint: Any, required: bool) -> Field:
    told: dict[str, Any] = {"name": name, "required": required}
    base = _annotations(hint, told)
    if get_origin(base) is list and told.get("kind") is None:
        told["is_list"] = True
        told["min_items"] = told.pop("min_length", 0)
        base = _annotations(get_args(base)[0], told)
    if told.get("kind") is None:
        assert isinstance(base, type), (name, base)
        assert issubclass(base, Struct), (name, base)
        told["kind"] = "object"
    if isinstance(base, type) and not isinstance(base, UnionType) and issubclass(base, Struct):
        told["wire"] = base
    if told["kind"] == "number" or (told["kind"] == "price" and told.get("wire") is None):
        told["empty"] = UNSET
    if get_origin(base) is Literal:
        told["codes"] = frozenset(get_args(base))
    return Field(**told)


def _annotations(hint: Any, told: dict[str, Any]) -> Any:
    if get_origin(hint) is not Annotated:
        return hint
    base, *marks = get_args(hint)
    for mark in marks:
        if isinstance(mark, Later):
            told["later"] = True
            return _annotations(mark.hint, told)
        if isinstance(mark, Form):
            told["kind"] = mark.kind
            told["renamed"] = dict(mark.renamed)
        elif isinstance(mark, Weight):
            told["vital"] = mark.vital
            told["necessary"] = mark.necessary
        elif isinstance(mark, Meta):
            if mark.min_length is not None:
                told["min_length"] = mark.min_length
            if mark.max_length is not None:
                told["max_length"] = mark.max_length
    return base
