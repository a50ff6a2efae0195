"""How far the sink says it has come: against the topics and against the tables.

Rule: `sink_offset` is written after the rows and before the sink tells Kafka how far it is. Ahead
of what the topic holds, or behind both the tables and what Kafka was told, it is stale; behind the
tables alone it is a batch that was interrupted, which the sink repeats. One at work gets a moment.
"""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from settlement.verify.clickhouse import Tables
from settlement.verify.difference import Differences
from settlement.verify.kafka import PICK_BYTES, Log, open_log
from settlement.verify.reach import read_stored

CHECK = "sink_offset"
# A batch is some seconds at most between its rows and its offsets.
LOOKS = 10
LOOK_SECONDS = 0.5
Place = tuple[str, int]  # topic, partition
Ranges = dict[Place, tuple[int, int]]  # from the offset told to the topic's end
Sought = Callable[[Any], dict[str, Any]]  # the columns by which a message is found


def _of_place(record: Any) -> dict[str, Any]:
    return {"kafka_partition": record.partition, "kafka_offset": record.offset}


def _of_letter(record: Any) -> dict[str, Any]:
    said = json.loads(dict(record.headers)["dead_letter"])
    names = ("origin_topic", "origin_partition", "origin_offset", "module", "object_key")
    return {name: said[name] for name in names} | {"version": said["version"]}


def _of_fields(*names: str) -> Sought:
    def sought(record: Any) -> dict[str, Any]:
        said = json.loads(record.value)
        said = said[0] if isinstance(said, list) else said
        return {name: said[name] for name in names} | {"version": said["version"]}

    return sought


# Topic without its generation -> the table it feeds, and how a message is found there.
FED: Mapping[str, tuple[str, Sought]] = {
    "inbox": ("document_received", _of_place),
    "rejected": ("document_rejected", _of_place),
    "dead-letter": ("dead_letter", _of_letter),
    "settlement.document": ("document_outcome", _of_fields("kafka_partition", "kafka_offset")),
    "settlement.session": ("session_current", _of_fields("cpo", "session_key")),
    "settlement.tariff": ("tariff_version", _of_fields("cpo", "tariff_key", "digest")),
    "settlement.location": ("location_current", _of_fields("cpo", "location_key")),
    "settlement.decision": (
        "dead_letter_decision",
        _of_fields("origin_partition", "origin_offset"),
    ),
    "settlement.cdr": ("cdr_outcome", _of_fields("cpo", "cdr_key", "outcome_digest")),
}


async def check_offsets(
    *, brokers: str, tables: Tables, generation: int, differences: Differences
) -> None:
    """Check `sink_offset` for every topic that feeds a table."""
    names = {
        name if name in {"inbox", "rejected"} else f"{name}.g{generation}": name for name in FED
    }
    async with open_log(brokers, fetch_bytes=PICK_BYTES) as log:
        stored = read_stored(tables)  # before the ends: these only grow
        ranges: Ranges = {}
        for topic in names:
            for partition, end in sorted((await log.ends(topic)).items()):
                told = stored.get((topic, partition), 0)
                if told > end:
                    _say(differences, (topic, partition), f"at most {end}, the topic's end", told)
                elif told < end:
                    ranges[topic, partition] = (told, end)
        behind = await _behind(log, tables, names, ranges)
        for look in range(LOOKS):
            if not behind:
                return
            if look:  # a sink at work moves on
                await asyncio.sleep(LOOK_SECONDS)
            stored = read_stored(tables)
            behind = {
                place: offset
                for place, offset in behind.items()
                if stored.get(place, 0) == ranges[place][0]
            }
        told_kafka = await log.committed(f"sink.g{generation}") if behind else {}
    for place, offset in behind.items():
        if ranges[place][0] >= told_kafka.get(place, 0):
            continue
        table = FED[names[place[0]]][0]
        text = f"above {offset}: that message stands in {table}"
        _say(differences, place, text, ranges[place][0])


async def _behind(
    log: Log, tables: Tables, names: Mapping[str, str], ranges: Ranges
) -> dict[Place, int]:
    """Give which partitions have a message that stands in its table and is said not to."""
    found: dict[Place, int] = {}
    for place, (record, _) in (await log.edges(ranges)).items():
        table, sought = FED[names[place[0]]]
        if _stands(tables, table, sought(record)):
            found[place] = record.offset
    return found


def _say(differences: Differences, place: Place, expected: str, found: int) -> None:
    differences.add(CHECK, f"{place[0]}/{place[1]}: next_offset", expected=expected, found=found)


def _stands(tables: Tables, table: str, sought: Mapping[str, Any]) -> bool:
    version = sought.get("version")
    parameters = {name: value for name, value in sought.items() if name != "version"}
    conditions = [
        f"{name} = {{{name}:{'UInt64' if isinstance(value, int) else 'String'}}}"
        for name, value in parameters.items()
    ]
    if version is not None:
        conditions.append(f"version >= {version}")
    query = f"SELECT count() AS rows FROM {{db}}.{table} WHERE {' AND '.join(conditions)}"
    (row,) = tables.rows(query, **parameters)
    return bool(row["rows"])
