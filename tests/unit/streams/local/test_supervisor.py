"""In which order parts are started and stopped, and what becomes of one that fails."""

from collections.abc import Callable
from pathlib import Path

import pytest

from settlement.cli.exit import Unusable
from settlement.cli.services import ServiceMissing
from streams.local.record import FAILED, read_record
from streams.local.supervisor import Supervisor, pause_seconds, stack_lock


class Scene:
    """What happened, in order."""

    def __init__(self) -> None:
        self.events: list[str] = []

    def note(self, event: str) -> None:
        self.events.append(event)


class FakePart:
    """A part in memory; it may refuse to start."""

    address = None

    def __init__(self, name: str, scene: Scene, *, refusal: Exception | None = None) -> None:
        self.name = name
        self.scene = scene
        self.refusal = refusal
        self.pid: int | None = None

    def start(self, stopped: Callable[[], bool]) -> None:
        assert not stopped()
        if self.refusal:
            raise self.refusal
        self.scene.note(f"start {self.name}")
        self.pid = 1

    def stop(self) -> None:
        self.scene.note(f"stop {self.name}")
        self.pid = None

    def is_alive(self) -> bool:
        return self.pid is not None

    def is_healthy(self) -> bool:
        return self.is_alive()


def supervisor(
    data_dir: Path,
    scene: Scene,
    *,
    refusal: Exception | None = None,
    prepare: Callable[[], None] | None = None,
) -> Supervisor:
    return Supervisor(
        data_dir=data_dir,
        services=[FakePart("kafka", scene, refusal=refusal)],
        roles=[FakePart("sink", scene), FakePart("ingest", scene)],
        prepare=prepare or (lambda: scene.note("prepare")),
        addresses=dict,
        say=lambda _: None,
    )


def test_parts_start_in_order_and_stop_the_other_way_round(tmp_path: Path) -> None:
    scene = Scene()
    stack = supervisor(tmp_path, scene)

    stack.run(ready=stack.ask_to_stop)

    started, stopped = scene.events[:4], scene.events[4:]
    assert started[:2] == ["start kafka", "prepare"]
    assert set(started[2:]) == {"start sink", "start ingest"}
    assert stopped == ["stop ingest", "stop sink", "stop kafka"]
    assert read_record(tmp_path) is None


def test_a_service_that_does_not_start_ends_the_stack_and_is_noted(tmp_path: Path) -> None:
    scene = Scene()
    stack = supervisor(tmp_path, scene, refusal=Unusable("port 9092 for Kafka is busy"))

    with pytest.raises(Unusable, match="9092"):
        stack.run(ready=lambda: scene.note("ready"))

    record = read_record(tmp_path)
    assert scene.events == ["stop ingest", "stop sink", "stop kafka"]
    assert record is not None
    assert (record.state, record.detail) == (FAILED, "port 9092 for Kafka is busy")


def test_an_error_nobody_foresaw_still_stops_what_runs(tmp_path: Path) -> None:
    scene = Scene()

    def prepare() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        supervisor(tmp_path, scene, prepare=prepare).run(ready=lambda: scene.note("ready"))

    assert scene.events == ["start kafka", "stop ingest", "stop sink", "stop kafka"]


def test_a_missing_cluster_is_passed_on(tmp_path: Path) -> None:
    scene = Scene()

    def prepare() -> None:
        raise ServiceMissing("ClickHouse is away")

    with pytest.raises(ServiceMissing, match="away"):
        supervisor(tmp_path, scene, prepare=prepare).run(ready=lambda: scene.note("ready"))

    assert scene.events[-1] == "stop kafka"


def test_a_stop_asked_for_while_preparing_starts_no_role(tmp_path: Path) -> None:
    scene = Scene()
    stack = supervisor(tmp_path, scene)
    stack.prepare = stack.ask_to_stop

    stack.run(ready=lambda: scene.note("ready"))

    assert scene.events == ["start kafka", "stop ingest", "stop sink", "stop kafka"]


def test_pauses_grow_and_are_bounded() -> None:
    pauses = [pause_seconds(deaths) for deaths in range(40)]

    assert pauses[:4] == [0.5, 1, 2, 4]
    assert pauses == sorted(pauses)
    assert max(pauses) == 30


def test_the_lock_lets_one_in_and_is_free_afterwards(tmp_path: Path) -> None:
    with stack_lock(tmp_path), pytest.raises(Unusable, match="already runs"), stack_lock(tmp_path):
        pass

    with stack_lock(tmp_path):
        assert (tmp_path / "run").is_dir()


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(Unusable, match="--data"), stack_lock(tmp_path / "file"):
        pass
