"""The lock of Kafka's jars, and that nothing runs which it does not name."""

import hashlib
from pathlib import Path

import pytest

from settlement.cli.services import ServiceMissing
from streams.local.jars import Abandoned, Jar, JarLock, cached_jars, digest, read_lock

GOOD = b"a jar"
JAR = Jar(coordinate="org.example:thing:1.0", sha256=hashlib.sha256(GOOD).hexdigest())
LOCK = JarLock(kafka="4.1.2", jars=(JAR,))


class Shelf:
    """Hands out the same bytes for every jar and counts how often."""

    def __init__(self, content: bytes = GOOD, *, failures: int = 0) -> None:
        self.content = content
        self.failures = failures
        self.asked = 0

    def __call__(self, jar: Jar, into: Path) -> Path:
        self.asked += 1
        if self.asked <= self.failures:
            raise ConnectionError
        into.mkdir(parents=True)
        path = into / jar.name
        path.write_bytes(self.content)
        return path


def test_every_jar_of_the_lock_has_a_full_digest() -> None:
    lock = read_lock()

    assert [jar for jar in lock.jars if len(bytes.fromhex(jar.sha256)) != 32] == []


def test_the_lock_holds_one_kafka_of_series_four_and_each_jar_once() -> None:
    lock = read_lock()

    assert lock.kafka.startswith("4.")
    assert f"org.apache.kafka:kafka_2.13:{lock.kafka}" in {jar.coordinate for jar in lock.jars}
    assert {lock.kafka} == {
        jar.coordinate.rpartition(":")[2]
        for jar in lock.jars
        if jar.coordinate.startswith("org.apache.kafka:")
    }
    assert len(lock.jars) == len({jar.name for jar in lock.jars})


def test_a_missing_jar_is_fetched_once(tmp_path: Path) -> None:
    shelf = Shelf()

    first = cached_jars(cache=tmp_path, lock=LOCK, fetch=shelf)
    second = cached_jars(cache=tmp_path, lock=LOCK, fetch=shelf)

    assert shelf.asked == 1
    assert first == second
    assert [JAR.sha256] == [digest(path) for path in second]


def test_a_jar_that_was_cut_short_is_fetched_again(tmp_path: Path) -> None:
    (path,) = cached_jars(cache=tmp_path, lock=LOCK, fetch=Shelf())
    path.write_bytes(GOOD[:2])

    cached_jars(cache=tmp_path, lock=LOCK, fetch=Shelf())

    assert path.read_bytes() == GOOD


def test_a_jar_with_another_digest_is_refused_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(ServiceMissing, match="sha256 is not the locked one"):
        cached_jars(cache=tmp_path, lock=LOCK, fetch=Shelf(b"something else"))

    assert list(tmp_path.rglob("*.jar")) == []


def test_a_fetch_that_fails_for_a_moment_is_tried_again(tmp_path: Path) -> None:
    shelf = Shelf(failures=2)

    (path,) = cached_jars(cache=tmp_path, lock=LOCK, fetch=shelf)

    assert path.read_bytes() == GOOD


def test_jars_that_are_not_to_be_had_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ServiceMissing, match=r"go online .* KAFKA_HOME") as raised:
        cached_jars(cache=tmp_path, lock=LOCK, fetch=Shelf(failures=99))

    assert "\n" not in str(raised.value)


def test_a_stop_ends_the_fetching(tmp_path: Path) -> None:
    with pytest.raises(Abandoned):
        cached_jars(cache=tmp_path, lock=LOCK, fetch=Shelf(), stopped=lambda: True)
