"""What the roles streams and sink read from the environment, once, at their start.

Rule: nothing of this reaches a step: rows do not depend on the environment.
"""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from streams.topics import GENERATION

# How long a broker holds a fetch at most: what comes into other partitions waits for its answer.
# It holds it for more bytes than trickle in: a fetch a record costs more than the record.
FETCH_WAIT_MILLISECONDS = 50
FETCH_BYTES_AT_LEAST = 256 * 1024


class StreamsSettings(BaseSettings):
    """Settings of the roles streams and sink."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    kafka_brokers: str = Field(description="Brokers, host:port separated by commas")
    clickhouse_url: str = Field(default="", description="ClickHouse with the writer's credentials")
    settle_data_dir: Path | None = Field(
        default=None, description="Where the local stack's signs of life are written"
    )
    streams_generation: int = Field(default=GENERATION, ge=1, description="Generation to derive")
    streams_flush_seconds: float = Field(
        default=0.2, gt=0, description="Wait of a flush for more records"
    )
    streams_flush_records: int = Field(default=500, ge=1, description="Records that flush at once")
    streams_unacked_records: int = Field(default=2000, ge=1, description="Records read ahead")
    streams_dead_letters_in_a_row: int = Field(
        default=100, ge=1, description="Failed steps on more records in a row stop the worker"
    )
    streams_instance_id: str = Field(default="", description="Stable name of this process")
    sink_batch_records: int = Field(default=5000, ge=1, description="Records an insert at most")
