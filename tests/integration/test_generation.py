"""A second generation beside the live one: same code, identical rows; an edit shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.generation import compare, drop, folded_records, generations
from tests.integration.clickhouse_fixture import ClickHouse
from tests.integration.rig import Rig, a_rig
from tests.pipeline.documents import awkward_documents

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(400)]


@pytest.fixture
def rigs(own_kafka: str, clickhouse: ClickHouse, tmp_path: Path) -> Iterator[tuple[Rig, Rig]]:
    (tmp_path / "next").mkdir()
    with (
        a_rig(brokers=own_kafka, clickhouse=clickhouse, folder=tmp_path) as live,
        a_rig(brokers=own_kafka, clickhouse=clickhouse, folder=tmp_path / "next") as following,
    ):
        yield live, following


def test_the_same_code_gives_identical_rows_and_an_edit_shows(rigs: tuple[Rig, Rig]) -> None:
    live, following = rigs
    for rig in rigs:
        rig.start("streams")
        rig.start("sink")
    live.send(awkward_documents())
    live.wait_until_settled()
    following.wait_until_settled()
    client = live.clickhouse.client()

    equal = compare(client, before=live.generation, after=following.generation)
    client.command(
        f"INSERT INTO {following.database}.cdr_outcome "
        f"SELECT * REPLACE ('other' AS outcome_digest, version + 1 AS version) "
        f"FROM {following.database}.cdr_outcome WHERE cdr_key = 'CDR-2'"
    )
    edited = compare(client, before=live.generation, after=following.generation)

    assert equal.is_equal
    assert equal.records == len(live.inbox())
    assert not edited.is_equal
    assert [one.cdr_key for one in edited.differences] == ["CDR-2"]

    drop(client, brokers=live.brokers, generation=following.generation)
    assert following.generation not in generations(client)
    assert sum(folded_records(client, live.generation).values()) == len(live.inbox())
