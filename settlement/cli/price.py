"""`settle price CDR.json`: price CDRs and compare them with their claims, without any service.

Rule: reads, prints and exits; what a CDR costs is asked of `settlement.answer`.
"""

import json
from pathlib import Path
from typing import Annotated

import typer

from settlement.cli.exit import FINE, Unusable

Sources = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="CDR...", help="Files of CDRs (one, a JSON array, JSON lines); - is stdin."
    ),
]
Tariffs = Annotated[
    list[Path] | None,
    typer.Option("--tariff", metavar="FILE", help="A tariff as agreed or published."),
]
Zone = Annotated[
    str | None, typer.Option("--time-zone", metavar="ZONE", help="IANA zone of the location.")
]
Version = Annotated[
    str | None, typer.Option("--ocpi", metavar="VERSION", help="OCPI version; else inferred.")
]
ProfileName = Annotated[
    str, typer.Option("--profile", metavar="NAME", help="Interpretation profile: name or file.")
]


def price(  # noqa: PLR0917 - Typer's way to declare options
    sources: Sources = None,
    tariff: Tariffs = None,
    time_zone: Zone = None,
    ocpi: Version = None,
    profile: ProfileName = "default",
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON a CDR.")] = False,
    jobs: Annotated[int, typer.Option(min=1, help="Processes to price with.")] = 1,
    schema: Annotated[
        bool, typer.Option("--schema", help="Print the JSON Schema of a line and stop.")
    ] = False,
) -> None:
    """Price CDRs, compare them with their claims, and show the working.

    Exit 0: every CDR matched; 1: findings; 2: some input is unusable.
    """
    if schema:
        from settlement.answer_json import json_schema  # noqa: PLC0415 - loads the engine

        print(json.dumps(json_schema(), indent=2))
        return
    if not sources:
        raise Unusable("name a file of CDRs, or - for stdin")
    from settlement.cli import batch  # noqa: PLC0415 - loads the engine

    order = batch.Order(
        tariffs=tuple(str(path) for path in tariff or ()),
        time_zone=time_zone,
        ocpi_version=ocpi,
        profile=profile,
        is_json=as_json,
    )
    desk = batch.open_desk(order)
    worst = FINE
    for source in sources:
        worst = max(worst, batch.run(source, order, desk, jobs=jobs))
    raise typer.Exit(worst)
