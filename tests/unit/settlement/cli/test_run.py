"""`settle run ROLE`: what the process of a role is prepared with."""

import gc
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import typer

from settlement.cli.run import ROLES, Role, run
from streams.local.generation import remember_generation
from streams.local.process import is_alive


@pytest.fixture
def role(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Give a module that stands where a role's would, and undo what only a process may do."""
    module = ModuleType("a_role")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(ROLES, "streams", module.__name__)
    monkeypatch.setenv("KAFKA_BROKERS", "127.0.0.1:1")
    yield module
    gc.unfreeze()


def test_what_a_role_has_imported_is_not_walked_at_each_collection(
    role: ModuleType, tmp_path: Path
) -> None:
    kept: list[int] = []

    def main() -> int:
        kept.append(gc.get_freeze_count())
        return 7

    role.main = main  # type: ignore[attr-defined]

    with pytest.raises(typer.Exit) as ended:
        run(Role("streams"), tmp_path)

    assert ended.value.exit_code == 7
    assert kept[0] > 10_000


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({"KAFKA_BROKERS": ""}, "3"),
        ({"KAFKA_BROKERS": "127.0.0.1:1"}, None),
        ({"KAFKA_BROKERS": "", "STREAMS_GENERATION": "2"}, "2"),
    ],
    ids=["local", "of a cluster", "named"],
)
def test_a_role_of_the_local_stack_derives_the_generation_switched_to(
    role: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    expected: str | None,
) -> None:
    remember_generation(tmp_path, 3)
    monkeypatch.setattr("settlement.cli.run.kafka_brokers", lambda _: "127.0.0.1:2")
    monkeypatch.setenv("STREAMS_GENERATION", "")
    monkeypatch.delenv("STREAMS_GENERATION")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    derived: list[str | None] = []

    def main() -> int:
        derived.append(os.environ.get("STREAMS_GENERATION"))
        return 0

    role.main = main  # type: ignore[attr-defined]

    with pytest.raises(typer.Exit):
        run(Role("streams"), tmp_path)

    assert derived == [expected]


ORPHAN = """
import os, subprocess, sys, time
child = '''
import sys, time, types
from pathlib import Path
from settlement.cli import run
def main():
    print("ready", flush=True)
    time.sleep(60)
sys.modules["a_role"] = types.SimpleNamespace(main=main)
run.ROLES["streams"] = "a_role"
run.run(run.Role("streams"), Path(sys.argv[1]))
'''
environment = {**os.environ, "SETTLE_PARENT": str(os.getpid()), "KAFKA_BROKERS": "127.0.0.1:1"}
started = subprocess.Popen([sys.executable, "-c", child, sys.argv[1]], env=environment)
print(started.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.timeout(60)
def test_a_role_that_belongs_to_a_process_ends_with_it(tmp_path: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHAN, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    role = int(parent.stdout.readline())
    assert parent.stdout.readline() == "ready\n"

    parent.kill()
    parent.wait()

    assert parent.stdout.read() == ""  # its end comes when the last who holds it ends
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while is_alive(role):
        assert time.monotonic() < deadline
        time.sleep(0.02)
