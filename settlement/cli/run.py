"""`settle run ROLE`: one role in the foreground, as the supervisor and compose start it.

Rule: the only place where a room's process is named; each room's `main` reads its settings
from the environment.
"""

import importlib
from enum import StrEnum
from typing import Annotated

import typer

ROLES = {
    "ingest": "ingest.server",
    "streams": "streams.app",
    "sink": "streams.sink",
}

Role = StrEnum("Role", list(ROLES))  # type: ignore[misc]


def run(role: Annotated[Role, typer.Argument(help="The role to run.")]) -> None:
    """Run one role in the foreground until SIGTERM or Ctrl-C."""
    module = importlib.import_module(ROLES[role.value])
    raise typer.Exit(module.main())
