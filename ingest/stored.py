"""Reading accepted documents from ClickHouse.

Rule: reads only, in a few threads of its own with a time limit each, so that a ClickHouse that
hangs costs a bounded number of threads and no request more than its limit.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC
from typing import Any, TypeVar

from clickhouse_connect.driver.exceptions import ClickHouseError

from ingest.archive import StoreAway, StoredDocument
from settlement.cli.exit import Unusable
from settlement.cli.services import ServiceMissing
from settlement.clickhouse.client import Client, connect
from streams.topics import INBOX

T = TypeVar("T")
THREADS = 4
MAX_WAITING = 64
QUERY_SECONDS = 5

_DOCUMENTS = """
SELECT kafka_partition, kafka_offset, http_method, ocpi_version, evse_uid, connector_id,
       received_time, body
FROM settlement.document_received
WHERE cpo = {cpo:String} AND module = {module:String} AND object_key = {object_key:String}
ORDER BY kafka_partition, kafka_offset
"""
_HAS_PUT = """
SELECT 1 FROM settlement.document_received
WHERE cpo = {cpo:String} AND module = {module:String} AND object_key = {object_key:String}
  AND http_method = 'PUT'
LIMIT 1
"""
_NEXT_OFFSETS = """
SELECT kafka_partition, max(next_offset) FROM settlement.sink_offset
WHERE topic = {topic:String} GROUP BY kafka_partition
"""


class ClickHouseStore:
    """What the sink stored, read in a few threads over one client."""

    def __init__(self, *, url: str) -> None:
        self._url = url
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="clickhouse")
        self._connected: Client | None = None
        self._connecting = threading.Lock()
        self._waiting = 0

    async def warm_up(self) -> None:
        """Connect before the first request needs it; where ClickHouse is away, later."""
        with contextlib.suppress(StoreAway):
            await self.next_offsets()

    def close(self) -> None:
        """Let go of the threads; a query that hangs is not waited for."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def documents(
        self, *, module: str, cpo: str, object_key: str
    ) -> Sequence[StoredDocument]:
        """Give all documents of an object in the order of the log; raises StoreAway."""
        values = {"module": module, "cpo": cpo, "object_key": object_key}
        return [
            StoredDocument(
                partition=row[0],
                offset=row[1],
                http_method=row[2],
                ocpi_version=row[3],
                evse_uid=row[4],
                connector_id=row[5],
                received_time=row[6].replace(tzinfo=UTC),
                body=row[7],
            )
            for row in await self._rows(_DOCUMENTS, values)
        ]

    async def has_put(self, *, module: str, cpo: str, object_key: str) -> bool:
        """Tell whether a PUT of an object is stored; raises StoreAway."""
        values = {"module": module, "cpo": cpo, "object_key": object_key}
        return bool(await self._rows(_HAS_PUT, values))

    async def next_offsets(self) -> Mapping[int, int]:
        """Give, per partition of the inbox, how far the sink is; raises StoreAway."""
        rows = await self._rows(_NEXT_OFFSETS, {"topic": INBOX.name})
        return {row[0]: row[1] for row in rows}

    async def _rows(self, query: str, values: dict[str, str]) -> Sequence[Sequence[Any]]:
        def ask() -> Sequence[Sequence[Any]]:
            formats: dict[str, str | dict[str, str]] = {"body": "bytes"}
            result = self._client().query(query, parameters=values, column_formats=formats)
            rows: Sequence[Sequence[Any]] = result.result_rows
            return rows

        return await self._in_thread(ask)

    def _client(self) -> Client:
        with self._connecting:
            if self._connected is None:
                self._connected = connect(self._url, answer_seconds=QUERY_SECONDS)
            return self._connected

    async def _in_thread(self, ask: Callable[[], T]) -> T:
        if not self._url:
            raise StoreAway("CLICKHOUSE_URL is not set")
        if self._waiting >= MAX_WAITING:
            raise StoreAway("too many readers wait for ClickHouse")
        self._waiting += 1
        try:
            running = asyncio.get_running_loop().run_in_executor(self._threads, ask)
            return await running
        except (ClickHouseError, ServiceMissing, Unusable, OSError) as error:
            raise StoreAway(f"ClickHouse does not answer: {type(error).__name__}") from error
        finally:
            self._waiting -= 1
