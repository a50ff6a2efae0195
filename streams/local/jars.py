"""The jars of the local Kafka: named and hashed in a committed lock, fetched by `jgo`.

Rule: no jar is run whose sha256 is not the lock's, and the lock names no host; what is fetched
is checked in a folder beside the cache and only then moved into it.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import platformdirs
from filelock import FileLock

from settlement.cli.services import ServiceMissing

if TYPE_CHECKING:
    from jgo.maven import Artifact

LOCK = "kafka.lock.json"
FETCHES_AT_ONCE = 4
TRIES = 3
TIMEOUT_SECONDS = 30

# Kafka's own pom leaves the SLF4J binding to its distribution; without one it logs nothing. It is
# resolved apart, because its pom would pull Kafka's clients down to its own version of them.
LOGGING = "org.apache.logging.log4j:log4j-slf4j-impl"


class Jar(msgspec.Struct, frozen=True):
    """One jar: its Maven coordinate and the sha256 of its bytes."""

    coordinate: str
    sha256: str

    @property
    def name(self) -> str:
        """Its file name."""
        _, artifact, version = self.coordinate.split(":")
        return f"{artifact}-{version}.jar"


class JarLock(msgspec.Struct, frozen=True):
    """Which Kafka, and every jar that it is run with."""

    kafka: str
    jars: tuple[Jar, ...]


class Abandoned(Exception):  # noqa: N818 - asked for, not an error
    """Somebody asked to stop while a part was being started."""


def read_lock() -> JarLock:
    """Read the committed lock."""
    return msgspec.json.decode((files("streams.local") / LOCK).read_bytes(), type=JarLock)


def cached_jars(
    *,
    cache: Path | None = None,
    lock: JarLock | None = None,
    fetch: Callable[[Jar, Path], Path] | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> list[Path]:
    """Give the jars of the lock, each with the locked sha256, fetching what is not there yet.

    Raises ServiceMissing where a jar cannot be had, Abandoned when `stopped` says so.
    """
    lock = lock or read_lock()
    root = cache or Path(platformdirs.user_cache_dir("ocpi-settlement", appauthor=False))
    folder = root / f"kafka-{lock.kafka}"
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "fetch.lock"):
        missing = [jar for jar in lock.jars if digest(folder / jar.name) != jar.sha256]
        if missing:
            _fetch_all(missing, folder, fetch or fetch_jar, stopped)
    return [folder / jar.name for jar in lock.jars]


def digest(path: Path) -> str | None:
    """Give a file's sha256; None where there is no file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return None


def fetch_jar(jar: Jar, into: Path) -> Path:
    """Fetch one jar below a folder, unchecked; raise OSError where it cannot be had."""
    from jgo.maven import MavenContext  # noqa: PLC0415 - only the first start needs it

    group, artifact, version = jar.coordinate.split(":")
    context = MavenContext(repo_cache=into, local_repos=[], timeout=TIMEOUT_SECONDS)
    try:
        return context.project(group, artifact).at_version(version).artifact().resolve()
    except RuntimeError as error:  # jgo's word for "in no repository"
        raise OSError(str(error)) from error


def _fetch_all(
    jars: list[Jar],
    folder: Path,
    fetch: Callable[[Jar, Path], Path],
    stopped: Callable[[], bool],
) -> None:
    with (
        tempfile.TemporaryDirectory(dir=folder.parent) as draft,
        ThreadPoolExecutor(FETCHES_AT_ONCE) as pool,
    ):
        open_fetches: set[Future[None]] = {
            pool.submit(_fetch_checked, jar, Path(draft), folder, fetch) for jar in jars
        }
        try:
            while open_fetches:
                done, open_fetches = wait(open_fetches, 0.2, FIRST_COMPLETED)
                for future in done:
                    future.result()
                if stopped():
                    raise Abandoned
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _fetch_checked(jar: Jar, draft: Path, folder: Path, fetch: Callable[[Jar, Path], Path]) -> None:
    for attempt in range(TRIES):
        place = draft / f"{jar.name}.{attempt}"
        try:
            path = fetch(jar, place)
        except OSError as error:
            failure = type(error).__name__
            continue
        if digest(path) == jar.sha256:
            path.replace(folder / jar.name)
            shutil.rmtree(place, ignore_errors=True)
            return
        failure = "its sha256 is not the locked one"
    raise ServiceMissing(
        f"the local Kafka's {jar.coordinate} is not to be had ({failure}): go online for the "
        "first start, or unpack Apache Kafka 4 yourself and set KAFKA_HOME to its folder"
    )


def locked(*, kafka: str, logging: str) -> str:
    """Resolve the jars of a Kafka version and give the text of a new lock; for maintainers."""
    import jgo  # noqa: PLC0415 - heavy, and rarely needed

    artifacts: list[Artifact] = jgo.resolve(f"org.apache.kafka:kafka_2.13:{kafka}")
    artifacts += [a for a in jgo.resolve(f"{LOGGING}:{logging}") if f"{a}".startswith(LOGGING)]
    jars = [
        {
            "coordinate": f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}",
            "sha256": digest(artifact.resolve()),
        }
        for artifact in artifacts
    ]
    jars.sort(key=lambda jar: str(jar["coordinate"]))
    return json.dumps({"kafka": kafka, "jars": jars}, indent=1) + "\n"
