"""OCPI 2.2.1 module cdrs, receiver interface: POST, and GET by the returned Location.

Rule: a CDR is never changed or deleted here; a further copy is accepted again, and what it is
worth is decided in streams, where all copies meet.
"""

from ingest.answer import Answer
from ingest.document import accept, look, named_in, other_owner, owner_in_url
from ingest.exchange import Exchange
from ingest.module import Module, not_found
from ingest.parts import Parts
from ingest.path import object_url
from ingest.recent import StoredCdr
from settlement.cdr import folded
from settlement.ocpi.glance import Glance
from settlement.party import PartyId


async def post(parts: Parts, exchange: Exchange) -> Answer:
    """Take in a CDR (OCPI 2.2.1, 10.2.2.2); `Location` is where it can be read back."""
    glanced = look(exchange)
    assert glanced.id is not None  # else it was refused
    cpo = _owner(exchange, glanced)
    position = await accept(parts, exchange, cpo=cpo, object_id=glanced.id)
    parts.recent.remember(
        (str(cpo), folded(glanced.id)),
        StoredCdr(position.partition, position.offset, exchange.body),
    )
    url = object_url(base=exchange.base_url, module="cdrs", party=cpo, object_id=glanced.id)
    return Answer(http_status=201, headers=((b"location", url.encode()),))


async def get(parts: Parts, exchange: Exchange) -> Answer:
    """Give a CDR as it was sent; of conflicting copies the one accepted first."""
    cpo = owner_in_url(exchange)
    object_id = exchange.target.object_id
    if recent := parts.recent.find((str(cpo), folded(object_id))):
        return Answer(data=recent.body)
    body = await parts.archive.cdr(cpo=cpo, object_id=object_id)
    if body is None:
        raise not_found(f"no CDR {object_id!r}")
    return Answer(data=body)


def _owner(exchange: Exchange, glanced: Glance) -> PartyId:
    """Resolve whose CDR it is: as the body says, else the partner's only CPO party.

    Raises Refusal where the body names something else, or the partner has several.
    """
    if glanced.cpo is not None:
        return glanced.cpo
    named = named_in(exchange.body)
    own = next(iter(exchange.caller.cpo_parties), None)
    if own is None or len(exchange.caller.cpo_parties) > 1:
        raise other_owner(exchange)
    for part, mine in ((named.country_code, own.country_code), (named.party_id, own.party_id)):
        if part is not None and str(part).upper() != mine:
            raise other_owner(exchange)
    return own


MODULE = Module(identifier="cdrs", methods={0: {"POST": post}, 3: {"GET": get}})
