"""The local Kafka, for real: it answers when it says so, and keeps what it was given."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import UnknownTopicOrPartitionError

from settlement.cli.exit import Unusable
from streams.local.kafka import KafkaProcess, running_kafka, start_kafka, stop_kafka
from streams.local.process import find_part, is_alive

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

TOPIC = TopicPartition("kept", 0)
MEBIBYTE = 1024 * 1024


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    stop_kafka(data_dir=tmp_path)


async def create(brokers: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    settings = {"max.message.bytes": str(16 * MEBIBYTE)}
    await admin.create_topics([NewTopic(TOPIC.topic, 1, 1, topic_configs=settings)])
    await admin.close()


async def send(brokers: str, *values: bytes) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=brokers, acks="all", max_request_size=20 * MEBIBYTE
    )
    try:
        await producer.start()
        for value in values:
            await producer.send_and_wait(TOPIC.topic, value)
    finally:
        await producer.stop()


async def read(brokers: str) -> list[bytes]:
    async with AIOKafkaConsumer(
        bootstrap_servers=brokers, auto_offset_reset="earliest", enable_auto_commit=False
    ) as consumer:
        consumer.assign([TOPIC])
        end = (await consumer.end_offsets([TOPIC]))[TOPIC]
        return [bytes((await consumer.getone()).value) for _ in range(end)]


async def join_group(brokers: str) -> set[TopicPartition]:
    consumer = AIOKafkaConsumer(
        TOPIC.topic, bootstrap_servers=brokers, group_id="at-once", session_timeout_ms=6000
    )
    async with consumer:
        return set(consumer.assignment())


def settle(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "settlement", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )


def test_kafka_keeps_its_data_over_kill_9_and_over_a_clean_stop(data_dir: Path) -> None:
    first = start_kafka(data_dir=data_dir, port=None)
    asyncio.run(create(first.brokers))
    asyncio.run(send(first.brokers, b"before the kill"))

    os.kill(first.pid, signal.SIGKILL)
    second = start_kafka(data_dir=data_dir, port=first.port)
    asyncio.run(send(second.brokers, b"after the kill"))
    stop_kafka(data_dir=data_dir)
    was_clean = (data_dir / "kafka" / "data" / ".kafka_cleanshutdown").exists()
    third = start_kafka(data_dir=data_dir, port=None)

    assert first.brokers == second.brokers
    assert was_clean
    assert asyncio.run(read(third.brokers)) == [b"before the kill", b"after the kill"]


def test_a_started_kafka_serves_groups_at_once_and_takes_the_largest_record(
    data_dir: Path,
) -> None:
    largest = b"x" * (16 * MEBIBYTE - 1024)
    started = start_kafka(data_dir=data_dir, port=None)

    asyncio.run(create(started.brokers))
    asyncio.run(send(started.brokers, largest))

    assert [largest] == asyncio.run(read(started.brokers))
    assert {TOPIC} == asyncio.run(join_group(started.brokers))


def test_no_topic_comes_into_being_by_being_named(kafka: str) -> None:
    async def describe() -> list[dict[str, Any]]:
        admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
        await admin.start()
        try:
            topics: list[dict[str, Any]] = await admin.describe_topics(["never-created"])
            return topics
        finally:
            await admin.close()

    (topic,) = asyncio.run(describe())

    assert UnknownTopicOrPartitionError.errno == topic["error_code"]


def test_a_second_start_gives_the_kafka_that_runs(data_dir: Path) -> None:
    first = start_kafka(data_dir=data_dir, port=None)

    second = start_kafka(data_dir=data_dir, port=None)

    assert first == second
    with pytest.raises(Unusable, match="already runs"):
        start_kafka(data_dir=data_dir, port=first.port + 1)


def test_the_command_starts_says_where_and_stops_without_a_trace(data_dir: Path) -> None:
    option = ("--data", str(data_dir))

    started = settle("kafka", "start", *option, "--port", str(free_port_of_the_system()))
    status = settle("kafka", "status", *option, "--json")
    running = running_kafka(data_dir=data_dir)
    stopped = settle("kafka", "stop", *option)
    again = settle("kafka", "stop", *option)

    assert tuple(done.returncode for done in (started, status, stopped, again)) == (0, 0, 0, 3), (
        started.stderr
    )
    assert isinstance(running, KafkaProcess)
    assert json.loads(status.stdout) == {
        "role": "kafka",
        "pid": running.pid,
        "address": running.brokers,
        "healthy": True,
    }
    assert not is_alive(running.pid)
    assert find_part(part="kafka", data_dir=data_dir) == []


def test_a_busy_port_is_one_sentence_and_leaves_nothing(data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        done = settle("kafka", "start", "--data", str(data_dir), "--port", str(port))

    assert done.returncode == 2
    assert f"port {port} for Kafka is busy" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert find_part(part="kafka", data_dir=data_dir) == []


def test_a_cluster_named_by_the_environment_is_used_and_none_is_started(
    data_dir: Path, kafka: str
) -> None:
    started = settle("kafka", "start", "--data", str(data_dir), KAFKA_BROKERS=kafka)
    status = settle("kafka", "status", "--data", str(data_dir), "--json", KAFKA_BROKERS=kafka)

    assert started.returncode == 0
    assert kafka in started.stdout
    assert {"role": "kafka", "pid": None, "address": kafka, "healthy": True} == json.loads(
        status.stdout
    )
    assert find_part(part="kafka", data_dir=data_dir) == []


def test_where_kafka_is_down_the_command_that_starts_it_is_named(data_dir: Path) -> None:
    done = settle("kafka", "status", "--data", str(data_dir))

    assert done.returncode == 3
    assert "settle kafka start" in done.stderr


def free_port_of_the_system() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
