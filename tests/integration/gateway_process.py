"""Gateway processes for tests, each on a free port, and what Kafka holds.

Rule: the real process, started as the supervisor does; every process is stopped by its test.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from ingest.partner import register_partner
from settlement.cli.services import read_address
from streams.topics import Topic, apply_topics

START_SECONDS = 20.0


class GatewayProcess:
    """A running gateway and a client that speaks to it."""

    def __init__(self, *, process: subprocess.Popen[bytes], url: str) -> None:
        self.process = process
        self.url = url
        self.client = httpx.Client(base_url=url, timeout=20, trust_env=False)

    def ask(self, method: str, path: str, token: str | None, **sent: Any) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Token {token}"}
        headers |= sent.pop("headers", {})
        return self.client.request(method, path, headers=headers, **sent)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.client.close()
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


@contextmanager
def running_gateway(
    *, brokers: str, data_dir: Path, clickhouse_url: str = ""
) -> Iterator[GatewayProcess]:
    """Run `settle run ingest` until it has written its address; end it afterwards."""
    environment = {
        **{name: text for name, text in os.environ.items() if not name.startswith("INGEST_")},
        "INGEST_PORT": "0",
        "KAFKA_BROKERS": brokers,
        "CLICKHOUSE_URL": clickhouse_url,
        "SETTLE_DATA_DIR": str(data_dir),
    }
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "ingest.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "settlement", "run", "ingest"], env=environment, stderr=log
        )
    try:
        gateway = GatewayProcess(process=process, url=_address(process, data_dir))
        yield gateway
    finally:
        gateway.client.close()
        if process.poll() is None:
            process.kill()
            process.wait(timeout=20)


def _address(process: subprocess.Popen[bytes], data_dir: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        address = read_address(data_dir, "ingest")
        if address and address["pid"] == process.pid:
            return str(address["url"])
        assert process.poll() is None, (data_dir / "ingest.log").read_text()
        time.sleep(0.05)
    raise AssertionError("the gateway did not start: " + (data_dir / "ingest.log").read_text())


def create_topics(brokers: str) -> None:
    asyncio.run(apply_topics(brokers=brokers))


def new_partner(brokers: str, party: str, *roles: str, replace: bool = False) -> str:
    """Register a partner and give its token."""
    return asyncio.run(
        register_partner(brokers=brokers, party=party, roles=roles or ("CPO",), replace=replace)
    )


def records_of(brokers: str, topic: Topic, *, key: str) -> list[ConsumerRecord]:
    """Read every record of a key, in the order of the log."""
    return asyncio.run(_records(brokers, topic, key.encode()))


def ends_of(brokers: str, topic: Topic) -> dict[int, int]:
    """Give the end of each partition."""
    return asyncio.run(_ends(brokers, topic))


async def _ends(brokers: str, topic: Topic) -> dict[int, int]:
    consumer = AIOKafkaConsumer(bootstrap_servers=brokers, group_id=None)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        ends = await consumer.end_offsets(partitions)
        return {partition.partition: end for partition, end in ends.items()}
    finally:
        await consumer.stop()


async def _records(brokers: str, topic: Topic, key: bytes) -> list[ConsumerRecord]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers, group_id=None, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        partitions = [TopicPartition(topic.name, number) for number in range(topic.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        found: list[ConsumerRecord] = []
        for partition in partitions:
            while await consumer.position(partition) < ends[partition]:
                for batch in (await consumer.getmany(timeout_ms=200)).values():
                    found += [record for record in batch if record.key == key]
        return sorted(found, key=lambda record: (record.partition, record.offset))
    finally:
        await consumer.stop()
