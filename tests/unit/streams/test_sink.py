"""The turns of the sink: what goes at once, what gathers, and when it is accounted for."""

import asyncio
from collections.abc import Mapping
from typing import Any, cast

import pytest
from aiokafka import TopicPartition
from clickhouse_connect.driver.exceptions import OperationalError

from streams import sink
from streams.rows import FEEDS
from streams.settings import StreamsSettings
from streams.sink import PROMPT, Sink
from streams.store import REFUSED_ROWS, RefusedRow, Tables, TooManyRefusedRows
from streams.topics import SETTLEMENT_CDR
from tests.pipeline.documents import awkward_documents
from tests.pipeline.inbox import Inbox

CDR = TopicPartition(SETTLEMENT_CDR.in_generation(), 0)
PLACE = (CDR.topic, CDR.partition)
REST = "cdr_outcome"


class FakeConsumer:
    """Stands for the consumer: gives what was put in, and remembers what it was told."""

    def __init__(self, clock: "Clock") -> None:
        self.clock = clock
        self.waiting: list[dict[TopicPartition, list[Any]]] = []
        self.is_open = False
        self.assigned: list[TopicPartition] = []
        self.asked: list[int] = []
        self.sought: list[int] = []
        self.committed: list[Mapping[TopicPartition, int]] = []

    async def start(self) -> None:
        self.is_open = True

    async def stop(self) -> None:
        self.is_open = False

    def assign(self, places: list[TopicPartition]) -> None:
        self.assigned = places

    async def getmany(
        self, *, timeout_ms: int, max_records: int
    ) -> dict[TopicPartition, list[Any]]:
        self.asked.append(max_records)
        if self.waiting:
            return self.waiting.pop(0)
        self.clock.now += timeout_ms / 1000
        return {}

    def assignment(self) -> set[TopicPartition]:
        return {CDR}

    def seek(self, place: TopicPartition, offset: int) -> None:
        assert place == CDR
        self.sought.append(offset)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.committed.append(offsets)


class FakeProducer:
    """Stands for the producer: only started and stopped."""

    is_open = False

    async def start(self) -> None:
        self.is_open = True

    async def stop(self) -> None:
        self.is_open = False


class FakeStore:
    """Stands for the store: remembers what was inserted, in which order, and the offsets."""

    def __init__(self) -> None:
        self.inserts: list[dict[str, int]] = []
        self.known: dict[tuple[str, int], int] = {}
        self.refused: list[RefusedRow] = []
        self.failures = 0
        self.fails_at = ""  # a table, once

    def offsets(self) -> dict[tuple[str, int], int]:
        return dict(self.known)

    def insert(self, tables: Tables) -> list[RefusedRow]:
        if self.failures:
            self.failures -= 1
            raise OperationalError("away")
        if self.fails_at in tables:
            self.fails_at = ""
            raise OperationalError("away")
        self.inserts.append({table: len(pairs) for table, pairs in tables.items()})
        return self.refused

    def advance(self, offsets: Mapping[tuple[str, int], int]) -> None:
        self.known.update(offsets)


class Clock:
    """Stands for time: stands still but for sleeps and while Kafka is waited for."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds


class Bench:
    """A sink between a Kafka and tables that are looked into."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
        monkeypatch.setattr(sink, "AIOKafkaConsumer", lambda **_: self.kafka)
        monkeypatch.setattr(sink, "AIOKafkaProducer", lambda **_: self.producer)
        monkeypatch.setattr(sink, "connect", lambda _: None)
        monkeypatch.setattr(sink, "Store", lambda **_: self.tables)
        self.kafka, self.tables, self.clock = FakeConsumer(clock), FakeStore(), clock
        self.producer = FakeProducer()
        self.sink = Sink(settings=StreamsSettings(kafka_brokers="", sink_batch_records=50))
        records = Inbox().receive(*awkward_documents()).messages[SETTLEMENT_CDR.name]
        self._records = iter([*records] * 20)
        self._offset = 0

    def comes(self, count: int) -> None:
        """Let so many messages wait at Kafka for one poll."""
        batch = [next(self._records) for _ in range(count)]
        for record in batch:
            record.offset, self._offset = self._offset, self._offset + 1
        self.kafka.waiting.append({CDR: batch})

    def turn(self) -> None:
        asyncio.run(self.sink._turn())


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    clock = Clock()
    monkeypatch.setattr("time.monotonic", clock.monotonic)
    monkeypatch.setattr("asyncio.sleep", clock.sleep)
    made = Bench(monkeypatch, clock)
    made.comes(1)
    made.turn()  # the first is always accounted for: nothing ever was
    made.tables.inserts.clear()
    made.kafka.committed.clear()
    return made


def test_every_topic_that_feeds_a_table_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Bench(monkeypatch, Clock())

    assert set(made.sink._topics.values()) == {feed.topic for feed in FEEDS}


def test_cdrs_go_at_once_and_what_accounts_for_them_gathers(bench: Bench) -> None:
    for count in (2, 3):
        bench.comes(count)
        bench.turn()

    assert PROMPT == ("cdr_settled",)
    assert bench.tables.inserts == [{"cdr_settled": 2}, {"cdr_settled": 3}]
    assert bench.tables.known == {PLACE: 1}
    assert bench.kafka.committed == []


def test_what_gathered_is_stored_when_nothing_more_comes(bench: Bench) -> None:
    for count in (2, 3):
        bench.comes(count)
        bench.turn()
    bench.turn()

    assert bench.tables.inserts[2:] == [{REST: 5}]
    assert bench.tables.known == {PLACE: 6}
    assert bench.kafka.committed == [{CDR: 6}]


def test_what_gathered_is_stored_after_a_while_however_much_comes(bench: Bench) -> None:
    turns = 0
    while bench.tables.known == {PLACE: 1}:
        bench.comes(1)
        bench.turn()
        turns += 1

    assert turns == pytest.approx(sink.GATHER_SECONDS / sink.PROMPT_SECONDS, abs=1)
    assert bench.tables.inserts == [*[{"cdr_settled": 1}] * turns, {REST: turns}]
    assert bench.tables.known == {PLACE: turns + 1}


def test_a_full_batch_is_stored_at_once_and_the_next_one_read(bench: Bench) -> None:
    bench.comes(20)
    bench.turn()
    began = bench.clock.now
    bench.comes(30)
    bench.turn()

    assert bench.tables.inserts == [{"cdr_settled": 20}, {"cdr_settled": 30}, {REST: 50}]
    assert bench.tables.known == {PLACE: 51}
    assert bench.clock.now == began
    assert bench.kafka.asked[-1] == 30


def test_an_insert_is_not_made_more_often_than_it_is_worth(bench: Bench) -> None:
    began = bench.clock.now
    for _ in range(3):
        bench.comes(1)
        bench.turn()

    waited = bench.clock.now - began
    assert waited == pytest.approx(3 * sink.PROMPT_SECONDS, abs=0.01)


def test_what_comes_after_a_silence_is_inserted_at_once(bench: Bench) -> None:
    bench.clock.now += sink.PROMPT_SECONDS
    began = bench.clock.now
    bench.comes(1)
    bench.turn()

    assert bench.tables.inserts == [{"cdr_settled": 1}]
    assert bench.clock.now == began


def test_what_comes_before_the_next_insert_is_read_meanwhile(bench: Bench) -> None:
    for count in (2, 3):  # what is held back here would not be fetched from again
        bench.comes(count)
    bench.turn()

    assert bench.tables.inserts == [{"cdr_settled": 5}]


def test_after_an_insert_that_found_nobody_reading_goes_on_from_the_tables(bench: Bench) -> None:
    bench.comes(2)
    bench.turn()
    bench.tables.failures = 2
    bench.comes(2)
    bench.turn()
    bench.turn()

    assert bench.kafka.sought == [1]
    assert bench.tables.inserts == [{"cdr_settled": 2}]
    assert bench.tables.known == {PLACE: 1}
    assert bench.kafka.committed == []


def test_an_outage_between_cdrs_and_the_rest_leaves_the_offsets(bench: Bench) -> None:
    bench.tables.fails_at = REST
    bench.comes(2)
    bench.turn()
    bench.turn()

    assert bench.tables.inserts == [{"cdr_settled": 2}]
    assert bench.tables.known == {PLACE: 1}
    assert bench.kafka.sought == [1]
    assert bench.kafka.committed == []


def test_rows_that_went_with_an_outage_are_never_accounted_for(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.tables.known.clear()  # as a generation begins
    bench.sink._written = {}
    bench.comes(2)
    offsets, looks = bench.tables.offsets, 0

    def away_once() -> dict[tuple[str, int], int]:
        nonlocal looks
        looks += 1
        if looks == 1:
            raise OperationalError("away, and emptied meanwhile")
        return offsets()

    monkeypatch.setattr(bench.tables, "offsets", away_once)
    bench.turn()
    bench.turn()

    assert bench.tables.known == {}
    assert bench.kafka.sought == [0]


def test_a_database_that_was_emptied_meanwhile_is_filled_from_the_beginning(bench: Bench) -> None:
    bench.comes(2)
    bench.turn()
    bench.tables.known.clear()
    bench.turn()

    assert bench.tables.known == {}
    assert bench.kafka.sought == [0]
    assert bench.kafka.committed == []
    bench.turn()
    assert bench.tables.inserts == [{"cdr_settled": 2}, {REST: 2}]


def test_an_idle_sink_looks_whether_the_database_was_emptied(bench: Bench) -> None:
    bench.tables.known.clear()
    bench.turn()
    before = list(bench.kafka.sought)
    bench.clock.now += sink.LOOK_SECONDS + 1
    bench.turn()

    assert before == []
    assert bench.kafka.sought == [0]


def test_what_is_refused_is_buried_before_the_offsets_pass_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    buried: list[tuple[RefusedRow, dict[Any, int]]] = []

    async def bury(row: RefusedRow) -> None:
        buried.append((row, dict(bench.tables.known)))

    monkeypatch.setattr(bench.sink, "_bury", bury)
    row = RefusedRow("cdr_settled", cast("Any", None), "because")
    bench.tables.refused = [row]
    bench.comes(2)
    bench.turn()
    bench.tables.refused = []
    at_once = list(buried)
    bench.turn()

    assert at_once == []
    assert buried == [(row, {PLACE: 1})]
    assert bench.tables.known == {PLACE: 3}


def test_so_many_refused_rows_stop_the_sink_however_they_come(bench: Bench) -> None:
    row = RefusedRow("cdr_settled", cast("Any", None), "because")
    bench.tables.refused = [row] * (REFUSED_ROWS // 2 + 1)
    bench.comes(1)
    bench.turn()
    bench.comes(1)

    with pytest.raises(TooManyRefusedRows, match=f"more than {REFUSED_ROWS} rows .* because"):
        bench.turn()

    assert bench.tables.known == {PLACE: 1}


@pytest.mark.parametrize("fails", [False, True])
def test_however_the_sink_ends_it_is_told_and_nothing_stays_open(
    monkeypatch: pytest.MonkeyPatch, *, fails: bool
) -> None:
    made = Bench(monkeypatch, Clock())
    open_at_work: list[bool] = []
    is_at_work = asyncio.Event()

    async def turn() -> None:
        is_at_work.set()
        open_at_work.extend((made.kafka.is_open, made.producer.is_open))
        if fails:
            raise ZeroDivisionError("a turn that cannot be made")
        await asyncio.sleep(60)

    monkeypatch.setattr(made.sink, "_turn", turn)

    async def started_and_stopped() -> None:
        task = asyncio.create_task(made.sink.run())
        await is_at_work.wait()
        task.cancel()
        await task

    expected = ExceptionGroup if fails else asyncio.CancelledError
    with pytest.raises(expected) as raised:
        asyncio.run(made.sink.run() if fails else started_and_stopped())

    assert open_at_work == [True, True]
    assert (made.kafka.is_open, made.producer.is_open) == (False, False)
    assert {place.topic for place in made.kafka.assigned} == set(made.sink._topics)
    if isinstance(raised.value, ExceptionGroup):
        assert raised.group_contains(ZeroDivisionError)
