"""Which Java and which Kafka are run."""

import subprocess
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


@pytest.mark.parametrize(
    ("said", "given"),
    [("", java.TUNING), ("-XX:+UseG1GC  -Xmx1g", ("-XX:+UseG1GC", "-Xmx1g"))],
)
def test_options_of_the_environment_stand_in_place_of_ours_and_start(
    monkeypatch: pytest.MonkeyPatch, said: str, given: tuple[str, ...]
) -> None:
    monkeypatch.setattr(java, "class_path", lambda **_: "jars")
    monkeypatch.setenv("KAFKA_JVM_PERFORMANCE_OPTS", said)

    binary, *options = java.command(logging="log")

    chosen = options[: options.index("-cp") - 1]
    assert chosen == [*java.BOUNDS, *given]
    subprocess.run([binary, *chosen, "-version"], check=True, capture_output=True)
