"""The outcomes of CDRs as they lie in the log `settlement.cdr`.

Rule: the committed messages alone; of each outcome a digest and two seals are kept in memory,
so that a million CDRs fit; what differs is read again by its offset.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from settlement.verify.difference import Differences
from settlement.verify.digest import PROVENANCE, outcome_digest
from settlement.verify.kafka import Log
from settlement.verify.moment import log_text
from settlement.verify.number import text_of

CHECK = "log"
Key = tuple[str, str]  # CPO, id in upper case
# Columns of a row that its digest leaves out.
ROW_PROVENANCE = tuple(sorted(PROVENANCE - {"cause", "outcome_digest"}))
SUMMARY_TEXTS = ("verdict", "bucket", "currency", "cause", "rules_version", "month")
SUMMARY_NUMBERS = ("claimed_before_taxes", "priced_before_taxes", "payable", "held")


class Outcome(NamedTuple):
    """One outcome of a CDR; the seals compare within this process only."""

    version: int
    digest: str
    provenance: int
    summary: int
    partition: int
    offset: int  # in the log
    is_stored: bool  # the sink has been there


@dataclass(slots=True)
class Said:
    """All outcomes of a CDR by their place in the log, and whether its row was seen."""

    outcomes: list[Outcome] = field(default_factory=list)
    is_seen: bool = False

    @property
    def last(self) -> Outcome:
        """Give the outcome that counts: the one of the highest version."""
        return max(self.outcomes, key=lambda outcome: outcome.version)

    @property
    def last_stored(self) -> Outcome | None:
        """Give the last one that must stand in the tables."""
        stored = [outcome for outcome in self.outcomes if outcome.is_stored]
        return max(stored, key=lambda outcome: outcome.version, default=None)


@dataclass(slots=True)
class OutcomeLog:
    """What the log says of all CDRs."""

    topic: str
    cdrs: dict[Key, Said] = field(default_factory=dict)
    # Names of the fields of entries, in the order in which the digest covers them.
    shapes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    last: dict[int, int] = field(default_factory=dict)  # offset of the last outcome
    unstored: dict[int, int] = field(default_factory=dict)  # lowest version not yet in the tables
    outcomes: int = 0

    def take(self, record: Any, *, is_stored: bool, differences: Differences) -> None:
        """Take one message in."""
        said = json.loads(record.value)
        where = f"{self.topic}/{record.partition} offset {record.offset}"
        digest = outcome_digest(said)
        if digest != said["outcome_digest"]:
            differences.add(
                CHECK,
                f"{where}, CDR {said['cpo']} {said['cdr_key']}: outcome_digest",
                expected=digest,
                found=said["outcome_digest"],
            )
        if len(self.shapes) < len(ENTRIES):
            self._learn(said)
        outcome = Outcome(
            version=said["version"],
            digest=said["outcome_digest"],
            provenance=hash(provenance_of(said)),
            summary=hash(summary_of(said)),
            partition=record.partition,
            offset=record.offset,
            is_stored=is_stored,
        )
        known = self.cdrs.setdefault((said["cpo"], said["cdr_key"]), Said())
        before = known.outcomes[-1] if known.outcomes else None
        if before is not None and before.version >= outcome.version:
            differences.add(
                CHECK,
                f"{where}, CDR {said['cpo']} {said['cdr_key']}",
                expected=f"a version above {before.version}",
                found=f"version {outcome.version}, digests {before.digest} and {outcome.digest}",
            )
        known.outcomes.append(outcome)
        self.outcomes += 1
        self.last[record.partition] = record.offset
        if not is_stored:
            lowest = self.unstored.get(record.partition, outcome.version)
            self.unstored[record.partition] = min(lowest, outcome.version)

    def _learn(self, said: Mapping[str, Any]) -> None:
        for name in ENTRIES:
            if name not in self.shapes and said[name]:
                self.shapes[name] = tuple(said[name][0])


# Fields of an outcome that are lists of entries -> the prefix of their columns.
ENTRIES = {
    "tariffs": "tariff",
    "segments": "segment",
    "notes": "note",
    "findings": "finding",
    "postings": "posting",
    "copies": "copy",
}


def provenance_of(said: Mapping[str, Any]) -> tuple[Any, ...]:
    """Give the columns of a row that its digest leaves out, spelled as the log spells them."""
    return tuple(
        log_text(said[name]) if name == "received_time" else said[name] for name in ROW_PROVENANCE
    )


def summary_of(said: Mapping[str, Any]) -> tuple[Any, ...]:
    """Give the columns of `cdr_outcome` besides its key."""
    numbers = [said[name] for name in SUMMARY_NUMBERS]
    return (
        *(said[name] for name in SUMMARY_TEXTS),
        *(None if one is None else text_of(Decimal(one)) for one in numbers),
        said["kafka_partition"],
    )


async def read_outcomes(
    log: Log, topic: str, stored: Mapping[int, int], differences: Differences
) -> OutcomeLog:
    """Read the whole log; `stored` says per partition how far the sink has been in it."""
    found = OutcomeLog(topic=topic, ends=await log.ends(topic))
    for partition, end in found.ends.items():
        async for records in log.read(topic, partition, start=0, end=end):
            for record in records:
                is_stored = record.offset < stored.get(partition, 0)
                found.take(record, is_stored=is_stored, differences=differences)
    return found
