"""The commands of the local stack: `settle up`, `down`, `status`, `kafka`, `topics`.

Rule: words for people only; what is done stands in `streams.local` and `streams.topics`, which
are imported by the command that needs them.
"""

import json
import os
from typing import Annotated

import typer

from settlement.cli.exit import Unusable
from settlement.cli.services import DataDir, ServiceMissing, kafka_brokers

KAFKA_PORT = 9092

Json = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]

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
) -> None:
    """Start Apache Kafka on the data directory, in the background, and wait until it answers."""
    from streams.local.kafka import running_kafka, start_kafka  # noqa: PLC0415

    if brokers := os.environ.get("KAFKA_BROKERS"):
        typer.echo(f"KAFKA_BROKERS is set: {brokers} is used, none is started.")
        return
    was = running_kafka(data_dir=data)
    started = start_kafka(data_dir=data, port=port or (was.port if was else KAFKA_PORT))
    word = "already runs" if was else "runs"
    typer.echo(f"Kafka {word} at {started.brokers} (process {started.pid}).")


@kafka.command("stop")
def kafka_stop(data: DataDir) -> None:
    """Stop the data directory's Kafka cleanly; its data stay."""
    from streams.local.kafka import stop_kafka  # noqa: PLC0415

    if not stop_kafka(data_dir=data):
        raise ServiceMissing(f"Kafka is not running on {data}: `settle kafka start` starts it")
    typer.echo("Kafka is stopped.")


@kafka.command("status")
def kafka_status(data: DataDir, as_json: Json = False) -> None:
    """Say where Kafka answers; exit 3 where it does not run or does not answer."""
    from streams.local.kafka import running_kafka  # noqa: PLC0415
    from streams.local.probe import kafka_answers  # noqa: PLC0415

    brokers = kafka_brokers(data)
    running = None if os.environ.get("KAFKA_BROKERS") else running_kafka(data_dir=data)
    pid = running.pid if running else None
    healthy = kafka_answers(brokers)
    if as_json:
        typer.echo(
            json.dumps({"role": "kafka", "pid": pid, "address": brokers, "healthy": healthy})
        )
    else:
        process = f" (process {pid})" if pid else ""
        typer.echo(f"Kafka at {brokers}{process} {'answers' if healthy else 'does not answer'}.")
    if not healthy:
        raise typer.Exit(3)


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
    data: DataDir,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what would change.")
    ] = False,
    replication: Annotated[
        int, typer.Option(min=1, help="Copies of each new topic; 3 on a cluster.")
    ] = 1,
) -> None:
    """Create what is missing of the topics and print each difference; partitions never change."""
    import asyncio  # noqa: PLC0415

    from aiokafka.errors import KafkaConnectionError  # noqa: PLC0415

    from streams.topics import PartitionsDiffer, apply_topics  # noqa: PLC0415

    brokers = kafka_brokers(data)
    try:
        lines = asyncio.run(apply_topics(brokers=brokers, replication=replication, dry_run=dry_run))
    except PartitionsDiffer as differ:
        raise Unusable(str(differ)) from differ
    except KafkaConnectionError as away:
        raise ServiceMissing(f"Kafka at {brokers} does not answer") from away
    for line in lines or ["All topics are as they should be."]:
        typer.echo(line)
