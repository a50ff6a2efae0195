"""`settle clickhouse start|stop|status`: the ClickHouse of the local stack.

Rule: only prints; starting and stopping is `settlement.clickhouse.local.process`.
"""

import json
import os
import sys
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from settlement.cli.exit import MISSING
from settlement.cli.services import DataDir, clickhouse_url

clickhouse = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="Start, stop and look at the local ClickHouse.",
)

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@clickhouse.command()
def start(
    data: DataDir,
    port: Annotated[
        int,
        typer.Option(envvar="CLICKHOUSE_PORT", help="Port on loopback; 0 takes a free one."),
    ] = 8123,
    as_json: Json = False,
) -> None:
    """Start the local ClickHouse and wait until it answers."""
    if elsewhere := os.environ.get("CLICKHOUSE_URL"):
        print("CLICKHOUSE_URL is set: that server is used, none is started", file=sys.stderr)
        _print({"url": _without_password(elsewhere), "pid": None}, as_json=as_json)
        return
    from settlement.clickhouse.local.process import start_clickhouse  # noqa: PLC0415 - 60 ms

    running = start_clickhouse(data_dir=data, port=port or None)
    _print(
        {"url": running.url, "reader_url": running.reader_url, "pid": running.pid},
        as_json=as_json,
    )


@clickhouse.command()
def stop(data: DataDir, as_json: Json = False) -> None:
    """Stop the local ClickHouse; its data stay."""
    from settlement.clickhouse.local.process import stop_clickhouse  # noqa: PLC0415 - 60 ms

    if not stop_clickhouse(data_dir=data):
        clickhouse_url(data)  # says what starts it; with CLICKHOUSE_URL there is nothing to stop
    _print({"stopped": True}, as_json=as_json)


@clickhouse.command()
def status(data: DataDir, as_json: Json = False) -> None:
    """Say whether the local ClickHouse runs, and where; exit 3 where it does not."""
    from settlement.clickhouse.local.process import (  # noqa: PLC0415 - 60 ms
        answers,
        running_clickhouse,
    )

    if elsewhere := os.environ.get("CLICKHOUSE_URL"):
        from settlement.clickhouse.client import connect  # noqa: PLC0415 - 0.2 s

        connect(elsewhere)
        address = _without_password(elsewhere)
        _print({"pid": None, "address": address, "healthy": True}, as_json=as_json)
        return
    running = running_clickhouse(data_dir=data)
    if running is None:
        if as_json:
            _print({"pid": None, "address": None, "healthy": False}, as_json=True)
        clickhouse_url(data)  # raises, and says what starts it
        return
    healthy = answers(process=running)
    address = _without_password(running.url)
    _print({"pid": running.pid, "address": address, "healthy": healthy}, as_json=as_json)
    if not healthy:
        raise typer.Exit(MISSING)


def _print(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(facts))
        return
    for name, value in facts.items():
        print(f"{name:<12}{value}")


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port}"
