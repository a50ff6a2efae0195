"""When records are sent, beside a producer that acknowledges when it is told to."""

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any

import pytest

from streams.publisher import GATHER_SECONDS, SOON_SECONDS, Position, Publisher


class Producer:
    """Stands for aiokafka's: notes what it is given, and acknowledges once it is let."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.acknowledges = asyncio.Event()

    async def send_and_wait(self, _topic: str, *, key: bytes, **_: Any) -> object:
        self.sent.append(key.decode())
        await self.acknowledges.wait()
        return SimpleNamespace(partition=0, offset=len(self.sent))


Scenario = Callable[[Publisher, Producer], Awaitable[None]]


def tried(
    scenario: Scenario, *, timeout_seconds: float = 5.0, soon_seconds: float = SOON_SECONDS
) -> None:
    async def inside() -> None:
        producer = Producer()
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("streams.publisher.AIOKafkaProducer", lambda **_: producer)
            patch.setattr("streams.publisher.SOON_SECONDS", soon_seconds)
            await scenario(
                Publisher(brokers="nowhere:1", timeout_seconds=timeout_seconds), producer
            )

    asyncio.run(inside())


def publish(publisher: Publisher, key: str) -> asyncio.Task[Position]:
    return asyncio.create_task(publisher.publish(topic="inbox", key=key, value=b"", headers=[]))


async def sent_at_once(publisher: Publisher, producer: Producer, key: str) -> None:
    task = publish(publisher, key)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert producer.sent[-1] == key
    await task


async def a_moment() -> None:
    await asyncio.sleep(GATHER_SECONDS / 10)


def test_who_comes_alone_is_sent_at_once() -> None:
    async def scenario(publisher: Publisher, producer: Producer) -> None:
        producer.acknowledges.set()

        for key in "abc":
            await sent_at_once(publisher, producer, key)

    tried(scenario)


def test_who_comes_beside_others_is_sent_together_with_them_in_their_order() -> None:
    async def scenario(publisher: Publisher, producer: Producer) -> None:
        tasks = [publish(publisher, key) for key in "abc"]
        await a_moment()
        alone = list(producer.sent)
        await asyncio.sleep(2 * GATHER_SECONDS)
        together = list(producer.sent)
        producer.acknowledges.set()

        await asyncio.gather(*tasks)

        assert (alone, together) == (["a"], ["a", "b", "c"])

    tried(scenario)


async def a_crowd(publisher: Publisher, producer: Producer) -> None:
    crowd = [publish(publisher, key) for key in "abc"]
    await asyncio.sleep(2 * GATHER_SECONDS)
    producer.acknowledges.set()
    await asyncio.gather(*crowd)


def test_soon_after_a_crowd_one_waits_for_others_and_if_none_came_the_next_does_not() -> None:
    async def scenario(publisher: Publisher, producer: Producer) -> None:
        await a_crowd(publisher, producer)

        waits = publish(publisher, "d")
        await a_moment()
        before = len(producer.sent)
        await waits

        assert before == 3
        await sent_at_once(publisher, producer, "e")

    tried(scenario, soon_seconds=60)


def test_some_time_after_a_crowd_nobody_waits() -> None:
    async def scenario(publisher: Publisher, producer: Producer) -> None:
        await a_crowd(publisher, producer)

        await sent_at_once(publisher, producer, "d")

    tried(scenario, soon_seconds=0)


def test_who_gives_up_takes_nobody_along() -> None:
    async def scenario(publisher: Publisher, producer: Producer) -> None:
        tasks = [publish(publisher, key) for key in "abc"]
        await a_moment()
        tasks[1].cancel()
        await asyncio.sleep(2 * GATHER_SECONDS)
        producer.acknowledges.set()

        await asyncio.gather(*tasks, return_exceptions=True)

        assert producer.sent == ["a", "c"]
        assert [task.cancelled() for task in tasks] == [False, True, False]

    tried(scenario)


def test_the_time_limit_holds_for_who_waits_as_well() -> None:
    async def scenario(publisher: Publisher, producer: Producer) -> None:
        answers = await asyncio.gather(
            *[publish(publisher, key) for key in "ab"], return_exceptions=True
        )

        assert [type(answer).__name__ for answer in answers] == ["NotPublished"] * 2
        assert producer.sent == ["a"]
        producer.acknowledges.set()
        await asyncio.sleep(2 * GATHER_SECONDS)
        await sent_at_once(publisher, producer, "c")

    tried(scenario, timeout_seconds=GATHER_SECONDS / 4)
