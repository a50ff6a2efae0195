"""Whatever the order of the documents, the rows are the same."""

import random
from functools import cache

import pytest

from streams.outcome import PROVENANCE
from streams.rows import Row
from tests.pipeline.documents import awkward_documents
from tests.pipeline.inbox import Inbox

# What may differ between two orders of the same documents, by table: where and when something
# stood in the log. Everything else must be equal.
MAY_DIFFER = {
    "cdr_settled": PROVENANCE,
    "session_current": {"version"},
    "tariff_version": {"version", "kafka_offset"},
    "location_current": {"version"},
}


UNREADABLE = 5


def comparable(inbox: Inbox, table: str) -> list[Row]:
    return [
        {name: value for name, value in row.items() if name not in MAY_DIFFER[table]}
        for row in inbox.rows(table)
    ]


@cache
def in_order(table: str) -> list[Row]:
    return comparable(Inbox().receive(*awkward_documents()), table)


def test_what_may_differ_is_provenance_alone() -> None:
    assert sorted(PROVENANCE) == [
        "cause",
        "kafka_offset",
        "kafka_partition",
        "month",
        "received_time",
        "version",
    ]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("table", sorted(MAY_DIFFER))
def test_rows_do_not_depend_on_the_order_of_documents(seed: int, table: str) -> None:
    documents = awkward_documents()
    expected = in_order(table)

    random.Random(seed).shuffle(documents)
    found = comparable(Inbox().receive(*documents), table)

    assert len(expected) > 0
    assert expected == found


@pytest.mark.parametrize("seed", range(5))
def test_every_document_is_accounted_for_in_any_order(seed: int) -> None:
    documents = awkward_documents()
    random.Random(seed).shuffle(documents)

    inbox = Inbox().receive(*documents)

    assert len(documents) == len(inbox.documents())
    assert inbox.documents().count("dead_lettered") == UNREADABLE
    buckets = [row["bucket"] for row in inbox.rows("cdr_settled")]
    assert {"settled", "waiting", "conflict", "dead_lettered"} == set(buckets)


def test_a_replay_gives_the_same_outcomes_byte_for_byte() -> None:
    documents = awkward_documents()

    once, again = Inbox().receive(*documents), Inbox().receive(*documents)

    assert once.tables == again.tables


def test_documents_sent_twice_change_no_row() -> None:
    documents = awkward_documents()

    once, twice = Inbox().receive(*documents), Inbox().receive(*documents, *documents)

    for table in MAY_DIFFER:
        assert comparable(once, table) == comparable(twice, table)
