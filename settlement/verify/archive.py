"""The documents in ClickHouse against the inbox: every record, byte for byte.

Rule: a seal of each record's bytes and headers was taken in Kafka; here it meets the row.
"""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from settlement.verify.clickhouse import Tables
from settlement.verify.difference import Differences
from settlement.verify.digest import SEAL_BYTES, seal
from settlement.verify.document import Body
from settlement.verify.inbox import RECEIVED_COLUMNS, Inbox
from settlement.verify.moment import log_text

CHECK = "document"
PAGE = 50_000
_COLUMNS = """cpo, module, object_key, kafka_partition, kafka_offset, object_id, evse_uid,
       connector_id, partner, emsp, event_type, http_method, ocpi_version, received_time"""
MODULES = """
SELECT DISTINCT cpo, module FROM {db}.document_received
WHERE module != 'cdrs' ORDER BY cpo, module
"""
OTHERS = f"""
SELECT {_COLUMNS}, lower(hex(SHA256(body))) AS sha256
FROM {{db}}.document_received FINAL
WHERE cpo = {{cpo:String}} AND module = {{module:String}} AND object_key >= {{after:String}}
  AND (object_key, kafka_partition, kafka_offset)
      > ({{after:String}}, {{partition:Int64}}, {{offset:Int64}})
ORDER BY object_key, kafka_partition, kafka_offset LIMIT {PAGE}
"""
CDRS = f"""
SELECT {_COLUMNS}, base64Encode(body) AS body
FROM {{db}}.document_received FINAL
WHERE cpo = {{cpo:String}} AND module = 'cdrs' AND object_key > {{after:String}}
  AND ({{is_last:UInt8}} OR object_key <= {{last:String}})
ORDER BY object_key, kafka_partition, kafka_offset
"""
Place = tuple[int, int]


@dataclass(slots=True)
class Archive:
    """Checks rows of `document_received` and remembers which were there."""

    inbox: Inbox
    differences: Differences
    seen: dict[int, bytearray] = field(default_factory=dict)

    def check_others(self, tables: Tables) -> None:
        """Check the documents that are no CDRs."""
        for found in tables.rows(MODULES):
            for row in _pages(tables, found["cpo"], found["module"]):
                self._check(row, bytes.fromhex(row["sha256"])[:SEAL_BYTES])

    def cdrs(
        self, tables: Tables, cpo: str, *, after: str, last: str | None
    ) -> dict[str, dict[Place, Body]]:
        """Give the CDR documents of a range of ids that are those of the inbox."""
        rows = tables.rows(
            CDRS, cpo=cpo, after=after, last=last or "", is_last=1 if last is None else 0
        )
        found: dict[str, dict[Place, Body]] = {}
        for row in rows:
            value = b64decode(row["body"])
            if self._check(row, seal(value)):
                place = (row["kafka_partition"], row["kafka_offset"])
                body = Body(value, row["ocpi_version"], row["emsp"], row["object_id"])
                found.setdefault(row["object_key"], {})[place] = body
        return found

    def check_missing(self) -> None:
        """Say which records of the inbox have no row."""
        for partition, records in sorted(self.inbox.partitions.items()):
            seen = self.seen.get(partition, bytearray())
            for offset in range(len(records)):
                if offset >= len(seen) or not seen[offset]:
                    self.differences.add(
                        CHECK,
                        f"inbox/{partition} offset {offset}",
                        expected="a row in document_received",
                        found=None,
                    )

    def _check(self, row: Mapping[str, Any], found: bytes) -> bool:
        partition, offset = row["kafka_partition"], row["kafka_offset"]
        records = self.inbox.partitions.get(partition)
        if records is None or offset >= len(records):
            return False  # beyond the watermark
        seen = self.seen.setdefault(partition, bytearray(len(records)))
        where = f"inbox/{partition} offset {offset}"
        if seen[offset]:
            self.differences.add(CHECK, where, expected="one row", found="several")
        seen[offset] = 1
        is_same = _received(row) == records.received[offset]
        if not is_same:
            self.differences.add(
                CHECK, f"{where}: columns of document_received", expected="its headers",
                found="others",
            )  # fmt: skip
        expected = records.seal_at(offset)
        if found != expected:
            self.differences.add(
                CHECK,
                f"{where}: sha256 of the document",
                expected=f"{expected.hex()}...",
                found=f"{found.hex()}...",
            )
        return is_same and found == expected


def _received(row: Mapping[str, Any]) -> int:
    names = ("event_type" if name == "ce_type" else name for name in RECEIVED_COLUMNS)
    return hash((*(row[name] for name in names), log_text(row["received_time"])))


def _pages(tables: Tables, cpo: str, module: str) -> Iterator[Mapping[str, Any]]:
    after, partition, offset = "", -1, -1
    while True:
        rows = tables.rows(
            OTHERS, cpo=cpo, module=module, after=after, partition=partition, offset=offset
        )
        yield from rows
        if len(rows) < PAGE:
            return
        last = rows[-1]
        after, partition = last["object_key"], last["kafka_partition"]
        offset = last["kafka_offset"]
