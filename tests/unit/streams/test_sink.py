"""The lanes of the sink: what each takes, and that they live and end together."""

import asyncio
from collections import Counter

import pytest

from streams.rows import FEEDS
from streams.settings import StreamsSettings
from streams.sink import FIRST, Sink
from streams.topics import SETTLEMENT_CDR, SETTLEMENT_DOCUMENT, Topic

SETTINGS = StreamsSettings(kafka_brokers="")


class FakeLane:
    """A lane without Kafka that says what became of it."""

    def __init__(self, *, topics: tuple[Topic, ...], pause_seconds: float, **_: object) -> None:
        self.topics = topics
        self.pause_seconds = pause_seconds
        self.is_ready = asyncio.Event()
        self.fails = False
        self.ended = ""

    async def run(self) -> None:
        self.is_ready.set()
        try:
            await asyncio.sleep(0 if self.fails else 60)
            raise ZeroDivisionError("a lane that gives up")
        finally:
            self.ended = "interrupted"
            for _ in range(5):
                await asyncio.sleep(0)
            self.ended = "tidied up"


@pytest.fixture
def lanes(monkeypatch: pytest.MonkeyPatch) -> list[FakeLane]:
    built: list[FakeLane] = []

    def build(**said: object) -> FakeLane:
        built.append(FakeLane(**said))  # type: ignore[arg-type]
        return built[-1]

    monkeypatch.setattr("streams.sink.Lane", build)
    return built


def test_each_topic_that_feeds_a_table_is_in_one_lane(lanes: list[FakeLane]) -> None:
    Sink(settings=SETTINGS)

    taken = Counter(topic.name for lane in lanes for topic in lane.topics)

    assert taken == dict.fromkeys({feed.topic.name for feed in FEEDS}, 1)


def test_a_cdr_and_what_became_of_its_document_do_not_wait(lanes: list[FakeLane]) -> None:
    Sink(settings=SETTINGS)

    first, rest = lanes

    assert set(first.topics) == set(FIRST) == {SETTLEMENT_CDR, SETTLEMENT_DOCUMENT}
    assert first.pause_seconds == 0
    assert rest.pause_seconds > 0


def test_where_one_lane_gives_up_all_end_and_it_is_told(lanes: list[FakeLane]) -> None:
    sink = Sink(settings=SETTINGS)
    lanes[1].fails = True

    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(sink.run())

    assert raised.group_contains(ZeroDivisionError)
    assert [lane.ended for lane in lanes] == ["tidied up"] * 2


def test_a_stop_lets_every_lane_tidy_up(lanes: list[FakeLane]) -> None:
    sink = Sink(settings=SETTINGS)

    async def started_and_stopped() -> None:
        task = asyncio.create_task(sink.run())
        for lane in lanes:
            await lane.is_ready.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(started_and_stopped())

    assert [lane.ended for lane in lanes] == ["tidied up"] * 2
