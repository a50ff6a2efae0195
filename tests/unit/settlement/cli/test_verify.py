"""`settle verify` on the command line: what its exit code says where there is no verdict."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

import settlement.verify.look
from settlement.cli import app

ADDRESSES = {"KAFKA_BROKERS": "127.0.0.1:1", "CLICKHOUSE_URL": "http://writer:x@127.0.0.1:1"}


def test_an_error_of_its_own_is_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: object) -> None:
        raise KeyError("offset")

    monkeypatch.setattr(settlement.verify.look, "verify", broken)

    result = CliRunner().invoke(app, ["verify"], env=ADDRESSES)

    assert str(result.exception) == (
        "could not look: an error of settle verify itself: KeyError('offset')"
    )


def test_where_there_is_no_stack_there_is_no_verdict(tmp_path: Path) -> None:
    asked = ["verify", "--data", str(tmp_path)]

    result = CliRunner().invoke(app, asked, env={"KAFKA_BROKERS": "", "CLICKHOUSE_URL": ""})

    assert str(result.exception) == (
        f"could not look: {tmp_path} holds no kafka, and none is named: "
        f"`settle up --data {tmp_path}` starts a stack"
    )


def test_kafka_away_is_one_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "settlement", "verify", "--generation", "1"],
        env={**os.environ, **ADDRESSES},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("settle: could not look: Kafka at 127.0.0.1:1 cannot be read: ")
