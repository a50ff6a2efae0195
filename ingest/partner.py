"""Registering partners: each change is one event on the topic `partner`.

Rule: a token leaves this file once, in the return value; only its digest is stored. Two who
register at the same moment both succeed: who finds a record between its look and its own
record writes again on top of it.
"""

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from ingest.registry import Partner, PartnerRole, Registry, hashed
from settlement.party import parse_party
from streams.publisher import Publisher
from streams.topics import PARTNER

# OCPI 2.2.1, 7.1: roles of a party.
ROLES = ("CPO", "EMSP", "HUB", "NAP", "NSP", "OTHER", "SCSP")
_PARTITION = TopicPartition(PARTNER.name, 0)
Change = Callable[[Partner | None], Partner]


def new_token() -> str:
    """Make a token: 43 letters, digits, `_` and `-`, 256 bits of chance (OCPI allows 64)."""
    return secrets.token_urlsafe(32)


def checked_partner(party: str, roles: Sequence[str] = ()) -> str:
    """Give a party as it is written; raises ValueError for what is no party or role."""
    if unknown := [role for role in roles if role not in ROLES]:
        raise ValueError(f"role {unknown[0]!r}: one of {', '.join(ROLES)}")
    return str(parse_party(party))


async def register_partner(
    *, brokers: str, party: str, roles: Sequence[str], name: str = "", replace: bool = False
) -> str:
    """Give a party a further token and tell it, once; `replace` ends the older ones.

    Roles are added to those the party has. Raises ValueError for what is no party or role,
    NotPublished and aiokafka's KafkaError where Kafka is away.
    """
    party = checked_partner(party, roles)
    token = new_token()

    def registered(before: Partner | None) -> Partner:
        before = before or Partner(party=party)
        added = {PartnerRole(party, role) for role in roles}
        kept = () if replace else before.tokens
        return Partner(
            party=party,
            name=name or before.name,
            roles=tuple(sorted({*before.roles, *added})),
            tokens=tuple(dict.fromkeys((*kept, hashed(token)))),
        )

    await _record(brokers, party, "PartnerRegistered", registered)
    return token


async def revoke_partner(*, brokers: str, party: str) -> int:
    """End all tokens of a party and give their number; LookupError where it is not registered."""
    party = checked_partner(party)
    revoked = 0

    def without_tokens(before: Partner | None) -> Partner:
        nonlocal revoked
        if before is None:
            raise LookupError(f"no partner {party} is registered")
        revoked = len(before.tokens)
        return msgspec.structs.replace(before, tokens=())

    await _record(brokers, party, "PartnerRevoked", without_tokens)
    return revoked


async def load_partners(*, brokers: str) -> list[Partner]:
    """Read all registered partners, by party."""
    async with _reading(brokers) as consumer:
        registry = Registry()
        for record in (await _read_to_end(consumer))[1]:
            registry.apply(key=record.key.decode(), value=record.value)
        return registry.partners


async def _record(brokers: str, party: str, event: str, change: Change) -> None:
    """Write the partner as changed, on top of what others write at the same moment."""
    async with _reading(brokers) as consumer:
        publisher = Publisher(brokers=brokers)
        try:
            await publisher.start()
            end, records = await _read_to_end(consumer)
            seen = _states(records, party)
            before = seen[-1] if seen else None
            while True:
                position = await publisher.publish(
                    topic=PARTNER.name,
                    key=party,
                    value=msgspec.json.encode(change(before)),
                    headers=_headers(event, party),
                )
                if position.offset == end:
                    return
                end, records = await _read_to_end(consumer)
                unseen = [record for record in records if record.offset < position.offset]
                if not _states(unseen, party):
                    return
                written = _states(records, party)
                tokens = dict.fromkeys(token for state in written for token in state.tokens)
                before = msgspec.structs.replace(written[-1], tokens=tuple(tokens))
        finally:
            await publisher.stop()


def _states(records: Sequence[ConsumerRecord], party: str) -> list[Partner]:
    return [
        msgspec.json.decode(record.value, type=Partner)
        for record in records
        if record.key == party.encode() and record.value
    ]


@asynccontextmanager
async def _reading(brokers: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=brokers,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=5000,
    )
    try:
        await consumer.start()
        consumer.assign([_PARTITION])
        yield consumer
    finally:
        await consumer.stop()


async def _read_to_end(consumer: AIOKafkaConsumer) -> tuple[int, list[ConsumerRecord]]:
    """Read on to the end the topic has now; give that end and the records before it."""
    end: int = (await consumer.end_offsets([_PARTITION]))[_PARTITION]
    read: list[ConsumerRecord] = []
    while (position := await consumer.position(_PARTITION)) < end:
        for records in (await consumer.getmany(_PARTITION, timeout_ms=500)).values():
            read += records
    return position, read


def _headers(event: str, party: str) -> list[tuple[str, bytes]]:
    now = datetime.now(UTC).isoformat().encode()
    return [
        ("ce_specversion", b"1.0"),
        ("ce_datacontenttype", b"application/json"),
        ("ce_id", str(uuid4()).encode()),
        ("ce_type", event.encode()),
        ("ce_source", b"/settle/partner"),
        ("ce_subject", party.encode()),
        ("ce_time", now),
    ]
