"""`settle generate TARIFF.json`: the CDR of a session under a tariff.

Rule: reads, prints and exits; what is in the CDR is asked of `settlement.tariff_tools.generate`.
"""

import sys
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from settlement.cli.exit import Unusable
from settlement.cli.price import Zone

if TYPE_CHECKING:
    from settlement.party import PartyId


def generate(  # noqa: PLR0917 - Typer's way to declare options
    source: Annotated[
        str, typer.Argument(metavar="TARIFF", help="A file with a tariff; - is stdin.")
    ],
    start: Annotated[
        str,
        typer.Option(
            metavar="TIME", help="2026-01-13T10:00 (in --time-zone), with Z or +01:00 an instant."
        ),
    ],
    hours: Annotated[str, typer.Option(metavar="HOURS", help="Hours of charging.")],
    kwh: Annotated[str, typer.Option(metavar="KWH", help="Energy charged.")],
    parking_hours: Annotated[
        str, typer.Option(metavar="HOURS", help="Hours parked after charging.")
    ] = "0",
    max_power_kw: Annotated[
        str | None,
        typer.Option(metavar="KW", help="Highest power; else charging is even."),
    ] = None,
    time_zone: Zone = None,
    ocpi: Annotated[
        str | None,
        typer.Option("--ocpi", metavar="VERSION", help="Of the CDR; else the tariff's own."),
    ] = None,
    tariff_id: Annotated[
        str | None, typer.Option(metavar="ID", help="Which tariff, where there are several.")
    ] = None,
    cpo: Annotated[
        str | None, typer.Option(metavar="CC*PPP", help="Else the tariff's own.")
    ] = None,
    emsp: Annotated[str, typer.Option(metavar="CC*PPP", help="Whose driver.")] = "DE*EMP",
    cdr_id: Annotated[str | None, typer.Option("--id", metavar="ID", help="Of the CDR.")] = None,
) -> None:
    """Make the complete, correct CDR of a session under a tariff.

    Charging comes first, parking on top. `settle price` finds that the CDR matches.
    Exit 0: the CDR is on stdout; 2: there can be none.
    """
    from settlement.tariff_tools.generate.generator import generate_cdr  # noqa: PLC0415 - engine
    from settlement.tariff_tools.generate.wanted import (  # noqa: PLC0415 - likewise
        CannotGenerate,
        Wanted,
        parse_start,
        seconds_of,
    )

    try:
        wanted = Wanted(
            start=parse_start(text=start, time_zone=time_zone),
            charging=seconds_of(hours=_number("--hours", hours), name="hours"),
            parking=seconds_of(
                hours=_number("--parking-hours", parking_hours), name="parking hours"
            ),
            kwh=_number("--kwh", kwh),
            max_power_kw=None if max_power_kw is None else _number("--max-power-kw", max_power_kw),
            time_zone=time_zone,
            ocpi_version=ocpi,
            cpo=None if cpo is None else _party("--cpo", cpo),
            emsp=_party("--emsp", emsp),
            cdr_id=cdr_id,
        )
        generated = generate_cdr(_tariff_in(source, tariff_id), wanted=wanted)
    except CannotGenerate as reason:
        raise Unusable(str(reason)) from None
    for hint in generated.hints:
        print(f"settle: {hint}", file=sys.stderr)
    print(generated.text.decode())


def _number(option: str, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:
        raise Unusable(f"{option} {text}: must be a number") from None


def _party(option: str, text: str) -> "PartyId":
    from settlement.party import parse_party  # noqa: PLC0415 - with the engine

    try:
        return parse_party(text)
    except ValueError as reason:
        raise Unusable(f"{option}: {reason}") from None


def _tariff_in(source: str, tariff_id: str | None) -> bytes:
    """Give the bytes of the one tariff that is meant."""
    from settlement.cdr import folded  # noqa: PLC0415 - with the engine
    from settlement.ocpi.document import NotJson  # noqa: PLC0415 - likewise
    from settlement.tariff_tools.lint.linter import tariffs_of  # noqa: PLC0415 - likewise
    from settlement.tariff_tools.lint.source import Source  # noqa: PLC0415 - likewise

    name = "stdin" if source == "-" else source
    try:
        data = sys.stdin.buffer.read() if source == "-" else Path(source).read_bytes()
        text = Source(data)
    except OSError as error:
        raise Unusable(f"{source}: {error.strerror}") from None
    except NotJson as reason:
        raise Unusable(f"{name}: {reason}") from None
    found: dict[str, list[bytes]] = {}
    for _, node in tariffs_of(text):
        value = text.value(node)
        key = str(value.get("id", "")) if isinstance(value, dict) else ""
        if tariff_id is None or folded(key) == folded(tariff_id):
            found.setdefault(key, []).append(text.text(node))
    if not found:
        raise Unusable(f"{name}: holds no tariff {tariff_id or ''}".rstrip())
    if len(found) > 1:
        raise Unusable(f"{name}: holds the tariffs {', '.join(found)}: choose with --tariff-id")
    ((key, texts),) = found.items()
    if len(set(texts)) > 1:
        raise Unusable(f"{name}: holds {len(texts)} tariffs of the id {key}: give it one of them")
    return texts[0]
