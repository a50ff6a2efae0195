"""The role `streams`, or an agent that does nothing under the same settings, counting what it acks.

    python -m tests.bench.faust_process noop|worker      (settings as of the role `streams`)

Rule: both are told apart by their agent alone; every 0.1 s a line says how far it came:
records acknowledged, seconds of the clock, seconds of this process's processors.
"""

import asyncio
import logging
import sys
import time
from typing import Any

import faust
from faust.events import Event

from streams.agents import build_app, inbox_app
from streams.app import QUIET
from streams.settings import StreamsSettings

LOOK_SECONDS = 0.1


def count_acks() -> list[int]:
    """Count every acknowledgement of this process."""
    count = [0]
    acknowledge = Event.ack

    def ack(event: Event) -> bool:
        count[0] += 1
        return bool(acknowledge(event))

    Event.ack = ack  # type: ignore[assignment]
    return count


def no_op_app(settings: StreamsSettings) -> faust.App:
    """Build the application with an agent that acknowledges and does nothing else."""
    app, topic = inbox_app(settings, name="noop")

    async def acknowledge(stream: Any) -> None:
        async for event in stream.noack().events():
            event.ack()

    app.agent(topic, concurrency=1, name="inbox")(acknowledge)
    return app


def main(kind: str) -> None:
    logging.basicConfig(level="WARNING", stream=sys.stderr)
    for name in QUIET:
        logging.getLogger(name).setLevel("ERROR")
    settings = StreamsSettings()
    app = no_op_app(settings) if kind == "noop" else build_app(settings)
    count = count_acks()

    async def tell() -> None:
        sys.stdout.write("\n")  # Faust left the codes of a terminal there
        while True:
            line = f"{count[0]} {time.monotonic():.4f} {time.process_time():.4f}\n"
            sys.stdout.write(line)
            sys.stdout.flush()
            await asyncio.sleep(LOOK_SECONDS)

    app.task(tell)
    faust.Worker(
        app, loglevel="WARNING", quiet=True, redirect_stdouts=False
    ).execute_from_commandline()


if __name__ == "__main__":
    main(sys.argv[1])
