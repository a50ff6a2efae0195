"""Shared looks: fresh for every caller, and few."""

import asyncio

import pytest

from ingest.coalesced import Coalesced


class Remote:
    """A state that can be looked at, slowly; counts the looks."""

    def __init__(self) -> None:
        self.state = 0
        self.looks = 0
        self.at_once = 0
        self.gate = asyncio.Event()
        self.fails = False

    async def look(self) -> int:
        self.looks += 1
        self.at_once += 1
        assert self.at_once == 1
        seen = self.state
        await self.gate.wait()
        self.at_once -= 1
        if self.fails:
            raise ConnectionError("away")
        return seen


def test_a_caller_never_gets_a_look_that_began_before_it_asked() -> None:
    async def ask() -> tuple[int, int, int]:
        remote = Remote()
        looks = Coalesced(remote.look)
        early = asyncio.create_task(looks.fresh())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        remote.state = 1
        late = asyncio.create_task(looks.fresh())
        await asyncio.sleep(0)
        remote.gate.set()
        return await early, await late, remote.looks

    assert asyncio.run(ask()) == (0, 1, 2)


def test_many_callers_share_one_look() -> None:
    async def ask() -> tuple[set[int], int]:
        remote = Remote()
        remote.gate.set()
        looks = Coalesced(remote.look)
        answers = await asyncio.gather(*(looks.fresh() for _ in range(100)))
        return set(answers), remote.looks

    assert asyncio.run(ask()) == ({0}, 1)


def test_a_caller_that_gives_up_does_not_end_the_look_of_others() -> None:
    async def ask() -> int:
        remote = Remote()
        looks = Coalesced(remote.look)
        impatient = asyncio.create_task(looks.fresh())
        patient = asyncio.create_task(looks.fresh())
        await asyncio.sleep(0)
        impatient.cancel()
        remote.gate.set()
        return await patient

    assert asyncio.run(ask()) == 0


def test_a_failed_look_fails_its_callers_and_not_the_next() -> None:
    async def ask() -> int:
        remote = Remote()
        remote.gate.set()
        remote.fails = True
        looks = Coalesced(remote.look)
        with pytest.raises(ConnectionError):
            await looks.fresh()
        remote.fails = False
        return await looks.fresh()

    assert asyncio.run(ask()) == 0


def test_looks_keep_their_distance() -> None:
    async def ask() -> float:
        remote = Remote()
        remote.gate.set()
        looks = Coalesced(remote.look, pause_seconds=0.05)
        begun = asyncio.get_running_loop().time()
        for _ in range(3):
            await looks.fresh()
        return asyncio.get_running_loop().time() - begun

    assert asyncio.run(ask()) >= 0.1
