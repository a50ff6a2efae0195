"""Dead letters and refused documents: the topics against their tables, byte for byte.

Rule: the committed messages as they lie in Kafka; what is kept of each is a seal.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from settlement.verify.clickhouse import Tables
from settlement.verify.difference import Differences
from settlement.verify.inbox import TOPIC as INBOX
from settlement.verify.kafka import Log

CHECK = "dead-letter"
CHECK_REJECTED = "rejected"
REJECTED = "rejected"
LETTERS = """
SELECT origin_topic, origin_partition, origin_offset, module, object_key, reason, message,
       version, lower(hex(SHA256(body))) AS sha256
FROM {db}.dead_letter FINAL
"""
REFUSED = """
SELECT kafka_partition, kafka_offset, lower(hex(SHA256(body))) AS sha256
FROM {db}.document_rejected FINAL
"""
Key = tuple[Any, ...]


@dataclass(slots=True)
class Letters:
    """What was dead-lettered and what was refused, as the topics say."""

    letters: dict[Key, tuple[Any, ...]] = field(default_factory=dict)
    records: set[tuple[int, int]] = field(default_factory=set)  # of the inbox
    refused: dict[tuple[int, int], str] = field(default_factory=dict)
    refused_cdrs: int = 0


def _key(said: Mapping[str, Any]) -> Key:
    names = ("origin_topic", "origin_partition", "origin_offset", "module", "object_key")
    return tuple(said[name] for name in names)


def _content(said: Mapping[str, Any], sha256: str) -> tuple[Any, ...]:
    return (said["version"], said["reason"], said["message"], sha256)


async def read_letters(
    log: Log, topic: str, *, letters: Mapping[int, int], refused: Mapping[int, int]
) -> Letters:
    """Read both topics; the tables must hold what lies below these offsets, by partition."""
    found = Letters()
    for partition, end in (await log.ends(topic)).items():
        async for records in log.read(topic, partition, start=0, end=end):
            for record in records:
                said = json.loads(dict(record.headers)["dead_letter"])
                if said["origin_topic"] == INBOX:
                    found.records.add((said["origin_partition"], said["origin_offset"]))
                if record.offset >= letters.get(partition, 0):
                    continue
                content = _content(said, _sha256(record.value))
                known = found.letters.get(_key(said))
                if known is None or known[0] <= content[0]:
                    found.letters[_key(said)] = content
    for partition, end in (await log.ends(REJECTED)).items():
        stored = min(end, refused.get(partition, 0))
        async for records in log.read(REJECTED, partition, start=0, end=stored):
            for record in records:
                found.refused[partition, record.offset] = _sha256(record.value)
                found.refused_cdrs += dict(record.headers).get("module") == b"cdrs"
    return found


def _sha256(value: bytes | None) -> str:
    return hashlib.sha256(value or b"").hexdigest()


def check_letters(tables: Tables, letters: Letters, differences: Differences) -> None:
    """Compare the tables with the topics; what came after the look is left out."""
    rows = {_key(row): _content(row, row["sha256"]) for row in tables.rows(LETTERS)}
    for key, content in letters.letters.items():
        row = rows.get(key)
        if row is None or (row != content and row[0] <= content[0]):
            place = "/".join(str(part) for part in key)
            shown = None if row is None else _shown(row)
            differences.add(CHECK, place, expected=_shown(content), found=shown)
    refused = {
        (row["kafka_partition"], row["kafka_offset"]): row["sha256"] for row in tables.rows(REFUSED)
    }
    for at, sha256 in letters.refused.items():
        if refused.get(at) != sha256:
            where = f"rejected/{at[0]} offset {at[1]}: sha256 of the document"
            differences.add(CHECK_REJECTED, where, expected=sha256, found=refused.get(at))


def _shown(content: tuple[Any, ...]) -> str:
    version, reason, message, sha256 = content
    return f"{reason} at version {version}, {message!r}, sha256 {sha256}"
