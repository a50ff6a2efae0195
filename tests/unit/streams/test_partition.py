"""When a partition applies what came, and when it writes what was applied."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from settlement.pricing.profile import DEFAULT
from streams import partition
from streams.open_transactions import OpenTransactions
from streams.partition import MANY_RECORDS, Partition
from streams.record import Record
from streams.settings import StreamsSettings
from tests.builders import a_cdr_document
from tests.pipeline.inbox import a_sent

FLUSH_SECONDS = 0.01
LONGEST_SECONDS = 0.3


class Event:
    """Stands for Faust's event."""

    def ack(self) -> None: ...


@asynccontextmanager
async def a_partition() -> AsyncIterator[Partition]:
    """Give a partition that asks no broker."""

    def failed(error: Exception) -> None:
        raise error

    own = Partition(
        number=0,
        settings=StreamsSettings(kafka_brokers="", streams_flush_seconds=FLUSH_SECONDS),
        profile=DEFAULT,
        transactions=OpenTransactions(),
        on_failure=failed,
    )
    try:
        yield own
    finally:
        await own.stop()


def a_record(offset: int) -> Record:
    sent = a_sent("cdrs", "POST", a_cdr_document(id=f"CDR-{offset}"))
    envelope = sent.envelope(f"id-{offset}")
    return Record(partition=0, offset=offset, value=sent.body, envelope=envelope)


def test_records_that_come_one_after_the_other_are_applied_in_one_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(partition, "RUN_SECONDS", 0.05)

    async def scenario() -> list[list[int]]:
        runs: list[list[int]] = []

        async def apply(record: Record, _: Event) -> None:
            runs[-1].append(record.offset)

        async with a_partition() as own:
            monkeypatch.setattr(own, "_apply", apply)
            for first in (0, 3):
                runs.append([])
                running = asyncio.create_task(own._apply_for_ever())
                for offset in range(first, first + 3):
                    await own.put(a_record(offset), Event())
                    await asyncio.sleep(0.005)
                assert runs[-1] == []
                await running
        return runs

    assert asyncio.run(scenario()) == [[0, 1, 2], [3, 4, 5]]


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
        async with a_partition() as own:
            own._is_flushed.set()  # nobody waits for this flush
            for offset in range(waiting):
                await own.put(a_record(offset), Event())
            began = time.monotonic()
            await own._gathered()
            return time.monotonic() - began

    took = asyncio.run(scenario())

    assert took >= LONGEST_SECONDS if is_put_off else FLUSH_SECONDS <= took < LONGEST_SECONDS
