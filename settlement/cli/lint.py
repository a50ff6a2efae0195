"""`settle lint TARIFF.json`: what a tariff does otherwise than it reads.

Rule: reads, prints and exits; what is odd is asked of `settlement.tariff_tools.lint`.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from settlement.cli.exit import FINDINGS, FINE, UNUSABLE, Unusable
from settlement.cli.price import Version

if TYPE_CHECKING:
    from settlement.tariff_tools.lint.found import Finding
    from settlement.tariff_tools.lint.linter import Linted


def lint(
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TARIFF...", help="Files of tariffs (one, an array, JSON lines); - is stdin."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON a tariff.")] = False,
    ocpi: Version = None,
    fix: Annotated[
        bool, typer.Option("--fix", help="Write a corrected copy in which no price is another.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="The copy; else NAME.fixed.json. - is stdout."),
    ] = None,
) -> None:
    """Tell what a tariff does otherwise than it reads, and what that costs.

    Exit 0: nothing, or notices alone; 1: warnings; 2: some input is unreadable.
    With --fix they are those of the copy.
    """
    from settlement.tariff_tools.lint.linter import lint as findings_of  # noqa: PLC0415 - engine

    if not sources:
        raise Unusable("name a file of tariffs, or - for stdin")
    version = _known(ocpi)
    if fix or output is not None:
        from settlement.cli.lint_fix import Copy, write_copies  # noqa: PLC0415 - loads the engine

        if not fix:
            raise Unusable("--output is for the copy that --fix writes")
        raise typer.Exit(write_copies(sources, Copy(output, version, is_json=as_json)))
    worst = FINE
    for source in sources:
        found = findings_of(read_source(source), ocpi_version=version)
        for linted in found:
            lines = told(source, linted)
            print(as_line(as_object(source, linted)) if as_json else "\n".join(lines))
            worst = max(worst, code_of(linted))
        if not found:
            print(f"settle: {_name(source)}: holds no tariff", file=sys.stderr)
    raise typer.Exit(worst)


def code_of(linted: "Linted") -> int:
    """Give the exit code for what was found."""
    return max(map(_code, linted.findings), default=FINE)


def _code(finding: "Finding") -> int:
    if finding.code == "unreadable":
        return UNUSABLE
    return FINE if finding.severity == "notice" else FINDINGS


def _known(version: str | None) -> str | None:
    from settlement.ocpi.version import VERSIONS  # noqa: PLC0415 - loads the wire classes

    if version is not None and version not in VERSIONS:
        raise Unusable(f"--ocpi {version}: one of {', '.join(VERSIONS)}")
    return version


def read_source(source: str) -> bytes:
    """Read a file or stdin."""
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise Unusable(f"{source}: {error.strerror}") from error


def told(source: str, linted: "Linted", *, left: Callable[[str], str] | None = None) -> list[str]:
    """Tell the findings of a tariff; `left` tells why one of a code is not mended."""
    name = _name(source)
    lines = []
    for one in linted.findings:
        lines.append(f"{place(name, one)}: {one.severity} {one.code}: {one.message}")
        if one.cost is not None:
            lines.append(f"    {_cost(one)}")
        if left is not None:
            lines.append(f"    Left: {left(one.code)}")
    tariff = linted.tariff
    if tariff is not None:
        label = f"{name}{linted.pointer and ' ' + linted.pointer}: tariff {tariff.id}"
        lines.append(f"{label}: {_summary(linted)}")
    return lines


def _name(source: str) -> str:
    return "stdin" if source == "-" else source


def place(name: str, finding: "Finding") -> str:
    """Give where a finding is, as editors and terminals link it."""
    return f"{name}:{finding.line}:{finding.column}"


def _cost(finding: "Finding") -> str:
    cost = finding.cost
    assert cost is not None
    written = f"An ordinary session costs {cost.as_written} {cost.currency}".rstrip()
    return f"{written} either way." if not cost.difference else f"{written}, not {cost.as_meant}."


def _summary(linted: "Linted") -> str:
    counts = {"error": 0, "warning": 0, "notice": 0}
    for one in linted.findings:
        counts[one.severity] += 1
    from settlement.tariff_tools.ordinary import SENTENCE  # noqa: PLC0415 - loads the engine

    told = [f"{count} {name}{'s' * (count > 1)}" for name, count in counts.items() if count]
    text = ", ".join(told) or "nothing odd"
    if linted.cost is None:
        return text
    price = " ".join(f"{linted.cost.as_written} {linted.cost.currency} before taxes".split())
    return f"{text}. An ordinary session ({SENTENCE}) costs {price}."


def as_line(document: dict[str, Any]) -> str:
    """Write one line of JSON."""
    return json.dumps(document, ensure_ascii=False)


def as_object(source: str, linted: "Linted") -> dict[str, Any]:
    """Give a tariff and its findings as plain JSON."""
    tariff, cost = linted.tariff, linted.cost
    return {
        "source": source,
        "pointer": linted.pointer,
        "tariff_id": tariff.id if tariff else None,
        "ocpi_version": tariff.ocpi_version if tariff else None,
        "ordinary_session_cost": None if cost is None else str(cost.as_written),
        "currency": tariff.currency if tariff else None,
        "findings": [finding_object(one) for one in linted.findings],
    }


def finding_object(finding: "Finding") -> dict[str, Any]:
    """Give a finding as plain JSON."""
    document: dict[str, Any] = {
        "code": finding.code,
        "severity": finding.severity,
        "pointer": finding.pointer,
        "line": finding.line,
        "column": finding.column,
        "message": finding.message,
    }
    if finding.cost is not None:
        document["cost_as_written"] = str(finding.cost.as_written)
        document["cost_as_meant"] = str(finding.cost.as_meant)
    return document
