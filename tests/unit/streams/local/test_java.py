"""Which Java and which Kafka are run."""

from pathlib import Path

import pytest

from settlement.cli.exit import Unusable
from streams.local import java


def test_java_home_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "bin" / "java"
    binary.parent.mkdir()
    binary.touch(mode=0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    assert binary == java.java_binary()


def test_a_java_home_without_java_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    with pytest.raises(Unusable, match="JAVA_HOME"):
        java.java_binary()


def test_without_java_home_the_wheel_brings_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)

    assert java.java_binary().is_file()


def test_kafka_home_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "libs").mkdir()
    (tmp_path / "libs" / "kafka_2.13-4.0.0.jar").touch()
    monkeypatch.setenv("KAFKA_HOME", str(tmp_path))

    assert f"{tmp_path}/libs/*" == java.class_path()


def test_a_kafka_home_without_kafka_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAFKA_HOME", str(tmp_path))

    with pytest.raises(Unusable, match="KAFKA_HOME"):
        java.class_path()


def test_the_heap_is_bounded_at_half_a_gigabyte() -> None:
    assert "-Xmx512m" in java.BOUNDS
