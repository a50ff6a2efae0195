"""The local Kafka: the real Apache Kafka, one KRaft node under DIR/kafka, as its own process.

Rule: `KAFKA_BROKERS` is not read here (who calls decides whether one is started at all); a
started Kafka has really answered, not just opened its port.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from filelock import FileLock, Timeout

from settlement.cli.exit import Unusable
from settlement.cli.services import ServiceMissing, read_address, write_address
from streams.local import java
from streams.local.jars import Abandoned
from streams.local.port import LOOPBACK, claim_port, free_port, is_free
from streams.local.probe import kafka_answers
from streams.local.process import (
    exit_text,
    find_part,
    is_alive,
    is_part,
    log_end,
    log_tail,
    start_detached,
    stop_process,
)

PART = "kafka"
START_SECONDS = 120
# One that runs but does not answer for so long is frozen or broken, and is started anew.
ADOPT_SECONDS = 30
# Two seconds are usual; a loaded machine may take longer to write its indexes.
STOP_SECONDS = 30

# The node's identity never changes; the data of a data directory belong to it.
CLUSTER_ID = "b2NwaS1zZXR0bGVtZW50MQ"

# What one node needs, and what a laptop can afford. Sources: Kafka's configuration reference.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{host}:{port}
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
# Relative, as all paths here: Java reads this file and its arguments in encodings of its own.
log.dirs=data
# Topics come from our table alone (streams/topics.py).
auto.create.topics.enable=false
default.replication.factor=1
min.insync.replicas=1
num.partitions=1
# The largest derived record has 16 MiB; the batch around it needs a little more.
message.max.bytes=17825792
replica.fetch.max.bytes=17825792
# Internal topics on one node.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
# A stack that was not run for a while still knows where it was.
offsets.retention.minutes=2147483
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=6000
# After kill -9 the controller waits for this long before it accepts the node again.
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
# A worker that died in a transaction holds up its readers only as long as its own time-out says.
transaction.abort.timed.out.transaction.cleanup.interval.ms=1000
# Heap is bounded: the cleaner's buffer alone would take a quarter of it.
log.cleaner.dedupe.buffer.size=33554432
num.network.threads=2
num.io.threads=4
background.threads=4
"""


class KafkaProcess(msgspec.Struct, frozen=True):
    """A running local Kafka: where it answers, and its process number."""

    brokers: str
    pid: int

    @property
    def port(self) -> int:
        """Its port."""
        return int(self.brokers.rpartition(":")[2])


def start_kafka(
    *,
    data_dir: Path,
    port: int | None,
    stopped: Callable[[], bool] = lambda: False,
) -> KafkaProcess:
    """Start Kafka on a data directory and wait until it answers; one that runs there is given.

    `port` None takes a free one. Raises Unusable (port busy, Kafka or Java not usable),
    ServiceMissing (jars not to be had, Kafka does not answer), Abandoned when `stopped` says so.
    """
    data_dir = data_dir.resolve()
    home = data_dir / PART
    with _start_lock(home):
        if running := _adopted(data_dir, stopped):
            if port in (None, running.port):
                return running
            raise Unusable(
                f"Kafka already runs here, at {running.brokers}: stop it first to change its port"
            )
        for orphan in find_part(part=PART, data_dir=data_dir):
            stop_process(orphan, timeout_seconds=STOP_SECONDS)
        chosen = port or free_port()
        claim_port(port=chosen, part="Kafka", change="--port or KAFKA_PORT")
        command = _prepared(home, chosen, stopped)
        log = log_end(data_dir, PART)
        pid = start_detached(part=PART, data_dir=data_dir, command=command, cwd=home)
        try:
            _wait(pid, f"{LOOPBACK}:{chosen}", data_dir, log, stopped)
        except BaseException:
            stop_process(pid, timeout_seconds=STOP_SECONDS)
            raise
        kafka = KafkaProcess(brokers=f"{LOOPBACK}:{chosen}", pid=pid)
        write_address(data_dir, PART, msgspec.to_builtins(kafka))
        return kafka


@contextmanager
def _start_lock(home: Path) -> Iterator[None]:
    lock = FileLock(home / "start.lock", timeout=START_SECONDS)
    try:
        home.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise Unusable(f"Kafka is being started on {home.parent} by another command") from None
    except OSError as error:
        raise Unusable(
            f"{home} cannot be used ({error.strerror}): choose another --data"
        ) from error
    try:
        yield
    finally:
        lock.release()


def running_kafka(*, data_dir: Path) -> KafkaProcess | None:
    """Give the Kafka that runs on a data directory, if one does."""
    address = read_address(data_dir, PART)
    if address and is_part(address["pid"], part=PART, data_dir=data_dir):
        return msgspec.convert(address, KafkaProcess)
    return None


def stop_kafka(*, data_dir: Path, timeout_seconds: float = STOP_SECONDS) -> bool:
    """Stop the Kafka of a data directory cleanly; tell whether one ran."""
    pids = find_part(part=PART, data_dir=data_dir)
    for pid in pids:
        stop_process(pid, timeout_seconds=timeout_seconds)
    (data_dir / PART / "address.json").unlink(missing_ok=True)
    return bool(pids)


def _prepared(home: Path, port: int, stopped: Callable[[], bool]) -> list[str]:
    """Write the configuration, format the storage once and give the command to run in `home`."""
    controller_port = free_port()
    properties = PROPERTIES.format(host=LOOPBACK, port=port, controller_port=controller_port)
    (home / "server.properties").write_text(properties)
    (home / "log4j2.properties").write_text(java.LOGGING)
    java_command = java.command(logging="log4j2.properties", stopped=stopped)
    if not (home / "data" / "meta.properties").exists():
        _format(java_command, home)
    return [*java_command, "kafka.Kafka", "server.properties"]


def _format(java_command: list[str], home: Path) -> None:
    tool = ["kafka.tools.StorageTool", "format", "--ignore-formatted"]
    done = subprocess.run(
        [*java_command, *tool, "-t", CLUSTER_ID, "-c", "server.properties"],
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
        timeout=START_SECONDS,
    )
    if done.returncode != 0:
        raise Unusable(
            f"Kafka's storage cannot be formatted: {_reason(done.stderr or done.stdout)}"
        )


def _adopted(data_dir: Path, stopped: Callable[[], bool]) -> KafkaProcess | None:
    """Give the Kafka that runs already, once it answers: one that was just killed never will."""
    running = running_kafka(data_dir=data_dir)
    deadline = time.monotonic() + ADOPT_SECONDS
    while running and time.monotonic() < deadline:
        if stopped():
            raise Abandoned
        if not is_part(running.pid, part=PART, data_dir=data_dir):
            return None
        if kafka_answers(running.brokers):
            return running
        time.sleep(0.1)
    return None


def _wait(pid: int, brokers: str, data_dir: Path, log: int, stopped: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if stopped():
            raise Abandoned
        if not is_alive(pid):
            tail = log_tail(data_dir, PART, since=log)
            if "BindException" in tail or not is_free(int(brokers.rpartition(":")[2])):
                raise Unusable(f"port of {brokers} for Kafka is busy: choose another with --port")
            raise ServiceMissing(f"Kafka did not start: it {exit_text(pid)}: {_reason(tail)}")
        if kafka_answers(brokers):
            return
        time.sleep(0.1)
    raise ServiceMissing(
        f"Kafka did not answer within {START_SECONDS} seconds: see {data_dir / 'logs'}"
    )


def _reason(text: str) -> str:
    if "UnsupportedClassVersionError" in text:
        return "its Java is too old, Kafka 4 needs 17: change or unset JAVA_HOME"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "Exception" in line or "ERROR" in line] or lines
    return telling[-1] if telling else "it said nothing"
