"""One request while it is answered: what was asked, by whom, with which bytes.

Rule: the body is read once, up to a limit, and never changed.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import msgspec

from ingest.answer import Refusal
from ingest.path import Target
from ingest.registry import Caller
from settlement.ocpi.glance import Glance
from settlement.party import party_of
from streams.topics import INBOX

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

# Headers, key and the batch around a record; what we store of request headers is bounded.
ENVELOPE_BYTES = 64 * 1024
MAX_BODY_BYTES = INBOX.max_message_bytes - ENVELOPE_BYTES
MAX_HEADER_CHARACTERS = 255
BODY_SECONDS = 30.0
_HOST = re.compile(r"[A-Za-z0-9._\-:\[\]]+")


class Exchange(msgspec.Struct, kw_only=True):
    """A request of a known partner."""

    method: str
    headers: dict[bytes, bytes]
    target: Target
    caller: Caller
    received_time: str
    base_url: str
    body: bytes = b""
    glanced: Glance | None = None  # what the body says of itself, once it was looked at

    def text(self, name: bytes) -> str:
        """Give a header's text, cut to what is stored of it."""
        return self.headers.get(name, b"").decode("latin-1")[:MAX_HEADER_CHARACTERS]

    @property
    def addressed_to(self) -> str:
        """The party in the routing headers to whom the request goes; empty without them."""
        party = party_of(self.text(b"ocpi-to-country-code"), self.text(b"ocpi-to-party-id"))
        return str(party) if party else ""


def identified(scope: Scope) -> dict[bytes, bytes]:
    """Give the request's headers; message ids that are missing are made (OCPI 2.2.1, 4.1.2)."""
    headers = dict(scope["headers"])
    if not headers.get(b"x-request-id"):
        headers[b"x-request-id"] = str(uuid4()).encode()
    if not headers.get(b"x-correlation-id"):
        headers[b"x-correlation-id"] = str(uuid4()).encode()
    return headers


def base_url(*, public_url: str, scope: Scope, headers: dict[bytes, bytes]) -> str:
    """Give the address under which the caller reaches us, without a trailing slash."""
    if public_url:
        return public_url.rstrip("/")
    host = headers.get(b"host", b"").decode("latin-1")
    if not _HOST.fullmatch(host):
        name, port = scope.get("server") or ("127.0.0.1", 80)
        host = f"{name}:{port}"
    return f"{scope.get('scheme', 'http')}://{host}"


async def read_body(receive: Receive) -> tuple[bytes, bool]:
    """Read the body; the second value tells that it went on beyond the limit.

    Raises Refusal where the body does not come, ConnectionResetError where the peer has gone.
    """
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        first: bytes = message.get("body", b"")
        return first, len(first) > MAX_BODY_BYTES
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                if message["type"] != "http.request":
                    raise ConnectionResetError("the peer left before its body had come")
                chunks.append(message.get("body", b""))
                size += len(chunks[-1])
                if size > MAX_BODY_BYTES:
                    return b"".join(chunks), True
                if not message.get("more_body"):
                    return b"".join(chunks), False
                message = await receive()
    except TimeoutError as error:
        raise Refusal("body_timeout", "the body did not come in time", http_status=408) from error
