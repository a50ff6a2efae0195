"""Applying the table of topics for somebody at a command line.

Rule: what Kafka answers becomes the exit code and the sentence; what is done stands in
`streams.topics`.
"""

import asyncio

from aiokafka.errors import KafkaError

from settlement.cli.exit import Unusable
from streams.local.probe import kafka_named
from streams.topics import PartitionsDiffer, TopicsRefused, apply_topics


def bring_topics_up(
    *, brokers: str, generation: int, replication: int | None = None, dry_run: bool = False
) -> list[str]:
    """Apply the table and give the differences found, a line each.

    Raises ServiceMissing where no broker answers, Unusable where Kafka refuses.
    """
    try:
        with kafka_named(brokers):
            return asyncio.run(
                apply_topics(
                    brokers=brokers, generation=generation, replication=replication, dry_run=dry_run
                )
            )
    except (PartitionsDiffer, TopicsRefused) as refused:
        raise Unusable(str(refused)) from refused
    except KafkaError as failed:
        raise Unusable(f"Kafka at {brokers} refuses the topics: {failed}") from failed
