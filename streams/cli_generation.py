"""`settle replay` and `settle generation`: derive everything anew, compare, switch.

Rule: arguments and words; what a generation is stands in `streams.generation`. The live one is
never touched but by `switch`.
"""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from settlement.bounds import canonical
from settlement.cli.exit import FINDINGS, Unusable
from settlement.cli.services import PARENT, DataDir, clickhouse_url, kafka_brokers

generation = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="List, compare, switch and drop generations of what is derived.",
)
Json = Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")]
Number = Annotated[int, typer.Argument(min=1, help="The generation's number.")]
LOOK_SECONDS = 0.5
STALL_SECONDS = 120.0


def replay(
    data: DataDir,
    number: Annotated[
        int | None, typer.Option("--generation", min=1, help="Its number; else the next one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Derive the next generation from the inbox beside the live one, and compare the two.

    Traffic may go on; both are compared up to the offset that both have reached.
    """
    from settlement.clickhouse.client import connect  # noqa: PLC0415 - loads the client
    from settlement.clickhouse.migrate import live_generation, migrate  # noqa: PLC0415
    from streams.generation import compare, generations  # noqa: PLC0415
    from streams.local.topics import bring_topics_up  # noqa: PLC0415

    brokers, url = kafka_brokers(data), clickhouse_url(data)
    client = connect(url)
    live = live_generation(client)
    if live is None:
        raise Unusable("there is no live generation: run `settle migrate` first")
    wanted = number or max(generations(client)) + 1
    if wanted == live:
        raise Unusable(f"generation {wanted} is the live one: replay builds another beside it")
    bring_topics_up(brokers=brokers, generation=wanted)
    migrate(url=url, generation=wanted)
    with _roles(data, brokers, url, wanted):
        _follow(client, brokers, wanted)
    _tell(compare(client, before=live, after=wanted), as_json=as_json)


@generation.command("list")
def list_generations(data: DataDir, as_json: Json = False) -> None:
    """List the generations, how far they are and which one is live."""
    from settlement.clickhouse.client import connect  # noqa: PLC0415 - loads the client
    from settlement.clickhouse.migrate import live_generation, pending  # noqa: PLC0415
    from streams.generation import folded_records, generations  # noqa: PLC0415

    client = connect(clickhouse_url(data))
    live = live_generation(client)
    received = _received(kafka_brokers(data))
    rows = [
        {
            "generation": one,
            "live": one == live,
            "complete": not pending(client, generation=one),
            "folded": sum(folded_records(client, one).values()),
            "received": received,
        }
        for one in generations(client)
    ]
    if as_json:
        print(msgspec.json.encode({"generations": rows}).decode())
        return
    for row in rows:
        marks = ("live" if row["live"] else "", "" if row["complete"] else "incomplete")
        mark = ", ".join(filter(None, marks))
        print(f"{row['generation']:>4}  {row['folded']} of {row['received']} records  {mark}")


@generation.command("compare")
def compare_generations(
    before: Number, after: Number, data: DataDir, as_json: Json = False
) -> None:
    """Compare two generations up to the offset that both have reached; exit 1 on differences."""
    from settlement.clickhouse.client import connect  # noqa: PLC0415 - loads the client
    from streams.generation import compare  # noqa: PLC0415

    client = connect(clickhouse_url(data))
    _complete(client, before, after)
    _tell(compare(client, before=before, after=after), as_json=as_json)


@generation.command("switch")
def switch(number: Number, data: DataDir, as_json: Json = False) -> None:
    """Let the views show another generation, and the local roles derive it from now on."""
    from settlement.clickhouse.client import connect  # noqa: PLC0415 - loads the client
    from settlement.clickhouse.migrate import point_views  # noqa: PLC0415
    from streams.generation import folded_records  # noqa: PLC0415
    from streams.local.generation import remember_generation  # noqa: PLC0415

    url = clickhouse_url(data)
    client = connect(url)
    _complete(client, number)
    missing = _received(kafka_brokers(data)) - sum(folded_records(client, number).values())
    remember_generation(data, number)
    point_views(url=url, generation=number)
    _restart_roles(data)
    if as_json:
        print(
            msgspec.json.encode({"generation": number, "live": True, "missing": missing}).decode()
        )
        return
    print(f"Generation {number} is live; {missing} records are still to be folded.")


@generation.command("drop")
def drop_generation(number: Number, data: DataDir, as_json: Json = False) -> None:
    """Delete a generation that is not live: its database and derived topics."""
    from settlement.clickhouse.client import connect  # noqa: PLC0415 - loads the client
    from settlement.clickhouse.migrate import live_generation  # noqa: PLC0415
    from streams.generation import drop, folded_records  # noqa: PLC0415
    from streams.local.probe import kafka_named  # noqa: PLC0415

    client = connect(clickhouse_url(data))
    _known(client, number)
    live = live_generation(client)
    if number == live:
        raise Unusable(f"generation {number} is live: switch to another one first")
    if live is not None:
        kept, left = (folded_records(client, one) for one in (live, number))
        if any(kept.get(place, 0) < folded for place, folded in left.items()):
            raise Unusable(
                f"generation {number} holds {sum(left.values())} records, the live generation "
                f"{live} {sum(kept.values())} so far: it is dropped once that has come as far"
            )
    brokers = kafka_brokers(data)
    with kafka_named(brokers):
        drop(client, brokers=brokers, generation=number)
    if as_json:
        print(msgspec.json.encode({"generation": number, "dropped": True}).decode())
        return
    print(f"Generation {number} is dropped.")


def _received(brokers: str) -> int:
    """Count what has come into the inbox."""
    from streams.generation import inbox_ends  # noqa: PLC0415
    from streams.local.probe import kafka_named  # noqa: PLC0415

    with kafka_named(brokers):
        return sum(asyncio.run(inbox_ends(brokers)).values())


def _known(client: Any, *numbers: int) -> None:
    from streams.generation import generations  # noqa: PLC0415

    present = generations(client)
    for number in numbers:
        if number not in present:
            listed = ", ".join(str(one) for one in present) or "none"
            raise Unusable(f"there is no generation {number}: there are {listed}")


def _complete(client: Any, *numbers: int) -> None:
    from settlement.clickhouse.migrate import live_generation, pending  # noqa: PLC0415 - as above

    _known(client, *numbers)
    for number in numbers:
        if lacks := pending(client, generation=number):
            mend = f"go on with `settle replay --generation {number}`, or delete it with "
            mend += f"`settle generation drop {number}`"
            if number == live_generation(client):
                mend = "run `settle migrate`"
            raise Unusable(f"generation {number} is incomplete, it lacks {lacks[0]}: {mend}")


@contextlib.contextmanager
def _roles(data: Path, brokers: str, url: str, number: int) -> Iterator[None]:
    """Run a worker and a sink of a generation for the time of a replay."""
    environment = {
        **os.environ,
        "KAFKA_BROKERS": brokers,
        "CLICKHOUSE_URL": url,
        "STREAMS_GENERATION": str(number),
        PARENT: str(os.getpid()),  # they end with us, however we end
    }
    environment.pop("SETTLE_DATA_DIR", None)  # signs of life are the live roles'
    logs = data / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    running = []
    try:
        for role in ("streams", "sink"):
            with (logs / f"replay-{role}.log").open("ab") as log:
                command = [sys.executable, "-m", "settlement", "run", role]
                running.append(subprocess.Popen(command, env=environment, stdout=log, stderr=log))
        yield
    finally:
        for process in running:
            process.terminate()
        for process in running:
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()


def _follow(client: Any, brokers: str, number: int) -> None:
    """Show progress until the generation has everything that was there at the start."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    from streams.generation import (  # noqa: PLC0415
        derived_ends,
        folded_records,
        inbox_ends,
        is_behind,
    )

    ends = asyncio.run(inbox_ends(brokers))
    total = sum(ends.values())
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed} of {task.total} records, {task.fields[rate]} a second"),
        TimeElapsedColumn(),
    )
    started = moved = time.monotonic()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task(f"replaying into generation {number}", total=total, rate=0)
        last, committed = -1, None
        while True:
            folded = folded_records(client, number)
            done = sum(min(folded.get(place, 0), end) for place, end in ends.items())
            now = time.monotonic()
            progress.update(task, completed=done, rate=int(done / max(now - started, 0.001)))
            if done >= total and committed is None:
                committed = asyncio.run(derived_ends(brokers, generation=number))
            # The last outcomes of CDRs may come to the tables behind what counts as done.
            if committed is not None and not asyncio.run(
                is_behind(client, brokers=brokers, generation=number, ends=committed)
            ):
                return
            moved = now if done != last else moved
            last = done
            if now - moved > STALL_SECONDS:
                raise Unusable(
                    f"the replay stands still at {done} of {total} records: look into "
                    "logs/replay-streams.log and logs/replay-sink.log"
                )
            time.sleep(LOOK_SECONDS)


def _restart_roles(data: Path) -> None:
    """End the local worker and sink; the supervisor starts them with the new generation."""
    from streams.local.stack import role_states, running_stack  # noqa: PLC0415

    if running_stack(data) is None:
        return
    for state in role_states(data):
        if state.role in ("streams", "sink") and state.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(state.pid, signal.SIGTERM)


def _tell(comparison: Any, *, as_json: bool) -> None:
    if as_json:
        print(msgspec.json.encode(comparison).decode())
    else:
        print(
            f"generations {comparison.before} and {comparison.after}, "
            f"{comparison.records} records in common"
        )
        for table in comparison.tables:
            print(f"  {table.table}: {table.before} and {table.after} rows")
        for sums in comparison.sums:
            amounts = (
                f"{name} {_plain(value)}" for name, value in sums.items() if name != "currency"
            )
            print(f"  {sums['currency'] or '(no currency)'}: {', '.join(amounts)}")
        for one in comparison.differences:
            print(
                f"  {one.cpo} {one.cdr_key}: {one.before or 'missing'} -> {one.after or 'missing'}"
            )
        print(f"  {comparison.different} CDRs differ")
    if not comparison.is_equal:
        raise typer.Exit(FINDINGS)


def _plain(amount: Decimal) -> str:
    return format(canonical(amount), "f")
