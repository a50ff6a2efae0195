"""Whoever takes a partition over fences its older owner: what that one had begun is never seen."""

import asyncio
from datetime import date

import pytest
from aiokafka.errors import ProducerFenced

from settlement.rules import RULES_VERSION
from streams.flush import Flush
from streams.load import load_state
from streams.settings import StreamsSettings
from streams.state import CdrState, Marker, encode, key_of
from streams.topics import STATE, apply_topics

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]
GENERATION = 1_900
PARTITION = 3
MONTH = date(2024, 3, 1)


def marker(offset: int) -> Marker:
    return Marker(offset=offset, ce_id=f"id-{offset}", rules_version=RULES_VERSION)


def test_a_transaction_that_was_open_at_the_takeover_fails_and_leaves_nothing(
    own_kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = StreamsSettings(kafka_brokers=own_kafka, streams_generation=GENERATION)

    async def write(flush: Flush, offset: int) -> None:
        cdr = CdrState(cpo="NL*TNM", key=f"CDR-{offset}", month=MONTH)
        changed = {key_of("cdr", "NL*TNM", cdr.key): encode(cdr)}
        await flush.write(batches=[], changed=changed, marker=marker(offset))

    async def scenario() -> tuple[set[str], Marker | None]:
        await apply_topics(brokers=own_kafka, generation=GENERATION)
        older, newer = (Flush(settings=settings, partition=PARTITION) for _ in range(2))
        is_written, is_taken_over = asyncio.Event(), asyncio.Event()
        commit = older._producer.commit_transaction

        async def commit_late() -> None:
            is_written.set()
            await is_taken_over.wait()
            await commit()

        try:
            await older.start()
            await write(older, 0)
            monkeypatch.setattr(older._producer, "commit_transaction", commit_late)
            writing = asyncio.create_task(write(older, 1))
            await is_written.wait()
            await newer.start()
            is_taken_over.set()
            with pytest.raises(ProducerFenced):
                await writing
            await write(newer, 2)
        finally:
            await older.stop()
            await newer.stop()
        topic = STATE.in_generation(GENERATION)
        objects, found = await load_state(brokers=own_kafka, topic=topic, partition=PARTITION)
        return {key for key, _ in objects}, found

    keys, found = asyncio.run(scenario())

    assert keys == {"cdr|NL*TNM|CDR-0", "cdr|NL*TNM|CDR-2"}
    assert found == marker(2)
