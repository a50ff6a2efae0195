"""The supervisor, for real: what dies comes back, what is stopped leaves nothing.

Kafka is the real one; the roles are stand-ins (fake_stack.py), ClickHouse is named by the
environment, so neither is started.
"""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from settlement.cli.services import ServiceMissing
from streams.local.port import claim_port, free_port
from streams.local.process import find_part, is_alive, start_detached
from streams.local.record import READY, StackRecord, read_record, running_record
from streams.local.stack import ensure_stack, role_states, stop_stack, unsupervised_text

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

PARTS = ("kafka", "sink", "streams", "ingest")
ROLES = PARTS[1:]
# role: what stands in the command of its process
WORDS = {
    "kafka": "kafka.Kafka",
    "clickhouse": "settlement.clickhouse.local",
    "ingest": "run ingest",
    "streams": "run streams",
    "sink": "run sink",
}


class FakeStack:
    """One data directory, its ports, and a supervisor of stand-ins."""

    def __init__(self, data_dir: Path, *, brokers: str | None = None) -> None:
        self.data_dir = data_dir
        self.kafka_port = free_port()
        self.ingest_port = free_port()
        self.environment = {**os.environ, "CLICKHOUSE_URL": "http://127.0.0.1:1"}
        self.environment.pop("KAFKA_BROKERS", None)
        if brokers:
            self.environment["KAFKA_BROKERS"] = brokers
        self.supervisors: list[subprocess.Popen[bytes]] = []

    @property
    def command(self) -> list[str]:
        ports = (str(self.kafka_port), str(self.ingest_port))
        module = [sys.executable, "-m", "tests.integration.fake_stack"]
        return [*module, "up", str(self.data_dir), *ports]

    def up(self) -> subprocess.Popen[bytes]:
        """Start a supervisor; what it says is in `said`."""
        with (self.data_dir / "said").open("wb") as said:
            supervisor = subprocess.Popen(
                self.command, env=self.environment, stdout=said, stderr=subprocess.STDOUT
            )
        self.supervisors.append(supervisor)
        return supervisor

    def up_for_real(self) -> subprocess.Popen[bytes]:
        """Start `settle up` itself, every part the real one."""
        ports = {"kafka": self.kafka_port, "ingest": self.ingest_port, "clickhouse": free_port()}
        options = [word for part, port in ports.items() for word in (f"--{part}-port", str(port))]
        command = [sys.executable, "-m", "settlement", "up", "--data", str(self.data_dir)]
        elsewhere = {"CLICKHOUSE_URL", "CLICKHOUSE_READER_URL", "KAFKA_BROKERS"}
        ours = {name: value for name, value in os.environ.items() if name not in elsewhere}
        with (self.data_dir / "said").open("wb") as said:
            supervisor = subprocess.Popen(
                [*command, *options], env=ours, stdout=said, stderr=subprocess.STDOUT
            )
        self.supervisors.append(supervisor)
        return supervisor

    def said(self) -> str:
        """Give what the newest supervisor has said."""
        return (self.data_dir / "said").read_text()

    def up_and_ready(self) -> subprocess.Popen[bytes]:
        supervisor = self.up()
        eventually(lambda: self.record(supervisor).state == READY)
        return supervisor

    def record(self, supervisor: subprocess.Popen[bytes]) -> StackRecord:
        assert supervisor.poll() is None, self.said()
        record = running_record(self.data_dir)
        empty = StackRecord(state="", detail="", pid=0, started=0)
        return record if record and record.pid == supervisor.pid else empty

    def pids(self) -> dict[str, int | None]:
        record = running_record(self.data_dir)
        return {part.role: part.pid for part in record.parts} if record else {}

    def processes(self) -> list[int]:
        return [p for part in PARTS for p in find_part(part=part, data_dir=self.data_dir)]

    def close(self) -> None:
        for supervisor in self.supervisors:
            supervisor.kill()
            supervisor.wait()
        stop_stack(self.data_dir)


def eventually(holds: Callable[[], bool], *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"
        time.sleep(0.05)


def settle(*words: str, data: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "settlement", *words, "--data", str(data)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def ask(url: str, query: str, password: str) -> httpx.Response:
    """Ask ClickHouse as the reader."""
    return httpx.post(url, content=query, auth=("reader", password), trust_env=False, timeout=30)


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[FakeStack]:
    """A stack with a Kafka of its own."""
    fake = FakeStack(tmp_path)
    yield fake
    fake.close()


@pytest.fixture
def light_stack(tmp_path: Path, kafka: str) -> Iterator[FakeStack]:
    """A stack on the run's Kafka: roles alone are started."""
    fake = FakeStack(tmp_path, brokers=kafka)
    yield fake
    fake.close()


async def create_topic(brokers: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    await admin.create_topics([NewTopic("kept", 1, 1)])
    await admin.close()


async def topics(brokers: str) -> list[str]:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    await admin.start()
    try:
        return list(await admin.list_topics())
    finally:
        await admin.close()


def test_a_killed_kafka_comes_back_on_its_port_with_its_data(stack: FakeStack) -> None:
    stack.up_and_ready()
    before = stack.pids()["kafka"]
    brokers = f"127.0.0.1:{stack.kafka_port}"
    asyncio.run(create_topic(brokers))
    assert before is not None

    os.kill(before, signal.SIGKILL)
    eventually(lambda: stack.pids().get("kafka") not in (None, before))

    assert "kept" in asyncio.run(topics(brokers))
    assert {
        state.role: state.healthy
        for state in role_states(stack.data_dir)
        if state.role != "clickhouse"
    } == {"kafka": True, "ingest": True, "streams": True, "sink": True}


def test_a_stack_comes_up_after_its_supervisor_was_killed(stack: FakeStack) -> None:
    stack.up_and_ready().kill()
    left = stack.processes()

    stack.up_and_ready()

    pids = stack.pids()
    assert len(left) == len(PARTS)
    assert sorted(filter(None, pids.values())) == sorted(stack.processes())
    assert pids["kafka"] in left, "Kafka is adopted, not restarted"
    assert not set(left) & {pids[role] for role in ROLES}, "roles are started anew"


def test_up_says_where_everything_answers_and_down_leaves_no_process(stack: FakeStack) -> None:
    supervisor = stack.up_for_real()
    ended = r"password \S+\s"
    eventually(lambda: bool(re.search(ended, stack.said())) or bool(supervisor.poll()), seconds=120)
    said = stack.said()
    user, password = re.findall(r"user (\S+), password (\S+)", said)[0]
    (versions,) = re.findall(r"OCPI gateway +(\S+)", said)
    addresses = {
        "kafka": re.findall(r"Kafka +(\S+)", said)[0],
        "clickhouse": re.findall(r"ClickHouse +(\S+)", said)[0],
        "ingest": versions.removesuffix("/ocpi/versions"),
    }
    told = settle("status", "--json", data=stack.data_dir)
    pids = [one["pid"] for one in json.loads(told.stdout)["roles"]]
    commands = [" ".join(psutil.Process(pid).cmdline()) for pid in pids]

    rows = ask(addresses["clickhouse"], "SELECT count() FROM settlement.cdr_settled", password)
    refused = ask(addresses["clickhouse"], "DROP TABLE settlement.cdr_settled", password)
    stranger = ask(addresses["clickhouse"], "SELECT 1", "another password")
    gateway = httpx.get(versions, trust_env=False)
    was_running = stop_stack(stack.data_dir)
    is_running_still = stop_stack(stack.data_dir)

    assert told.returncode == 0, told.stderr
    assert json.loads(told.stdout) == {
        "roles": [
            {"role": role, "pid": pid, "address": addresses.get(role), "healthy": True}
            for role, pid in zip(WORDS, pids, strict=True)
        ]
    }
    assert [
        word for word, said in zip(WORDS.values(), commands, strict=True) if word not in said
    ] == []
    assert addresses["kafka"] == f"127.0.0.1:{stack.kafka_port}"
    assert addresses["ingest"] == f"http://127.0.0.1:{stack.ingest_port}"
    assert (user, rows.status_code, rows.text.strip()) == ("reader", 200, "0")
    assert (refused.status_code, stranger.status_code) == (403, 401)
    assert gateway.status_code == 401  # it wants a token
    assert (was_running, is_running_still) == (True, False)
    assert supervisor.wait(10) == 0
    assert [pid for pid in pids if is_alive(pid)] == stack.processes() == []
    assert (stack.data_dir / "kafka" / "data" / ".kafka_cleanshutdown").exists()
    assert read_record(stack.data_dir) is None


def test_down_ends_what_a_killed_supervisor_left(stack: FakeStack) -> None:
    assert unsupervised_text(stack.data_dir)  # none has been there
    supervisor = stack.up_and_ready()
    assert unsupervised_text(stack.data_dir) is None
    supervisor.kill()
    supervisor.wait(20)

    states = {state.role: state.healthy for state in role_states(stack.data_dir)}
    assert "is gone" in str(unsupervised_text(stack.data_dir))
    assert stop_stack(stack.data_dir)

    assert states.pop("clickhouse") is False  # a stand-in that answers no query
    assert states == {"kafka": True, "ingest": True, "streams": True, "sink": True}
    assert stack.processes() == []
    with pytest.raises(ServiceMissing):
        role_states(stack.data_dir)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("step", ["starting kafka", "starting sink"])
def test_a_stop_while_starting_leaves_nothing(
    stack: FakeStack, number: signal.Signals, step: str
) -> None:
    supervisor = stack.up()
    eventually(lambda: stack.record(supervisor).detail.startswith(step))

    supervisor.send_signal(number)

    assert supervisor.wait(60) == 0
    assert stack.processes() == []


@pytest.mark.parametrize("role", ROLES)
def test_a_killed_role_is_started_again_and_it_is_said(light_stack: FakeStack, role: str) -> None:
    supervisor = light_stack.up_and_ready()
    before = light_stack.pids()
    victim = before[role]
    assert victim is not None

    os.kill(victim, signal.SIGKILL)
    eventually(lambda: light_stack.pids().get(role) not in (None, victim))
    eventually(lambda: all(s.healthy for s in role_states(light_stack.data_dir) if s.role == role))
    after = light_stack.pids()
    supervisor.send_signal(signal.SIGINT)

    assert supervisor.wait(60) == 0
    assert f"{role} (process {victim}) was killed by signal 9" in light_stack.said()
    assert {name for name in ROLES if before[name] != after[name]} == {role}


def test_a_role_that_cannot_start_ends_the_start_with_its_log(light_stack: FakeStack) -> None:
    run = light_stack.data_dir / "run"
    run.mkdir()
    (run / "streams.broken").touch()

    supervisor = light_stack.up()

    assert supervisor.wait(60) == 3
    assert "streams does not come up" in light_stack.said()
    assert light_stack.said().rstrip().endswith("the stand-in is broken")
    assert light_stack.processes() == []


def test_a_second_stack_on_the_directory_is_refused(light_stack: FakeStack) -> None:
    light_stack.up_and_ready()
    before = light_stack.pids()

    second = light_stack.up()

    assert second.wait(60) == 2
    assert "a stack already runs on" in light_stack.said()
    assert light_stack.pids() == before


def test_a_busy_port_is_refused_before_anything_starts(light_stack: FakeStack) -> None:
    with socket.create_server(("127.0.0.1", light_stack.ingest_port)):
        code = light_stack.up().wait(60)

    assert code == 2
    assert f"port {light_stack.ingest_port} for the gateway is busy" in light_stack.said()
    assert "--ingest-port or INGEST_PORT" in light_stack.said()
    assert light_stack.processes() == []


def test_another_port_is_taken_where_that_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        busy = server.getsockname()[1]

        port = claim_port(port=busy, part="Kafka", change="--kafka-port", takes_any=True)

    assert port != busy
    assert claim_port(port=port, part="Kafka", change="--kafka-port", takes_any=True) == port


def test_a_stack_is_ensured_once_and_stopped(
    light_stack: FakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CLICKHOUSE_URL", "KAFKA_BROKERS"):
        monkeypatch.setenv(name, light_stack.environment[name])
    steps: list[str] = []

    first = ensure_stack(light_stack.data_dir, command=light_stack.command, progress=steps.append)
    second = ensure_stack(light_stack.data_dir, command=light_stack.command)
    stopped = stop_stack(light_stack.data_dir)

    assert (first.was_running, second.was_running, stopped) == (False, True, True)
    assert first.ingest_url == f"http://127.0.0.1:{light_stack.ingest_port}"
    assert first.brokers == light_stack.environment["KAFKA_BROKERS"]
    assert "starting sink, streams, ingest" in steps
    assert light_stack.processes() == []


def test_a_stack_that_fails_says_which_part_with_its_log(
    light_stack: FakeStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("CLICKHOUSE_URL", "KAFKA_BROKERS"):
        monkeypatch.setenv(name, light_stack.environment[name])
    run = light_stack.data_dir / "run"
    run.mkdir()
    (run / "sink.broken").touch()

    with pytest.raises(ServiceMissing, match=r"(?s)sink does not come up.*stand-in is broken"):
        ensure_stack(light_stack.data_dir, command=light_stack.command)

    assert light_stack.processes() == []


def test_a_start_that_is_given_up_leaves_nothing_of_an_earlier_stack(tmp_path: Path) -> None:
    left = start_detached(part="sink", data_dir=tmp_path, command=["sleep", "60"])
    never_up = [sys.executable, "-c", "import time; time.sleep(60)"]

    with pytest.raises(ServiceMissing, match="not up in time"):
        ensure_stack(tmp_path, command=never_up, timeout_seconds=0.5)

    assert not is_alive(left)


def test_another_process_is_never_taken_for_a_part(tmp_path: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    (tmp_path / "kafka").mkdir()
    address = {"brokers": "127.0.0.1:1", "pid": stranger.pid}
    (tmp_path / "kafka" / "address.json").write_text(json.dumps(address))

    was_running = stop_stack(tmp_path)

    assert not was_running
    assert is_alive(stranger.pid)
    assert psutil.Process(stranger.pid).is_running()
    stranger.communicate(b"\n")


def test_status_and_down_name_the_command_that_starts_a_stack(tmp_path: Path) -> None:
    for words in (["status"], ["down"]):
        done = settle(*words, data=tmp_path)

        assert done.returncode == 3
        assert "settle up" in done.stderr
        assert done.stdout == ""
