"""Faust's transport with fetches that are short, and hold more than one record.

Rule: nothing else is changed. A fetch asks only for the partitions that have nothing buffered,
and the next one waits for its answer: where these stay empty, a record of any other partition
waits as long as the broker holds the fetch. Faust lets it hold one for 1.5 s.
"""

from typing import Any

import faust
from aiokafka import AIOKafkaConsumer
from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread, Consumer, Transport

from streams.settings import FETCH_BYTES_AT_LEAST, FETCH_WAIT_MILLISECONDS


class _PromptThread(AIOKafkaConsumerThread):
    def _create_worker_consumer(self, transport: Any) -> AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        assert consumer._fetch_max_wait_ms > FETCH_WAIT_MILLISECONDS  # noqa: SLF001 - no setting
        consumer._fetch_max_wait_ms = FETCH_WAIT_MILLISECONDS  # noqa: SLF001 - likewise
        consumer._fetch_min_bytes = FETCH_BYTES_AT_LEAST  # noqa: SLF001 - likewise
        return consumer


class _PromptConsumer(Consumer):
    def _new_consumer_thread(self) -> _PromptThread:
        return _PromptThread(self, loop=self.loop, beacon=self.beacon)


class PromptTransport(Transport):
    """Kafka by aiokafka, asked again after 50 ms at most."""

    Consumer = _PromptConsumer


def use_prompt_transport(app: faust.App) -> None:
    """Let an application that has not yet begun read with it."""
    app.transport = PromptTransport(app.conf.broker_consumer, app)
