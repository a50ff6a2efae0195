"""`settle migrate`: bring the ClickHouse tables up to date.

Rule: only prints; the work is `settlement.clickhouse.migrate`.
"""

import json
import sys
from typing import Annotated

import typer

from settlement.cli.services import DataDir, clickhouse_url


def migrate(
    data: DataDir,
    generation: Annotated[int, typer.Option(min=1, help="Generation of the tables.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Apply the migrations that are not applied yet, and print their names."""
    url = clickhouse_url(data)
    from settlement.clickhouse.migrate import (  # noqa: PLC0415 - the driver takes 200 ms
        migrate as apply,
    )

    applied = apply(url=url, generation=generation)
    if as_json:
        print(json.dumps({"applied": applied}))
        return
    for name in applied:
        print(name)
    if not applied:
        print("nothing to do", file=sys.stderr)
