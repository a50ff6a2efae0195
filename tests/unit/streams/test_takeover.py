"""What does not fit stops a partition with one sentence; what fits goes on."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest

from settlement.rules import RULES_VERSION
from streams.apply import Applied
from streams.outcome import CdrMessage, DeadLetter
from streams.partition import Partition, failures_in_a_row
from streams.record import Record
from streams.settings import StreamsSettings
from streams.state import STEP_FAILED, DeadLetterState, Marker, State, key_of
from streams.steps.admit import document_outcome
from streams.steps.settle import settle
from streams.takeover import InboxFacts, StateDoesNotFit, event_id, fit
from streams.topics import DEAD_LETTER
from tests.builders import a_tariff_document
from tests.pipeline.inbox import a_sent
from tests.unit.streams.lone_partition import Ack, a_partition, a_record

MARKER = Marker(offset=41, ce_id="id-41", rules_version=RULES_VERSION)
FACTS = InboxFacts(first=0, end=50, committed=42, marked_id="id-41")


def changed(value: Any, **changes: Any) -> Any:
    return msgspec.structs.replace(value, **changes)


@pytest.mark.parametrize(
    ("marker", "facts"),
    [
        (None, changed(FACTS, committed=None, marked_id=None)),
        (None, changed(FACTS, committed=0, marked_id=None)),
        (None, InboxFacts(first=0, end=0, committed=None, marked_id=None)),
        (MARKER, FACTS),
        (MARKER, changed(FACTS, committed=None)),
        (MARKER, changed(FACTS, committed=7)),
        (MARKER, changed(FACTS, end=42)),
        (changed(MARKER, cursor="cdr|NL*TNM|C1"), changed(FACTS, committed=41)),
    ],
    ids=[
        "a first start",
        "a first start of a group that committed nothing",
        "an empty inbox",
        "a restart",
        "no group",
        "a group that is behind",
        "nothing new",
        "in the middle of a fact",
    ],
)
def test_what_belongs_together_goes_on(marker: Marker | None, facts: InboxFacts) -> None:
    fit(partition=3, marker=marker, facts=facts)


@pytest.mark.parametrize(
    ("marker", "facts", "said"),
    [
        (MARKER, changed(FACTS, first=5), "begins at offset 5, not at 0: it was truncated"),
        (None, changed(FACTS, first=5, committed=None), "begins at offset 5"),
        (None, FACTS, "read up to offset 42, but its state is gone"),
        (changed(MARKER, rules_version="0"), FACTS, "computed under rules 0"),
        (MARKER, changed(FACTS, end=41, marked_id=None), "ends at offset 41"),
        (MARKER, changed(FACTS, end=0, committed=None, marked_id=None), "ends at offset 0"),
        (MARKER, changed(FACTS, marked_id="other"), "holds event other at offset 41"),
        (MARKER, changed(FACTS, marked_id=None), "it is another inbox"),
        (MARKER, changed(FACTS, committed=44), "read up to offset 44, its state only to 42"),
        (changed(MARKER, cursor="cdr|A|B"), changed(FACTS, committed=42), "its state only to 41"),
    ],
    ids=[
        "truncated",
        "truncated before the first start",
        "a state that was lost",
        "another rules version",
        "shorter",
        "re-created and empty",
        "re-created and as long",
        "a record that cannot be read back",
        "a state that is older than the group's offset",
        "an acknowledged fact that is not done",
    ],
)
def test_what_does_not_belong_together_stops_with_one_sentence(
    marker: Marker | None, facts: InboxFacts, said: str
) -> None:
    with pytest.raises(StateDoesNotFit, match=said) as stopped:
        fit(partition=3, marker=marker, facts=facts)

    text = str(stopped.value)
    assert "partition 3 of the inbox" in text
    assert "\n" not in text


def test_an_event_without_an_id_is_named_by_its_place() -> None:
    headers = [("ce_type", b"CdrReceived"), ("ce_id", b"one")]

    assert event_id(headers, partition=3, offset=7) == "one"
    assert event_id(headers[:1], partition=3, offset=7) == "3-7"


def applied(
    offsets: Iterable[int],
    *,
    record: Callable[[int], Record] = a_record,
    marker: Marker | None = None,
    until: Callable[[Partition], bool],
) -> tuple[Partition, list[Exception]]:
    """Let a partition apply records without a broker; give it and what stopped it."""

    async def apply() -> tuple[Partition, list[Exception]]:
        failures: list[Exception] = []
        partition = a_partition(on_failure=failures.append)
        partition._marker = marker
        task = asyncio.create_task(partition._guarded(partition._apply_for_ever))
        for offset in offsets:
            await partition.put(record(offset), Ack())
        async with asyncio.timeout(5):
            while not failures and not until(partition):  # noqa: ASYNC110 - turn by turn
                await asyncio.sleep(0)
        partition._tasks = [task]
        await partition.stop()
        await asyncio.gather(task, return_exceptions=True)
        return partition, failures

    return asyncio.run(apply())


def test_records_are_applied_in_order_and_those_known_are_skipped() -> None:
    partition, failures = applied(
        [40, 41, 42, 43], marker=MARKER, until=lambda one: len(one._unacked) == 4
    )

    assert failures == []
    assert len(partition._state) == 2
    assert partition._marker == changed(MARKER, offset=43, ce_id="id-43")


@pytest.mark.parametrize(
    ("offsets", "said"),
    [([42, 44], "goes on at offset 44, 43 was next"), ([50], "goes on at offset 50, 42 was next")],
)
def test_a_gap_in_the_inbox_stops_the_worker(offsets: list[int], said: str) -> None:
    partition, failures = applied(offsets, marker=MARKER, until=lambda _: False)

    assert [type(failure) for failure in failures] == [StateDoesNotFit]
    assert said in str(failures[0])
    assert len(partition._unacked) == len(offsets) - 1


def test_a_first_record_that_is_not_the_first_of_the_inbox_stops_the_worker() -> None:
    _, failures = applied([1], until=lambda _: False)

    assert "goes on at offset 1, 0 was next" in str(failures[0])


def a_state(*dead: int, reason: str = STEP_FAILED, **changes: Any) -> State:
    state = State()
    for offset in dead:
        letter = DeadLetterState(cpo="NL*TNM", key=str(offset), is_record=True, reason=reason)
        state.put(key_of("dead", "NL*TNM", str(offset)), changed(letter, **changes))
    return state


@pytest.mark.parametrize(
    ("dead", "count"),
    [((39, 40, 41), 3), ((39, 41), 1), ((38, 39, 40), 0), ((), 0)],
)
def test_failures_in_a_row_are_counted_over_a_restart(dead: tuple[int, ...], count: int) -> None:
    assert failures_in_a_row(a_state(*dead), MARKER) == count


def test_dead_letters_that_were_decided_on_are_none_of_the_row() -> None:
    assert failures_in_a_row(a_state(40, 41, status="dropped"), MARKER) == 0
    assert failures_in_a_row(a_state(40, 41), None) == 0


def test_what_could_not_be_read_is_no_failure_of_ours() -> None:
    assert failures_in_a_row(a_state(40, 41, reason="unreadable"), MARKER) == 0


def test_runs_of_one_fact_that_fail_are_one_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    most = StreamsSettings(kafka_brokers="127.0.0.1:1").streams_dead_letters_in_a_row

    def record(offset: int) -> Record:
        if offset < most + 50:
            return a_record(offset)
        sent = a_sent("tariffs", "PUT", a_tariff_document())
        envelope = sent.envelope(f"id-{offset}")
        return Record(partition=0, offset=offset, value=sent.body, envelope=envelope)

    def fail(*, cause: Record, **arguments: Any) -> CdrMessage | None:
        if cause.envelope.module == "tariffs":
            raise ValueError("the program is wrong")
        return settle(cause=cause, **arguments)

    monkeypatch.setattr("streams.apply.settle", fail)

    partition, failures = applied(
        range(most + 51), record=record, until=lambda one: len(one._unacked) == most + 51
    )

    assert failures == []
    assert partition._failures == 1
    assert [letter.reason for letter in letters_of(partition)] == [STEP_FAILED] * (most + 50)


def letters_of(partition: Partition) -> list[DeadLetter]:
    """Give the dead letters that wait for the next flush."""
    found = dict(partition._batches.take(generation=1, partition=0))
    return [
        msgspec.json.decode(dict(headers)["dead_letter"], type=DeadLetter)
        for _, _, headers in found[DEAD_LETTER.in_generation(1)]
    ]


def test_a_record_that_is_retried_and_fails_again_counts_again() -> None:
    partition, _ = applied([], until=lambda _: True)
    letter = DeadLetter(
        origin_topic="inbox",
        origin_partition=0,
        origin_offset=3,
        cpo="NL*TNM",
        module="cdrs",
        object_key="CDR-3",
        reason=STEP_FAILED,
        message="the program is wrong",
        version=3,
    )
    failed = Applied(record=a_record(3), dead_letters=(letter,))
    decided = Applied(record=a_record(4), document=document_outcome(a_record(4), "applied"))

    counts = []
    for one in (failed, decided, failed):
        partition._take(one)
        counts.append(partition._failures)

    assert counts == [1, 0, 1]
