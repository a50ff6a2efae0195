"""`settle lint TARIFF.json`: what a tariff does otherwise than it reads.

Rule: reads, prints and exits; what is odd is asked of `settlement.tariff_tools.lint`.
"""

import json
import sys
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
) -> None:
    """Tell what a tariff does otherwise than it reads, and what that costs.

    Exit 0: nothing, or notices alone; 1: warnings; 2: some input is unreadable.
    """
    from settlement.tariff_tools.lint.linter import lint as findings_of  # noqa: PLC0415 - engine

    if not sources:
        raise Unusable("name a file of tariffs, or - for stdin")
    worst = FINE
    for source in sources:
        data = _read(source)
        for linted in findings_of(data, ocpi_version=_known(ocpi)):
            print(_json(source, linted) if as_json else _told(source, linted))
            worst = max(worst, *map(_code, linted.findings), FINE)
    raise typer.Exit(worst)


def _code(finding: "Finding") -> int:
    if finding.code == "unreadable":
        return UNUSABLE
    return FINE if finding.severity == "notice" else FINDINGS


def _known(version: str | None) -> str | None:
    from settlement.ocpi.version import VERSIONS  # noqa: PLC0415 - loads the wire classes

    if version is not None and version not in VERSIONS:
        raise Unusable(f"--ocpi {version}: one of {', '.join(VERSIONS)}")
    return version


def _read(source: str) -> bytes:
    if source == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise Unusable(f"{source}: {error.strerror}") from error


def _told(source: str, linted: "Linted") -> str:
    name = "stdin" if source == "-" else source
    lines = []
    for one in linted.findings:
        lines.append(f"{name}:{one.line}:{one.column}: {one.severity} {one.code}: {one.message}")
        if one.cost is not None:
            lines.append(f"    {_cost(one)}")
    tariff = linted.tariff
    if tariff is not None:
        label = f"{name}{linted.pointer and ' ' + linted.pointer}: tariff {tariff.id}"
        lines.append(f"{label}: {_summary(linted)}")
    return "\n".join(lines)


def _cost(finding: "Finding") -> str:
    cost = finding.cost
    assert cost is not None
    written = f"An ordinary session costs {cost.as_written} {cost.currency}"
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
    price = f"{linted.cost.as_written} {linted.cost.currency} before taxes"
    return f"{text}. An ordinary session ({SENTENCE}) costs {price}."


def _json(source: str, linted: "Linted") -> str:
    tariff, cost = linted.tariff, linted.cost
    document: dict[str, Any] = {
        "source": source,
        "pointer": linted.pointer,
        "tariff_id": tariff.id if tariff else None,
        "ocpi_version": tariff.ocpi_version if tariff else None,
        "ordinary_session_cost": None if cost is None else str(cost.as_written),
        "currency": tariff.currency if tariff else None,
        "findings": [_json_finding(one) for one in linted.findings],
    }
    return json.dumps(document, ensure_ascii=False)


def _json_finding(finding: "Finding") -> dict[str, Any]:
    told: dict[str, Any] = {
        "code": finding.code,
        "severity": finding.severity,
        "pointer": finding.pointer,
        "line": finding.line,
        "column": finding.column,
        "message": finding.message,
    }
    if finding.cost is not None:
        told["cost_as_written"] = str(finding.cost.as_written)
        told["cost_as_meant"] = str(finding.cost.as_meant)
    return told
