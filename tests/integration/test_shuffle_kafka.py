"""The same documents in other orders on the real Kafka, with a rebalance in the middle.

Rule: SHUFFLE_SEEDS says how many orders (two in the ordinary run, see tests/README.md); rows may
differ in what tests/pipeline/test_shuffles.py names as provenance, and in nothing else.
"""

import dataclasses
import os
import random
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from streams.topics import INBOX
from tests.integration.clickhouse_fixture import ClickHouse
from tests.integration.inbox_topic import recreate_topic
from tests.integration.rig import Rig, _text, a_rig, wait_until
from tests.pipeline.documents import awkward_documents
from tests.pipeline.inbox import Inbox, Sent
from tests.pipeline.test_shuffles import MAY_DIFFER, OBJECTS

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]
SEEDS = range(int(os.environ.get("SHUFFLE_SEEDS", "2")))
# They stand in different partitions of the inbox, so that both workers have something to do.
PARTIES = ("NL*TNM", "DE*ABC", "FR*XYZ", "BE*ONE")
PAUSE_SECONDS = 0.015


def documents_of(party: str) -> list[Sent]:
    """Give the awkward documents as another CPO would have sent them."""
    country_code, party_id = (f'"{part}"'.encode() for part in party.split("*"))
    return [
        dataclasses.replace(
            sent,
            cpo=party,
            body=sent.body.replace(b'"NL"', country_code).replace(b'"TNM"', party_id),
        )
        for sent in awkward_documents()
    ]


@pytest.fixture
def rig(own_kafka: str, clickhouse: ClickHouse, tmp_path: Path) -> Iterator[Rig]:
    """Give a rig over an empty inbox."""
    recreate_topic(own_kafka, INBOX)
    with a_rig(brokers=own_kafka, clickhouse=clickhouse, folder=tmp_path) as running:
        yield running


@cache
def expected(table: str) -> list[str]:
    """Give the rows of the documents in their own order, provenance left out."""
    rows = []
    for party in PARTIES:
        rows += Inbox().receive(*documents_of(party)).rows(table)
    return sorted(_text(row, compared(table, row)) for row in rows)


def compared(table: str, row: dict[str, object]) -> list[str]:
    # In memory there is one partition, 0.
    return sorted(row.keys() - MAY_DIFFER[table] - {"kafka_partition"})


def found(rig: Rig, table: str) -> list[str]:
    (first, *_) = Inbox().receive(*documents_of(PARTIES[0])).rows(table)
    columns = compared(table, first)
    return sorted(_text(row, columns) for row in rig.rows(table, columns))


@pytest.mark.parametrize("seed", SEEDS)
def test_two_workers_and_a_rebalance_give_the_same_rows_in_any_order(rig: Rig, seed: int) -> None:
    documents = [sent for party in PARTIES for sent in documents_of(party)]
    random.Random(seed).shuffle(documents)
    third = len(documents) // 3

    first = rig.start("streams", log_name="first", STREAMS_INSTANCE_ID=f"first-{seed}")
    rig.start("sink")
    rig.send(documents[:third])
    rig.wait_until_settled()
    traffic = threading.Thread(target=send_slowly, args=(rig, documents[third:]))
    traffic.start()
    rig.start("streams", log_name="second")
    wait_until(lambda: "applied up to" in said(rig, "second"), told=rig.logs)
    if seed % 2:  # the second takes over what is left
        first.terminate()
        first.wait(timeout=30)
    traffic.join()
    rig.wait_until_settled()

    assert rig.differences() == []
    for table in OBJECTS:
        assert expected(table) == found(rig, table)


def send_slowly(rig: Rig, documents: list[Sent]) -> None:
    for start in range(0, len(documents), 10):
        rig.send(documents[start : start + 10])
        time.sleep(PAUSE_SECONDS)


def said(rig: Rig, name: str) -> str:
    path = rig.folder / f"{name}.log"
    return path.read_text() if path.exists() else ""
