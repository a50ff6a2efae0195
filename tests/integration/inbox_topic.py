"""Harming the inbox and the topics behind it as operators and accidents do.

Rule: for a Kafka of a module's own; what is harmed is harmed through Kafka's own protocol.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic, RecordsToDelete
from aiokafka.errors import for_code

from streams.events import headers_of
from streams.topics import INBOX, Topic
from tests.pipeline.inbox import Sent

GONE_SECONDS = 30.0


def recreate_topic(brokers: str, topic: Topic, *, generation: int = 1) -> None:
    """Delete a topic and create it anew, empty, with its settings."""
    asyncio.run(_with_admin(brokers, lambda admin: _recreate(admin, topic, generation)))


def truncate_inbox(brokers: str, partition: int, *, before: int) -> None:
    """Delete the records of a partition before an offset, as retention would."""
    place = TopicPartition(INBOX.name, partition)
    asyncio.run(
        _with_admin(
            brokers,
            lambda admin: admin.delete_records({place: RecordsToDelete(before_offset=before)}),
        )
    )


def leave_a_gap(brokers: str, documents: Iterable[Sent]) -> None:
    """Write documents in a transaction: its end takes an offset that no reader is ever given."""
    asyncio.run(_in_a_transaction(brokers, documents))


async def _with_admin(
    brokers: str, work: Callable[[AIOKafkaAdminClient], Awaitable[object]]
) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    try:
        await work(admin)
    finally:
        await admin.close()


async def _recreate(admin: AIOKafkaAdminClient, topic: Topic, generation: int) -> None:
    name = topic.in_generation(generation)
    if name in await admin.list_topics():
        await admin.delete_topics([name])
    wanted = NewTopic(
        name=name,
        num_partitions=topic.partitions,
        replication_factor=1,
        topic_configs=topic.configuration(1),
    )
    deadline = time.monotonic() + GONE_SECONDS
    while True:
        response = await admin.create_topics([wanted])
        ((_, code, *_),) = response.topic_errors
        if not code:
            return
        assert time.monotonic() < deadline, for_code(code)
        await asyncio.sleep(0.1)


async def _in_a_transaction(brokers: str, documents: Iterable[Sent]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=brokers, transactional_id="a-stranger")
    await producer.start()
    try:
        async with producer.transaction():
            for number, sent in enumerate(documents):
                await producer.send_and_wait(
                    INBOX.name,
                    key=sent.cpo.encode(),
                    value=sent.body,
                    headers=headers_of(sent.envelope(f"transaction-{number}")),
                )
    finally:
        await producer.stop()
