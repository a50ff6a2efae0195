"""`settle run ROLE`: one role in the foreground, as the supervisor and compose start it.

Rule: the only place where a room's process is named; each room's `main` reads its settings
from the environment, which this completes with the addresses of the data directory.
"""

import gc
import importlib
import os
import signal
import threading
import time
from enum import StrEnum
from typing import Annotated

import typer

from settlement.cli.exit import Unusable
from settlement.cli.services import PARENT, DataDir, clickhouse_url, kafka_brokers

ROLES = {
    "ingest": "ingest.server",
    "streams": "streams.app",
    "sink": "streams.sink",
}

STOP_SECONDS = 10.0

Role = StrEnum("Role", list(ROLES))  # type: ignore[misc]


def run(role: Annotated[Role, typer.Argument(help="The role to run.")], data: DataDir) -> None:
    """Run one role in the foreground until SIGTERM or Ctrl-C.

    KAFKA_BROKERS and CLICKHOUSE_URL name its services; else those of the data directory serve.
    STREAMS_GENERATION says what is derived; else it is the one last switched to in the data
    directory, and the first where KAFKA_BROKERS is set.
    """
    if not os.environ.get("KAFKA_BROKERS"):
        local = importlib.import_module("streams.local.generation").local_generation(data)
        os.environ.setdefault("STREAMS_GENERATION", str(local))
    os.environ["KAFKA_BROKERS"] = kafka_brokers(data)
    if role.value in ("ingest", "sink") and "CLICKHOUSE_URL" not in os.environ:
        os.environ["CLICKHOUSE_URL"] = clickhouse_url(data)
    module = importlib.import_module(ROLES[role.value])
    from pydantic import ValidationError  # noqa: PLC0415 - the role has loaded it

    if parent := os.environ.get(PARENT):
        threading.Thread(target=_end_with, args=(int(parent),), daemon=True).start()
    gc.collect()
    gc.freeze()  # what was imported stays: walking it holds up every request for some 40 ms
    try:
        raise typer.Exit(module.main())
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(str(part) for part in one['loc']).upper()}: {one['input']!r}: {one['msg']}"
            for one in error.errors()
        )
        raise Unusable(f"a setting cannot be used: {problems}") from error


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(STOP_SECONDS)
    os._exit(1)
