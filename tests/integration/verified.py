"""A small settled stack for `settle verify`, and ways to corrupt it that can be undone.

Rule: worker and sink have done their work and are gone, so that nothing heals by itself. What is
forged into a log is forged in a copy of the generation.
"""

import asyncio
import itertools
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from typer.testing import CliRunner

from settlement.cli import app
from settlement.clickhouse.migrate import migrate
from streams.gathered import Gathered
from streams.outcome import CdrOutcome, CdrSaid, outcome_digest, written
from streams.store import Store
from streams.topics import (
    SETTLEMENT_CDR,
    SETTLEMENT_DOCUMENT,
    TOPICS,
    Topic,
    apply_topics,
)
from tests.builders import (
    a_cdr_document,
    a_charging_period_document,
    a_location_document,
    a_session_document,
    a_tariff_document,
)
from tests.integration.rig import Rig
from tests.pipeline.inbox import Sent, a_sent

CPO = "AT*VFY"
START = datetime(2024, 3, 1, 10, tzinfo=UTC)
_COPIES = itertools.count(900)
# Tables of a copy that are filled from its log.
FILLED = ("cdr_settled", "cdr_outcome", "document_outcome", "sink_offset")
DERIVED = [topic for topic in TOPICS if topic.is_derived and not topic.is_compacted]


def a_document(module: str, method: str, document: Any, **changes: Any) -> Sent:
    if isinstance(document, dict):
        document = {**document, "country_code": "AT", "party_id": "VFY"}
    return a_sent(module, method, document, cpo=CPO, **changes)


def a_tariff(tariff_id: str, price: float, updated: str, received: datetime) -> Sent:
    document = a_tariff_document(id=tariff_id, last_updated=updated)
    document["elements"][0]["price_components"][0]["price"] = price
    return a_document("tariffs", "PUT", document, received=received)


def a_cdr(cdr_id: str, claim: Any, tariff_id: str | None = None, **changes: Any) -> Sent:
    document = a_cdr_document(id=cdr_id, session_id=f"S-{cdr_id}", total_cost=claim)
    document["total_energy_cost"] = claim
    if tariff_id is not None:
        document["tariffs"] = []
        document["charging_periods"] = [a_charging_period_document(tariff_id=tariff_id)]
    return a_document("cdrs", "POST", {**document, **changes})


def a_credit(cdr_id: str, amount: float, **changes: Any) -> Sent:
    claim = {"excl_vat": amount}
    return a_cdr(cdr_id, claim, credit=True, credit_reference_id="PLAIN-1", **changes)


def traffic() -> list[Sent]:
    """Give what a verifier has to understand: every bucket, late facts, odd spellings."""
    before, late = START - timedelta(days=10), START + timedelta(days=10)
    claim = {"excl_vat": 5.13, "incl_vat": 6.2}
    plain = [a_cdr(f"PLAIN-{number}", {"excl_vat": 5 + number / 100}) for number in range(40)]
    limited = a_tariff_document(min_price={"excl_vat": 7.0}, max_price={"excl_vat": 9.0})
    fees = a_tariff_document(elements=[_night(), _day()])
    return [
        a_tariff("V1", 0.25, "2024-01-01T00:00:00Z", before),
        a_tariff("V1", 0.20, "2024-02-01T00:00:00Z", START + timedelta(hours=20)),
        a_tariff("V1", 0.50, "2024-02-15T00:00:00Z", late),
        a_tariff("V2", 0.30, "2024-01-01T00:00:00Z", before),
        a_tariff("V2", 0.10, "2024-02-01T00:00:00Z", late),
        a_document("locations", "PUT", a_location_document(), received=before),
        *plain,
        a_cdr("CHOSEN", {"excl_vat": 4.1}, "V1"),
        a_cdr("LOWERED", {"excl_vat": 6.15}, "V2"),
        a_cdr("WAITS", claim, "NOWHERE"),
        a_cdr("RERUN", claim, "COMES-LATER"),
        a_tariff("COMES-LATER", 0.25, "2024-01-01T00:00:00Z", late),
        a_cdr("TWICE", claim),
        a_cdr("twice", claim, remark="the same again"),
        a_cdr("CONFLICT", {"excl_vat": 5.0}),
        a_cdr("CONFLICT", {"excl_vat": 20.0}),
        a_cdr("LIMITED", {"excl_vat": 7.0}, tariffs=[limited]),
        a_cdr("FEES", {"excl_vat": 11.5}, tariffs=[fees]),
        a_credit("CREDIT", -5.13),
        a_credit("CREDIT-BACKWARDS", -5.13, end_date_time="2024-03-01T09:00:00Z"),
        a_credit("CREDIT-TWICE", -5.13),
        a_credit("CREDIT-TWICE", -4.0),
        a_credit("CREDIT-AND-CDR", -5.13),
        a_cdr("CREDIT-AND-CDR", claim),
        a_document("cdrs", "POST", b'{"id": "BROKEN"}', object_id="BROKEN"),
        a_cdr("HUGE", {"excl_vat": 123456789012345}),
        a_cdr("TEXT", {"excl_vat": "5.13"}, total_energy="20.50"),
        a_cdr("MICRO", claim, start_date_time="2024-03-01T10:00:00.123456Z"),
        a_cdr("NEW-SHAPE", {"before_taxes": 5.13, "taxes": [{"name": "VAT", "amount": 1.08}]}),
        a_cdr("OLD-SHAPE", 5.13),
        a_cdr("NO-CLAIM", None),
        a_cdr("SNAKE-🐍", claim, remark="Größe ß"),
        a_document("sessions", "PUT", a_session_document(id="S-PLAIN-1")),
        a_document("sessions", "PATCH", {"kwh": 3.5}, object_id="S-PLAIN-1"),
    ]


def _night() -> dict[str, Any]:
    return {
        "price_components": [{"type": "ENERGY", "price": 0.1, "step_size": 1}],
        "restrictions": {"start_time": "22:00", "end_time": "06:00"},
    }


def _day() -> dict[str, Any]:
    return {
        "price_components": [
            {"type": "FLAT", "price": 1.25, "step_size": 1},
            {"type": "ENERGY", "price": 0.4, "step_size": 500},
            {"type": "TIME", "price": 1.0, "step_size": 60},
        ]
    }


def verified(stack: "Rig | Copy", *, wait: int = 0) -> Any:
    """Run `settle verify` as a person does."""
    environment = {"KAFKA_BROKERS": stack.brokers, "CLICKHOUSE_URL": stack.clickhouse.url}
    asked = ["verify", "--json", "--wait", str(wait), "--generation", str(stack.generation)]
    return CliRunner().invoke(app, asked, env=environment)


def looked(stack: "Rig | Copy", *, wait: int = 0) -> dict[str, Any]:
    """Give the report, and check that the exit code says the same."""
    result = verified(stack, wait=wait)
    assert result.stdout, (result.exception, result.stderr)
    report: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == (0 if report["equal"] else 1), result.stderr
    return report


def differences(stack: "Rig | Copy") -> list[str]:
    """Give the differences, a line each."""
    found = looked(stack)["differences"]
    return [f"{one['check']}: {one['where']}: {one['expected']} / {one['found']}" for one in found]


def whole(_: Topic, value: bytes) -> bytes:
    """Keep a message as it is."""
    return value


def without_cdr(key: str) -> Callable[[Topic, bytes], bytes | None]:
    """Keep what a worker says that has never seen a CDR."""

    def kept(topic: Topic, value: bytes) -> bytes | None:
        if topic is SETTLEMENT_CDR:
            return None if msgspec.json.decode(value)["cdr_key"] == key else value
        if topic is SETTLEMENT_DOCUMENT:
            said = msgspec.json.decode(value)
            return msgspec.json.encode([one for one in said if one["object_key"] != key])
        return value

    return kept


def without_rerun(key: str) -> Callable[[Topic, bytes], bytes | None]:
    """Keep what a worker says that never runs a CDR again for what it waits for."""

    def kept(topic: Topic, value: bytes) -> bytes | None:
        if topic is SETTLEMENT_CDR:
            said = msgspec.json.decode(value)
            return None if said["cdr_key"] == key and said["bucket"] != "waiting" else value
        return value

    return kept


class Copy:
    """A copy of a generation: its own topics and tables, free to be forged.

    `kept` gives what stands of a message in the copy's log, None for nothing of it.
    """

    def __init__(self, rig: Rig, kept: Callable[[Topic, bytes], bytes | None] = whole) -> None:
        self.brokers, self.clickhouse = rig.brokers, rig.clickhouse
        self.generation = next(_COPIES)
        self.database = f"settlement_g{self.generation}"
        asyncio.run(apply_topics(brokers=self.brokers, generation=self.generation))
        migrate(url=rig.clickhouse.url, generation=self.generation)
        client = rig.clickhouse.client()
        for table in tables_of(rig):
            if table not in FILLED:
                client.command(
                    f"INSERT INTO {self.database}.{table} SELECT * FROM {rig.database}.{table}"
                )
        client.command(
            f"INSERT INTO {self.database}.sink_offset SELECT * FROM {rig.database}.sink_offset "
            "WHERE topic IN ('inbox', 'rejected')"
        )
        asyncio.run(self._copy_logs(rig.generation, kept))

    @contextmanager
    def forged(self, cdr_key: str, change: Callable[[CdrOutcome], CdrOutcome]) -> Iterator[None]:
        """Write another last outcome of a CDR into log and tables; the right one afterwards."""
        last, record = asyncio.run(self._last(cdr_key))
        self._append(change(last), last.version + 1, record)
        try:
            yield
        finally:
            self._append(last, last.version + 2, record)

    async def _last(self, cdr_key: str) -> tuple[CdrOutcome, Any]:
        topic = SETTLEMENT_CDR.in_generation(self.generation)
        found = [
            (msgspec.json.decode(one.value, type=CdrOutcome), one)
            for one in await messages(self.brokers, topic, SETTLEMENT_CDR.partitions)
        ]
        return max(
            (pair for pair in found if pair[0].cdr_key == cdr_key),
            key=lambda pair: pair[0].version,
        )

    def _append(self, outcome: CdrOutcome, version: int, like: Any) -> None:
        """Write an outcome to the log, and to the tables as the sink would."""
        said = CdrSaid(**{name: getattr(outcome, name) for name in CdrSaid.__struct_fields__})
        digest = outcome_digest(written(said))
        outcome = msgspec.structs.replace(outcome, outcome_digest=digest, version=version)
        value = msgspec.json.encode(outcome)
        sent = asyncio.run(
            self._produce([(like.topic, like.partition, like.key, value, like.headers)])
        )
        record: Any = SimpleNamespace(
            key=like.key, value=value, headers=like.headers, offset=sent[0].offset
        )
        place = (like.topic, like.partition)
        gathered = Gathered(topics={like.topic: SETTLEMENT_CDR.name})
        gathered.add({place: [record]})
        store = Store(client=self.clickhouse.client(), database=self.database, topics=[])
        assert store.insert(gathered.rows()) == []
        store.advance({place: sent[0].offset + 1})

    async def _copy_logs(
        self, generation: int, kept: Callable[[Topic, bytes], bytes | None]
    ) -> None:
        for topic in DERIVED:
            source, target = topic.in_generation(generation), topic.in_generation(self.generation)
            found = await messages(self.brokers, source, topic.partitions)
            await self._produce(
                [
                    (target, one.partition, one.key, value, one.headers)
                    for one in found
                    if (value := kept(topic, one.value)) is not None
                ]
            )
            await self._fill(topic, target)

    async def _produce(self, found: list[tuple[Any, ...]]) -> list[Any]:
        producer = AIOKafkaProducer(bootstrap_servers=self.brokers, acks="all")
        await producer.start()
        try:
            sent = [
                await producer.send(
                    topic, value, key=key, partition=partition, headers=list(headers)
                )
                for topic, partition, key, value, headers in found
            ]
            return [await one for one in sent]
        finally:
            await producer.stop()

    async def _fill(self, topic: Topic, target: str) -> None:
        """Store what the log says, as the sink would; other tables are copies already."""
        store = Store(client=self.clickhouse.client(), database=self.database, topics=[])
        gathered = Gathered(topics={target: topic.name})
        for record in await messages(self.brokers, target, topic.partitions):
            gathered.add({(target, record.partition): [record]})
        assert store.insert(gathered.rows(FILLED)) == []
        store.advance(gathered.reached)


async def messages(brokers: str, topic: str, partitions: int) -> list[Any]:
    """Read the committed messages of a topic, in the order of each partition."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers, isolation_level="read_committed", fetch_max_wait_ms=50
    )
    await consumer.start()
    try:
        places = [TopicPartition(topic, number) for number in range(partitions)]
        ends = await consumer.end_offsets(places)
        consumer.assign(places)
        for place in places:
            consumer.seek(place, 0)
        found: list[Any] = []
        for place in places:
            while await consumer.position(place) < ends[place]:
                for records in (await consumer.getmany(timeout_ms=50)).values():
                    found += records
        return sorted(found, key=lambda record: (record.partition, record.offset))
    finally:
        await consumer.stop()


def tables_of(rig: Rig) -> list[str]:
    rows = rig.clickhouse.client().query(
        f"SELECT name FROM system.tables WHERE database = '{rig.database}' "
        "AND name != 'schema_migration' ORDER BY name"
    )
    return [name for (name,) in rows.result_rows]


@contextmanager
def undone(rig: Rig, table: str) -> Iterator[None]:
    """Put a table back afterwards."""
    client = rig.clickhouse.client()
    kept = f"{rig.database}.kept_{table}"
    client.command(f"CREATE TABLE {kept} AS {rig.database}.{table}")
    client.command(f"INSERT INTO {kept} SELECT * FROM {rig.database}.{table}")
    try:
        yield
    finally:
        client.command(f"TRUNCATE TABLE {rig.database}.{table}")
        client.command(f"INSERT INTO {rig.database}.{table} SELECT * FROM {kept}")
        client.command(f"DROP TABLE {kept} SYNC")
