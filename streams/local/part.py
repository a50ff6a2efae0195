"""The parts of the local stack: Kafka, ClickHouse, and the roles that run as our processes.

Rule: a part knows how to start, stop and tell its own health, and nothing of the other parts; its
`start` is bounded, and may be called again after the part has died.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from streams.local.kafka import KafkaProcess, running_kafka, start_kafka, stop_kafka
from streams.local.probe import (
    clickhouse_answers,
    has_heartbeat,
    heartbeat_path,
    http_answers,
    kafka_answers,
)
from streams.local.process import (
    exit_text,
    find_command,
    find_part,
    is_alive,
    start_detached,
    stop_process,
)

# A role's own limit for leaving is below this; then it is killed, which the design permits.
STOP_SECONDS = 15.0


class Part(Protocol):
    """What the supervisor needs of a part."""

    name: str

    @property
    def pid(self) -> int | None:
        """The process, while the part is started."""

    @property
    def address(self) -> str | None:
        """Where it answers; None for a part that listens nowhere."""

    def start(self, stopped: Callable[[], bool]) -> None:
        """Start it, or adopt the one that an earlier supervisor left; wait as long as needed."""

    def stop(self) -> None:
        """Stop it cleanly, within a bounded time."""

    def is_alive(self) -> bool:
        """Tell whether its process runs."""

    def is_healthy(self) -> bool:
        """Tell whether it really answers."""


class KafkaPart:
    """The local Kafka."""

    name = "kafka"

    def __init__(self, *, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir
        self.port = port
        self.process: KafkaProcess | None = None

    @property
    def pid(self) -> int | None:
        """The Java process."""
        return self.process.pid if self.process else None

    @property
    def address(self) -> str | None:
        """Its brokers."""
        return self.process.brokers if self.process else None

    def start(self, stopped: Callable[[], bool]) -> None:
        """Start Kafka on its port; one that runs on another port is stopped first."""
        running = running_kafka(data_dir=self.data_dir)
        if running and running.port != self.port:
            stop_kafka(data_dir=self.data_dir)
        self.process = start_kafka(data_dir=self.data_dir, port=self.port, stopped=stopped)

    def stop(self) -> None:
        """Stop Kafka; its data stay."""
        stop_kafka(data_dir=self.data_dir)

    def is_alive(self) -> bool:
        """Tell whether its process runs."""
        return self.pid is not None and is_alive(self.pid)

    def is_healthy(self) -> bool:
        """Tell whether it answers."""
        return self.address is not None and kafka_answers(self.address)


class ClickHousePart:
    """The local ClickHouse."""

    name = "clickhouse"

    def __init__(self, *, data_dir: Path, port: int) -> None:
        self.data_dir = data_dir
        self.port = port
        self.url: str | None = None
        self.reader_url: str | None = None
        self.pid: int | None = None

    @property
    def address(self) -> str | None:
        """Its address, without credentials."""
        return f"http://127.0.0.1:{self.port}" if self.pid else None

    def start(self, stopped: Callable[[], bool]) -> None:
        """Start ClickHouse on its port, or adopt the one that runs there."""
        from settlement.clickhouse.local.process import (  # noqa: PLC0415 - 60 ms
            running_clickhouse,
            start_clickhouse,
        )

        process = running_clickhouse(data_dir=self.data_dir)
        if process and not (
            port_of(process.url) == self.port and clickhouse_answers(process.reader_url)
        ):
            process = None
        if process is None:
            stop_clickhouse(data_dir=self.data_dir)
            if stopped():
                return
            process = start_clickhouse(data_dir=self.data_dir, port=self.port)
        self.url, self.reader_url, self.pid = process.url, process.reader_url, process.pid

    def stop(self) -> None:
        """Stop ClickHouse; its data stay."""
        stop_clickhouse(data_dir=self.data_dir)

    def is_alive(self) -> bool:
        """Tell whether its process runs."""
        return self.pid is not None and is_alive(self.pid)

    def is_healthy(self) -> bool:
        """Tell whether it answers a query."""
        return self.reader_url is not None and clickhouse_answers(self.reader_url)


def stop_clickhouse(*, data_dir: Path) -> bool:
    """Stop the ClickHouse of a data directory, also one that has not yet written its address.

    Tells whether one ran.
    """
    from settlement.clickhouse.local.process import MODULE  # noqa: PLC0415 - 60 ms

    pids = find_command(MODULE, str(data_dir.resolve()))
    for pid in pids:
        stop_process(pid, timeout_seconds=STOP_SECONDS)
    (data_dir / "clickhouse" / "address.json").unlink(missing_ok=True)
    return bool(pids)


def port_of(url: str) -> int | None:
    """Give the port of an address."""
    return urlsplit(url).port


class RolePart:
    """A role of ours: `settle run ROLE` as a process of its own, its output in DIR/logs."""

    def __init__(
        self,
        *,
        name: str,
        data_dir: Path,
        command: Sequence[str],
        environment: Callable[[], Mapping[str, str]],
        url: str | None = None,
        health_path: str = "",
    ) -> None:
        self.name = name
        self.data_dir = data_dir
        self.command = command
        self.environment = environment
        self.address = url
        self.health_path = health_path
        self.pid: int | None = None

    def start(self, stopped: Callable[[], bool]) -> None:
        """Start the role; one that an earlier supervisor left is stopped first."""
        self.stop()
        if stopped():
            return
        heartbeat_path(self.data_dir, self.name).unlink(missing_ok=True)
        self.pid = start_detached(
            part=self.name,
            data_dir=self.data_dir,
            command=self.command,
            environment=self.environment(),
        )

    def stop(self) -> None:
        """Stop the role, also one that another supervisor started on this data directory."""
        for pid in find_part(part=self.name, data_dir=self.data_dir):
            stop_process(pid, timeout_seconds=STOP_SECONDS)
        (self.data_dir / self.name / "address.json").unlink(missing_ok=True)
        heartbeat_path(self.data_dir, self.name).unlink(missing_ok=True)

    def is_alive(self) -> bool:
        """Tell whether its process runs."""
        return self.pid is not None and is_alive(self.pid)

    def is_healthy(self) -> bool:
        """Tell whether it answers, or, where it listens nowhere, beats."""
        if not self.is_alive():
            return False
        if self.address:
            return http_answers(f"{self.address}{self.health_path}")
        return has_heartbeat(self.data_dir, self.name)


def end_of(part: Part) -> str:
    """Say how a part that is not alive any more ended."""
    return exit_text(part.pid) if part.pid is not None else "was never started"
