"""`settle explain CDR.json`: a CDR's price, line by line, to be followed with a calculator.

Rule: the same answer as `settle price`, told at length; computes nothing.
"""

import sys
from enum import StrEnum
from typing import Annotated

import typer

from settlement.cli.exit import FINDINGS, FINE, UNUSABLE
from settlement.cli.price import ProfileName, Tariffs, Version, Zone


class Form(StrEnum):
    """How the explanation is written."""

    MARKDOWN = "markdown"
    TABLE = "table"


def explain(  # noqa: PLR0917 - Typer's way to declare options
    source: Annotated[str, typer.Argument(metavar="CDR", help="A file with CDRs; - is stdin.")],
    tariff: Tariffs = None,
    time_zone: Zone = None,
    ocpi: Version = None,
    profile: ProfileName = "default",
    form: Annotated[
        Form | None,
        typer.Option("--format", help="markdown, or a table for a terminal; the default there."),
    ] = None,
) -> None:
    """Explain a CDR's price line by line.

    Exit 0: it matches its claim; 1: findings; 2: the input is unusable.
    """
    from settlement.cli import batch  # noqa: PLC0415 - loads the engine
    from settlement.cli.documents import Documents  # noqa: PLC0415 - likewise
    from settlement.cli.markdown import explanation  # noqa: PLC0415 - likewise
    from settlement.cli.working import working  # noqa: PLC0415 - likewise
    from settlement.ocpi.problem import UnreadableDocument  # noqa: PLC0415 - likewise

    order = batch.Order(
        tariffs=tuple(str(path) for path in tariff or ()),
        time_zone=time_zone,
        ocpi_version=ocpi,
        profile=profile,
    )
    desk = batch.open_desk(order)
    chosen = form or (Form.TABLE if sys.stdout.isatty() else Form.MARKDOWN)
    worst = FINE
    with Documents(source) as documents:
        for document in documents:
            try:
                answer = desk.answer(document.data)
            except UnreadableDocument as error:
                place = f"{documents.name}:{document.line}"
                print(*batch.problem_lines(error, place), sep="\n", file=sys.stderr)
                worst = UNUSABLE
                continue
            print(explanation(answer) if chosen is Form.MARKDOWN else working(answer))
            if answer.verdict != "matched":
                worst = max(worst, FINDINGS)
    raise typer.Exit(worst)
