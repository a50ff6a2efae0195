"""Reading a partition's state from its compacted topic.

Rule: read committed to the end, and only after the partition's transactional producer started:
before that an older owner could still write.
"""

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.state import MARKER_KEY, Marker, decode
from streams.topics import STATE


async def load_state(
    *, brokers: str, topic: str, partition: int
) -> tuple[list[tuple[str, bytes]], Marker | None]:
    """Give the last value of each key, as it was written, and the marker."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=STATE.max_message_bytes,
        fetch_max_bytes=4 * STATE.max_message_bytes,
    )
    place = TopicPartition(topic, partition)
    values: dict[bytes, bytes | None] = {}
    await consumer.start()
    try:
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        await consumer.seek_to_beginning(place)
        while await consumer.position(place) < end:
            for records in (await consumer.getmany(place, timeout_ms=1_000)).values():
                for record in records:
                    values[record.key] = record.value
    finally:
        await consumer.stop()
    marker = values.pop(MARKER_KEY.encode(), None)
    objects = [(key.decode(), value) for key, value in values.items() if value is not None]
    if marker is None:
        return objects, None
    read = decode(marker)
    assert isinstance(read, Marker), read
    return objects, read
