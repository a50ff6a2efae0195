"""Records that take long give way to open transactions, short ones to nobody's."""

import asyncio

import pytest

from streams.open_transactions import LONG_SECONDS, OPEN_SECONDS, OpenTransactions


@pytest.mark.parametrize(
    ("took", "open_for", "waited"),
    [
        (LONG_SECONDS * 2, OPEN_SECONDS, True),
        (LONG_SECONDS / 2, OPEN_SECONDS, False),
        (LONG_SECONDS / 2, 0.0, True),
    ],
    ids=["a long record", "short ones", "open for long"],
)
def test_what_is_open_ends_first(
    monkeypatch: pytest.MonkeyPatch, took: float, open_for: float, waited: bool
) -> None:
    monkeypatch.setattr("streams.open_transactions.OPEN_SECONDS", open_for)

    async def fold() -> list[str]:
        transactions, said = OpenTransactions(), []

        async def write() -> None:
            with transactions.one():
                await asyncio.sleep(0.05)
                said.append("committed")

        writing = asyncio.create_task(write())
        await asyncio.sleep(0)
        await transactions.give_way(took)
        said.append("folded")
        await writing
        await transactions.give_way(took)  # nothing is open any more
        return said

    said = asyncio.run(fold())

    assert said == (["committed", "folded"] if waited else ["folded", "committed"])


def test_one_that_begins_meanwhile_is_not_waited_for() -> None:
    async def fold() -> bool:
        transactions = OpenTransactions()
        never = asyncio.Event()

        async def write(end: asyncio.Event) -> None:
            with transactions.one():
                await end.wait()

        first = asyncio.Event()
        writing = [asyncio.create_task(write(first))]
        await asyncio.sleep(0)
        waiting = asyncio.create_task(transactions.give_way(LONG_SECONDS * 2))
        await asyncio.sleep(0.01)
        writing.append(asyncio.create_task(write(never)))
        await asyncio.sleep(0)
        first.set()
        async with asyncio.timeout(5):
            await waiting
        writing[1].cancel()
        await asyncio.gather(*writing, return_exceptions=True)
        return not transactions._open

    assert asyncio.run(fold())
