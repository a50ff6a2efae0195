"""The least a durable gateway can do: take a body, produce it, answer after the ack.

    python -m tests.bench.bare_producer PORT        (KAFKA_BROKERS names the brokers)

Rule: the same server, settings and producer as the gateway, and nothing of what it decides.
"""

import asyncio
import os
import sys

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ingest.writer import ACKNOWLEDGE_SECONDS
from streams.publisher import Publisher
from streams.topics import INBOX

ANSWER = b'{"status_code":1000,"timestamp":"2024-01-01T00:00:00Z"}'


async def serve(port: int) -> None:
    publisher = Publisher(brokers=os.environ["KAFKA_BROKERS"], timeout_seconds=ACKNOWLEDGE_SECONDS)
    await publisher.start()

    async def post(request: Request) -> Response:
        body = await request.body()
        await publisher.publish(topic=INBOX.name, key="NL*BEN", value=body, headers=[])
        return Response(ANSWER, status_code=201, media_type="application/json")

    config = uvicorn.Config(
        Starlette(routes=[Route("/cdrs", post, methods=["POST"])]),
        port=port,
        loop="none",
        http="httptools",
        lifespan="off",
        access_log=False,
        log_config=None,
    )
    await uvicorn.Server(config).serve()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(int(sys.argv[1])))
