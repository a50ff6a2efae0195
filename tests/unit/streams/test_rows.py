"""Topic, outcome and table name the same columns."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

import settlement.clickhouse
from streams.events import EVENT_TYPES, headers_of
from streams.rows import ARRAYS, FEEDS, Row
from streams.topics import TOPICS
from tests.builders import (
    a_cdr_document,
    a_location_document,
    a_session_document,
    a_tariff_document,
)
from tests.pipeline.inbox import Inbox, a_decision, a_sent

MIGRATIONS = Path(settlement.clickhouse.__file__ or "").parent / "migrations"


def columns_of(table: str) -> set[str]:
    """Give the columns of a table as its migration says."""
    text = "".join(path.read_text() for path in sorted(MIGRATIONS.glob("*.sql")))
    match = re.search(rf"EXISTS {{database}}\.{table}\n\((.*?)\n\)\nENGINE", text, re.DOTALL)
    assert match is not None, table
    return set(re.findall(r"^    `?([a-z_.]+)`?\s.*COMMENT", match[1], re.MULTILINE))


def rows_of_all_kinds() -> Inbox:
    return Inbox().receive(
        a_sent("tariffs", "PUT", a_tariff_document()),
        a_sent("locations", "PUT", a_location_document()),
        a_sent("sessions", "PUT", a_session_document()),
        a_sent("cdrs", "POST", a_cdr_document()),
        a_sent("cdrs", "POST", b"nothing", object_id="BROKEN"),
        a_decision("DROP", 4),
    )


@pytest.mark.parametrize(
    "feed", [f for f in FEEDS if f.table != "document_rejected"], ids=lambda f: f.table
)
def test_a_row_names_each_column_of_its_table(feed: SimpleNamespace) -> None:
    rows: list[Row] = rows_of_all_kinds().rows(feed.table)

    assert rows
    for row in rows:
        assert columns_of(feed.table) == set(row)


def test_a_rejected_document_names_each_column() -> None:
    (feed,) = [feed for feed in FEEDS if feed.table == "document_rejected"]
    envelope = a_sent("cdrs", "POST", a_cdr_document()).envelope("1")
    headers = [*headers_of(envelope), ("reason", b"no currency"), ("paths", b'["$.currency"]')]
    record = SimpleNamespace(key=b"", value=b"{}", headers=headers, partition=0, offset=0)

    (row,) = feed.rows(record)

    assert columns_of("document_rejected") == set(row)
    assert row["paths"] == ["$.currency"]


def test_every_array_column_is_an_entry_of_the_outcome() -> None:
    columns = {name for name in columns_of("cdr_settled") if "." in name}

    assert columns == {
        f"{prefix}.{name}" for prefix, (_, names) in ARRAYS.items() for name in names
    }


def test_every_topic_is_fed_to_a_table_or_read_by_us() -> None:
    fed = {feed.topic.name for feed in FEEDS}

    assert {topic.name for topic in TOPICS} - fed == {"partner", "state"}


def test_event_types_are_past_tense_facts() -> None:
    assert all(
        re.fullmatch(r"[A-Z]\w+(Received|Deleted|Retried|Dropped)", name)
        for name in EVENT_TYPES.values()
    )
