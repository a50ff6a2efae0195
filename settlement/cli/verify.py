"""`settle verify`: recount everything with other code and say where it differs.

Rule: arguments, words and the services for the time of the look; what is checked stands in
`settlement.verify`, which is told addresses and nothing else.
"""

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from settlement.cli.exit import FINDINGS, Unusable
from settlement.cli.services import DataDir, clickhouse_url, kafka_brokers, read_address

if TYPE_CHECKING:
    from settlement.verify.look import Report

DEFAULT_WAIT_SECONDS = 60
TELL_SECONDS = 2.0
# What a mistake of the check itself raises: it must not pass for a verdict.
MISTAKES = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
)
STOPPED = 128  # and the signal's number, as shells have it
# part: (the setting that names another one, arguments that start it, arguments that stop it)
PARTS: dict[str, tuple[str, list[str], list[str]]] = {
    "kafka": ("KAFKA_BROKERS", ["kafka", "start"], ["kafka", "stop"]),
    "clickhouse": (
        "CLICKHOUSE_URL",
        ["clickhouse", "start", "--port", "0"],
        ["clickhouse", "stop"],
    ),
}


def verify(
    data: DataDir,
    wait: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="How long to wait until the sink has come to the end of the inbox as of now.",
        ),
    ] = DEFAULT_WAIT_SECONDS,
    generation: Annotated[
        int | None,
        typer.Option(min=1, help="The generation to look at; else the live one."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON alone on stdout.")] = False,
) -> None:
    """Recount every document from Kafka and compare it with the tables, to the cent.

    Exit code 0 where everything agrees, 1 with a line for each difference (where, expected,
    found), 2 where it could not look. Starts the local Kafka and ClickHouse for the time of the
    look where they are down.
    """
    from settlement.verify.look import verify as look  # noqa: PLC0415 - loads the clients

    with _services(data.resolve()) as (brokers, url, started), _looking():
        report = look(
            brokers=brokers,
            clickhouse_url=url,
            generation=generation,
            wait_seconds=0 if started else wait,  # then no sink runs that one could wait for
            progress=_progress(),
        )
    if as_json:
        _say(json.dumps(_written(report), indent=2))
    else:
        _print(report)
    raise typer.Exit(FINDINGS if report.total else 0)


@contextlib.contextmanager
def _looking() -> Iterator[None]:
    """Turn what ends a look too early into exit code 2: 1 is a verdict, and there is none."""
    from settlement.verify.difference import CannotLook  # noqa: PLC0415 - see the rule

    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # the reason says it in a sentence
    try:
        yield
    except CannotLook as reason:
        raise Unusable(f"could not look: {reason}") from reason
    except MISTAKES as error:
        traceback.print_exception(error)
        raise Unusable(f"could not look: an error of settle verify itself: {error!r}") from error


@contextlib.contextmanager
def _services(data: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Give Kafka's and ClickHouse's addresses, and which of them were started for this look."""
    started: list[str] = []
    before = {one: signal.signal(one, _stopped) for one in (signal.SIGTERM, signal.SIGINT)}
    try:
        for part, (setting, start, _) in PARTS.items():
            if not os.environ.get(setting) and read_address(data, part) is None:
                if not (data / part / "data").is_dir():
                    raise Unusable(
                        f"could not look: {data} holds no {part}, and none is named: "
                        f"`settle up --data {data}` starts a stack"
                    )
                started.append(part)
                _settle(data, start)
        yield kafka_brokers(data), clickhouse_url(data), started
    finally:
        for part in reversed(started):
            if read_address(data, part) is not None:
                _settle(data, PARTS[part][2])
        for one, handler in before.items():
            signal.signal(one, handler)


def _stopped(number: int, _: object) -> None:
    """End with what shells expect, so that what was started is stopped."""
    sys.exit(STOPPED + number)


def _settle(data: Path, arguments: list[str]) -> None:
    command = [sys.executable, "-m", "settlement", *arguments, "--data", str(data)]
    environment = {**os.environ}
    if arguments[:2] == ["kafka", "start"]:
        environment["KAFKA_PORT"] = str(_free_port())
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip() or done.stdout.strip()
        raise Unusable(f"could not look: {said.removeprefix('settle: ')}")


def _free_port() -> int:
    import socket  # noqa: PLC0415 - only where Kafka has to be started

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _progress() -> Callable[[str], None]:
    """Say what is going on, to people and not too often."""
    told = time.monotonic()

    def progress(text: str) -> None:
        nonlocal told
        if time.monotonic() - told >= TELL_SECONDS:
            told = time.monotonic()
            _say(f"{text} ...", sys.stderr)

    return progress


def _say(text: str, stream: TextIO | None = None) -> None:
    """Print a text whatever is in it: what the stream cannot write is written as an escape."""
    stream = stream or sys.stdout
    encoding = stream.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream)


def _print(report: "Report") -> None:
    for difference in report.differences:
        _say(difference.line)
    for check, count in report.left_out.items():
        _say(f"{check}: and {count} more")
    account = report.account
    places = [f"{count} {place}" for place, count in sorted(account.places.items())]
    rate = report.cdrs / max(report.seconds, 0.001)
    documents = f"{account.accepted} CDR documents accepted: {', '.join(places) or 'none'}"
    said = [
        f"Looked at {_reach(report)} in {report.seconds:.1f} s ({rate:.0f} CDRs a second).",
        f"{documents}, {account.unexplained} unexplained; {report.rejected} rejected.",
        f"{report.total} differences." if report.total else "Everything agrees.",
    ]
    _say("\n".join(said), sys.stderr)


def _reach(report: "Report") -> str:
    below = sum(report.watermark.values())
    text = f"{report.records} records of the inbox and {report.cdrs} CDRs"
    if not report.is_whole:
        places = [
            f"partition {partition} below {report.looked[partition]} of {end}"
            for partition, end in sorted(report.watermark.items())
            if report.looked[partition] < end
        ]
        text = (
            f"{report.records} of {below} records of the inbox ({', '.join(places)}; "
            f"the rest has not come to the tables) and {report.cdrs} CDRs"
        )
    if report.moved_on:
        text += f" ({report.moved_on} changed meanwhile: compared with the log alone)"
    return text


def _written(report: "Report") -> dict[str, Any]:
    account = report.account
    return {
        "generation": report.generation,
        "equal": report.total == 0,
        "whole": report.is_whole,
        "inbox": [
            {"partition": partition, "end": end, "looked_below": report.looked[partition]}
            for partition, end in sorted(report.watermark.items())
        ],
        "records": report.records,
        "cdrs": report.cdrs,
        "outcomes": report.outcomes,
        "changed_meanwhile": report.moved_on,
        "documents": {
            "accepted": account.accepted,
            "rejected": report.rejected,
            **dict(sorted(account.places.items())),
            "unexplained": account.unexplained,
        },
        "sums": [
            {
                "cpo": group.cpo,
                "month": group.month,
                "currency": group.currency,
                "is_credit": group.is_credit,
                "cdrs": one.cdrs,
                "energy_kwh": format(one.energy, "f"),
                "claimed": format(one.claimed, "f"),
            }
            for group, one in sorted(report.sums.items())
        ],
        "differences": [
            {
                "check": one.check,
                "where": one.where,
                "expected": one.expected,
                "found": one.found,
            }
            for one in report.differences
        ],
        "left_out": report.left_out,
        "difference_count": report.total,
        "seconds": _hundredths(report.seconds),
        "waited_seconds": _hundredths(report.waited_seconds),
        "cdrs_a_second": int(report.cdrs / max(report.seconds, 0.001)),
    }


def _hundredths(seconds: float) -> float:
    """Cut a duration to what people read."""
    return int(seconds * 100) / 100
