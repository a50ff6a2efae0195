"""The real Kafka of a test run: started once, on a free port, in a folder of its own.

Rule: where it cannot be started the tests that need it fail; they are never skipped.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from streams.local.kafka import start_kafka, stop_kafka

GONE_SECONDS = 30.0


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the brokers of a Kafka that answers, and stop it after the run."""
    yield from _running(tmp_path_factory.mktemp("kafka"))


@pytest.fixture(scope="session")
def lent_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the brokers of a second Kafka, which modules have in turn."""
    yield from _running(tmp_path_factory.mktemp("lent-kafka"))


@pytest.fixture(scope="module")
def own_kafka(lent_kafka: str) -> str:
    """Give a Kafka of this module alone: its inbox holds what these tests send, nothing else."""
    asyncio.run(_delete_topics(lent_kafka))
    return lent_kafka


def _running(data_dir: Path) -> Iterator[str]:
    started = start_kafka(data_dir=data_dir, port=None)
    try:
        yield started.brokers
    finally:
        stop_kafka(data_dir=data_dir)


async def _delete_topics(brokers: str) -> None:
    """Delete what modules before have made; Kafka's own topics stay."""
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    try:
        deadline = time.monotonic() + GONE_SECONDS
        while names := [name for name in await admin.list_topics() if not name.startswith("__")]:
            assert time.monotonic() < deadline, names
            await admin.delete_topics(names)
            await asyncio.sleep(0.1)
    finally:
        await admin.close()
