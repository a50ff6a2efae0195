"""Where the stack of a data directory answers.

Rule: an address from the environment wins (`KAFKA_BROKERS`, `CLICKHOUSE_URL`); else the running
local part has written it down under the data directory; nothing is started here.

    DIR/kafka/address.json       {"brokers": "127.0.0.1:9092", "pid": 123}
    DIR/clickhouse/address.json  {"url": "http://writer:...@127.0.0.1:8123", "pid": 124,
                                  "reader_url": "http://reader:...@127.0.0.1:8123"}
    DIR/ingest/address.json      {"url": "http://127.0.0.1:8000", "pid": 125}
"""

import json
import os
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import platformdirs
import psutil
import typer

from settlement.cli.exit import Unusable

# Environment: number of the process that a role belongs to and does not outlive, if it has one.
PARENT = "SETTLE_PARENT"


class ServiceMissing(Exception):  # noqa: N818 - the world's state, not an error of ours
    """A service does not run; the text names it and the command that starts it."""


def default_data_dir() -> Path:
    """Give the user's data directory."""
    return Path(platformdirs.user_data_dir("ocpi-settlement", appauthor=False))


DataDir = Annotated[
    Path,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Where the local stack keeps its data.",
        default_factory=default_data_dir,
        show_default="the user's data directory",
    ),
]


def read_address(data_dir: Path, part: str) -> dict[str, Any] | None:
    """Read what a running part wrote down; None where it is not running.

    After a crash another process may have its number: the time at which it began tells them apart.
    """
    path = data_dir / part / "address.json"
    try:
        address: dict[str, Any] = json.loads(path.read_text())
        process = psutil.Process(address["pid"])
        is_same = address.pop("created", None) in {None, process.create_time()}
    except (FileNotFoundError, psutil.NoSuchProcess):
        return None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None  # cut, or written by nobody of ours: whoever starts the part writes it anew
    return address if is_same and process.status() != psutil.STATUS_ZOMBIE else None


def write_address(data_dir: Path, part: str, address: dict[str, Any]) -> None:
    """Write down where a running part answers, readable by its owner only (passwords)."""
    folder = data_dir / part
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / "address.json.new"
    draft.touch(mode=0o600)
    created = psutil.Process(address["pid"]).create_time()
    draft.write_text(json.dumps({**address, "created": created}))
    draft.replace(folder / "address.json")


def kafka_brokers(data_dir: Path) -> str:
    """Give the brokers to talk to, or raise ServiceMissing; Unusable for what is no address."""
    if brokers := os.environ.get("KAFKA_BROKERS"):
        return _checked(brokers)
    if address := read_address(data_dir, "kafka"):
        return str(address["brokers"])
    raise ServiceMissing(_missing("Kafka", data_dir, "settle kafka start"))


def _checked(brokers: str) -> str:
    """Give what clients can resolve: some end in a traceback on what is no host and port."""
    for one in brokers.split(","):
        try:
            parts = urlsplit(f"kafka://{one.strip()}")
            host, _ = parts.hostname or "", parts.port
            is_address = bool(host.encode("idna")) and parts.netloc == one.strip()
        except ValueError:  # UnicodeError is one
            is_address = False
        if not is_address:
            raise Unusable(f"KAFKA_BROKERS: {one!r}: must be host:port, separated by commas")
    return brokers


def clickhouse_url(data_dir: Path) -> str:
    """Give ClickHouse's address with the writer's credentials, or raise ServiceMissing."""
    return _clickhouse("CLICKHOUSE_URL", "url", data_dir)


def clickhouse_reader_url(data_dir: Path) -> str:
    """Give ClickHouse's address with the reader's credentials, or raise ServiceMissing.

    `CLICKHOUSE_READER_URL` names the reader of a cluster; without it `CLICKHOUSE_URL` serves.
    """
    if url := os.environ.get("CLICKHOUSE_READER_URL"):
        return url
    return _clickhouse("CLICKHOUSE_URL", "reader_url", data_dir)


def _clickhouse(variable: str, field: str, data_dir: Path) -> str:
    if url := os.environ.get(variable):
        return url
    if address := read_address(data_dir, "clickhouse"):
        return str(address[field])
    raise ServiceMissing(_missing("ClickHouse", data_dir, "settle clickhouse start"))


def _missing(service: str, data_dir: Path, command: str) -> str:
    suffix = "" if data_dir == default_data_dir() else f" --data {data_dir}"
    return (
        f"{service} is not running here: start the stack with `settle up{suffix}` "
        f"or this part with `{command}{suffix}`"
    )
