"""Where a part answers: believed only while the very process that wrote it runs."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from settlement.cli.exit import Unusable
from settlement.cli.services import kafka_brokers, read_address, write_address

ELSEWHERE = ("CLICKHOUSE_URL", "CLICKHOUSE_READER_URL", "KAFKA_BROKERS")


def test_what_a_running_part_wrote_is_read_back(tmp_path: Path) -> None:
    address = {"url": "http://writer:secret@127.0.0.1:8123", "pid": os.getpid()}

    write_address(tmp_path, "clickhouse", address)

    path = tmp_path / "clickhouse" / "address.json"
    assert read_address(tmp_path, "clickhouse") == address
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_part_that_has_ended_is_not_running(tmp_path: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    write_address(tmp_path, "kafka", {"brokers": "127.0.0.1:1", "pid": process.pid})

    was = read_address(tmp_path, "kafka")
    process.communicate(b"\n", timeout=20)

    assert was == {"brokers": "127.0.0.1:1", "pid": process.pid}
    assert read_address(tmp_path, "kafka") is None


def test_a_stranger_that_got_the_number_is_not_the_part(tmp_path: Path) -> None:
    write_address(tmp_path, "ingest", {"url": "http://127.0.0.1:1", "pid": os.getpid()})
    path = tmp_path / "ingest" / "address.json"
    written = json.loads(path.read_text())
    path.write_text(json.dumps({**written, "created": written["created"] - 100}))

    assert read_address(tmp_path, "ingest") is None
    assert read_address(tmp_path, "nothing") is None


@pytest.mark.parametrize("text", ["[]", "{}", '{"pid": "x"}', "null", "{", ""])
def test_what_nobody_of_ours_wrote_is_no_running_part(tmp_path: Path, text: str) -> None:
    (tmp_path / "kafka").mkdir()
    (tmp_path / "kafka" / "address.json").write_text(text)

    assert read_address(tmp_path, "kafka") is None


@pytest.mark.parametrize("command", [("sql", "SELECT 1"), ("status",), ("topics", "apply")])
def test_a_data_folder_that_is_a_file_is_said_in_a_sentence(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    file = tmp_path / "file"
    file.touch()
    environment = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}

    done = subprocess.run(
        [sys.executable, "-m", "settlement", *command, "--data", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"settle: {file}")
    assert done.stderr.endswith("Not a directory\n")


@pytest.mark.parametrize("brokers", ["kafka", "a:1,b:2", "a:1, b:2", "[::1]:9092", "127.0.0.1:9"])
def test_brokers_of_the_environment_are_given_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, brokers: str
) -> None:
    monkeypatch.setenv("KAFKA_BROKERS", brokers)

    assert kafka_brokers(tmp_path) == brokers


@pytest.mark.parametrize(
    ("brokers", "named"),
    [
        ("kafka:many", "kafka:many"),
        ("a:1,b:99999", "b:99999"),
        ("a:1,", ""),
        (":9092", ":9092"),
        ("kafka:9092/topic", "kafka:9092/topic"),
        ("http://kafka:9092", "http://kafka:9092"),
        (f"{'a' * 64}:9092", f"{'a' * 64}:9092"),
    ],
)
def test_brokers_that_no_client_can_resolve_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, brokers: str, named: str
) -> None:
    monkeypatch.setenv("KAFKA_BROKERS", brokers)

    with pytest.raises(Unusable) as refused:
        kafka_brokers(tmp_path)

    assert str(refused.value) == (
        f"KAFKA_BROKERS: {named!r}: must be host:port, separated by commas"
    )
