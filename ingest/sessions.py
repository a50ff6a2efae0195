"""OCPI 2.2.1 module sessions, receiver interface: PUT, PATCH, GET.

Rule: what a session is follows from all its PUTs and PATCHes by the fold the steps use
(settlement/fold.py); nothing is folded here.
"""

from ingest.answer import Answer
from ingest.document import id_in_url, owner_in_url
from ingest.exchange import Exchange
from ingest.folding import changes_of
from ingest.module import Module, not_found, put
from ingest.parts import Parts
from ingest.patch import patch
from settlement.fold import dump_json, fold_session


async def get(parts: Parts, exchange: Exchange) -> Answer:
    """Give a session as its documents make it."""
    cpo = owner_in_url(exchange)
    object_id = id_in_url(exchange)
    stored = await parts.archive.history(module="sessions", cpo=cpo, object_id=object_id)
    session = fold_session(changes_of(stored))
    if session is None:
        raise not_found(f"no session {object_id!r}")
    return Answer(data=dump_json(session))


MODULE = Module(identifier="sessions", methods={3: {"PUT": put, "PATCH": patch, "GET": get}})
