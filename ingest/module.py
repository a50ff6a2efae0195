"""How a module of OCPI is served: its URL depths and methods, and what they share.

Rule: a table a module, in its own file; a method that is not in the table answers 405, a depth
that is not in it 404.
"""

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from ingest.answer import Answer, Refusal
from ingest.document import accept, id_in_url, look, owner_in_url
from ingest.exchange import Exchange
from ingest.parts import Parts
from ingest.path import OCPI_VERSION, ROOT
from settlement.cdr import folded

Endpoint = Callable[[Parts, Exchange], Awaitable[Answer]]
SEGMENTS = ("{country_code}", "{party_id}", "{id}", "{evse_uid}", "{connector_id}")
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


class Module(msgspec.Struct, frozen=True, kw_only=True):
    """One OCPI module: number of URL segments after it -> HTTP method -> endpoint."""

    identifier: str
    methods: Mapping[int, Mapping[str, Endpoint]]

    def endpoint(self, *, method: str, depth: int) -> Endpoint:
        """Find who answers; raises Refusal (404, 405)."""
        methods = self.methods.get(depth)
        if methods is None and method in WRITES and 0 < depth < max(self.methods):
            # Fewer segments than an object has: its endpoint says which one is missing.
            methods = self.methods[min(known for known in self.methods if known > depth)]
        if methods is None:
            raise not_found(f"nothing stands under this URL: served is {self._served()}")
        if method == "HEAD" and "GET" in methods:
            return methods["GET"]
        if method not in methods:
            allowed = allow(methods)
            raise Refusal(
                "method_not_allowed",
                f"{method} is not used here, only {allowed}",
                http_status=405,
                headers=((b"allow", allowed.encode()),),
            )
        return methods[method]

    def _served(self) -> str:
        """List the URLs of the module."""
        return ", ".join(
            "/".join(["", ROOT, OCPI_VERSION, self.identifier, *SEGMENTS[:depth]])
            for depth in self.methods
        )


def allow(methods: Mapping[str, Endpoint]) -> str:
    """List methods for the header `Allow`."""
    head = {"HEAD"} if "GET" in methods else set()
    return ", ".join(sorted({*methods, *head, "OPTIONS"}))


def not_found(message: str) -> Refusal:
    """Give the refusal of what does not exist."""
    return Refusal("not_found", message, http_status=404)


async def put(parts: Parts, exchange: Exchange) -> Answer:
    """Take in a whole object at its owner's URL (Client Owned Object Push, OCPI 2.2.1, 4.2)."""
    cpo = owner_in_url(exchange)
    object_id = id_in_url(exchange)
    look(exchange)
    await accept(parts, exchange, cpo=cpo, object_id=object_id)
    parts.known.add(module=exchange.target.module, cpo=str(cpo), object_key=folded(object_id))
    return Answer()
