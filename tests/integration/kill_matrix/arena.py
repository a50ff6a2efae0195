"""The whole stack as processes that are killed: Kafka, ClickHouse, gateways, workers, the sink.

Rule: the arena supervises as `settle up` does: what ends is started again, and every exit code
is written down. It decides nothing about what is killed when.
"""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from ingest.partner import register_partner
from settlement.clickhouse.local.process import answers, running_clickhouse
from streams.local.kafka import KafkaProcess, start_kafka, stop_kafka
from streams.local.port import free_port
from streams.local.process import exit_text
from tests.integration.clickhouse_fixture import ClickHouse
from tests.integration.rig import Rig, wait_until

GATEWAYS = ("gateway-1", "gateway-2")
WORKERS = ("worker-1", "worker-2")
SINK = "sink"
CLICKHOUSE = "clickhouse"
KAFKA = "kafka"
# A worker that lost its partition or its broker ends itself and is started again.
FAILED = 70
# They stand in different partitions of the inbox, so that two workers have something each.
PARTIES = ("NL*TNM", "DE*ABC", "FR*XYZ", "BE*ONE")
READY_SECONDS = 120.0
LOG_CHARACTERS = 2_000


@dataclass
class Role:
    """A process of ours and how it is started."""

    role: str
    settings: dict[str, str]
    process: subprocess.Popen[bytes] | None = None
    is_wanted: bool = False


@dataclass
class Arena:
    """A stack of its own; `ended` holds who ended with which exit code, in order."""

    folder: Path
    kafka: KafkaProcess
    clickhouse: ClickHouse
    clickhouse_process: subprocess.Popen[bytes]
    rig: Rig
    tokens: dict[str, str]
    roles: dict[str, Role]
    ended: list[tuple[str, int]] = field(default_factory=list)

    def start(self, name: str, *, kill_point: str = "") -> subprocess.Popen[bytes]:
        """Start a role, or start it anew with a place at which it kills itself."""
        role = self.roles[name]
        self.stop(name)
        settings = {**role.settings, "SETTLE_KILL_POINT": kill_point}
        role.process = self.rig.start(role.role, log_name=name, **settings)
        role.is_wanted = True
        if role.role == "ingest":
            self._wait_for(name)
        return role.process

    def stop(self, name: str) -> None:
        """End a role with SIGTERM; it is not started again."""
        role = self.roles[name]
        role.is_wanted = False
        if role.process is not None and role.process.poll() is None:
            role.process.terminate()
            if code := role.process.wait(timeout=30):
                self.ended.append((name, code))

    def kill(self, name: str) -> None:
        """End a role with SIGKILL; it is not started again."""
        process = self.process(name)
        self.roles[name].is_wanted = False
        process.kill()
        self.ended.append((name, process.wait(timeout=20)))

    def process(self, name: str) -> subprocess.Popen[bytes]:
        """Give a role's running process."""
        process = self.roles[name].process
        assert process is not None, name
        assert process.poll() is None, name
        return process

    def tend(self) -> None:
        """Start again what has ended, and write down how it ended."""
        for name, role in self.roles.items():
            if role.is_wanted and role.process is not None:
                code = role.process.poll()
                if code is not None:
                    self.ended.append((name, code))
                    role.process = self.rig.start(role.role, log_name=name, **role.settings)

    def all_up(self) -> None:
        """Let everything run but the second worker, which joins where a point says so.

        Nothing may have ended since the last round was counted.
        """
        self.stop(WORKERS[1])
        self.tend()
        for name in (*GATEWAYS, WORKERS[0], SINK):
            if not self.roles[name].is_wanted:
                self.start(name)
        for name in GATEWAYS:
            self._wait_for(name)
        # A worker that was frozen may learn after all was counted that its partitions are gone.
        assert set(self.ended) <= {(WORKERS[0], FAILED)}, self.logs()
        self.ended.clear()

    def _wait_for(self, gateway: str) -> None:
        """Wait until a gateway answers, or has come to the place at which it kills itself."""
        process = self.roles[gateway].process

        def is_there() -> bool:
            return self.answers(gateway) or (process is not None and process.poll() is not None)

        wait_until(is_there, seconds=READY_SECONDS, told=self.logs)

    def answers(self, gateway: str) -> bool:
        """Tell whether a gateway is ready for documents."""
        try:
            with httpx.Client(trust_env=False, timeout=5) as client:
                return client.get(f"{self.url(gateway)}/healthz").status_code == 200
        except httpx.HTTPError:
            return False

    def url(self, gateway: str) -> str:
        """Give a gateway's address, which is the same over a restart."""
        return f"http://127.0.0.1:{self.roles[gateway].settings['INGEST_PORT']}"

    def kill_kafka(self, *, away_seconds: float) -> None:
        """Kill the broker and start it again on its port after a while."""
        self.kafka_killed()
        time.sleep(away_seconds)
        self.kafka = start_kafka(data_dir=self.folder, port=self.kafka.port)

    def kafka_killed(self) -> None:
        """Kill the broker and write down how it ended."""
        pid = self.kafka.pid
        os.kill(pid, signal.SIGKILL)
        # Its first thread is gone before the last: only then there is an exit code.
        wait_until(lambda: exit_text(pid) != "is gone", seconds=READY_SECONDS, told=self.logs)
        self.ended.append((KAFKA, -9 if exit_text(pid) == "was killed by signal 9" else 1))

    def kill_clickhouse(self, *, away_seconds: float) -> None:
        """Kill the database and start it again on its port after a while."""
        self.clickhouse_process.kill()
        self.ended.append((CLICKHOUSE, self.clickhouse_process.wait(timeout=20)))
        time.sleep(away_seconds)
        port = int(self.clickhouse.url.rsplit(":", 1)[1])
        self.clickhouse_process = _start_clickhouse(self.folder, port)

    def logs(self) -> str:
        """Give what the processes said last."""
        texts = [f"ended: {self.ended}"]
        for name in self.roles:
            path = self.folder / f"{name}.log"
            if path.exists():
                texts.append(f"== {name}\n{path.read_text()[-LOG_CHARACTERS:]}")
        return "\n".join(texts)


@contextmanager
def an_arena(folder: Path) -> Iterator[Arena]:
    """Give a running stack and end all of it afterwards."""
    database = None
    kafka = start_kafka(data_dir=folder, port=None)
    try:
        database = _start_clickhouse(folder, free_port())
        found = running_clickhouse(data_dir=folder)
        assert found is not None, "ClickHouse has gone"
        clickhouse = ClickHouse(url=found.url, reader_url=found.reader_url, pid=found.pid)
        rig = Rig(brokers=kafka.brokers, clickhouse=clickhouse, folder=folder)
        tokens = {party: asyncio.run(_token(kafka.brokers, party)) for party in PARTIES}
        arena = Arena(
            folder=folder,
            kafka=kafka,
            clickhouse=clickhouse,
            clickhouse_process=database,
            rig=rig,
            tokens=tokens,
            roles=_roles(),
        )
        try:
            arena.all_up()
            yield arena
        finally:
            database = arena.clickhouse_process
            rig.stop()
    finally:
        stop_kafka(data_dir=folder)
        if database is not None:
            database.kill()
            database.wait(timeout=20)


def _roles() -> dict[str, Role]:
    """Name the processes. The first worker keeps its place over a restart, the second joins."""
    roles = {name: Role("ingest", {"INGEST_PORT": str(free_port())}) for name in GATEWAYS}
    roles[WORKERS[0]] = Role("streams", {"STREAMS_INSTANCE_ID": WORKERS[0]})
    roles[WORKERS[1]] = Role("streams", {})
    roles[SINK] = Role("sink", {})
    return roles


async def _token(brokers: str, party: str) -> str:
    return await register_partner(brokers=brokers, party=party, roles=("CPO",))


def _start_clickhouse(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """Start the database as a child of ours, so that its exit code is known."""
    command = [sys.executable, "-m", "settlement.clickhouse.local"]
    with (folder / "clickhouse.log").open("ab") as log:
        process = subprocess.Popen(
            [*command, "--data", str(folder), "--port", str(port)], stdout=log, stderr=log
        )

    def is_up() -> bool:
        found = running_clickhouse(data_dir=folder)
        return found is not None and found.pid == process.pid and answers(process=found)

    wait_until(is_up, seconds=READY_SECONDS, told=(folder / "clickhouse.log").read_text)
    return process
