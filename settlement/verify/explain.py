"""Rows that are not what the log said last, looked at column by column.

Rule: a difference of spelling alone is none; a row that is newer than our look at the log is
compared with what came since.
"""

import json
from collections.abc import Sequence
from typing import Any

from settlement.verify.difference import Differences
from settlement.verify.kafka import PICK_BYTES, Log, open_log
from settlement.verify.outcome import OutcomeLog
from settlement.verify.row import Layout, changed
from settlement.verify.settled import CHECK, Suspect

Message = dict[str, Any]
MOST_COLUMNS = 8


async def explain(
    *,
    brokers: str,
    log: OutcomeLog,
    layout: Layout,
    suspects: Sequence[Suspect],
    differences: Differences,
) -> None:
    """Say what differs between these rows and the log."""
    if differences.is_full(CHECK):
        return
    async with open_log(brokers, fetch_bytes=PICK_BYTES) as kafka:
        await read_tail(kafka, log, differences)
        messages = await _messages(kafka, log, suspects)
    for suspect in suspects:
        _explain(suspect, log, layout, messages.get(suspect.key), differences)


async def read_tail(kafka: Log, log: OutcomeLog, differences: Differences) -> None:
    """Take in what has come to the log since it was read."""
    ends = await kafka.ends(log.topic)
    for partition, end in ends.items():
        start = log.ends.get(partition, 0)
        if start >= end:
            continue
        async for records in kafka.read(log.topic, partition, start=start, end=end):
            for record in records:
                log.take(record, is_stored=False, differences=differences)
    log.ends = ends


async def _messages(
    kafka: Log, log: OutcomeLog, suspects: Sequence[Suspect]
) -> dict[tuple[str, str], Message]:
    """Read for each row the outcome of its version, else the last one."""
    wanted: dict[int, list[int]] = {}
    for suspect in suspects:
        said = log.cdrs.get(suspect.key)
        if said is None:
            continue
        version = suspect.said["version"]
        outcome = next((one for one in said.outcomes if one.version == version), said.last)
        wanted.setdefault(outcome.partition, []).append(outcome.offset)
    found: dict[tuple[str, str], Message] = {}
    for partition, offsets in wanted.items():
        async for record in kafka.pick(log.topic, partition, offsets):
            message = json.loads(record.value)
            found[message["cpo"], message["cdr_key"]] = message
    return found


def _explain(
    suspect: Suspect,
    log: OutcomeLog,
    layout: Layout,
    message: Message | None,
    differences: Differences,
) -> None:
    where = f"CDR {suspect.key[0]} {suspect.key[1]}"
    known = log.cdrs.get(suspect.key)
    if known is None or message is None:
        differences.add(CHECK, where, expected="no row: no outcome in the log", found="a row")
        return
    stored, version = known.last_stored, suspect.said["version"]
    if stored is not None and version < stored.version:
        differences.add(
            CHECK,
            f"{where}: version",
            expected=f"{stored.version}, the last outcome",
            found=version,
        )
        return
    columns = changed(layout.cut(message), suspect.said)
    for name, expected, found in columns[:MOST_COLUMNS]:
        differences.add(CHECK, f"{where}: {name}", expected=expected, found=found)
    if len(columns) > MOST_COLUMNS:
        more = f"{len(columns) - MOST_COLUMNS} more columns"
        differences.add(CHECK, f"{where}: {more}", expected="as the log says", found="others")
