"""The tolerant reading: any JSON object to a wire object in regular form.

Rule: knows the forms of OCPI's types, not its versions; accepts whatever has one meaning and
says so; never guesses at money.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from msgspec import UNSET, Raw, Struct
from msgspec.json import Decoder

from settlement.ocpi.document import value_of
from settlement.ocpi.price import read_price
from settlement.ocpi.reader import Reader
from settlement.ocpi.scalar import SCALARS
from settlement.ocpi.shape import Field, shape_of

_RAW_LIST = Decoder(list[Raw])


def read_document(wire: type[Struct], fields: dict[str, Raw], reader: Reader) -> Any:
    """Read a document that is split into its top-level fields.

    Embedded tariffs stay raw: they are read once for all documents that hold the same bytes.
    Fields that are of no weight are not decoded, whatever they hold.
    """
    values: dict[str, Any] = {}
    for field in shape_of(wire).fields:
        raw = fields.get(field.name)
        if raw is None:
            continue
        if bytes(raw) == b"null":
            values[field.name] = None
        elif field.kind == "untouched":
            values[field.name] = True
        elif field.kind == "tariffs":
            values[field.name] = _tariffs(raw, f"$.{field.name}", reader)
        else:
            values[field.name] = value_of(raw)
    values.update((name, True) for name in fields if name not in values)
    return read_object(wire, values, "$", reader)


def read_object(wire: type[Struct], values: dict[str, Any], path: str, reader: Reader) -> Any:
    """Read an object; what is missing or cannot be read is None in the wire object."""
    shape = shape_of(wire)
    by_name = shape.by_name
    read: dict[str, Any] = {}
    for name, value in values.items():
        field = by_name.get(name)
        if field is None:
            reader.unknown.append(f"{path}.{name}")
        elif value is None:
            if not field.required:
                reader.nulls.append(f"{path}.{name}")
        elif field.later:
            reader.remark("later_field", f"{path}.{name}")
            read[name] = READ[field.kind](field, value, f"{path}.{name}", reader)
        elif _is_regular(field, value):
            read[name] = value
        elif field.is_list:
            read[name] = _list(field, value, f"{path}.{name}", reader)
        else:
            read[name] = READ[field.kind](field, value, f"{path}.{name}", reader)
    for name in shape.required:
        if name not in read:
            field = by_name[name]
            reader.missing(field, f"{path}.{name}", values.get(name, UNSET))
            read[name] = field.empty
    return wire(**read)


def _is_regular(field: Field, value: Any) -> bool:
    """Tell at little cost what needs no reading: most values of most documents."""
    kind = field.kind
    if field.is_list:
        return False
    if type(value) is str:
        if kind == "id":
            return field.min_length <= len(value) <= field.max_length and "\0" not in value
        return value in field.codes
    return kind == "untouched" or (kind == "number" and type(value) is Decimal)


def _list(field: Field, value: Any, path: str, reader: Reader) -> list[Any] | None:
    if type(value) is not list:
        if type(value) is not dict and field.kind == "object":
            reader.unreadable(field, path, value, "must be a list of objects")
            return None
        reader.remark("not_a_list", path)
        value = [value]
    read = READ[field.kind]
    items = []
    for index, item in enumerate(value):
        if item is None:
            reader.nulls.append(f"{path}[{index}]")
            continue
        taken = read(field, item, f"{path}[{index}]", reader)
        if taken is not None:
            items.append(taken)
    if not items and field.min_items:
        if field.necessary:
            reader.problem(path, value, "needs at least one entry", is_missing=True)
        elif not value:
            reader.remark("empty_list", path)
    return items


def _object(field: Field, value: Any, path: str, reader: Reader) -> Any:
    assert field.wire is not None
    if type(value) is not dict:
        reader.unreadable(field, path, value, "must be an object")
        return None
    return read_object(field.wire, value, path, reader)


def _tariffs(raw: Raw, path: str, reader: Reader) -> list[Raw] | None:
    """Split the list of embedded tariffs; one tariff instead of a list counts as a list."""
    first = bytes(raw)[:1]
    if first == b"[":
        return _RAW_LIST.decode(raw)
    if first == b"{":
        reader.remark("not_a_list", path)
        return [raw]
    reader.problem(path, value_of(raw), "must be a list of tariffs")
    return None


def _untouched(_field: Field, value: Any, _path: str, _reader: Reader) -> Any:
    return value


READ: dict[str, Callable[[Field, Any, str, Reader], Any]] = {
    **SCALARS,
    "object": _object,
    "price": read_price,
    "tariffs": _untouched,
    "untouched": _untouched,
}
