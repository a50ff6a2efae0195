"""The cache of CDR documents: bounded by bytes, the oldest go, nothing is read ahead."""

import asyncio

import pytest

from streams import documents
from streams.documents import Documents, read_all
from streams.record import Record
from tests.builders import a_cdr_document
from tests.pipeline.inbox import a_sent


def a_record(offset: int, *, remark: str = "") -> Record:
    sent = a_sent("cdrs", "POST", a_cdr_document(id=f"CDR-{offset}", remark=remark))
    return Record(
        partition=0, offset=offset, value=sent.body, envelope=sent.envelope(f"id-{offset}")
    )


@pytest.fixture
def cache() -> Documents:
    """Give a cache whose broker must not be asked."""
    return Documents(brokers="127.0.0.1:1", partition=0)


def test_what_was_kept_is_given_without_the_broker(cache: Documents) -> None:
    kept = [a_record(offset) for offset in (3, 5, 8)]
    for record in kept:
        cache.keep(record)
        cache.keep(record)

    found = asyncio.run(cache.load([8, 3, 8]))

    assert found == {3: kept[0], 8: kept[2]}


def test_the_oldest_go_by_their_bytes(cache: Documents, monkeypatch: pytest.MonkeyPatch) -> None:
    large, small = a_record(0, remark="x" * 50_000), [a_record(n) for n in range(1, 11)]
    each = len(small[0].value) + documents.ENVELOPE_BYTES
    monkeypatch.setattr(documents, "CACHED_BYTES", 50_000 + 2 * each)
    asked: list[int] = []

    async def read(offsets: list[int]) -> dict[int, object]:
        asked.extend(offsets)
        return {}

    monkeypatch.setattr(cache, "_read", read)
    cache.keep(large)
    for record in small:
        cache.keep(record)

    asyncio.run(cache.load(range(11)))

    assert asked == [0]
    assert cache._cached_bytes == sum(
        len(record.value) + documents.ENVELOPE_BYTES for record in small
    )


def test_only_what_a_slice_needs_is_read() -> None:
    records = {offset: a_record(offset) for offset in (1, 2)}
    records[9] = Record(partition=0, offset=9, value=b"{", envelope=records[1].envelope)
    (own,) = read_all({4: a_record(4)}, [4], {}).values()

    read = read_all(records, [1, 2, 4], {4: own})

    assert [document.parsed.value.id for document in read.values()] == ["CDR-1", "CDR-2", "CDR-4"]
    assert read[4] is own
