"""`settle replay` beside a live generation that goes on, then list, compare, switch and drop.

Rule: the commands as people call them; what they leave is looked up in Kafka and ClickHouse.
"""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiokafka.admin import AIOKafkaAdminClient
from clickhouse_connect.driver.client import Client
from typer.testing import CliRunner, Result

from ingest.demo.drain import wait_until_passed
from settlement.cli import app
from settlement.cli.exit import FINDINGS, FINE, Unusable
from settlement.clickhouse.migrate import live_generation, migrate, point_views
from settlement.clickhouse.query import connect_reader
from streams.generation import generations
from streams.publisher import Publisher
from streams.topics import GENERATION, INBOX, SETTLEMENT_DOCUMENT, TOPICS, apply_topics
from tests.integration.clickhouse_fixture import ClickHouse
from tests.integration.inbox_topic import recreate_topic
from tests.integration.rig import COMPARED, Rig, a_rig
from tests.integration.traffic import cdrs, traffic
from tests.pipeline.documents import awkward_documents
from tests.pipeline.inbox import a_sent

# How far it is, and how many records a second.
PROGRESS = r"\d+ of \d+ records, \d+ a\s+second"
pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]


@pytest.fixture
def rig(own_kafka: str, clickhouse: ClickHouse, tmp_path: Path) -> Iterator[Rig]:
    """Give a live generation that has settled something."""
    recreate_topic(own_kafka, INBOX)
    with a_rig(brokers=own_kafka, clickhouse=clickhouse, folder=tmp_path) as running:
        point_views(url=clickhouse.url, generation=running.generation)
        running.start("streams")
        running.start("sink")
        running.send([*awkward_documents(), *cdrs("BEFORE", 300)])
        running.wait_until_settled()
        yield running


def settle(rig: Rig, *arguments: str, brokers: str = "") -> Result:
    environment = {"KAFKA_BROKERS": brokers or rig.brokers, "CLICKHOUSE_URL": rig.clickhouse.url}
    command = [*arguments, "--data", str(rig.folder)]
    return CliRunner().invoke(app, command, env=environment)


def told(rig: Rig, *arguments: str, code: int = FINE) -> Any:
    done = settle(rig, *arguments, "--json")
    assert done.exit_code == code, (done.output, done.exception)
    return json.loads(done.stdout)


def rows_of(client: Client, generation: int, table: str) -> list[str]:
    """Give the rows of a table, every column of them."""
    found = client.query(f"SELECT * FROM settlement_g{generation}.{table} FINAL")
    return sorted(str(row) for row in found.result_rows)


def topics(brokers: str) -> set[str]:
    async def ask() -> set[str]:
        admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
        await admin.start()
        try:
            return set(await admin.list_topics())
        finally:
            await admin.close()

    return asyncio.run(ask())


def test_a_replay_under_traffic_gives_identical_rows_and_can_be_switched_to(rig: Rig) -> None:
    client, live = rig.clickhouse.client(), rig.generation
    at_start = len(rig.inbox())
    with traffic(rig, "MEANWHILE"):
        replayed = settle(rig, "replay", "--json")
    rig.wait_until_settled()
    comparison = json.loads(replayed.stdout)
    following = comparison["after"]
    completed = settle(rig, "replay", "--generation", str(following))
    unequal = [
        table
        for table in COMPARED
        if rows_of(client, live, table) != rows_of(client, following, table)
    ]
    listed = {one["generation"]: one for one in told(rig, "generation", "list")["generations"]}
    switched = settle(rig, "generation", "switch", str(following))
    shown = live_generation(client)
    refused = settle(rig, "generation", "drop", str(following))
    back = told(rig, "generation", "switch", str(live))
    client.command(
        f"INSERT INTO settlement_g{following}.cdr_outcome "
        "SELECT * REPLACE ('other' AS outcome_digest, version + 1 AS version) "
        f"FROM settlement_g{following}.cdr_outcome WHERE cdr_key = 'BEFORE-7'"
    )
    numbers = (str(live), str(following))
    edited = told(rig, "generation", "compare", *numbers, code=FINDINGS)
    words = settle(rig, "generation", "compare", *numbers).stdout
    away = [
        settle(rig, "generation", *words, brokers="127.0.0.1:1")
        for words in (["list"], ["switch", str(following)], ["drop", str(following)])
    ]
    left = (live_generation(client), following in generations(client))
    dropped = told(rig, "generation", "drop", str(following))
    unknown = settle(rig, "generation", "switch", str(following))

    assert replayed.exit_code == FINE, replayed.output
    assert completed.exit_code == FINE, completed.output
    assert unequal == []
    assert comparison["different"] == 0
    assert all(table["before"] == table["after"] for table in comparison["tables"])
    assert comparison["records"] >= at_start
    assert re.search(PROGRESS, replayed.stderr)
    assert listed[live]["live"]
    assert not listed[following]["live"]
    assert listed[following]["folded"] >= at_start
    assert (switched.exit_code, shown) == (FINE, following)
    assert back == {"generation": live, "live": True, "missing": 0}
    assert isinstance(refused.exception, Unusable)
    assert "is live" in str(refused.exception)
    assert [one["cdr_key"] for one in edited["differences"]] == ["BEFORE-7"]
    assert "BEFORE-7" in words
    assert "1 CDRs differ" in words
    assert [str(one.exception) for one in away] == ["Kafka at 127.0.0.1:1 does not answer"] * 3
    assert left == (live, True)
    assert dropped == {"generation": following, "dropped": True}
    assert following not in generations(client)
    derived = {topic.in_generation(following) for topic in TOPICS if topic.is_derived}
    assert topics(rig.brokers) & derived == set()
    assert isinstance(unknown.exception, Unusable)
    assert rig.differences() == []


def test_a_generation_that_was_cut_off_is_said_to_be_incomplete_and_can_be_dropped(
    rig: Rig,
) -> None:
    client, cut_off = rig.clickhouse.client(), rig.generation + 700
    client.command(f"CREATE DATABASE settlement_g{cut_off}")
    listed = {one["generation"]: one for one in told(rig, "generation", "list")["generations"]}
    words = settle(rig, "generation", "list").stdout
    refused = [
        settle(rig, "generation", *asked)
        for asked in (["switch", str(cut_off)], ["compare", str(rig.generation), str(cut_off)])
    ]
    shown = live_generation(client)
    replayed = settle(rig, "replay", "--generation", str(cut_off))
    completed = {one["generation"]: one for one in told(rig, "generation", "list")["generations"]}
    dropped = told(rig, "generation", "drop", str(cut_off))

    assert not listed[cut_off]["complete"]
    assert listed[rig.generation]["complete"]
    assert re.search(rf"^ *{cut_off}  0 of \d+ records  incomplete$", words, re.MULTILINE)
    for one in refused:
        assert isinstance(one.exception, Unusable)
        assert f"`settle replay --generation {cut_off}`" in str(one.exception)
        assert "it lacks 0001_documents" in str(one.exception)
    assert shown == rig.generation
    assert replayed.exit_code == FINE, replayed.output
    assert completed[cut_off]["complete"]
    assert dropped == {"generation": cut_off, "dropped": True}


async def say_in_the_first_generation(brokers: str) -> None:
    await apply_topics(brokers=brokers, generation=GENERATION)
    topic = SETTLEMENT_DOCUMENT.in_generation(GENERATION)
    publisher = Publisher(brokers=brokers)
    await publisher.start()
    await publisher.publish(topic=topic, key="", value=b"[]", headers=[])
    await publisher.stop()


def test_the_demo_waits_for_the_generation_that_is_read(rig: Rig) -> None:
    asyncio.run(say_in_the_first_generation(rig.brokers))
    reader = connect_reader(rig.clickhouse.reader_url)

    passed = wait_until_passed(brokers=rig.brokers, reader=reader, standstill_seconds=10)

    assert live_generation(reader) == rig.generation != GENERATION
    assert asyncio.run(passed)


def test_what_is_further_than_the_live_generation_is_not_dropped(rig: Rig) -> None:
    emptier = rig.generation + 701
    migrate(url=rig.clickhouse.url, generation=emptier)
    point_views(url=rig.clickhouse.url, generation=emptier)

    try:
        refused = settle(rig, "generation", "drop", str(rig.generation))
    finally:
        point_views(url=rig.clickhouse.url, generation=rig.generation)
    dropped = told(rig, "generation", "drop", str(emptier))

    assert isinstance(refused.exception, Unusable)
    assert f"the live generation {emptier} 0 so far" in str(refused.exception)
    assert rig.generation in generations(rig.clickhouse.client())
    assert dropped == {"generation": emptier, "dropped": True}


def test_a_decision_behind_the_replay_is_no_difference(rig: Rig) -> None:
    replayed = told(rig, "replay")
    cpo, partition, offset = (
        rig.clickhouse.client()
        .query(
            "SELECT cpo, kafka_partition, kafka_offset "
            f"FROM {rig.database}.document_outcome FINAL "
            "WHERE outcome = 'dead_lettered' ORDER BY kafka_partition, kafka_offset LIMIT 1"
        )
        .result_rows[0]
    )
    decision = {"partition": partition, "offset": offset, "actor": "ops", "reason": "theirs"}
    rig.send([a_sent("decisions", "DROP", decision, object_id=str(offset), cpo=cpo)])
    rig.wait_until_settled()

    compared = told(rig, "generation", "compare", str(rig.generation), str(replayed["after"]))
    told(rig, "generation", "drop", str(replayed["after"]))

    assert compared["records"] == replayed["records"]
    assert [one["before"] - one["after"] for one in compared["tables"]] == [0, 0]
