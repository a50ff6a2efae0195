"""When a partition applies what came, and when it writes what was applied."""

import asyncio
import time

import pytest

from streams import partition
from streams.partition import MANY_RECORDS, RUN_SECONDS
from streams.record import Record
from tests.unit.streams.lone_partition import Ack, a_partition, a_record

FLUSH_SECONDS = 0.01
LONGEST_SECONDS = 0.3


def test_records_that_come_one_after_the_other_are_applied_in_one_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    applied: list[int] = []
    waits: list[float] = []

    async def scenario() -> None:
        is_over, pause = asyncio.Event(), asyncio.sleep

        async def sleep(seconds: float) -> None:
            waits.append(seconds)
            await is_over.wait()

        async def apply(record: Record, _: Ack) -> None:
            applied.append(record.offset)

        own = a_partition(on_failure=pytest.fail)
        monkeypatch.setattr(own, "_apply", apply)
        monkeypatch.setattr("asyncio.sleep", sleep)
        running = asyncio.create_task(own._apply_for_ever())
        for offset in range(3):
            await own.put(a_record(offset), Ack())
            await pause(0)
        assert applied == []
        is_over.set()
        await running
        await own.stop()

    asyncio.run(scenario())

    assert applied == [0, 1, 2]
    assert waits == [RUN_SECONDS]


@pytest.mark.parametrize(
    ("waiting", "is_put_off"),
    [(0, False), (MANY_RECORDS - 1, False), (MANY_RECORDS, True)],
    ids=["nothing waits", "what came since the last run waits", "a backlog waits"],
)
def test_a_flush_is_put_off_only_for_a_backlog(
    monkeypatch: pytest.MonkeyPatch, waiting: int, *, is_put_off: bool
) -> None:
    monkeypatch.setattr(partition, "LONGEST_FLUSH_SECONDS", LONGEST_SECONDS)

    async def scenario() -> float:
        own = a_partition(on_failure=pytest.fail, streams_flush_seconds=FLUSH_SECONDS)
        own._is_flushed.set()  # nobody waits for this flush
        for offset in range(waiting):
            await own.put(a_record(offset), Ack())
        began = time.monotonic()
        await own._gathered()
        took = time.monotonic() - began
        await own.stop()
        return took

    took = asyncio.run(scenario())

    assert took >= LONGEST_SECONDS if is_put_off else FLUSH_SECONDS <= took < LONGEST_SECONDS
