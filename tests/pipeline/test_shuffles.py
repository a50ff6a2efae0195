"""Whatever the order of the documents, the rows are the same."""

import random
from collections import Counter
from functools import cache
from operator import itemgetter

import pytest

from streams.outcome import PROVENANCE
from streams.rows import Row
from tests.pipeline.documents import awkward_documents
from tests.pipeline.inbox import KEYS, Inbox

# What may differ between two orders of the same documents, by table: where and when something
# stood in the log, and what a document was when it came. Everything else must be equal.
MAY_DIFFER = {
    "cdr_settled": PROVENANCE,
    "cdr_outcome": PROVENANCE,  # the last one: the way there is the order itself
    "session_current": {"version"},
    "tariff_version": {"version", "kafka_offset"},
    "location_current": {"version"},
    "document_received": {"version", "kafka_offset"},
    "document_outcome": {"version", "kafka_offset", "outcome"},
    "dead_letter": {"version", "origin_offset"},
}
# One row an object, whatever was sent of it and how often.
OBJECTS = ("cdr_settled", "session_current", "tariff_version", "location_current")
HEADERS_THAT_DIFFER = {"ce_id"}  # tests make it from the offset
# A decision names an offset: in another order it is about another document.
NOT_SHUFFLED = {"dead_letter_decision"}
# Of three copies one names no eMSP: it repeats what came, or joins two that differ.
TOLD_BY_ORDER = {"CDR-32"}

UNREADABLE = 5


def comparable(inbox: Inbox, table: str) -> list[Row]:
    rows = last_outcomes(inbox) if table == "cdr_outcome" else inbox.rows(table)
    kept = [
        {name: value for name, value in row.items() if name not in MAY_DIFFER[table]}
        for row in rows
    ]
    for row in kept:
        if "headers" in row:
            names = row["headers"].keys() - HEADERS_THAT_DIFFER
            row["headers"] = {name: row["headers"][name] for name in sorted(names)}
    return sorted(kept, key=str)


def last_outcomes(inbox: Inbox) -> list[Row]:
    last: dict[tuple[str, str], Row] = {}
    for row in sorted(inbox.rows("cdr_outcome"), key=itemgetter("version")):
        last[row["cpo"], row["cdr_key"]] = row
    return list(last.values())


@cache
def in_order() -> Inbox:
    return Inbox().receive(*awkward_documents())


@cache
def shuffled(seed: int) -> Inbox:
    documents = awkward_documents()
    random.Random(seed).shuffle(documents)
    return Inbox().receive(*documents)


def cdr_documents(inbox: Inbox) -> Counter[tuple[str, str]]:
    """Count what the documents of each CDR were when they came."""
    return Counter(
        (row["object_key"], row["outcome"])
        for row in inbox.rows("document_outcome")
        if row["module"] == "cdrs" and row["object_key"] not in TOLD_BY_ORDER
    )


def test_what_may_differ_is_provenance_alone() -> None:
    assert sorted(PROVENANCE) == [
        "cause",
        "kafka_offset",
        "kafka_partition",
        "month",
        "received_time",
        "version",
    ]


def test_no_table_is_left_out() -> None:
    assert set(KEYS) == set(MAY_DIFFER) | NOT_SHUFFLED
    assert set(in_order().tables) == set(MAY_DIFFER)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("table", sorted(MAY_DIFFER))
def test_rows_do_not_depend_on_the_order_of_documents(seed: int, table: str) -> None:
    expected = comparable(in_order(), table)

    found = comparable(shuffled(seed), table)

    assert len(expected) > 0
    assert expected == found


@pytest.mark.parametrize("seed", range(8))
def test_the_last_outcome_of_a_cdr_is_what_its_row_says(seed: int) -> None:
    inbox = shuffled(seed)
    rows = {(row["cpo"], row["cdr_key"]): row for row in inbox.rows("cdr_settled")}

    last = {(row["cpo"], row["cdr_key"]): row for row in last_outcomes(inbox)}

    told = {key: {name: rows[key].get(name) for name in last[key]} for key in rows}
    causes = {key: {**row, "cause": None} for key, row in last.items()}
    assert causes == told


@pytest.mark.parametrize("seed", range(8))
def test_as_many_cdrs_are_duplicates_and_conflicts_in_any_order(seed: int) -> None:
    expected = cdr_documents(in_order())

    found = cdr_documents(shuffled(seed))

    assert {"first", "duplicate", "conflict", "dead_lettered"} <= {said for _, said in expected}
    assert expected == found


@pytest.mark.parametrize("seed", range(5))
def test_every_document_is_accounted_for_in_any_order(seed: int) -> None:
    inbox = shuffled(seed)

    assert len(awkward_documents()) == len(inbox.documents())
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

    for table in (*OBJECTS, "cdr_outcome"):
        assert comparable(once, table) == comparable(twice, table)
