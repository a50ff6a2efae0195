"""Dead letters as the tables show them, each with what was decided about it.

Rule: read-only. A letter is open unless somebody decided on it after it was written: a retry
that failed again wrote it anew, under the offset of that decision.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

from settlement.clickhouse.migrate import database_of
from streams.topics import INBOX

OPEN = "open"
_PLACE = re.compile(r"(\d{1,5})/(\d{1,18})")


class Place(msgspec.Struct, frozen=True, order=True):
    """Partition and offset of the inbox record that a decision names."""

    partition: int
    offset: int

    def __str__(self) -> str:
        """Write it as people say it: 3/17."""
        return f"{self.partition}/{self.offset}"


class KeptLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One dead letter without its bytes."""

    topic: str
    partition: int
    offset: int
    status: str  # open, resolved, dropped
    reason: str
    message: str
    cpo: str
    module: str
    object_key: str
    received_time: datetime
    version: int
    actor: str = ""  # who decided
    decision: str = ""  # why

    @property
    def place(self) -> Place:
        """Give where its record stands."""
        return Place(self.partition, self.offset)

    @property
    def is_of_inbox(self) -> bool:
        """Tell whether a decision can name it: what ClickHouse refused stands elsewhere."""
        return self.topic == INBOX.name


_LETTERS = """
SELECT
    l.origin_topic AS topic, l.origin_partition AS partition, l.origin_offset AS offset,
    if(d.version > l.version, d.status, 'open') AS status,
    l.reason AS reason, l.message AS message, l.cpo AS cpo, l.module AS module,
    l.object_key AS object_key, l.received_time AS received_time, l.version AS version,
    if(d.version > l.version, d.actor, '') AS actor,
    if(d.version > l.version, d.reason, '') AS decision
FROM (SELECT * FROM {database}.dead_letter FINAL) AS l
LEFT JOIN (
    SELECT 'inbox' AS origin_topic, * FROM {database}.dead_letter_decision FINAL
) AS d
ON l.origin_topic = d.origin_topic
    AND l.origin_partition = d.origin_partition
    AND l.origin_offset = d.origin_offset
WHERE ({{status:String}} = '' OR status = {{status:String}})
    AND ({{reason:String}} = '' OR reason = {{reason:String}})
    AND ({{cpo:String}} = '' OR cpo = {{cpo:String}})
ORDER BY received_time, topic, partition, offset, module, object_key
"""
_BYTES = """
SELECT headers, body
FROM {database}.dead_letter FINAL
WHERE origin_topic = {{topic:String}} AND origin_partition = {{partition:UInt16}}
    AND origin_offset = {{offset:UInt64}}
ORDER BY module, object_key
LIMIT 1
"""


def parse_place(text: str) -> Place:
    """Read PARTITION/OFFSET; raises ValueError with a sentence."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not PARTITION/OFFSET, such as 3/17")
    return Place(int(found[1]), int(found[2]))


def load_letters(
    client: Client, *, generation: int, status: str = "", reason: str = "", cpo: str = ""
) -> list[KeptLetter]:
    """Give the dead letters of a generation, the oldest receipt first; empty filters match all."""
    found = client.query(
        _LETTERS.format(database=database_of(generation)),
        parameters={"status": status, "reason": reason, "cpo": cpo},
    )
    names: Sequence[str] = found.column_names
    return [KeptLetter(**dict(zip(names, row, strict=True))) for row in found.result_rows]


def load_bytes(
    client: Client, *, generation: int, letter: KeptLetter
) -> tuple[dict[str, str], bytes]:
    """Give the headers of a letter's record and its bytes."""
    ((headers, body),) = client.query(
        _BYTES.format(database=database_of(generation)),
        parameters={
            "topic": letter.topic,
            "partition": letter.partition,
            "offset": letter.offset,
        },
        column_formats={"body": "bytes"},
    ).result_rows
    value: Any = body
    return dict(headers), value if isinstance(value, bytes) else value.encode()
