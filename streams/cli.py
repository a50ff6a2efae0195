"""The commands of the local stack: `settle up`, `down`, `status`, `kafka`, `topics`.

Rule: words for people only; what is done stands in `streams.local` and `streams.topics`, which
are imported by the command that needs them.
"""

import json
import os
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from settlement.cli.exit import FINDINGS, Unusable
from settlement.cli.services import DataDir, ServiceMissing, kafka_brokers

if TYPE_CHECKING:
    from streams.local.stack import RoleState

KAFKA_PORT = 9092

Json = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]


def port_option(variable: str) -> Any:
    """Give the option of a port that a setting of the environment changes too."""
    return typer.Option(envvar=variable, min=1, max=65535, help="Where it listens.")


kafka = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Start, stop and look at the local Kafka.",
)


@kafka.command("start")
def kafka_start(
    data: DataDir,
    port: Annotated[
        int | None,
        typer.Option(envvar="KAFKA_PORT", min=1, max=65535, show_default=str(KAFKA_PORT)),
    ] = None,
    as_json: Json = False,
) -> None:
    """Start Apache Kafka on the data directory, in the background, and wait until it answers."""
    from streams.local.kafka import running_kafka, start_kafka  # noqa: PLC0415

    if brokers := os.environ.get("KAFKA_BROKERS"):
        text = f"KAFKA_BROKERS is set: {brokers} is used, none is started."
        _tell(as_json, text, role="kafka", pid=None, address=brokers, started=False)
        return
    was = running_kafka(data_dir=data)
    started = start_kafka(data_dir=data, port=port or (was.port if was else KAFKA_PORT))
    word = "already runs" if was else "runs"
    text = f"Kafka {word} at {started.brokers} (process {started.pid})."
    _tell(
        as_json, text, role="kafka", pid=started.pid, address=started.brokers, started=was is None
    )


@kafka.command("stop")
def kafka_stop(data: DataDir, as_json: Json = False) -> None:
    """Stop the data directory's Kafka cleanly; its data stay.

    A cluster of KAFKA_BROKERS is not ours to stop.
    """
    from streams.local.kafka import stop_kafka  # noqa: PLC0415

    if stop_kafka(data_dir=data):
        _tell(as_json, "Kafka is stopped.", role="kafka", stopped=True)
        return
    if brokers := os.environ.get("KAFKA_BROKERS"):
        raise Unusable(
            f"KAFKA_BROKERS is set: the cluster at {brokers} is not ours to stop, "
            f"and no local one runs on {data}"
        )
    raise ServiceMissing(
        f"Kafka is not running on {data}: `settle kafka start --data {data}` starts it"
    )


@kafka.command("status")
def kafka_status(data: DataDir, as_json: Json = False) -> None:
    """Say where Kafka answers; exit 3 where it does not run or does not answer."""
    from streams.local.kafka import running_kafka  # noqa: PLC0415
    from streams.local.probe import kafka_answers  # noqa: PLC0415

    try:
        brokers = kafka_brokers(data)
    except ServiceMissing:
        if as_json:
            _tell(True, "", role="kafka", pid=None, address=None, healthy=False)
        raise
    running = None if os.environ.get("KAFKA_BROKERS") else running_kafka(data_dir=data)
    pid = running.pid if running else None
    healthy = kafka_answers(brokers)
    if as_json:
        _tell(True, "", role="kafka", pid=pid, address=brokers, healthy=healthy)
    else:
        process = f" (process {pid})" if pid else ""
        typer.echo(f"Kafka at {brokers}{process} {'answers' if healthy else 'does not answer'}.")
    if not healthy:
        raise typer.Exit(3)


@kafka.command("lock", hidden=True)
def kafka_lock(
    version: Annotated[str, typer.Option("--version", help="Of Kafka.")],
    logging: Annotated[str, typer.Option("--logging", help="Of its SLF4J binding, Log4j.")],
) -> None:
    """Resolve the jars of another Kafka and print the lock to commit; for maintainers."""
    from streams.local.jars import locked  # noqa: PLC0415

    typer.echo(locked(kafka=version, logging=logging), nl=False)


topics = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Create the Kafka topics, show differences.",
)


@topics.callback()
def topics_root() -> None:
    """Create the Kafka topics, show differences."""


@topics.command("apply")
def topics_apply(
    *,
    data: DataDir,
    generation: Annotated[
        int | None,
        typer.Option(
            envvar="STREAMS_GENERATION",
            min=1,
            help="Whose derived topics.",
            show_default="the one that the local stack derives",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what would change.")
    ] = False,
    replication: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Copies of each new topic.",
            show_default="as the topics that exist, else 3 where there are as many brokers",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Create what is missing of the topics and print each difference; partitions never change."""
    from streams.local.generation import local_generation  # noqa: PLC0415
    from streams.local.topics import bring_topics_up  # noqa: PLC0415

    lines = bring_topics_up(
        brokers=kafka_brokers(data),
        generation=generation or local_generation(data),
        replication=replication,
        dry_run=dry_run,
    )
    if as_json:
        typer.echo(json.dumps({"applied": not dry_run, "differences": lines}))
        return
    for line in lines or ["All topics are as they should be."]:
        typer.echo(line)


def up(
    *,
    data: DataDir,
    ingest_port: Annotated[int, port_option("INGEST_PORT")] = 8000,
    clickhouse_port: Annotated[int, port_option("CLICKHOUSE_PORT")] = 8123,
    kafka_port: Annotated[int, port_option("KAFKA_PORT")] = KAFKA_PORT,
    any_port: Annotated[
        bool, typer.Option("--any-port", help="Take a free port where one of these is busy.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run the whole local stack in the foreground until Ctrl-C or `settle down`.

    Kafka, ClickHouse, tables and topics, then the roles ingest, streams and sink; one that dies
    is started again. With KAFKA_BROKERS or CLICKHOUSE_URL set, that one is used and not started.
    """
    from rich.console import Console  # noqa: PLC0415

    from streams.local.layout import Ports, run_stack  # noqa: PLC0415

    people = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    ports = Ports(
        ingest=ingest_port, clickhouse=clickhouse_port, kafka=kafka_port, takes_any=any_port
    )

    def ready(addresses: dict[str, str | None]) -> None:
        if as_json:
            print(json.dumps({**addresses, "data": str(data), "pid": os.getpid()}), flush=True)
        else:
            _print_addresses(addresses, data)

    def say(text: str) -> None:
        people.print(f"{time.strftime('%H:%M:%S')}  {text}")

    run_stack(data_dir=data, ports=ports, say=say, ready=ready, catch_signals=_catch)
    people.print("The stack is stopped.")


def down(data: DataDir, as_json: Json = False) -> None:
    """Stop the local stack cleanly; its data stay."""
    from streams.local.stack import down_text, stop_stack  # noqa: PLC0415

    if not stop_stack(data):
        raise ServiceMissing(down_text(data))
    _tell(as_json, "The stack is stopped.", stopped=True)


def status(data: DataDir, as_json: Json = False) -> None:
    """List the parts of the local stack with process, address and health, each really asked.

    Exit code 1 where one of them does not answer, 3 where no stack runs.
    """
    from streams.local.stack import absent_states, role_states, unsupervised_text  # noqa: PLC0415

    try:
        states = role_states(data)
    except ServiceMissing:
        if as_json:
            _print_states(absent_states(), as_json=True)
        raise
    if text := unsupervised_text(data):
        typer.echo(f"settle: {text}", err=True)
    _print_states(states, as_json=as_json)
    if not all(state.healthy for state in states):
        raise typer.Exit(FINDINGS)


def _print_states(states: Sequence["RoleState"], *, as_json: bool) -> None:
    if as_json:
        import msgspec  # noqa: PLC0415

        typer.echo(json.dumps({"roles": msgspec.to_builtins(states)}))
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    table = Table("role", "process", "address", "health")
    for state in states:
        health = "[green]answers[/]" if state.healthy else "[red]does not answer[/]"
        table.add_row(state.role, str(state.pid or "-"), state.address or "", health)
    Console().print(table)


def _tell(as_json: bool, text: str, **facts: Any) -> None:
    """Say what was done: a sentence, or the facts as JSON."""
    typer.echo(json.dumps(facts) if as_json else text)


def _catch(ask_to_stop: Callable[[], None]) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: ask_to_stop())


def _print_addresses(addresses: dict[str, str | None], data: Path) -> None:
    from urllib.parse import urlsplit  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    reader = urlsplit(addresses["reader_url"] or "")
    port = f":{reader.port}" if reader.port else ""
    rows = {
        "OCPI gateway": f"{addresses['ingest_url']}/ocpi/versions",
        "ClickHouse": f"{reader.scheme}://{reader.hostname}{port}",
        "Kafka": addresses["brokers"] or "",
        "data and logs": str(data),
    }
    if reader.username:
        rows["reader"] = f"user {reader.username}, password {reader.password}"
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in rows.items():
        table.add_row(name, value)
    console = Console(highlight=False, soft_wrap=True)
    console.print("[bold]The stack is up.[/] Ctrl-C or `settle down` stops it.")
    console.print(table)
