"""What the fold said of each inbox record: the log `settlement.document`.

Rule: the committed messages as they lie in Kafka; a later statement about the same record
replaces an earlier one.
"""

import json
from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from settlement.verify.kafka import Log

OUTCOMES = ("", "first", "duplicate", "conflict", "applied", "no_effect", "dead_lettered")
NUMBER_OF = {outcome: number for number, outcome in enumerate(OUTCOMES)}
_UNKNOWN = len(OUTCOMES)


@dataclass(slots=True)
class Statements:
    """What was said of one partition's records, by offset."""

    outcomes: bytearray = field(default_factory=bytearray)  # numbers of OUTCOMES
    versions: "array[int]" = field(default_factory=lambda: array("q"))
    seals: "array[int]" = field(default_factory=lambda: array("q"))
    folded: int = 0  # the fold has come up to before this offset
    stored: int = 0  # and what it said up to before this one lies where the sink has been

    def outcome_at(self, offset: int) -> str:
        """Give what became of a record; empty where nothing was said."""
        number = self.outcomes[offset] if offset < len(self.outcomes) else 0
        return OUTCOMES[number] if number < _UNKNOWN else "unknown"

    def version_at(self, offset: int) -> int:
        """Give the fact that decided what became of a record; -1 where nothing was said."""
        return self.versions[offset] if offset < len(self.versions) else -1

    def take(self, said: Mapping[str, Any], *, is_stored: bool) -> None:
        """Take one statement in."""
        offset, version = said["kafka_offset"], said["version"]
        self.folded = max(self.folded, version + 1)
        if is_stored:
            self.stored = max(self.stored, version + 1)
        missing = offset + 1 - len(self.outcomes)
        if missing > 0:
            self.outcomes.extend(bytes(missing))
            self.versions.extend([-1] * missing)
            self.seals.extend([0] * missing)
        if version >= self.versions[offset]:
            self.outcomes[offset] = NUMBER_OF.get(said["outcome"], _UNKNOWN)
            self.versions[offset] = version
            self.seals[offset] = hash(statement_of(said))


def statement_of(said: Mapping[str, Any]) -> tuple[Any, ...]:
    """Give the columns of a statement besides its place."""
    names = ("cpo", "module", "object_key", "outcome", "reason", "version")
    return tuple(said[name] for name in names)


async def read_statements(log: Log, topic: str, stored: Mapping[int, int]) -> dict[int, Statements]:
    """Read all statements; `stored` says per partition how far the sink has been in the log."""
    found: dict[int, Statements] = {}
    for partition, end in (await log.ends(topic)).items():
        said = found[partition] = Statements()
        async for records in log.read(topic, partition, start=0, end=end):
            for record in records:
                is_stored = record.offset < stored.get(partition, 0)
                for one in json.loads(record.value):
                    said.take(one, is_stored=is_stored)
    return found
