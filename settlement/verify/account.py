"""What became of each document: one row a record of the inbox, and none unexplained.

Rule: the fold's statements (log) against their rows, and against the inbox:
whose record it is, and whether that can have become of it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from settlement.verify.clickhouse import Tables
from settlement.verify.difference import Differences
from settlement.verify.inbox import Inbox
from settlement.verify.kafka import Ends
from settlement.verify.letter import Letters
from settlement.verify.statement import OUTCOMES, Statements, statement_of

CHECK = "account"
PAGE = 50_000
OF_CDRS = frozenset({"first", "duplicate", "conflict", "dead_lettered"})
OF_OTHERS = frozenset({"applied", "no_effect", "duplicate", "dead_lettered"})
ROWS = """
SELECT kafka_offset, cpo, module, object_key, outcome, reason, version
FROM {db}.document_outcome FINAL
WHERE kafka_partition = {partition:UInt16}
  AND kafka_offset >= {start:UInt64} AND kafka_offset < {end:UInt64}
ORDER BY kafka_offset
"""


@dataclass(slots=True)
class Account:
    """Where the CDR documents of one CPO went."""

    accepted: int = 0
    places: Counter[str] = field(default_factory=Counter)

    @property
    def unexplained(self) -> int:
        """Count the documents that went nowhere."""
        return self.accepted - self.places.total()


def check_statements(
    *,
    tables: Tables,
    inbox: Inbox,
    said: Mapping[int, Statements],
    letters: Letters,
    looked: Ends,
    differences: Differences,
) -> None:
    """Compare `document_outcome` with the log and the inbox, below the watermark."""
    for partition, end in sorted(looked.items()):
        statements = said.get(partition, Statements())
        expected = 0
        for row in _rows(tables, partition, end):
            offset = row["kafka_offset"]
            for missing in range(expected, offset):
                _unexplained(partition, missing, statements, differences)
            expected = offset + 1
            where = f"inbox/{partition} offset {offset}"
            if offset >= len(statements.seals) or not statements.outcomes[offset]:
                differences.add(
                    CHECK, f"{where}: outcome", expected="none: the log says nothing of it",
                    found=row["outcome"],
                )  # fmt: skip
                continue
            if statements.seals[offset] != hash(statement_of(row)):
                differences.add(
                    CHECK,
                    f"{where}: row of document_outcome",
                    expected=f"{statements.outcome_at(offset)} at version "
                    f"{statements.versions[offset]}, as the log says",
                    found=", ".join(str(value) for value in statement_of(row)),
                )
            for name, told, found in _strange(partition, row, inbox, letters):
                differences.add(CHECK, f"{where}: {name}", expected=told, found=found)
        for missing in range(expected, end):
            _unexplained(partition, missing, statements, differences)


def _rows(tables: Tables, partition: int, end: int) -> Iterator[Mapping[str, Any]]:
    for start in range(0, end, PAGE):
        yield from tables.rows(ROWS, partition=partition, start=start, end=min(start + PAGE, end))


def _unexplained(
    partition: int, offset: int, statements: Statements, differences: Differences
) -> None:
    told = statements.outcome_at(offset)
    differences.add(
        CHECK,
        f"inbox/{partition} offset {offset}: unexplained document",
        expected=f"{told or 'an outcome'} in document_outcome",
        found="no row",
    )


def _strange(
    partition: int, row: Mapping[str, Any], inbox: Inbox, letters: Letters
) -> list[tuple[str, object, object]]:
    """Say why that cannot have become of this record."""
    offset, outcome, version = row["kafka_offset"], row["outcome"], row["version"]
    records = inbox.partitions.get(partition)
    if records is None or offset >= len(records):
        return []
    found: list[tuple[str, object, object]] = []
    who = (row["cpo"], row["module"], row["object_key"])
    if records.who[offset] != hash(who):
        found.append(("CPO, module and object", "those of its headers", ", ".join(who)))
    allowed = OF_CDRS if row["module"] == "cdrs" else OF_OTHERS
    if outcome not in allowed:
        name = f"outcome of a record of {row['module'] or 'no module'}"
        found.append((name, " or ".join(one for one in OUTCOMES if one in allowed), outcome))
    if outcome == "dead_lettered" and (partition, offset) not in letters.records:
        found.append(("dead letter", "one", None))
    # A decision about a dead letter alone says something anew.
    if version != offset and (partition, version) not in inbox.decisions:
        found.append(("version of its outcome", offset, version))
    return found
