"""The real Kafka of a test run: started once, on a free port, in a folder of its own.

Rule: where it cannot be started the tests that need it fail; they are never skipped.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.local.kafka import start_kafka, stop_kafka


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the brokers of a Kafka that answers, and stop it after the run."""
    data_dir: Path = tmp_path_factory.mktemp("kafka")
    started = start_kafka(data_dir=data_dir, port=None)
    try:
        yield started.brokers
    finally:
        stop_kafka(data_dir=data_dir)


@pytest.fixture(scope="module")
def own_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give a Kafka of this module alone: its inbox holds what these tests send, nothing else."""
    data_dir: Path = tmp_path_factory.mktemp("own-kafka")
    started = start_kafka(data_dir=data_dir, port=None)
    try:
        yield started.brokers
    finally:
        stop_kafka(data_dir=data_dir)
