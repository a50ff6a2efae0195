"""OCPI 2.2.1 module locations, receiver interface: PUT, PATCH, GET of a location, EVSE, connector.

Rule: as `ingest.sessions`; a deeper URL addresses a part, which is found in the folded whole.
"""

from typing import Any

from ingest.answer import Answer
from ingest.document import id_in_url, owner_in_url
from ingest.exchange import Exchange
from ingest.folding import changes_of
from ingest.module import Module, not_found, put
from ingest.parts import Parts
from ingest.patch import patch
from settlement.cdr import folded
from settlement.fold import dump_json, fold_location


async def get(parts: Parts, exchange: Exchange) -> Answer:
    """Give a location, or the EVSE or connector that the URL names in it."""
    cpo = owner_in_url(exchange)
    target = exchange.target
    object_id = id_in_url(exchange)
    stored = await parts.archive.history(module="locations", cpo=cpo, object_id=object_id)
    found: Any = fold_location(changes_of(stored))
    if target.depth > 3:
        found = _part(found, "evses", "uid", target.evse_uid)
    if target.depth > 4:
        found = _part(found, "connectors", "id", target.connector_id)
    if found is None:
        raise not_found("no such location, EVSE or connector")
    return Answer(data=dump_json(found))


def _part(whole: Any, field: str, identifier: str, wanted: str) -> Any:
    """Find a part of an object by its id; None where there is none."""
    parts = whole.get(field) if isinstance(whole, dict) else None
    for part in parts if isinstance(parts, list) else []:
        if isinstance(part, dict) and folded(str(part.get(identifier))) == folded(wanted):
            return part
    return None


_METHODS = {"PUT": put, "PATCH": patch, "GET": get}
MODULE = Module(identifier="locations", methods={3: _METHODS, 4: _METHODS, 5: _METHODS})
