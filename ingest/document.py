"""Taking in a partner's document: the minimal look, the envelope, the inbox.

Rule: what is refused stands in ingest/README.md and nowhere else; everything else is accepted
byte for byte. What is resolved here (owner, eMSP, receipt) is frozen in the envelope.
"""

from typing import Any
from uuid import uuid4

import msgspec

from ingest.answer import Refusal, timestamp
from ingest.exchange import MAX_BODY_BYTES, Exchange
from ingest.parts import Parts
from ingest.path import MAX_ID_CHARACTERS, OCPI_VERSION, is_usable_id
from settlement.ocpi.glance import Glance, NotJson, glance
from settlement.ocpi.problem import Problem
from settlement.ocpi.reader import shown
from settlement.party import PartyId
from streams.events import EVENT_TYPES, Envelope, headers_of
from streams.kill_point import kill_point
from streams.publisher import Position, TooLarge
from streams.topics import INBOX, REJECTED

SOURCE = f"/ocpi/{OCPI_VERSION}/"
_MOST_PARTIES = 10  # of a partner that one message names
# URL depth -> what the body is, where it is only a part of the module's object.
_PARTS = {4: "evses", 5: "connectors"}


def look(exchange: Exchange) -> Glance:
    """Look at a body as little as is needed; raises Refusal for what cannot be accepted."""
    target = exchange.target
    try:
        glanced = glance(
            exchange.body,
            module=_PARTS.get(target.depth, target.module),
            ocpi_version=OCPI_VERSION,
            is_partial=exchange.method == "PATCH",
        )
    except NotJson as error:
        raise Refusal("not_json", f"the body is no JSON object: {error}", http_status=400) from None
    exchange.glanced = glanced
    refuse_other_owner(exchange, glanced.cpo)
    problems = glanced.problems
    if not problems and glanced.id is not None and not is_usable_id(glanced.id):
        problems = (_unusable("$.id", glanced.id),)
    if problems:
        names = {problem.path for problem in problems} & {"$.id", "$.uid"}
        reason = "no_usable_id" if names else "incomplete"
        raise Refusal(reason, "the document cannot be used", problems=problems)
    return glanced


def owner_in_url(exchange: Exchange) -> PartyId:
    """Give the owner a URL names; raises Refusal (404, 2001) where it is not the partner's."""
    owner = exchange.target.party
    if owner is None or owner not in exchange.caller.parties:
        named = f"{exchange.target.country_code}*{exchange.target.party_id}"
        raise Refusal(
            "party_not_the_partners",
            f"party {named!r} in the URL is none of this partner's",
            http_status=404,
        )
    return owner


def refuse_other_owner(exchange: Exchange, named: PartyId | None) -> None:
    """Raise Refusal where a body names an owner that is not the partner's."""
    if named is not None and named not in exchange.caller.parties:
        raise other_owner(exchange)


class Named(msgspec.Struct):
    """What a body says of its owner, whatever it is."""

    country_code: Any = None
    party_id: Any = None


def named_in(body: bytes) -> Named:
    """Read what a body says of its owner."""
    try:
        return msgspec.json.decode(body, type=Named)
    except (msgspec.DecodeError, RecursionError):
        return Named("what cannot be read", "what cannot be read")


def other_owner(exchange: Exchange) -> Refusal:
    """Give the refusal of a body that names another owner, or none that can be told.

    Where one field is that of a party of the partner, only the other one is to blame.
    """
    named, parties = named_in(exchange.body), sorted(exchange.caller.parties)
    told = [("country_code", named.country_code), ("party_id", named.party_id)]
    wrong = [
        (name, value)
        for name, value in told
        if (value.upper() if isinstance(value, str) else None)
        not in {getattr(party, name) for party in parties}
    ]
    own = ", ".join(map(str, parties[:_MOST_PARTIES])) or "none"
    if more := len(parties[_MOST_PARTIES:]):
        own += f" and {more} more"
    rule = f"must name a party of this partner: {own}"
    return Refusal(
        "party_not_the_partners",
        "the document is none of this partner's",
        problems=tuple(
            Problem(f"$.{name}", "nothing" if value is None else shown(value), rule)
            for name, value in wrong or told
        ),
    )


def _unusable(path: str, text: str) -> Problem:
    """Say why a text is no usable id."""
    rule = "must be an id of printable characters"
    if not text:
        return Problem(path, "nothing", rule)
    if len(text) > MAX_ID_CHARACTERS:
        rule = f"may have {MAX_ID_CHARACTERS} characters and has {len(text)}"
    return Problem(path, shown(text), rule)


def id_in_url(exchange: Exchange) -> str:
    """Give the object id of a URL as sent; raises Refusal where no part of it can be an id."""
    target = exchange.target
    parts = (target.object_id, target.evse_uid, target.connector_id)
    for part in parts[: max(1, target.depth - 2)]:
        if not is_usable_id(part):
            problems = (_unusable("$.id", part),)
            raise Refusal("no_usable_id", "the URL names no object", problems=problems)
    return target.object_id


async def accept(parts: Parts, exchange: Exchange, *, cpo: PartyId, object_id: str) -> Position:
    """Write a document to the inbox and give its position after the acknowledgement.

    Raises NotPublished (nothing is claimed), Refusal where it is too large for the inbox.
    """
    glanced = exchange.glanced
    occurred = glanced.occurred if glanced else None
    emsp = str(glanced.emsp) if glanced and glanced.emsp else exchange.addressed_to
    envelope = _envelope(
        exchange,
        ce_type=EVENT_TYPES[exchange.target.module, exchange.method],
        cpo=str(cpo),
        object_id=object_id,
        emsp=emsp,
        ce_time=timestamp(occurred) if occurred else exchange.received_time,
    )
    kill_point("gateway_before_publish")
    try:
        position = await parts.writer.publish(
            topic=INBOX.name, key=str(cpo), value=exchange.body, headers=headers_of(envelope)
        )
    except TooLarge as error:
        raise too_large() from error
    kill_point("gateway_after_ack")
    parts.metrics.took_in(module=exchange.target.module, partner=exchange.caller.party)
    return position


def too_large() -> Refusal:
    """Give the refusal of a document that the inbox cannot hold."""
    return Refusal("too_large", f"larger than the {MAX_BODY_BYTES} bytes accepted", http_status=413)


async def keep_refused(parts: Parts, exchange: Exchange, refusal: Refusal) -> None:
    """Keep what a known partner sent and was refused, with the reason; raises NotPublished."""
    target, glanced = exchange.target, exchange.glanced
    owner = target.party or (glanced.cpo if glanced else None)
    envelope = _envelope(
        exchange,
        ce_type="DocumentRejected",
        cpo=str(owner or ""),
        object_id=target.object_id or (glanced and glanced.id) or "",
        emsp=exchange.addressed_to,
        ce_time=exchange.received_time,
    )
    headers = [
        *headers_of(envelope),
        ("reason", str(refusal.answer.message).encode()),
        ("reason_code", refusal.reason.encode()),
        ("paths", msgspec.json.encode(refusal.paths)),
        ("http_status", str(refusal.answer.http_status).encode()),
        ("ocpi_status", str(refusal.answer.status_code).encode()),
    ]
    partner = exchange.caller.party
    try:
        await parts.writer.publish(
            topic=REJECTED.name, key=partner, value=exchange.body, headers=headers
        )
    except TooLarge:
        # The document does not fit anywhere; that it came and how long it was is kept.
        headers.append(("body_bytes", str(len(exchange.body)).encode()))
        await parts.writer.publish(topic=REJECTED.name, key=partner, value=b"", headers=headers)
    parts.metrics.rejected.labels(target.module, partner, refusal.reason).inc()


def _envelope(
    exchange: Exchange, *, ce_type: str, cpo: str, object_id: str, emsp: str, ce_time: str
) -> Envelope:
    target = exchange.target
    return Envelope(
        ce_id=str(uuid4()),
        ce_type=ce_type,
        ce_source=SOURCE + target.module,
        ce_subject=f"{cpo}/{object_id}",
        ce_time=ce_time,
        received_time=exchange.received_time,
        partner=exchange.caller.party,
        cpo=cpo,
        emsp=emsp,
        ocpi_version=OCPI_VERSION,
        module=target.module,
        http_method=exchange.method,
        object_id=object_id,
        evse_uid=target.evse_uid,
        connector_id=target.connector_id,
        request_id=exchange.text(b"x-request-id"),
        correlation_id=exchange.text(b"x-correlation-id"),
    )
