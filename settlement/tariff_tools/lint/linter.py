"""`lint`: every oddity of the tariffs in a text, with its place and what it costs.

Rule: a function of the bytes; the checks find, this file places and prices what they found.
"""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from settlement.ocpi.detection import detect_version
from settlement.ocpi.document import NotJson
from settlement.ocpi.door import parse_tariff
from settlement.ocpi.problem import UnreadableDocument
from settlement.tariff import Tariff
from settlement.tariff_tools.lint.checks.component import check_components
from settlement.tariff_tools.lint.checks.fee import check_fees
from settlement.tariff_tools.lint.checks.form import check_fields, check_remarks, pointer_of
from settlement.tariff_tools.lint.checks.life import check_life, check_limits
from settlement.tariff_tools.lint.checks.reach import check_holes, check_reach
from settlement.tariff_tools.lint.checks.restriction import check_restrictions
from settlement.tariff_tools.lint.code import CODES
from settlement.tariff_tools.lint.family import subject_of
from settlement.tariff_tools.lint.found import Cost, Finding, Found, Subject
from settlement.tariff_tools.lint.source import Node, NoValue, Source, at_pointer, doubled
from settlement.tariff_tools.lint.sweep import TooWide
from settlement.tariff_tools.ordinary import session_cost

Check = Callable[[Subject], Iterator[Found]]

_CHECKS: tuple[Check, ...] = (
    check_reach,
    check_holes,
    check_fees,
    check_restrictions,
    check_components,
    check_life,
    check_limits,
)


class Linted(msgspec.Struct, frozen=True):
    """One tariff of a text: where it stands, what it is, what is odd about it."""

    pointer: str
    tariff: Tariff | None  # None where it is unreadable
    cost: Cost | None  # of an ordinary session; both sides the same
    findings: tuple[Finding, ...]


def lint(data: bytes, *, ocpi_version: str | None = None) -> list[Linted]:
    """Lint the tariffs of a text: one, an array, JSON lines, an OCPI answer, a CDR's own.

    Never raises for what the text holds: what cannot be read is a finding `unreadable`.
    """
    try:
        source = Source(data)
    except NotJson as reason:
        line, column = (reason.line, reason.column) if isinstance(reason, NoValue) else (1, 1)
        severity = CODES["unreadable"].severity
        finding = Finding("unreadable", severity, "", line, column, f"{reason}.")
        return [Linted("", None, None, (finding,))]
    return [
        lint_node(source=source, node=node, pointer=pointer, ocpi_version=ocpi_version)
        for pointer, node in tariffs_of(source)
    ]


def tariffs_of(source: Source) -> Iterator[tuple[str, Node]]:
    """Give the tariffs of a text, each with its JSON Pointer."""
    many = len(source.values) > 1
    for index, value in enumerate(source.values):
        yield from _inside(value, f"/{index}" if many else "")


def _inside(node: Node, pointer: str) -> Iterator[tuple[str, Node]]:
    fields = node.fields or {}
    if node.items is not None:
        for index, item in enumerate(node.items):
            yield from _inside(item, f"{pointer}/{index}")
    elif "charging_periods" in fields and "tariffs" in fields:
        yield from _inside(fields["tariffs"], f"{pointer}/tariffs")
    elif "data" in fields and "status_code" in fields:
        yield from _inside(fields["data"], f"{pointer}/data")
    else:
        yield pointer, node


def lint_node(*, source: Source, node: Node, pointer: str, ocpi_version: str | None) -> Linted:
    """Lint one tariff of a text."""
    text = source.text(node)
    try:
        version = ocpi_version or detect_version(text)
        parsed = parse_tariff(text, ocpi_version=version)
    except UnreadableDocument as error:
        found = [
            Found("unreadable", pointer_of(one.path), f"{one.path}: {one.value}: {one.rule}.")
            for one in error.problems
        ]
        placed = [_placed(source, node, pointer, one, None) for one in found]
        return Linted(pointer, None, None, tuple(placed))
    tariff = parsed.value
    found = [*check_remarks(parsed.remarks), *check_fields(node=node, ocpi_version=version)]
    found += found_in(tariff)
    total = session_cost(tariff)
    placed = [
        _placed(source, node, pointer, one, _cost(tariff, one.meant, one.code)) for one in found
    ]
    for at, offset in doubled(node=node):
        place = source.place(offset)
        message = f"The key {at.rpartition('/')[2]} is there twice; the last one counts."
        severity = CODES["key_twice"].severity
        placed.append(
            Finding("key_twice", severity, pointer + at, place.line, place.column, message)
        )
    placed.sort(key=lambda finding: (finding.line, finding.column, finding.code))
    cost = None if total is None else Cost(tariff.currency, total, total)
    return Linted(pointer, tariff, cost, tuple(placed))


def found_in(tariff: Tariff, checks: Sequence[Check] = _CHECKS) -> list[Found]:
    """Run the checks that ask what a tariff says and not how it is written."""
    try:
        subject = subject_of(tariff)
        return [found for check in checks for found in check(subject)]
    except TooWide:
        return [Found("not_swept", "/elements", CODES["not_swept"].means)]


def _placed(source: Source, node: Node, pointer: str, found: Found, cost: Cost | None) -> Finding:
    place = source.place(at_pointer(node=node, pointer=found.pointer).start)
    return Finding(
        found.code,
        CODES[found.code].severity,
        pointer + found.pointer,
        place.line,
        place.column,
        found.message,
        cost,
    )


def _cost(tariff: Tariff, meant: Tariff | None, code: str) -> Cost | None:
    assert code in CODES, code
    if meant is None or not meant.elements:
        return None
    as_written, as_meant = session_cost(tariff), session_cost(meant)
    if as_written is None or as_meant is None:
        return None
    return Cost(tariff.currency, as_written, as_meant)
