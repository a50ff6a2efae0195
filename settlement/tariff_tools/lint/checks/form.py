"""How a tariff is written: fields nobody knows, codes in lower case, keys that are there twice.

Rule: the door's own remarks, with places; unknown fields are told one by one, with the field
that was likely meant.
"""

import re
from collections.abc import Iterator
from difflib import get_close_matches

import msgspec

from settlement.ocpi.problem import Remark
from settlement.ocpi.shape import shape_of
from settlement.ocpi.version import VERSIONS
from settlement.tariff_tools.lint.found import Found
from settlement.tariff_tools.lint.source import Node

_INDEX = re.compile(r"\[(\d+)\]")
_SIMILAR = 0.75  # of 1; `max_kw` is no misspelling of `max_kwh` alone, but near enough to say so
# The door tells these once for all; here each has its place.
_TOLD_SINGLY = {"unknown_field", "null_field"}


def pointer_of(path: str) -> str:
    """Turn a JSON path of the door (`$.elements[0].type`) into a JSON Pointer."""
    return _INDEX.sub(r"/\1", path.removeprefix("$")).replace(".", "/")


def check_remarks(remarks: tuple[Remark, ...]) -> Iterator[Found]:
    """Turn the door's remarks into findings."""
    for remark in remarks:
        if remark.code not in _TOLD_SINGLY:
            code = "wrong_case" if remark.code == "lower_case_code" else "form"
            yield Found(code, pointer_of(remark.path), f"{remark.message} ({remark.code})")


def check_fields(*, node: Node, ocpi_version: str) -> Iterator[Found]:
    """Find fields that this OCPI version does not have."""
    yield from _fields(node, VERSIONS[ocpi_version].tariff.wire, "")


def _fields(node: Node, wire: type[msgspec.Struct], before: str) -> Iterator[Found]:
    shape = shape_of(wire)
    for name, child in (node.fields or {}).items():
        field = shape.by_name.get(name)
        at = f"{before}/{name.replace('~', '~0').replace('/', '~1')}"
        if field is None:
            yield _unknown(name, at, sorted(shape.by_name.keys() - (node.fields or {}).keys()))
        elif field.wire is not None and not field.is_list:
            yield from _fields(child, field.wire, at)
        elif field.wire is not None:
            for index, item in enumerate(child.items or ()):
                yield from _fields(item, field.wire, f"{at}/{index}")


def _unknown(name: str, at: str, known: list[str]) -> Found:
    near = get_close_matches(name.lower().replace("-", "_"), known, n=1, cutoff=_SIMILAR)
    if near:
        text = f"{name} is no field of OCPI and is ignored; was {near[0]} meant?"
        return Found("misspelt_field", at, text)
    return Found("unknown_field", at, f"{name} is no field of this OCPI version and is ignored.")
