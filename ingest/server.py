"""The gateway's process: `settle run ingest`.

Rule: it starts and answers also where Kafka or ClickHouse is away, says so in its answers and
reconnects by itself; SIGTERM and Ctrl-C let requests in flight finish.
"""

import asyncio
import logging
import os
import signal
import socket
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import uvicorn
import uvloop

from ingest.archive import Archive
from ingest.authentication import Authentication
from ingest.follower import Follower
from ingest.gateway import Gateway
from ingest.metrics import Metrics
from ingest.offsets import Offsets
from ingest.parts import Parts
from ingest.recent import KnownObjects, RecentCdrs
from ingest.settings import Settings, load_settings
from ingest.stored import ClickHouseStore
from ingest.writer import kafka_writer
from settlement.cli.exit import Unusable
from settlement.cli.services import write_address

LOGGER = logging.getLogger(__name__)
# Longer than any answer takes (ingest/writer.py, ingest/archive.py).
STOP_SECONDS = 6
# Partners keep connections for their next document; most time out on their side after a minute.
KEEP_ALIVE_SECONDS = 75
BACKLOG = 2048


def main() -> int:
    """Run the gateway until SIGTERM or Ctrl-C; the exit code.

    Raises Unusable where the port is busy or a setting is missing.
    """
    settings = load_settings()
    if not settings.kafka_brokers:
        raise Unusable("KAFKA_BROKERS is not set: the gateway must know where Kafka is")
    logging.basicConfig(
        stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s"
    )
    # An absent broker makes these libraries write thousands of lines; our own say it once.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    listener = _listen(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(settings=settings, listener=listener))
    return 0


async def serve(*, settings: Settings, listener: socket.socket) -> None:
    """Serve on a listening socket until SIGTERM or SIGINT."""
    async with AsyncExitStack() as running:
        gateway = await _started(settings, running)
        server = _Server(
            uvicorn.Config(
                gateway,
                loop="none",
                http="httptools",
                ws="none",
                lifespan="off",
                interface="asgi3",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                backlog=BACKLOG,
                timeout_keep_alive=KEEP_ALIVE_SECONDS,
                timeout_graceful_shutdown=STOP_SECONDS,
            ),
            url=_url(*listener.getsockname()[:2]),
            data_dir=settings.settle_data_dir,
        )
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, server.stop)
        await server.serve(sockets=[listener])


class _Server(uvicorn.Server):
    """Uvicorn without its signal handling: it would end the process by the signal again."""

    def __init__(self, config: uvicorn.Config, *, url: str, data_dir: Path | None) -> None:
        super().__init__(config)
        self._url = url
        self._data_dir = data_dir

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        LOGGER.info("the gateway answers at %s/ocpi/versions", self._url)
        if self._data_dir is not None:
            write_address(self._data_dir, "ingest", {"url": self._url, "pid": os.getpid()})

    def stop(self) -> None:
        self.should_exit = True

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        await self._serve(sockets)


async def _started(settings: Settings, running: AsyncExitStack) -> Gateway:
    """Make and start the parts; each is stopped when `running` ends."""
    metrics = Metrics()
    offsets = Offsets(brokers=settings.kafka_brokers)
    follower = Follower(brokers=settings.kafka_brokers, offsets=offsets)
    writer = kafka_writer(brokers=settings.kafka_brokers)
    store = ClickHouseStore(url=settings.clickhouse_url)
    running.callback(store.close)
    warming = asyncio.create_task(store.warm_up())
    running.callback(warming.cancel)
    for part in (offsets, follower, writer):
        await part.start()
        running.push_async_callback(part.stop)
    parts = Parts(
        writer=writer,
        archive=Archive(store=store, offsets=offsets),
        recent=RecentCdrs(),
        known=KnownObjects(),
        metrics=metrics,
    )
    return Gateway(
        parts=parts,
        authentication=Authentication(finder=follower, metrics=metrics),
        public_url=settings.ingest_public_url,
    )


def _listen(settings: Settings) -> socket.socket:
    host, port = settings.ingest_host, settings.ingest_port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else error
        raise Unusable(
            f"the gateway cannot listen on {host}:{port} ({reason}): set INGEST_PORT or INGEST_HOST"
        ) from error


def _url(host: str, port: int) -> str:
    """Give an address that reaches the listener from this machine."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 - not bound here
    return f"http://{reached}:{port}"
