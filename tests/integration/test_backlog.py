"""What is committed and not yet in the tables, asked of the real Kafka."""

import asyncio

import pytest
from aiokafka import TopicPartition

from streams.backlog import backlog_consumer, is_anything_left
from streams.topics import SETTLEMENT_CDR, apply_topics

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(120)]
GENERATION = 1_901


def test_nothing_is_left_where_nothing_was_written(own_kafka: str) -> None:
    async def ask() -> bool:
        await apply_topics(brokers=own_kafka, generation=GENERATION)
        empty = TopicPartition(SETTLEMENT_CDR.in_generation(GENERATION), 0)
        async with backlog_consumer(own_kafka) as consumer:
            return await is_anything_left(consumer, ends={empty: 0}, stored={})

    assert not asyncio.run(ask())
