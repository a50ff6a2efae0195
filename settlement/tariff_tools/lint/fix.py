"""`fix`: a corrected copy of a text of tariffs, in which no price is another.

Rule: a function of the bytes. What is changed is read again and has to be exactly the tariff that
was meant to come out, of the same OCPI version; else it is left. All other bytes stay.
"""

import msgspec

from settlement.ocpi.detection import detect_version
from settlement.ocpi.door import parse_tariff
from settlement.ocpi.problem import UnreadableDocument
from settlement.ocpi.version import VERSIONS
from settlement.tariff import Tariff
from settlement.tariff_tools.lint.checks.component import check_components
from settlement.tariff_tools.lint.checks.form import check_fields
from settlement.tariff_tools.lint.checks.reach import check_reach
from settlement.tariff_tools.lint.checks.restriction import check_restrictions
from settlement.tariff_tools.lint.code import CODES
from settlement.tariff_tools.lint.edit import without_member
from settlement.tariff_tools.lint.found import Finding, Found
from settlement.tariff_tools.lint.linter import Linted, found_in, lint_node, tariffs_of
from settlement.tariff_tools.lint.regular import regular_forms
from settlement.tariff_tools.lint.repair import REPAIRS, Repair, repair_of
from settlement.tariff_tools.lint.source import Node, Source, at_pointer, escaped, is_sealed

_CHECKS = (check_reach, check_restrictions, check_components)  # what can be mended comes of these
# Where one of these stands, what never prices may be what was meant to: nothing is taken out.
_UNSURE = {"misspelt_field", "clock_equal"}
FIXABLE = frozenset(REPAIRS) | {"key_twice", "wrong_case", "form"}


class Fixed(msgspec.Struct, frozen=True):
    """One tariff of the copy: what was done to it, at its place in the source, and what is left."""

    done: tuple[Finding, ...]
    left: Linted


def fix(data: bytes, *, ocpi_version: str | None = None) -> tuple[bytes, list[Fixed]]:
    """Correct the tariffs of a text; raises NotJson where it is none.

    A tariff inside a CDR stays as it was sent.
    """
    source = Source(data)
    pieces: list[bytes] = []
    done: list[tuple[Finding, ...]] = []
    at = 0
    for pointer, node in tariffs_of(source):
        bench = _Bench(source.text(node), ocpi_version)
        if not is_sealed(pointer):
            bench.repair()
        pieces += [source.data[at : node.start], bench.data]
        at = node.end
        done.append(tuple(_placed(source, node, pointer, one) for one in bench.done))
    copy = b"".join([*pieces, source.data[at:]])
    again = Source(copy)
    left = [
        lint_node(source=again, node=node, pointer=pointer, ocpi_version=ocpi_version)
        for pointer, node in tariffs_of(again)
    ]
    return copy, [Fixed(*both) for both in zip(done, left, strict=True)]


def _placed(source: Source, node: Node, pointer: str, found: Found) -> Finding:
    place = source.place(at_pointer(node=node, pointer=found.pointer).start)
    severity = CODES[found.code].severity
    at = pointer + found.pointer
    return Finding(found.code, severity, at, place.line, place.column, found.message)


class _Bench:
    """One tariff under repair: its text, its record, what was done; places are the source's."""

    def __init__(self, data: bytes, ocpi_version: str | None) -> None:
        self.data = data
        self.done: list[Found] = []
        self._given = ocpi_version
        self._version = ""
        # where the elements and components that are left stood in the source
        self._origin: list[tuple[int, list[int]]] = []

    def repair(self) -> None:
        """Do all that can be done."""
        try:
            self._version = self._given or detect_version(self.data)
            self._tariff = self._read(self.data)
        except UnreadableDocument:
            return
        self._drop_doubled_keys()
        top = Source(self.data).values[0]
        fields = check_fields(node=top, ocpi_version=self._version)
        self._is_misspelt = any(found.code in _UNSURE for found in fields)
        self._write_regularly()
        self._origin = [
            (number, list(range(len(element.price_components))))
            for number, element in enumerate(self._tariff.elements)
        ]
        self._refused: set[tuple[str, str]] = set()
        while self._mend_one():
            pass

    def _read(self, data: bytes) -> Tariff:
        return parse_tariff(data, ocpi_version=self._version).value

    def _accept(self, data: bytes | None, expected: Tariff) -> bool:
        """Keep a changed text that is read as the tariff it should be, in the same version."""
        if data is None:
            return False
        try:
            if not self._given and detect_version(data) != self._version:
                return False
            if self._read(data) != expected:
                return False
        except UnreadableDocument:
            return False
        self.data, self._tariff = data, expected
        return True

    def _drop_doubled_keys(self) -> None:
        while (found := _first_doubled(Source(self.data).values[0], "")) is not None:
            node, place, pointer = found
            data = without_member(data=self.data, node=node, place=place)
            if not self._accept(data, self._tariff):
                return
            name = pointer.rpartition("/")[2]
            message = f"The {name} that another one follows is gone: the last one counts."
            self.done.append(Found("key_twice", pointer, message))

    def _write_regularly(self) -> None:
        source = Source(self.data)
        wire = VERSIONS[self._version].tariff.wire
        forms = list(regular_forms(source=source, node=source.values[0], wire=wire))
        rewrites = [rewrite for form in forms for rewrite in form.rewrites]
        data = self.data
        for one in sorted(rewrites, key=lambda one: (one.start, one.end), reverse=True):
            data = data[: one.start] + one.text + data[one.end :]
        if forms and self._accept(data, self._tariff):
            self.done += [Found(form.code, form.pointer, form.message) for form in forms]

    def _mend_one(self) -> bool:
        """Mend one finding, from the last element to the first; False where none is left."""
        top = Source(self.data).values[0]
        told = found_in(self._tariff, _CHECKS)
        is_unsure = self._is_misspelt or any(one.code in _UNSURE for one in told)
        for found in sorted(told, key=_order, reverse=True):
            if found.code not in REPAIRS or (found.code, found.pointer) in self._refused:
                continue
            repair = repair_of(tariff=self._tariff, found=found)
            if repair is not None and not (repair.removed and is_unsure):
                data = repair.edit(self.data, top)
                if self._accept(data, repair.expected):
                    self._note(found, repair)
                    return True
            self._refused.add((found.code, found.pointer))
        return False

    def _note(self, found: Found, repair: Repair) -> None:
        self.done.append(Found(found.code, self._at_origin(found.pointer), repair.message))
        if not repair.removed:
            return
        element = repair.removed[0]
        if len(repair.removed) == 1:
            del self._origin[element]
        else:
            del self._origin[element][1][repair.removed[1]]
        # what comes after it has another pointer now
        self._refused = {one for one in self._refused if _element_of(one[1]) < element}

    def _at_origin(self, pointer: str) -> str:
        """Give the pointer that a place had in the source."""
        parts = pointer.split("/")
        element, components = self._origin[int(parts[2])]
        if len(parts) > 4 and parts[3] == "price_components":
            parts[4] = str(components[int(parts[4])])
        parts[2] = str(element)
        return "/".join(parts)


def _order(found: Found) -> tuple[int, ...]:
    return tuple(int(part) for part in found.pointer.split("/") if part.isdigit())


def _element_of(pointer: str) -> int:
    return int(pointer.split("/")[2])


def _first_doubled(node: Node, pointer: str) -> tuple[Node, int, str] | None:
    """Find the first member whose key comes again in its object."""
    last = {member.name: place for place, member in enumerate(node.members)}
    for place, member in enumerate(node.members):
        if last[member.name] != place:
            return node, place, f"{pointer}/{escaped(member.name)}"
    children = [(f"/{escaped(name)}", child) for name, child in (node.fields or {}).items()]
    children += [(f"/{index}", child) for index, child in enumerate(node.items or ())]
    for name, child in children:
        found = _first_doubled(child, pointer + name)
        if found is not None:
            return found
    return None
