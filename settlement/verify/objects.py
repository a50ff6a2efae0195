"""Sessions, tariffs, locations and decisions: each table repeats the last message of its topic.

Rule: the committed messages as they lie in Kafka, cut to the columns; kept of each object is a
version and a seal. What came to the log after our look is read before a row is called wrong.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from settlement.verify.clickhouse import Tables
from settlement.verify.difference import Differences
from settlement.verify.kafka import Log
from settlement.verify.row import Layout, read_layout

CHECK = "object"
# Topic without its generation: the table it feeds, and what makes an object of it.
FED = {
    "settlement.session": ("session_current", ("cpo", "session_key")),
    "settlement.tariff": ("tariff_version", ("cpo", "tariff_key", "last_updated", "digest")),
    "settlement.location": ("location_current", ("cpo", "location_key")),
    "settlement.decision": ("dead_letter_decision", ("origin_partition", "origin_offset")),
}
Key = tuple[Any, ...]


@dataclass(slots=True)
class Objects:
    """What one topic says of its objects, and how its table spells that."""

    topic: str
    table: str
    names: tuple[str, ...]  # of the key
    layout: Layout
    last: dict[Key, tuple[int, int]] = field(default_factory=dict)  # version, seal
    stored: dict[Key, int] = field(default_factory=dict)  # version that the table must have
    ends: dict[int, int] = field(default_factory=dict)

    def key(self, said: Mapping[str, Any]) -> Key:
        """Give what makes an object of a message or a row."""
        return tuple(said[name] for name in self.names)

    async def read(self, log: Log, stored: Mapping[int, int]) -> None:
        """Read on from where the last look ended."""
        ends = await log.ends(self.topic)
        for partition, end in ends.items():
            start = self.ends.get(partition, 0)
            async for records in log.read(self.topic, partition, start=start, end=end):
                for record in records:
                    self._take(record, is_stored=record.offset < stored.get(partition, 0))
        self.ends = ends

    def _take(self, record: Any, *, is_stored: bool) -> None:
        said = self.layout.cut(json.loads(record.value))
        key, version = self.key(said), said["version"]
        if version >= self.last.get(key, (0, 0))[0]:
            self.last[key] = (version, seal_of(said))
        if is_stored:
            self.stored[key] = max(version, self.stored.get(key, 0))


def seal_of(said: Mapping[str, Any]) -> int:
    """Give what stands for a row in memory; compared within this process only."""
    return hash(json.dumps(said, sort_keys=True))


async def read_objects(
    log: Log, tables: Tables, *, generation: int, stored: Mapping[tuple[str, int], int]
) -> list[Objects]:
    """Read the topics; `stored` says by topic and partition how far the sink has been."""
    found = []
    for name, (table, names) in FED.items():
        topic = f"{name}.g{generation}"
        objects = Objects(topic, table, names, read_layout(tables, table))
        there = {partition: end for (of, partition), end in stored.items() if of == topic}
        await objects.read(log, there)
        found.append(objects)
    return found


async def check_objects(
    log: Log, tables: Tables, found: list[Objects], differences: Differences
) -> None:
    """Compare the tables with the topics, both ways."""
    for objects in found:
        seen: set[Key] = set()
        suspects: list[dict[str, Any]] = []
        columns = ", ".join(objects.layout.names)
        for row in tables.stream(f"SELECT {columns} FROM {{db}}.{objects.table} FINAL"):
            said = objects.layout.said(row, {})
            seen.add(objects.key(said))
            if objects.last.get(objects.key(said)) != (said["version"], seal_of(said)):
                suspects.append(said)
        for key, version in objects.stored.items():
            if key not in seen:
                where = _where(objects, key)
                differences.add(CHECK, where, expected=f"a row of version {version}", found=None)
        if suspects:
            await objects.read(log, {})
            for said in suspects:
                _check_suspect(objects, said, differences)


def _check_suspect(objects: Objects, said: Mapping[str, Any], differences: Differences) -> None:
    key, version = objects.key(said), said["version"]
    last, seal = objects.last.get(key, (-1, 0))
    if version < last and version >= objects.stored.get(key, 0):
        return  # the table has moved on, and so has the log
    if (version, seal_of(said)) != (last, seal):
        expected = "no row" if last < 0 else f"a row of version {last} as the log says"
        found = f"version {version}: {json.dumps(said, ensure_ascii=False)}"
        differences.add(CHECK, _where(objects, key), expected=expected, found=found)


def _where(objects: Objects, key: Key) -> str:
    return f"{objects.table} {' '.join(str(part) for part in key)}"
