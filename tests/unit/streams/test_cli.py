"""The commands of the local stack where nothing runs, or where somebody else's cluster is named."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import streams.local.stack
from settlement.cli import app
from settlement.cli.exit import FINDINGS, FINE, MISSING, Unusable
from settlement.cli.services import ServiceMissing
from streams.local.stack import STATED, RoleState

NOWHERE = {"KAFKA_BROKERS": "", "CLICKHOUSE_URL": ""}
ELSEWHERE = {"KAFKA_BROKERS": "kafka:9092", "CLICKHOUSE_URL": "http://writer:secret@house:8123"}
ABSENT = {"pid": None, "address": None, "healthy": False}


def settle(*arguments: str, data: Path, **environment: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--data", str(data)], env=environment)


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["status"], {"roles": [{"role": role, **ABSENT} for role in STATED]}),
        (["kafka", "status"], {"role": "kafka", **ABSENT}),
        (["clickhouse", "status"], {"role": "clickhouse", **ABSENT}),
    ],
)
def test_a_machine_reads_that_nothing_runs(
    tmp_path: Path, command: list[str], told: object
) -> None:
    done = settle(*command, "--json", data=tmp_path, **NOWHERE)
    for_people = settle(*command, data=tmp_path, **NOWHERE)

    assert json.loads(done.stdout) == told
    assert isinstance(done.exception, ServiceMissing)
    assert f"settle up --data {tmp_path}" in str(done.exception)
    assert for_people.stdout == ""


@pytest.mark.parametrize(
    ("part", "named"),
    [("kafka", "the cluster at kafka:9092"), ("clickhouse", "the server at http://house:8123")],
)
@pytest.mark.parametrize("option", [[], ["--json"]])
def test_what_is_configured_elsewhere_is_not_ours_to_stop(
    tmp_path: Path, part: str, named: str, option: list[str]
) -> None:
    done = settle(part, "stop", *option, data=tmp_path, **ELSEWHERE)

    assert done.stdout == ""
    assert isinstance(done.exception, Unusable)
    assert f"is set: {named} is not ours to stop" in str(done.exception)


@pytest.mark.parametrize("part", ["kafka", "clickhouse"])
def test_stopping_what_does_not_run_names_what_starts_it(tmp_path: Path, part: str) -> None:
    done = settle(part, "stop", "--json", data=tmp_path, **NOWHERE)

    assert done.stdout == ""
    assert isinstance(done.exception, ServiceMissing)
    assert f"settle {part} start --data {tmp_path}" in str(done.exception)


@pytest.mark.parametrize(("sick", "code"), [((), FINE), (("sink",), FINDINGS), (STATED, FINDINGS)])
@pytest.mark.parametrize("option", [[], ["--json"]])
def test_status_ends_with_1_where_a_role_does_not_answer(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    sick: tuple[str, ...],
    code: int,
    option: list[str],
) -> None:
    states = [
        RoleState(role=role, pid=7, address=None, healthy=role not in sick) for role in STATED
    ]
    monkeypatch.setattr(streams.local.stack, "role_states", lambda _: states)

    done = settle("status", *option, data=tmp_path)

    assert done.exit_code == code
    assert all(role in done.stdout for role in STATED)


def test_up_tells_a_machine_where_everything_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = {"brokers": "b:1", "clickhouse_url": "c", "reader_url": "r", "ingest_url": "i"}
    monkeypatch.setattr("streams.local.layout.run_stack", lambda *, ready, **_: ready(addresses))

    done = settle("up", "--json", data=tmp_path)

    told = json.loads(done.stdout)
    assert isinstance(told.pop("pid"), int)
    assert told == {**addresses, "data": str(tmp_path)}
    assert done.stderr == "The stack is stopped.\n"


@pytest.mark.parametrize("role", ["streams", "sink"])
@pytest.mark.timeout(120)
def test_a_role_that_finds_no_kafka_says_so(tmp_path: Path, role: str) -> None:
    nobody = {"KAFKA_BROKERS": "127.0.0.1:1", "CLICKHOUSE_URL": "http://127.0.0.1:1"}
    command = [sys.executable, "-m", "settlement", "run", role, "--data", str(tmp_path)]

    done = subprocess.run(  # a process of its own: a role sets up the logging of its process
        command, env={**os.environ, **nobody}, capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stdout) == (MISSING, "")
    assert done.stderr.splitlines()[-1] == "settle: Kafka at 127.0.0.1:1 does not answer"
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ["run", "ingest"],
        ["run", "streams"],
        ["run", "sink"],
        ["topics", "apply"],
        ["kafka", "status"],
        ["partner", "list"],
    ],
)
def test_brokers_that_are_no_address_are_refused(tmp_path: Path, command: list[str]) -> None:
    done = settle(*command, data=tmp_path, KAFKA_BROKERS="kafka:9092,kafka:many")

    assert isinstance(done.exception, Unusable)
    assert str(done.exception) == (
        "KAFKA_BROKERS: 'kafka:many': must be host:port, separated by commas"
    )
