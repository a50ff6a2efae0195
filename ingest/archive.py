"""Reading back what was accepted, through any gateway process.

Rule: "not found" is said only where the sink has passed the end the partition had when the
request came; what cannot be proven is Unprovable, never a 404.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec

from ingest.coalesced import Coalesced
from ingest.offsets import KafkaAway, partition_of
from settlement.cdr import folded
from settlement.party import PartyId
from streams.topics import INBOX, Topic

SINK_SECONDS = 2.0
# However many wait for the sink, ClickHouse is asked forty times a second at most.
PAUSE_SECONDS = 0.025
# Beside the wait for the sink: asking for the end and two queries.
ANSWER_SECONDS = 4.5
# A PATCH does not wait longer than this to learn that its object does not exist.
PATCH_SECONDS = 0.25


class StoreAway(Exception):  # noqa: N818 - ClickHouse's state, not an error of ours
    """ClickHouse did not answer."""


class Unprovable(Exception):  # noqa: N818 - the pipeline's state, not an error of ours
    """Whether the object exists cannot be said now."""


class StoredDocument(msgspec.Struct, frozen=True, kw_only=True):
    """One accepted document of an object, as `document_received` holds it."""

    partition: int
    offset: int
    http_method: str
    ocpi_version: str
    evse_uid: str
    connector_id: str
    received_time: datetime
    body: bytes


class Store(Protocol):
    """Where the sink puts documents."""

    async def documents(
        self, *, module: str, cpo: str, object_key: str
    ) -> Sequence[StoredDocument]:
        """Give all documents of an object in the order of the log; raises StoreAway."""

    async def has_put(self, *, module: str, cpo: str, object_key: str) -> bool:
        """Tell whether a PUT of an object is stored; raises StoreAway."""

    async def next_offsets(self) -> Mapping[int, int]:
        """Give, per partition of the inbox, how far the sink is; raises StoreAway."""


class Ends(Protocol):
    """Who knows where the partitions end."""

    async def ends(self, topic: Topic) -> Mapping[int, int]:
        """Give the ends as of now; raises KafkaAway."""


class Archive:
    """Answers what is stored of an object, or that there is none."""

    def __init__(
        self,
        *,
        store: Store,
        offsets: Ends,
        sink_seconds: float = SINK_SECONDS,
        patch_seconds: float = PATCH_SECONDS,
    ) -> None:
        self._patch_seconds = patch_seconds
        self._sink_seconds = sink_seconds
        self._store = store
        self._offsets = offsets
        self._sink = Coalesced(store.next_offsets, pause_seconds=PAUSE_SECONDS)

    async def kafka_answers(self) -> bool:
        """Tell whether Kafka answers now."""
        try:
            await self._offsets.ends(INBOX)
        except KafkaAway:
            return False
        return True

    async def cdr(self, *, cpo: PartyId, object_id: str) -> bytes | None:
        """Give the copy of a CDR that was accepted first; raises Unprovable."""
        found = await self._soon(self._documents_or_history("cdrs", cpo, object_id))
        return found[0].body if found else None

    async def history(
        self, *, module: str, cpo: PartyId, object_id: str
    ) -> Sequence[StoredDocument]:
        """Give all that was accepted of an object up to this request; raises Unprovable."""
        return await self._soon(self._history(module, cpo, object_id))

    async def is_missing(self, *, module: str, cpo: PartyId, object_id: str) -> bool | None:
        """Look once and briefly: False it exists, True it provably does not, None unknown."""
        try:
            async with asyncio.timeout(self._patch_seconds):
                ends = await self._offsets.ends(INBOX)
                passed = await self._sink.fresh()
                if await self._store.has_put(
                    module=module, cpo=str(cpo), object_key=folded(object_id)
                ):
                    return False
        except (TimeoutError, KafkaAway, StoreAway):
            return None
        number = partition_of(str(cpo))
        return True if passed.get(number, 0) >= ends.get(number, 0) else None

    async def _history(self, module: str, cpo: PartyId, object_id: str) -> Sequence[StoredDocument]:
        number = partition_of(str(cpo))
        end = (await self._offsets.ends(INBOX)).get(number, 0)
        async with asyncio.timeout(self._sink_seconds):
            passed = await self._sink.fresh()
            while passed.get(number, 0) < end:
                passed = await self._sink.fresh()
        return await self._documents(module, cpo, object_id)

    async def _documents_or_history(
        self, module: str, cpo: PartyId, object_id: str
    ) -> Sequence[StoredDocument]:
        """Give what is stored at once; where nothing is, wait for the sink."""
        found = await self._documents(module, cpo, object_id)
        return found or await self._history(module, cpo, object_id)

    async def _documents(
        self, module: str, cpo: PartyId, object_id: str
    ) -> Sequence[StoredDocument]:
        return await self._store.documents(
            module=module, cpo=str(cpo), object_key=folded(object_id)
        )

    @staticmethod
    async def _soon(
        reading: Coroutine[Any, Any, Sequence[StoredDocument]],
    ) -> Sequence[StoredDocument]:
        """Bound a reading and turn every way in which it can fail into one."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await reading
        except (TimeoutError, KafkaAway, StoreAway) as error:
            raise Unprovable(str(error) or "the sink did not come by in time") from error
