"""Writes: bounded in time and number, whatever the broker does."""

import asyncio

import pytest
from aiokafka.errors import KafkaConnectionError

from ingest import writer as writing
from ingest.writer import Writer
from streams.events import Headers
from streams.publisher import NotPublished, Position, ProducerBroken, TooLarge


class Broker:
    """Acknowledges, refuses or holds back, as told."""

    def __init__(self) -> None:
        self.waiting = 0
        self.published = 0
        self.is_frozen = False
        self.unreachable = 0
        self.stopped = False
        self.thaw = asyncio.Event()

    async def start(self) -> None:
        if self.unreachable:
            self.unreachable -= 1
            raise KafkaConnectionError

    async def stop(self) -> None:
        self.stopped = True

    async def publish(self, *, topic: str, key: str, value: bytes, headers: Headers) -> Position:
        assert (topic, key, headers) == ("inbox", "NL*TNM", [])
        if value == b"large":
            raise TooLarge("large")
        if value == b"breaks":
            raise ProducerBroken("out of sequence")
        if self.is_frozen:
            self.waiting += 1
            await self.thaw.wait()
            raise NotPublished("no acknowledgement in time")
        self.published += 1
        return Position(0, self.published)


async def connected(broker: Broker) -> Writer:
    writer = Writer(lambda: broker)
    await writer.start()
    await asyncio.sleep(0)
    return writer


async def publish(writer: Writer, value: bytes = b"x") -> Position:
    return await writer.publish(topic="inbox", key="NL*TNM", value=value, headers=[])


def test_before_a_broker_answered_a_write_is_refused_at_once() -> None:
    async def ask() -> None:
        writer = Writer(Broker)
        with pytest.raises(NotPublished):
            await publish(writer)
        assert not writer.is_connected

    asyncio.run(ask())


def test_it_connects_as_soon_as_a_broker_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "RECONNECT_SECONDS", 0)

    async def ask() -> Position:
        broker = Broker()
        broker.unreachable = 2
        writer = await connected(broker)
        for _ in range(100):
            await asyncio.sleep(0)
        return await publish(writer)

    assert asyncio.run(ask()) == Position(0, 1)


def test_a_frozen_broker_is_tried_by_few_and_trusted_again_once_it_answers() -> None:
    async def ask() -> None:
        broker = Broker()
        writer = await connected(broker)
        broker.is_frozen = True
        first = asyncio.create_task(publish(writer))
        await asyncio.sleep(0)
        broker.thaw.set()
        with pytest.raises(NotPublished):
            await first
        broker.thaw.clear()
        broker.waiting = 0

        crowd = [asyncio.create_task(publish(writer)) for _ in range(100)]
        await asyncio.sleep(0)
        refused_at_once = [task for task in crowd if task.done()]
        broker.thaw.set()
        results = await asyncio.gather(*crowd, return_exceptions=True)
        broker.is_frozen = False
        await publish(writer)

        assert broker.waiting == writing.MAX_PROBES
        assert len(refused_at_once) == 100 - writing.MAX_PROBES
        assert {type(result) for result in results} == {NotPublished}
        assert writer.is_connected
        assert writer.writes_in_flight == 0

    asyncio.run(ask())


def test_writes_in_flight_are_bounded_in_number_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "MAX_WRITES", 3)
    monkeypatch.setattr(writing, "MAX_BYTES", 10)

    async def in_flight(values: list[bytes]) -> int:
        broker = Broker()
        writer = await connected(broker)
        broker.is_frozen = True
        tasks = [asyncio.create_task(publish(writer, value)) for value in values]
        await asyncio.sleep(0)
        waiting = broker.waiting
        broker.thaw.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        return waiting

    assert asyncio.run(in_flight([b"x"] * 5)) == 3
    assert asyncio.run(in_flight([b"eleven byte", b"x"])) == 1


def test_a_record_that_is_too_large_says_nothing_about_the_broker() -> None:
    async def ask() -> None:
        writer = await connected(Broker())
        with pytest.raises(TooLarge):
            await publish(writer, b"large")
        assert writer.is_connected
        assert writer.writes_in_flight == 0

    asyncio.run(ask())


def test_a_connection_that_will_never_publish_again_is_replaced() -> None:
    async def ask() -> None:
        brokers = [Broker(), Broker()]
        made = iter(brokers)
        writer = Writer(lambda: next(made))
        await writer.start()
        await asyncio.sleep(0)
        with pytest.raises(NotPublished):
            await publish(writer, b"breaks")
        with pytest.raises(NotPublished):
            await publish(writer)
        await asyncio.sleep(0)

        assert await publish(writer) == Position(0, 1)
        assert [broker.published for broker in brokers] == [0, 1]
        assert [broker.stopped for broker in brokers] == [True, False]
        assert writer.is_connected

    asyncio.run(ask())


def test_a_connection_that_stays_silent_for_long_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writing, "REPLACE_SECONDS", -1)

    async def ask() -> None:
        frozen, fresh = Broker(), Broker()
        made = iter([frozen, fresh])
        writer = Writer(lambda: next(made))
        await writer.start()
        await asyncio.sleep(0)
        frozen.is_frozen = True
        frozen.thaw.set()
        with pytest.raises(NotPublished):
            await publish(writer)
        await asyncio.sleep(0)
        await publish(writer)

        assert (fresh.published, frozen.stopped) == (1, True)
        await writer.stop()
        assert fresh.stopped

    asyncio.run(ask())
