"""The `settle` command.

Rule: this file knows the names of all commands and where they live, and loads none of them
before it is asked for, so that `settle --help` answers at once.
"""

import importlib
import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from settlement.cli.exit import Unusable
from settlement.cli.services import ServiceMissing

# name: (module, attribute holding a Typer app or a function, one line of help)
COMMANDS: dict[str, tuple[str, str, str]] = {
    "demo": ("ingest.demo.cli", "demo", "Play charging over HTTP and print the settlement."),
    "price": ("settlement.cli.price", "price", "Price CDRs and compare them with their claims."),
    "explain": ("settlement.cli.explain", "explain", "Explain a CDR or a tariff."),
    "lint": ("settlement.cli.lint", "lint", "Tell what a tariff does otherwise than it reads."),
    "generate": (
        "settlement.cli.generate",
        "generate",
        "Make the CDR of a session under a tariff.",
    ),
    "profile": ("settlement.cli.profile", "profile", "Show how open questions are answered."),
    "sql": ("settlement.cli.sql", "sql", "Query the settlement tables as the reader."),
    "up": ("streams.cli", "up", "Run the whole local stack in the foreground."),
    "down": ("streams.cli", "down", "Stop the local stack."),
    "status": ("streams.cli", "status", "List the roles of the local stack and their health."),
    "run": ("settlement.cli.run", "run", "Run one role in the foreground: ingest, streams, sink."),
    "partner": ("ingest.cli", "partner", "Register partners and their tokens."),
    "topics": ("streams.cli", "topics", "Create the Kafka topics, show differences."),
    "migrate": ("settlement.cli.migrate", "migrate", "Bring the ClickHouse tables up to date."),
    "replay": (
        "streams.cli_generation",
        "replay",
        "Derive everything anew beside the live tables, and compare.",
    ),
    "generation": (
        "streams.cli_generation",
        "generation",
        "List, compare, switch and drop generations.",
    ),
    "dead-letters": (
        "streams.cli_dead_letters",
        "dead_letters",
        "List what could not be processed, retry or drop it.",
    ),
    "verify": ("settlement.cli.verify", "verify", "Recount everything with other code."),
    "kafka": ("streams.cli", "kafka", "Start, stop and look at the local Kafka."),
    "clickhouse": (
        "settlement.cli.clickhouse",
        "clickhouse",
        "Start, stop and look at the local ClickHouse.",
    ),
}

EPILOG = (
    "Exit codes: 0 fine; 1 findings or differences; 2 unusable input or configuration; "
    "3 a service is missing; 130 after Ctrl-C."
)


class LazyGroup(TyperGroup):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """List the commands in the order of the table."""
        del ctx  # the table is the same everywhere
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a command; for the list of all, only its line of help."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute, text = COMMANDS[cmd_name]
        if ctx.resilient_parsing or getattr(ctx, "_listing", False):
            return TyperCommand(cmd_name, help=text)
        target: Any = getattr(importlib.import_module(module), attribute)
        app = target if isinstance(target, typer.Typer) else _single(target)
        command = typer.main.get_command(app)
        command.name = cmd_name
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help without importing a command."""
        ctx._listing = True  # noqa: SLF001 - read above
        super().format_help(ctx, formatter)


def _single(function: Any) -> typer.Typer:
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    app.command()(function)
    return app


app = typer.Typer(
    cls=LazyGroup,
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    epilog=EPILOG,
    help="Turn the CDRs of OCPI roaming partners into money that both sides agree on.",
)


def _print_version(value: bool) -> None:
    if value:
        from importlib.metadata import version  # noqa: PLC0415 - costs 30 ms

        typer.echo(f"settle {version('ocpi-settlement')}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Hold the options that stand before a command."""


def main() -> None:
    """Run `settle`; what is expected to fail becomes one line and its exit code."""
    try:
        app()
    except ServiceMissing as missing:
        print(f"settle: {missing}", file=sys.stderr)
        sys.exit(3)
    except Unusable as unusable:
        print(f"settle: {unusable}", file=sys.stderr)
        sys.exit(2)
    except OSError as refused:  # a folder that is a file, a disk that is full
        place = f"{refused.filename}: " if refused.filename else ""
        print(f"settle: {place}{refused.strerror or refused}", file=sys.stderr)
        sys.exit(2)
