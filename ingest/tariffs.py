"""OCPI 2.2.1 module tariffs, receiver interface: PUT, GET, DELETE.

Rule: DELETE ends a tariff for new charging only; every version stays in the inbox and goes on
pricing the CDRs it applies to.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

from ingest.answer import Answer
from ingest.archive import StoredDocument
from ingest.document import accept, id_in_url, owner_in_url
from ingest.exchange import Exchange
from ingest.module import Module, not_found, put
from ingest.parts import Parts
from settlement.ocpi.glance import glance

_NEVER = datetime.min.replace(tzinfo=UTC)


async def delete(parts: Parts, exchange: Exchange) -> Answer:
    """Take in that a tariff is no longer used; said of an unknown one it changes nothing."""
    cpo = owner_in_url(exchange)
    await accept(parts, exchange, cpo=cpo, object_id=id_in_url(exchange))
    return Answer()


async def get(parts: Parts, exchange: Exchange) -> Answer:
    """Give the newest version of a tariff as it was sent."""
    cpo = owner_in_url(exchange)
    object_id = id_in_url(exchange)
    stored = await parts.archive.history(module="tariffs", cpo=cpo, object_id=object_id)
    newest = newest_version(stored)
    if newest is None:
        raise not_found(f"no tariff {object_id!r}")
    return Answer(data=newest.body)


def newest_version(stored: Sequence[StoredDocument]) -> StoredDocument | None:
    """Choose the newest `last_updated` of what came after the last DELETE, then the last sent."""
    live: list[StoredDocument] = []
    for document in stored:
        live = [] if document.http_method == "DELETE" else [*live, document]
    return max(live, key=lambda one: (_last_updated(one), one.offset), default=None)


def _last_updated(document: StoredDocument) -> datetime:
    found = glance(document.body, module="tariffs", ocpi_version=document.ocpi_version)
    return found.last_updated or _NEVER


MODULE = Module(identifier="tariffs", methods={3: {"PUT": put, "GET": get, "DELETE": delete}})
