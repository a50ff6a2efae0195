"""The role `streams`: the Faust worker as a process.

Rule: it starts, shows signs of life and ends; what it does stands in `streams.agents`.
"""

import logging
import os
import threading
from typing import Any

import faust

from streams.agents import build_app
from streams.life import show_life
from streams.local.probe import require_kafka
from streams.settings import StreamsSettings

# Faust can hang on a frozen broker while it stops; leaving hard is safe at any moment, since
# nothing counts but committed transactions.
STOP_SECONDS = 4.5
QUIET = ("aiokafka", "faust", "mode", "asyncio")


def main() -> int:
    """Run the worker until SIGTERM or Ctrl-C; raises ServiceMissing where no Kafka answers."""
    logging.basicConfig(level="WARNING", format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in QUIET:
        logging.getLogger(name).setLevel("ERROR")
    settings = StreamsSettings()
    require_kafka(settings.kafka_brokers)  # Faust ends with a traceback of its own
    app = build_app(settings)

    async def live() -> None:
        await show_life(data_dir=settings.settle_data_dir, role="streams")

    app.task(live)
    app.on_before_shutdown.connect(_leave_hard_after_a_while, weak=False)
    worker = faust.Worker(app, loglevel="WARNING", quiet=True, redirect_stdouts=False)
    worker.execute_from_commandline()
    return 0


def _leave_hard_after_a_while(*_: Any, **__: Any) -> None:
    timer = threading.Timer(STOP_SECONDS, os._exit, [0])
    timer.daemon = True
    timer.start()
