"""Stored changes, read: small ones are kept at hand, large ones never pile up."""

from datetime import UTC, datetime

import msgspec

from streams.state import StoredChange
from streams.steps import current


def a_change(note: str) -> StoredChange:
    return StoredChange(
        method="PATCH",
        body=msgspec.json.encode({"status": "ACTIVE", "note": note}),
        last_updated=datetime(2025, 3, 1, tzinfo=UTC),
        offset=7,
        digest=note[:32],
        ocpi_version="2.2.1",
    )


def test_a_small_change_is_read_once_a_large_one_each_time() -> None:
    small, large = a_change("short"), a_change("long" * current.KNOWN_BYTES)
    before = current._known_change.cache_info()

    same = [current.change_of(small) is current.change_of(small)]
    again = [current.change_of(large) for _ in range(2)]

    after = current._known_change.cache_info()
    assert same == [True]
    assert again[0] is not again[1]
    assert again[0].body == again[1].body
    assert (after.misses - before.misses, after.currsize - before.currsize) == (1, 1)
