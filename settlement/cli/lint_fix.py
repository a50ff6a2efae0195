"""`settle lint --fix`: corrected copies of tariffs, and what was left in them.

Rule: a source is written over only where `--output` names it; what is mended is asked of
`settlement.tariff_tools.lint.fix`.
"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from settlement.cli.exit import FINE, Unusable
from settlement.cli.lint import (
    as_line,
    as_object,
    code_of,
    finding_object,
    place,
    read_source,
    told,
)
from settlement.ocpi.document import NotJson
from settlement.tariff_tools.lint.code import CODES
from settlement.tariff_tools.lint.fix import Fixed, fix
from settlement.tariff_tools.lint.linter import lint
from settlement.tariff_tools.lint.source import is_sealed

_SEALED = "A CDR stays as it was sent."
_OTHERWISE = "The text cannot be changed without being read otherwise."


class Copy(msgspec.Struct, frozen=True):
    """Where copies go, and how the report is written."""

    output: str | None  # None: beside the source; - is stdout
    ocpi_version: str | None
    is_json: bool

    def target(self, source: str) -> str:
        """Give the name of the copy."""
        if self.output is not None:
            return self.output
        if source == "-":
            raise Unusable("--fix of stdin needs --output FILE; - is stdout")
        path = Path(source)
        return str(path.with_name(f"{path.stem}.fixed{path.suffix or '.json'}"))


def write_copies(sources: Sequence[str], copy: Copy) -> int:
    """Write a corrected copy of each source in which something can be mended; the exit code."""
    if copy.output is not None and len(sources) > 1:
        raise Unusable("--output is for one source; without it each gets a copy beside it")
    if copy.output == "-" and copy.is_json:
        raise Unusable("--json and the copy both want stdout: give --output a file")
    return max(_write_copy(source, copy) for source in sources)


def _write_copy(source: str, copy: Copy) -> int:
    data, target = read_source(source), copy.target(source)
    report = sys.stderr if target == "-" else sys.stdout
    try:
        text, fixed = fix(data, ocpi_version=copy.ocpi_version)
    except NotJson:
        unreadable = lint(data)
        for linted in unreadable:
            line = "\n".join(told(source, linted))
            if copy.is_json:
                line = as_line(as_object(source, linted))
            print(line, file=report)
        return max(map(code_of, unreadable))
    is_changed = any(one.done for one in fixed)
    is_written = is_changed or copy.output is not None
    if target == "-":
        sys.stdout.buffer.write(text)
    elif is_written:
        _write(target, text)
    name = target if is_written and target != "-" else source
    for one in fixed:
        lines = _json(source, name, one) if copy.is_json else _told(source, name, one)
        print(*lines, sep="\n", file=report)
    if not copy.is_json and target != "-":
        source_name = "stdin" if source == "-" else source
        end = f"the corrected copy is {target}" if is_changed else "nothing to mend"
        print(f"{source_name}: {end}", file=report)
    return max((code_of(one.left) for one in fixed), default=FINE)


def _write(target: str, text: bytes) -> None:
    try:
        Path(target).write_bytes(text)
    except OSError as error:
        raise Unusable(f"{target}: {error.strerror}") from error


def _told(source: str, name: str, fixed: Fixed) -> list[str]:
    source_name = "stdin" if source == "-" else source
    lines = [f"{place(source_name, one)}: mended {one.code}: {one.message}" for one in fixed.done]
    return lines + told(name, fixed.left, left=_reason(fixed))


def _json(source: str, name: str, fixed: Fixed) -> list[str]:
    document = as_object(source, fixed.left)
    reason = _reason(fixed)
    for finding in document["findings"]:
        finding["left"] = reason(finding["code"])
    document |= {"copy": name, "mended": [finding_object(one) for one in fixed.done]}
    return [as_line(document)]


def _reason(fixed: Fixed) -> Callable[[str], str]:
    if is_sealed(fixed.left.pointer):
        return lambda _: _SEALED
    return lambda code: CODES[code].left or _OTHERWISE
