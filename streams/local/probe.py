"""Whether a part really answers: asked of the part itself, in bounded time.

Rule: an open port proves nothing, and a probe changes nothing.
"""

import asyncio
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from settlement.cli.services import ServiceMissing

ANSWER_SECONDS = 3.0
GREET_MILLISECONDS = 10_000
# A role touches its heartbeat every second; more silence than this is no health.
HEARTBEAT_SECONDS = 15.0


def kafka_answers(brokers: str, *, timeout_seconds: float = ANSWER_SECONDS) -> bool:
    """Tell whether Kafka has a leader for every partition and a coordinator for groups."""
    from aiokafka.errors import KafkaError  # noqa: PLC0415 - takes 0.2 s

    with silenced("aiokafka"):
        try:
            return asyncio.run(asyncio.wait_for(_ask_kafka(brokers), timeout_seconds))
        except (KafkaError, OSError, TimeoutError):
            return False


@contextmanager
def kafka_named(brokers: str) -> Iterator[None]:
    """Say in one sentence, as ServiceMissing, that Kafka is away."""
    from aiokafka.errors import KafkaConnectionError  # noqa: PLC0415 - as above

    try:
        with silenced("aiokafka"):  # it logs what it raises as well
            yield
    except KafkaConnectionError as away:
        raise ServiceMissing(f"Kafka at {brokers} does not answer") from away


def require_kafka(brokers: str) -> None:
    """Raise ServiceMissing where no broker answers."""
    with kafka_named(brokers):
        asyncio.run(_greet_kafka(brokers))


async def _greet_kafka(brokers: str) -> None:
    from aiokafka.client import AIOKafkaClient  # noqa: PLC0415 - as above

    client = AIOKafkaClient(bootstrap_servers=brokers, request_timeout_ms=GREET_MILLISECONDS)
    try:
        await client.bootstrap()
    finally:
        await client.close()


async def _ask_kafka(brokers: str) -> bool:
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415 - as above

    admin = AIOKafkaAdminClient(bootstrap_servers=brokers, request_timeout_ms=2000)
    try:
        await admin.start()
        # Asking for a coordinator makes the broker create its topic of offsets, if need be.
        await admin.find_coordinator("settle-probe")
        topics = await admin.describe_topics()
        leaders = [part["leader"] for topic in topics for part in topic["partitions"]]
        return bool(leaders) and min(leaders) >= 0
    finally:
        await admin.close()


def http_answers(url: str, *, timeout_seconds: float = ANSWER_SECONDS) -> bool:
    """Tell whether an HTTP server answers anything but an error of its own."""
    try:
        answer = httpx.get(url, timeout=timeout_seconds, trust_env=False)
    except httpx.HTTPError:
        return False
    return answer.status_code < 500


def clickhouse_answers(url: str, *, timeout_seconds: float = ANSWER_SECONDS) -> bool:
    """Tell whether ClickHouse answers a query to the user of its address."""
    parts = urlsplit(url)
    user = (unquote(parts.username or "default"), unquote(parts.password or ""))
    port = f":{parts.port}" if parts.port else ""
    try:
        answer = httpx.get(
            f"{parts.scheme}://{parts.hostname}{port}/",
            params={"query": "SELECT 1"},
            auth=user,
            timeout=timeout_seconds,
            trust_env=False,
        )
    except httpx.HTTPError:
        return False
    return answer.status_code == 200 and answer.text.strip() == "1"


def heartbeat_path(data_dir: Path, role: str) -> Path:
    """Say which file a role touches while it is at work."""
    return data_dir / "run" / f"{role}.alive"


def has_heartbeat(data_dir: Path, role: str) -> bool:
    """Tell whether a role has touched its heartbeat lately."""
    try:
        touched = heartbeat_path(data_dir, role).stat().st_mtime
    except FileNotFoundError:
        return False
    return time.time() - touched < HEARTBEAT_SECONDS


@contextmanager
def silenced(name: str) -> Iterator[None]:
    """Keep a library from logging that nobody answers yet; that is what is being asked."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        logger.setLevel(level)
