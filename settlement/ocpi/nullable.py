"""The typed reading for documents whose only habit is explicit nulls.

Rule: many systems write every optional field as null; that must not cost them the fast reading.
The wire classes are the same with null allowed where OCPI has an optional field; what they hold
is brought to regular form, the nulls counted.
"""

from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UNSET, Struct

from settlement.ocpi.number import IrregularForm
from settlement.ocpi.shape import Shape, shape_of


@cache
def nullable(wire: type[Struct]) -> type[Struct]:
    """Derive the class that takes null for optional fields; UNSET stands for a field not sent."""
    hints = get_type_hints(wire, include_extras=True)
    fields: list[Any] = []
    for name, field in shape_of(wire).by_name.items():
        hint = _with_nullable_parts(hints[name])
        if field.required:
            fields.append((name, hint))
        else:
            fields.append((name, hint | None, UNSET))
    return msgspec.defstruct(wire.__name__, fields, bases=(wire,), kw_only=True)


def _with_nullable_parts(hint: Any) -> Any:
    """Replace the wire classes inside a field's type."""
    if get_origin(hint) is Annotated:
        base, *marks = get_args(hint)
        metas = [mark for mark in marks if isinstance(mark, msgspec.Meta)]
        inner = _with_nullable_parts(base)
        for meta in metas:
            inner = Annotated[inner, meta]
        return inner
    if get_origin(hint) is list:
        return list.__class_getitem__(_with_nullable_parts(get_args(hint)[0]))
    if isinstance(hint, type) and issubclass(hint, Struct):
        return nullable(hint)
    return hint


def regularise(wire: Struct, base: type[Struct], path: str, nulls: list[str]) -> None:
    """Bring an object of `nullable(base)` to regular form, collecting the paths of its nulls.

    Raises IrregularForm where a required field is null.
    """
    shape: Shape = shape_of(base)
    for field in shape.checked:
        name = field.name
        value = getattr(wire, name)
        if value is UNSET:
            if field.empty is None:
                setattr(wire, name, None)
        elif value is None:
            if field.required:
                raise IrregularForm
            nulls.append(f"{path}.{name}")
            setattr(wire, name, field.empty)
        elif field.wire is not None:
            if field.is_list:
                for index, item in enumerate(value):
                    regularise(item, field.wire, f"{path}.{name}[{index}]", nulls)
            else:
                regularise(value, field.wire, f"{path}.{name}", nulls)
