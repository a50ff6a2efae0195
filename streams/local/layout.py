"""What the local stack is made of, on which ports, and with which environment.

Rule: what the environment names (`KAFKA_BROKERS`, `CLICKHOUSE_URL`) is used and neither started
nor supervised; every port is settled before anything is started.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec

from settlement.cli.services import kafka_brokers
from streams.local.generation import local_generation
from streams.local.kafka import running_kafka
from streams.local.part import STOP_SECONDS, ClickHousePart, KafkaPart, Part, RolePart, port_of
from streams.local.port import claim_port
from streams.local.process import find_part, stop_process
from streams.local.supervisor import Supervisor, stack_lock

INGEST_PORT, CLICKHOUSE_PORT, KAFKA_PORT = 8000, 8123, 9092
HEALTH_PATH = "/ocpi/versions"

# In the order of their start; they are stopped the other way round: first nobody may submit.
ROLES = ("sink", "streams", "ingest")


def role_commands() -> dict[str, list[str]]:
    """Give the command that runs each role."""
    return {role: [sys.executable, "-m", "settlement", "run", role] for role in ROLES}


class Ports(msgspec.Struct, frozen=True, kw_only=True):
    """Where the parts listen; `takes_any`: another port where one of these is busy."""

    ingest: int = INGEST_PORT
    clickhouse: int = CLICKHOUSE_PORT
    kafka: int = KAFKA_PORT
    takes_any: bool = False


class Layout:
    """The parts of one stack, and the addresses they have once they run."""

    def __init__(
        self, *, data_dir: Path, ports: Ports, commands: Mapping[str, Sequence[str]]
    ) -> None:
        """Settle the ports; raises Unusable where one is busy."""
        self.data_dir = data_dir
        self.kafka: KafkaPart | None = None
        self.clickhouse: ClickHousePart | None = None
        ingest_port = claim_port(
            port=ports.ingest,
            part="the gateway",
            change="--ingest-port or INGEST_PORT",
            takes_any=ports.takes_any,
        )
        if not os.environ.get("CLICKHOUSE_URL"):
            self.clickhouse = ClickHousePart(data_dir=data_dir, port=self._clickhouse_port(ports))
        if not os.environ.get("KAFKA_BROKERS"):
            self.kafka = KafkaPart(data_dir=data_dir, port=self._kafka_port(ports))
        self.ingest_url = f"http://127.0.0.1:{ingest_port}"
        self.roles = [self._role(role, command) for role, command in commands.items()]

    @property
    def services(self) -> list[Part]:
        """What is started first: those of Kafka and ClickHouse that the environment lacks."""
        return [part for part in (self.kafka, self.clickhouse) if part is not None]

    def _role(self, role: str, command: Sequence[str]) -> RolePart:
        return RolePart(
            name=role,
            data_dir=self.data_dir,
            command=command,
            environment=self.environment,
            url=self.ingest_url if role == "ingest" else None,
            health_path=HEALTH_PATH,
        )

    def _kafka_port(self, ports: Ports) -> int:
        running = running_kafka(data_dir=self.data_dir)
        if running and (ports.takes_any or running.port == ports.kafka):
            return running.port
        return claim_port(
            port=ports.kafka,
            part="Kafka",
            change="--kafka-port or KAFKA_PORT",
            takes_any=ports.takes_any,
        )

    def _clickhouse_port(self, ports: Ports) -> int:
        from settlement.clickhouse.local.process import (  # noqa: PLC0415 - 60 ms
            running_clickhouse,
        )

        running = running_clickhouse(data_dir=self.data_dir)
        port = port_of(running.url) if running else None
        if port and (ports.takes_any or port == ports.clickhouse):
            return port
        return claim_port(
            port=ports.clickhouse,
            part="ClickHouse",
            change="--clickhouse-port or CLICKHOUSE_PORT",
            takes_any=ports.takes_any,
        )

    def addresses(self) -> dict[str, str | None]:
        """Say where things answer, in the fields of the record."""
        kafka, clickhouse = self.kafka, self.clickhouse
        url = clickhouse.url if clickhouse else os.environ.get("CLICKHOUSE_URL")
        reader = os.environ.get("CLICKHOUSE_READER_URL") or url
        return {
            "brokers": kafka.address if kafka else kafka_brokers(self.data_dir),
            "clickhouse_url": url,
            "reader_url": clickhouse.reader_url if clickhouse else reader,
            "ingest_url": self.ingest_url,
        }

    def environment(self) -> dict[str, str]:
        """Give the environment of a role: ours, and where the other parts answer."""
        addresses = self.addresses()
        ours = {
            "KAFKA_BROKERS": addresses["brokers"],
            "CLICKHOUSE_URL": addresses["clickhouse_url"],
            "CLICKHOUSE_READER_URL": addresses["reader_url"],
            "INGEST_PORT": self.ingest_url.rpartition(":")[2],
            "SETTLE_DATA_DIR": str(self.data_dir),
            "STREAMS_GENERATION": str(local_generation(self.data_dir)),
        }
        return {**os.environ, **{name: value for name, value in ours.items() if value}}

    def prepare(self) -> None:
        """Bring ClickHouse's tables and Kafka's topics up to date.

        Raises Unusable where they cannot be, ServiceMissing where a cluster does not answer.
        """
        from settlement.clickhouse.migrate import migrate  # noqa: PLC0415 - loads the client
        from streams.local.topics import bring_topics_up  # noqa: PLC0415 - as above

        addresses = self.addresses()
        generation = local_generation(self.data_dir)
        migrate(url=str(addresses["clickhouse_url"]), generation=generation)
        bring_topics_up(brokers=str(addresses["brokers"]), generation=generation)


def run_stack(
    *,
    data_dir: Path,
    ports: Ports,
    say: Callable[[str], None],
    ready: Callable[[dict[str, str | None]], None],
    catch_signals: Callable[[Callable[[], None]], None],
    commands: Mapping[str, Sequence[str]] | None = None,
    prepare: Callable[[Layout], None] = Layout.prepare,
) -> None:
    """Run the stack in this process until it is asked to stop.

    `catch_signals` gets the function that asks for the stop; `ready` gets the addresses.
    Raises Unusable (another stack on the directory, a busy port), ServiceMissing (a part does
    not come up, with the end of its log).
    """
    data_dir = data_dir.resolve()
    with stack_lock(data_dir):
        commands = role_commands() if commands is None else commands
        stop_orphans(data_dir=data_dir, roles=commands)
        layout = Layout(data_dir=data_dir, ports=ports, commands=commands)
        supervisor = Supervisor(
            data_dir=data_dir,
            services=layout.services,
            roles=layout.roles,
            prepare=lambda: prepare(layout),
            addresses=layout.addresses,
            say=say,
        )
        catch_signals(supervisor.ask_to_stop)
        supervisor.run(ready=lambda: ready(layout.addresses()))


def stop_orphans(*, data_dir: Path, roles: Mapping[str, object] | Sequence[str] = ROLES) -> int:
    """Stop the roles that a killed supervisor left behind; say how many there were."""
    pids = [pid for role in roles for pid in find_part(part=role, data_dir=data_dir)]
    for pid in pids:
        stop_process(pid, timeout_seconds=STOP_SECONDS)
    return len(pids)
