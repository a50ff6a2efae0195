"""`settle topics apply` on the real Kafka: what is missing comes, what operators set stays."""

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.topics import INBOX_PARTITIONS, MIN_INSYNC, TOPICS, apply_topics
from tests.integration.rig import wait_until

pytestmark = pytest.mark.kafka
GENERATION = 900


def settle(brokers: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "settlement", "topics", "apply", *arguments],
        env={"KAFKA_BROKERS": brokers, "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def _set(brokers: str, topic: str, settings: dict[str, str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    resource = ConfigResource(ConfigResourceType.TOPIC, topic, configs=settings)
    (response,) = await admin.alter_configs([resource])
    await admin.close()
    assert [code for code, *_ in response.resources] == [0], response


async def _create(brokers: str, topic: str, partitions: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    response = await admin.create_topics([NewTopic(topic, partitions, 1)])
    await admin.close()
    assert [code for _, code, _ in response.topic_errors] == [0], response


async def _partitions(brokers: str) -> dict[str, int]:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    found = await admin.describe_topics()
    await admin.close()
    return {topic["topic"]: len(topic["partitions"]) for topic in found}


async def _settings(brokers: str, topic: str) -> dict[str, Any]:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    resource = ConfigResource(ConfigResourceType.TOPIC, topic)
    (response,) = await admin.describe_configs([resource])
    await admin.close()
    return {entry[0]: entry[1] for entry in response.resources[0][4]}


def test_what_is_missing_is_created_once_and_said(kafka: str) -> None:
    name = f"settlement.cdr.g{GENERATION}"

    planned = settle(kafka, "--generation", str(GENERATION), "--dry-run", "--json")
    first = settle(kafka, "--generation", str(GENERATION), "--json")
    second = settle(kafka, "--generation", str(GENERATION), "--json")

    assert planned.returncode == first.returncode == second.returncode == 0, first.stderr
    assert json.loads(planned.stdout)["differences"] == json.loads(first.stdout)["differences"]
    assert any(name in line for line in json.loads(first.stdout)["differences"])
    assert json.loads(second.stdout) == {"applied": True, "differences": []}


def test_what_operators_set_stays_and_durability_is_never_lowered(kafka: str) -> None:
    generation = GENERATION + 1
    name = f"settlement.cdr.g{generation}"
    asyncio.run(apply_topics(brokers=kafka, generation=generation))
    own = {MIN_INSYNC: "2", "segment.bytes": "1048576", "retention.ms": "1000"}
    asyncio.run(_set(kafka, name, own))
    wait_until(lambda: asyncio.run(_settings(kafka, name))["retention.ms"] == "1000", told=str)

    lines = asyncio.run(apply_topics(brokers=kafka, generation=generation))

    wait_until(lambda: asyncio.run(_settings(kafka, name))["retention.ms"] == "-1", told=str)
    settings = asyncio.run(_settings(kafka, name))
    assert f"~ {name}: retention.ms 1000 -> -1" in lines
    assert settings[MIN_INSYNC] == "2"
    assert settings["segment.bytes"] == "1048576"
    assert settings["retention.ms"] == "-1"
    assert settings["max.message.bytes"] == str(16 * 1024 * 1024)


def test_more_copies_than_brokers_is_one_sentence(kafka: str) -> None:
    asked = settle(kafka, "--generation", str(GENERATION + 2), "--replication", "3")

    assert asked.returncode == 2
    assert "replication factor" in asked.stderr.lower()
    assert "Traceback" not in asked.stderr
    assert asked.stdout == ""


@pytest.mark.parametrize("partitions", [INBOX_PARTITIONS - 1, INBOX_PARTITIONS + 1])
def test_partitions_are_never_changed_and_nothing_else_is_either(
    kafka: str, partitions: int
) -> None:
    generation = GENERATION + 10 * partitions
    name = f"settlement.cdr.g{generation}"
    asyncio.run(_create(kafka, name, partitions))
    wait_until(lambda: name in asyncio.run(_partitions(kafka)), told=lambda: name)
    before = asyncio.run(_settings(kafka, name))

    asked = settle(kafka, "--generation", str(generation), "--json")

    names = {topic.in_generation(generation) for topic in TOPICS if topic.is_derived}
    found = asyncio.run(_partitions(kafka))
    assert asked.returncode == 2
    assert asked.stdout == ""
    assert asked.stderr == (
        f"settle: topic {name} has {partitions} partitions, the table says {INBOX_PARTITIONS}: "
        "partitions are never changed; copy into a new topic and a new generation\n"
    )
    assert {one: found[one] for one in names & set(found)} == {name: partitions}
    assert asyncio.run(_settings(kafka, name)) == before


def test_a_kafka_that_is_away_is_our_sentence_alone() -> None:
    asked = settle("127.0.0.1:1")

    assert (asked.returncode, asked.stdout) == (3, "")
    assert asked.stderr == "settle: Kafka at 127.0.0.1:1 does not answer\n"
