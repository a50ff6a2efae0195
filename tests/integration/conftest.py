"""Fixtures of the real services, each started once a run."""

from tests.integration.clickhouse_fixture import clickhouse  # noqa: F401
from tests.integration.kafka_fixture import kafka, lent_kafka, own_kafka  # noqa: F401
