"""One OCPI request a partner of the demo is going to send, and how its body is written.

Rule: the same scenario gives the same bytes; no clock, no random number is used here.
"""

from typing import Any

import msgspec

# Numbers stay numbers with all their digits; keys keep the order in which they were put.
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A document on its way; `partner` sends it, which need not be the party it names."""

    partner: str  # CC*PPP
    method: str  # POST, PUT, PATCH
    module: str  # cdrs, locations, sessions, tariffs
    object_id: str
    body: bytes
    is_refusable: bool = False  # the gateway is expected to refuse it


# Requests that are sent one after the other; chains go side by side.
Chain = tuple[Request, ...]


def encoded(document: dict[str, Any]) -> bytes:
    """Write a document as JSON."""
    return _ENCODER.encode(document)


def request_of(
    module: str,
    document: dict[str, Any],
    *,
    partner: str,
    method: str = "PUT",
    is_refusable: bool = False,
) -> Request:
    """Wrap a whole document that carries its own id."""
    return Request(
        partner=partner,
        method="POST" if module == "cdrs" else method,
        module=module,
        object_id=document["id"],
        body=encoded(document),
        is_refusable=is_refusable,
    )
