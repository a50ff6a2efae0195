"""`settle demo`: partners play charging over HTTP, and the settlement is printed.

Rule: options, the stack's life and printing; what is sent and what is read stands elsewhere.
Everything that is no result goes to stderr.
"""

import asyncio
import json
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ingest.demo.scenario import Scenario, month, real_sessions
from ingest.demo.session_file import read_sessions
from settlement.cli.exit import FINDINGS
from settlement.cli.services import DataDir, ServiceMissing

if TYPE_CHECKING:
    from rich.console import Console

    from ingest.demo.play import Player, Run, Stage
    from streams.local.stack import Stack

DEFAULT_CDRS = 2_000
# What people see where the output is not a terminal; narrower tables break their words.
WIDTH = 132
INTERRUPTED = 130


def demo(
    *,
    data: DataDir,
    cdrs: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1_000_000,
            metavar="N",
            help="How many charging sessions, each with its CDR.",
            show_default=f"{DEFAULT_CDRS}, or all rows of --sessions",
        ),
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            min=0,
            max=999_999_999,
            metavar="S",
            help="The same seed sends the same documents, another one adds others.",
        ),
    ] = 1,
    sessions: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Play the real sessions of a CSV file (.csv, .csv.gz) instead of a seeded month.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object instead of tables.")
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the stack running and say how to use it.")
    ] = False,
) -> None:
    """Play charging over HTTP as partners would and print the settlement.

    Brings the local stack up where none runs, and stops what it started. Exit code 0 when every
    CDR document is accounted for, findings or not; 1 when one is not.
    """
    scenario = _scenario(cdrs, seed, sessions)
    try:
        with _termination_as_interrupt(), _services_named():
            found = _run(scenario, data.resolve(), as_json=as_json, keep=keep)
    except KeyboardInterrupt:
        _say("stopped; what was answered 1000 is kept and settles when the stack runs again")
        raise typer.Exit(INTERRUPTED) from None
    raise typer.Exit(FINDINGS if found else 0)


def _scenario(cdrs: int | None, seed: int, sessions: Path | None) -> Scenario:
    if sessions is not None:
        return real_sessions(read_sessions(sessions, cdrs))
    return month(seed=seed, cdrs=DEFAULT_CDRS if cdrs is None else cdrs)


def _run(scenario: Scenario, data_dir: Path, *, as_json: bool, keep: bool) -> list[str]:
    """Play with a stack, print, and give the differences found."""
    from ingest.demo import figures, keeping, play, show  # noqa: PLC0415 - heavy
    from settlement.clickhouse.query import connect_reader  # noqa: PLC0415 - heavy

    with _stack(data_dir, keep=keep) as stack:
        reader = connect_reader(stack.reader_url)
        with _progress(scenario) as look:
            player = play.Player(
                brokers=stack.brokers, gateway_url=stack.ingest_url, reader=reader, look=look
            )
            tokens, run = asyncio.run(_played(player, scenario))
        found = figures.load_figures(reader)
        wrong = play.differences(run, found.accounting.unexplained)
        if as_json:
            print(json.dumps(figures.written_figures(found, run, wrong), indent=2))
        else:
            _console(is_result=True).print(show.report_of(found, run))
        for surprise in run.tally.surprises:
            _say(f"refused: {surprise}")
        for sentence in wrong:
            _say(sentence)
        if keep:
            _say(keeping.advice(stack, tokens))
    return wrong


async def _played(player: "Player", scenario: Scenario) -> "tuple[dict[str, str], Run]":
    tokens = await player.register()
    return tokens, await player.play(scenario, tokens)


@contextmanager
def _stack(data_dir: Path, *, keep: bool) -> "Iterator[Stack]":
    """Have a stack; afterwards stop it where this run started it and nobody wants to keep it."""
    from streams.local.stack import (  # noqa: PLC0415 - heavy
        ensure_stack,
        stop_stack,
        without_user,
    )

    console = _console()
    with console.status("starting the stack") as status:
        stack = ensure_stack(data_dir, any_port=True, progress=status.update)
    started = not stack.was_running
    _say(
        f"the gateway answers at {stack.ingest_url}, ClickHouse at "
        f"{without_user(stack.reader_url)}, Kafka at {stack.brokers}; "
        f"the data are in {stack.data_dir}"
    )
    is_done = False
    try:
        yield stack
        is_done = True
    finally:
        if started and not (keep and is_done):
            with console.status("stopping the stack"):
                stop_stack(data_dir)


@contextmanager
def _progress(scenario: Scenario) -> "Iterator[Callable[[Stage], None]]":
    """Show what was sent, accepted and settled, and how many a second."""
    from ingest.demo.progress import Board  # noqa: PLC0415 - heavy

    with Board(console=_console(), cdrs=scenario.cdrs) as board:
        yield board.look


@contextmanager
def _services_named() -> Iterator[None]:
    """Say in one sentence which service went away in the middle of a run."""
    from aiokafka.errors import KafkaError  # noqa: PLC0415 - heavy
    from clickhouse_connect.driver.exceptions import OperationalError  # noqa: PLC0415 - heavy
    from httpx import HTTPError  # noqa: PLC0415 - heavy

    from streams.publisher import NotPublished  # noqa: PLC0415 - heavy

    gone = ((OperationalError, "ClickHouse"), (HTTPError, "the gateway"))
    try:
        yield
    except (OperationalError, HTTPError, KafkaError, NotPublished) as error:
        service = next((name for kind, name in gone if isinstance(error, kind)), "Kafka")
        raise ServiceMissing(
            f"{service} does not answer any more ({type(error).__name__}): see the logs under the "
            "data directory, `settle status`, and run `settle demo` again"
        ) from error


@contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """Treat SIGTERM as Ctrl-C, so that the stack is stopped then, too."""
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _console(*, is_result: bool = False) -> "Console":
    from rich.console import Console  # noqa: PLC0415 - heavy

    console = Console(stderr=not is_result)
    return console if console.is_terminal else Console(stderr=not is_result, width=WIDTH)


def _say(text: str) -> None:
    typer.echo(text, err=True)
