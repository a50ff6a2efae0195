"""Generations: what is derived, beside what is live, and the switch between them.

Rule: a generation is derived from the inbox alone; which one is live is what the views show.
Source topics have none and are never touched here.
"""

import asyncio
import re
from collections.abc import Sequence
from typing import Any

import msgspec
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from clickhouse_connect.driver.client import Client

from settlement.clickhouse.migrate import database_of
from streams.backlog import Ends, backlog_consumer, committed_ends, is_anything_left
from streams.topics import INBOX, TOPICS

_DATABASE = re.compile(r"settlement_g(\d+)")
# Named columns of a difference, for people and for `--json`.
SHOWN_DIFFERENCES = 20
# Tables whose rows below a common offset must be equal, with their key and what the offset bounds:
# a decision further on replaces what became of a document, and that counts where the document is.
COMPARED: dict[str, tuple[str, str]] = {
    "cdr_outcome": ("cpo, cdr_key, version", "version"),
    "document_outcome": ("kafka_partition, kafka_offset", "kafka_offset"),
}


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """How many rows a table holds in two generations, below the common offset."""

    table: str
    before: int
    after: int


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One CDR whose last outcome below the common offset differs."""

    cpo: str
    cdr_key: str
    before: str  # verdict, priced, payable; empty where the CDR is missing
    after: str


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two generations up to a common offset."""

    before: int
    after: int
    records: int  # inbox records below the common offset
    tables: tuple[Counted, ...]
    sums: tuple[dict[str, Any], ...]  # by currency: payable and held before and after
    different: int
    differences: tuple[Difference, ...]

    @property
    def is_equal(self) -> bool:
        """Tell whether nothing differs."""
        return self.different == 0 and all(one.before == one.after for one in self.tables)


def generations(client: Client) -> list[int]:
    """List the generations that have a database, in order."""
    names = client.query("SELECT name FROM system.databases").result_rows
    found = [_DATABASE.fullmatch(name) for (name,) in names]
    return sorted(int(match[1]) for match in found if match)


async def inbox_ends(brokers: str) -> dict[int, int]:
    """Give the next offset of each inbox partition."""
    async with backlog_consumer(brokers) as consumer:
        places = [TopicPartition(INBOX.name, number) for number in range(INBOX.partitions)]
        return {p.partition: end for p, end in (await consumer.end_offsets(places)).items()}


async def derived_ends(brokers: str, *, generation: int) -> Ends:
    """Give the ends of what is committed of a generation."""
    async with backlog_consumer(brokers) as consumer:
        return await committed_ends(consumer, generation=generation)


async def is_behind(client: Client, *, brokers: str, generation: int, ends: Ends) -> bool:
    """Tell whether the tables of a generation lack something that is committed below `ends`."""
    found = client.query(
        "SELECT topic, kafka_partition, max(next_offset) "
        f"FROM {database_of(generation)}.sink_offset GROUP BY topic, kafka_partition"
    )
    stored = {(topic, number): offset for topic, number, offset in found.result_rows}
    async with backlog_consumer(brokers) as consumer:
        return await is_anything_left(consumer, ends=ends, stored=stored)


def folded_records(client: Client, generation: int) -> dict[int, int]:
    """Give how many records of each inbox partition have their outcome in the tables.

    None have where the table is not there: a replay was cut off before it was made.
    """
    (there,) = client.query(
        "SELECT count() FROM system.tables "
        "WHERE database = {database:String} AND name = 'document_outcome'",
        parameters={"database": database_of(generation)},
    ).result_rows[0]
    if not there:
        return {}
    found = client.query(
        "SELECT kafka_partition, uniqExact(kafka_offset) "
        f"FROM {database_of(generation)}.document_outcome GROUP BY kafka_partition"
    )
    return {number: records for number, records in found.result_rows}  # noqa: C416 - typed


def compare(client: Client, *, before: int, after: int) -> Comparison:
    """Compare two generations up to the offset that both have reached."""
    reached_before, reached_after = (folded_records(client, one) for one in (before, after))
    common = {
        number: min(reached, reached_after.get(number, 0))
        for number, reached in reached_before.items()
    }
    below = _below(common, "version")
    tables = tuple(
        Counted(
            table=table,
            before=_count(client, before, table, key, _below(common, bounded)),
            after=_count(client, after, table, key, _below(common, bounded)),
        )
        for table, (key, bounded) in COMPARED.items()
    )
    joined = _joined(before, after, below)
    rows = client.query(
        f"SELECT cpo, cdr_key, said.1, said.2 FROM ({joined}) WHERE digest.1 != digest.2 "
        f"ORDER BY cpo, cdr_key LIMIT {SHOWN_DIFFERENCES}"
    ).result_rows
    different = client.query(f"SELECT countIf(digest.1 != digest.2) FROM ({joined})").result_rows
    sums = client.query(
        "SELECT currency, sum(payable.1) AS payable_before, sum(payable.2) AS payable_after, "
        f"sum(held.1) AS held_before, sum(held.2) AS held_after FROM ({joined}) "
        "GROUP BY currency ORDER BY currency"
    )
    return Comparison(
        before=before,
        after=after,
        records=sum(common.values()),
        tables=tables,
        sums=tuple(dict(zip(sums.column_names, row, strict=True)) for row in sums.result_rows),
        different=different[0][0],
        differences=tuple(
            Difference(cpo=cpo, cdr_key=key, before=old, after=new) for cpo, key, old, new in rows
        ),
    )


def _below(common: dict[int, int], bounded: str) -> str:
    numbers = ", ".join(str(number) for number in sorted(common)) or "0"
    ends = ", ".join(str(common[number]) for number in sorted(common)) or "0"
    return f"{bounded} < transform(kafka_partition, [{numbers}], [{ends}], 0)"


def _count(client: Client, generation: int, table: str, key: str, below: str) -> int:
    found = client.query(
        f"SELECT uniqExact({key}) FROM {database_of(generation)}.{table} WHERE {below}"
    )
    return int(found.result_rows[0][0])


def _last(generation: int, below: str) -> str:
    """Give the last outcome of each CDR below the common offset."""
    return (
        "SELECT cpo, cdr_key, argMax(outcome_digest, version) AS digest, "
        "argMax(currency, version) AS money, argMax(payable, version) AS pay, "
        "argMax(held, version) AS hold, argMax(concat(verdict, ', priced ', "
        "ifNull(toString(priced_before_taxes), '-'), ', payable ', toString(payable)), version) "
        f"AS said FROM {database_of(generation)}.cdr_outcome WHERE {below} GROUP BY cpo, cdr_key"
    )


def _joined(before: int, after: int, below: str) -> str:
    # Named apart from the columns they come from: ClickHouse would take the alias for them.
    pairs = "(a.digest, b.digest) AS digest, (a.pay, b.pay) AS payable, (a.hold, b.hold) AS held"
    return (
        "SELECT if(a.cpo = '', b.cpo, a.cpo) AS cpo, "
        "if(a.cdr_key = '', b.cdr_key, a.cdr_key) AS cdr_key, "
        "if(a.money = '', b.money, a.money) AS currency, "
        f"(a.said, b.said) AS said, {pairs} "
        f"FROM ({_last(before, below)}) AS a FULL OUTER JOIN ({_last(after, below)}) AS b "
        "ON a.cpo = b.cpo AND a.cdr_key = b.cdr_key"
    )


def drop(client: Client, *, brokers: str, generation: int) -> None:
    """Delete a generation's derived topics and database; where Kafka is away, nothing."""
    names = [topic.in_generation(generation) for topic in TOPICS if topic.is_derived]
    asyncio.run(_delete_topics(brokers, names))
    client.command(f"DROP DATABASE IF EXISTS {database_of(generation)}")


async def _delete_topics(brokers: str, names: Sequence[str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=brokers)
    try:
        await admin.start()
        present = set(await admin.list_topics())
        await admin.delete_topics([name for name in names if name in present])
    finally:
        await admin.close()
