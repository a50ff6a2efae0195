"""`settle topics apply` on the real Kafka: what is missing comes, what operators set stays."""

import asyncio
import json
import subprocess
import sys
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from streams.topics import MIN_INSYNC, apply_topics
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
