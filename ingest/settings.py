"""Settings of the gateway process, from the environment.

Rule: read once at the start; `INGEST_*`, `KAFKA_BROKERS` and `CLICKHOUSE_URL` are all there is.
"""

from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from settlement.cli.exit import Unusable


class Settings(BaseSettings):
    """What `settle run ingest` needs to know."""

    model_config = SettingsConfigDict(env_prefix="", frozen=True, extra="ignore")

    ingest_host: str = Field(default="127.0.0.1", description="Address to listen on.")
    ingest_port: int = Field(default=8000, ge=0, le=65535, description="Port; 0 takes a free one.")
    ingest_public_url: str = Field(
        default="", description="Base of the URLs given to partners; else from their Host header."
    )
    kafka_brokers: str = Field(default="", description="host:port of Kafka, comma-separated.")
    clickhouse_url: str = Field(default="", description="ClickHouse with its credentials.")
    settle_data_dir: Path | None = Field(
        default=None, description="Data directory of the local stack, where the address is noted."
    )


def load_settings() -> Settings:
    """Read the settings; raises Unusable that names each variable and what is wrong with it."""
    try:
        return Settings()
    except ValidationError as error:
        wrong = [f"{str(one['loc'][0]).upper()}: {one['msg']}" for one in error.errors()]
        raise Unusable("; ".join(wrong)) from None
