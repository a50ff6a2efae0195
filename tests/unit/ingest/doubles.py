"""The gateway with parts that keep everything in memory, and a partner who calls it.

Rule: fakes behave as the real parts do, in their answers and their failures; no I/O.
"""

import asyncio
import atexit
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from ingest.archive import Archive, StoreAway, StoredDocument
from ingest.authentication import Authentication
from ingest.gateway import Gateway
from ingest.metrics import Metrics
from ingest.offsets import KafkaAway, partition_of
from ingest.parts import Parts
from ingest.recent import KnownObjects, RecentCdrs
from ingest.registry import Caller, Partner, PartnerRole, Registry, hashed
from ingest.writer import Writer
from settlement.cdr import folded
from streams.events import Envelope, Headers, envelope_of
from streams.publisher import NotPublished, Position, TooLarge
from streams.topics import INBOX, Topic

# One event loop for all: what is shared between requests belongs to the loop of a process.
_RUNNER = asyncio.Runner()
atexit.register(_RUNNER.close)

NOW = datetime(2024, 3, 1, 12, 30, 0, 123456, tzinfo=UTC)
STRANGER = "guess"
TOKEN = "token-of-tnm"  # noqa: S105 - opens nothing
PARTNER = Partner(
    party="NL*TNM",
    roles=(PartnerRole("NL*TNM", "CPO"), PartnerRole("NL*TNM", "EMSP")),
    tokens=(hashed(TOKEN),),
)


class Written(msgspec.Struct):
    """One record in a topic."""

    topic: str
    key: str
    value: bytes
    headers: dict[str, str]
    envelope: Envelope


class MemoryPen:
    """A broker that acknowledges at once, or is away."""

    def __init__(self) -> None:
        self.records: list[Written] = []
        self.is_away = False

    async def start(self) -> None:
        """Answer at once."""

    async def stop(self) -> None:
        """Let go."""

    async def publish(self, *, topic: str, key: str, value: bytes, headers: Headers) -> Position:
        if self.is_away:
            raise NotPublished("away")
        if len(value) > INBOX.max_message_bytes - 1000:
            raise TooLarge("too large")
        partition = partition_of(key)
        offset = sum(1 for one in self.records if partition_of(one.key) == partition)
        read = {name: text.decode() for name, text in headers}
        self.records.append(Written(topic, key, value, read, envelope_of(headers)))
        return Position(partition, offset)

    def of(self, topic: str) -> list[Written]:
        return [one for one in self.records if one.topic == topic]


class KnownPartners:
    """A registry that was read to its end; or Kafka is away and unknown tokens stay open."""

    def __init__(self, *partners: Partner) -> None:
        self.registry = Registry()
        for partner in partners:
            self.registry.apply(key=partner.party, value=msgspec.json.encode(partner))
        self.is_away = False

    async def find(self, digests: tuple[bytes, ...]) -> Caller | None:
        found = self.registry.find(digests)
        if found is None and self.is_away:
            raise KafkaAway("away")
        return found


class MemoryStore:
    """What the sink has stored of the pen's records, up to where it has come."""

    def __init__(self, pen: MemoryPen) -> None:
        self._pen = pen
        self.stored = 10**9  # records that the sink has passed
        self.is_away = False

    async def documents(
        self, *, module: str, cpo: str, object_key: str
    ) -> Sequence[StoredDocument]:
        self._refuse_when_away()
        return [
            StoredDocument(
                partition=partition_of(one.key),
                offset=number,
                http_method=one.envelope.http_method,
                ocpi_version=one.envelope.ocpi_version,
                evse_uid=one.envelope.evse_uid,
                connector_id=one.envelope.connector_id,
                received_time=one.envelope.received,
                body=one.value,
            )
            for number, one in enumerate(self._pen.of(INBOX.name)[: self.stored])
            if (one.envelope.module, one.key) == (module, cpo)
            and folded(one.envelope.object_id) == object_key
        ]

    async def has_put(self, *, module: str, cpo: str, object_key: str) -> bool:
        found = await self.documents(module=module, cpo=cpo, object_key=object_key)
        return any(one.http_method == "PUT" for one in found)

    async def next_offsets(self) -> Mapping[int, int]:
        self._refuse_when_away()
        return self._count(self._pen.of(INBOX.name)[: self.stored])

    async def ends(self, topic: Topic) -> Mapping[int, int]:
        if self._pen.is_away:
            raise KafkaAway("away")
        return self._count(self._pen.of(topic.name))

    def _refuse_when_away(self) -> None:
        if self.is_away:
            raise StoreAway("away")

    @staticmethod
    def _count(records: Sequence[Written]) -> dict[int, int]:
        numbers = [partition_of(one.key) for one in records]
        return {number: numbers.count(number) for number in numbers}


class Response(msgspec.Struct):
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def envelope(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.body)
        return read

    @property
    def statuses(self) -> tuple[int, int]:
        """HTTP status and OCPI status code."""
        return self.status, self.envelope["status_code"]


class House:
    """A gateway and all its parts, and the partner NL*TNM who calls it."""

    def __init__(self, *, partners: Sequence[Partner] = (PARTNER,), public_url: str = "") -> None:
        self.pen = MemoryPen()
        self.partners = KnownPartners(*partners)
        self.store = MemoryStore(self.pen)
        self.metrics = Metrics()
        self.writer = Writer(lambda: self.pen)
        self.parts = Parts(
            writer=self.writer,
            archive=Archive(
                store=self.store, offsets=self.store, sink_seconds=0.3, patch_seconds=5
            ),
            recent=RecentCdrs(),
            known=KnownObjects(),
            metrics=self.metrics,
        )
        self.gateway = Gateway(
            parts=self.parts,
            authentication=Authentication(finder=self.partners, metrics=self.metrics),
            public_url=public_url,
            clock=lambda: NOW,
        )

    @property
    def inbox(self) -> list[Written]:
        return self.pen.of("inbox")

    @property
    def rejected(self) -> list[Written]:
        return self.pen.of("rejected")

    def ask(
        self,
        method: str,
        path: str,
        body: Any = b"",
        *,
        token: str | None = TOKEN,
        headers: Mapping[str, str] | None = None,
        client: str = "127.0.0.1",
    ) -> Response:
        """Send one request and give its answer."""
        sent = {"host": "settle.example", **(headers or {})}
        if token is not None:
            sent["authorization"] = f"Token {token}"
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "scheme": "http",
            "server": ("127.0.0.1", 8000),
            "client": (client, 40000),
            "headers": [(name.lower().encode(), text.encode()) for name, text in sent.items()],
        }
        return _RUNNER.run(self._answer(scope, content))

    async def _answer(self, scope: dict[str, Any], body: bytes) -> Response:
        sent: list[dict[str, Any]] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: dict[str, Any]) -> None:
            sent.append(message)

        await self.writer.start()
        await asyncio.sleep(0)  # the writer connects
        await self.gateway(scope, receive, send)
        head, content = sent
        headers = {name.decode(): text.decode() for name, text in head["headers"]}
        return Response(head["status"], headers, content["body"])
