"""Taking in a PATCH: always kept, whatever is known of its object.

Rule: a PATCH is published before anything is said about it. 404 is an answer, not a refusal: it
tells the sender to PUT the object; the fold applies a PATCH that came before its PUT.
"""

import asyncio

from ingest.answer import Answer, Refusal
from ingest.document import accept, id_in_url, look, owner_in_url
from ingest.exchange import Exchange
from ingest.parts import Parts
from settlement.cdr import folded
from settlement.party import PartyId


async def patch(parts: Parts, exchange: Exchange) -> Answer:
    """Take in changed fields of a session, location, EVSE or connector."""
    cpo = owner_in_url(exchange)
    object_id = id_in_url(exchange)
    look(exchange)
    # The look runs beside the write, so it costs time only where Kafka is faster than it.
    looking = asyncio.create_task(_is_missing(parts, exchange, cpo, object_id))
    try:
        await accept(parts, exchange, cpo=cpo, object_id=object_id)
        missing = await looking
    finally:
        looking.cancel()
    if missing:
        raise Unknown(exchange.target.module)
    return Answer()


class Unknown(Refusal):
    """The object of an accepted PATCH does not exist: kept in the inbox, not in `rejected`."""

    def __init__(self, module: str) -> None:
        super().__init__(
            "unknown_object",
            f"no such object in {module}: PUT it; the PATCH is kept",
            http_status=404,
            is_kept=False,
        )


async def _is_missing(parts: Parts, exchange: Exchange, cpo: PartyId, object_id: str) -> bool:
    """Tell whether the object provably does not exist; where that cannot be said, it may."""
    module = exchange.target.module
    key = folded(object_id)
    if parts.known.has(module=module, cpo=str(cpo), object_key=key):
        return False
    missing = await parts.archive.is_missing(module=module, cpo=cpo, object_id=object_id)
    if missing is False:
        parts.known.add(module=module, cpo=str(cpo), object_key=key)
    # A PUT that this process took in meanwhile counts as well.
    return missing is True and not parts.known.has(module=module, cpo=str(cpo), object_key=key)
