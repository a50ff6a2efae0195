"""`settle clickhouse start|stop|status`: the ClickHouse of the local stack.

Rule: only prints; starting and stopping is `settlement.clickhouse.local.process`.
"""

import json
import os
import sys
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from settlement.cli.exit import MISSING, Unusable
from settlement.cli.services import DataDir, ServiceMissing, clickhouse_url

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
    """Stop the local ClickHouse; its data stay. A server of CLICKHOUSE_URL is not ours to stop."""
    from settlement.clickhouse.local.process import stop_clickhouse  # noqa: PLC0415 - 60 ms

    if stop_clickhouse(data_dir=data):
        _print({"stopped": True}, as_json=as_json)
        return
    if elsewhere := os.environ.get("CLICKHOUSE_URL"):
        raise Unusable(
            f"CLICKHOUSE_URL is set: the server at {_without_password(elsewhere)} is not ours to "
            f"stop, and no local one runs on {data}"
        )
    clickhouse_url(data)  # raises, and says what starts it


@clickhouse.command()
def status(data: DataDir, as_json: Json = False) -> None:
    """Say whether the local ClickHouse runs, and where; exit 3 where it does not."""
    from settlement.clickhouse.local.process import (  # noqa: PLC0415 - 60 ms
        answers,
        running_clickhouse,
    )

    if elsewhere := os.environ.get("CLICKHOUSE_URL"):
        from settlement.clickhouse.client import connect  # noqa: PLC0415 - 0.2 s

        address = _without_password(elsewhere)
        try:
            connect(elsewhere)
        except ServiceMissing:
            if as_json:
                _print_state(address=address, healthy=False, as_json=True)
            raise
        _print_state(address=address, healthy=True, as_json=as_json)
        return
    running = running_clickhouse(data_dir=data)
    if running is None:
        if as_json:
            _print_state(healthy=False, as_json=True)
        clickhouse_url(data)  # raises, and says what starts it
        return
    healthy = answers(process=running)
    address = _without_password(running.url)
    _print_state(pid=running.pid, address=address, healthy=healthy, as_json=as_json)
    if not healthy:
        raise typer.Exit(MISSING)


def _print_state(
    *, pid: int | None = None, address: str | None = None, healthy: bool, as_json: bool
) -> None:
    """Print what `settle status` says of this part too."""
    state = {"role": "clickhouse", "pid": pid, "address": address, "healthy": healthy}
    _print(state, as_json=as_json)


def _print(facts: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(facts))
        return
    for name, value in facts.items():
        print(f"{name:<12}{value}")


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    port = f":{parts.port}" if parts.port else ""
    return f"{parts.scheme}://{parts.hostname}{port}"
