"""A small OCPI gateway in memory: it keeps what it accepts and answers as it is told.

Rule: a fake for the demo's client alone; the real gateway has its own tests.
"""

import base64
import json
from collections.abc import Callable

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

URL = "http://gateway.test"
MODULES = ("cdrs", "locations", "sessions", "tariffs")
# (method, path, body) -> an answer that replaces the ordinary one, or None
Mood = Callable[[str, str, bytes], Response | None]


class FakeGateway:
    """What was received, in order; `mood` may answer otherwise."""

    def __init__(self, *, tokens: set[str], mood: Mood = lambda *_: None) -> None:
        self.received: list[tuple[str, str, bytes]] = []
        self._tokens = tokens
        self._mood = mood
        routes = [
            Route("/ocpi/versions", self._versions),
            Route("/ocpi/2.2.1", self._details),
            Route("/ocpi/2.2.1/{rest:path}", self._write, methods=["POST", "PUT", "PATCH"]),
        ]
        self._transport = httpx.ASGITransport(app=Starlette(routes=routes))
        self.seen: list[httpx.Headers] = []

    def new_http(self) -> httpx.AsyncClient:
        """Make a client that talks to this gateway and to nobody else."""

        async def record(request: httpx.Request) -> None:
            self.seen.append(request.headers)

        return httpx.AsyncClient(transport=self._transport, event_hooks={"request": [record]})

    async def _versions(self, request: Request) -> Response:
        version = {"version": "2.2.1", "url": f"{URL}/ocpi/2.2.1"}
        return self._authorised(request) or answered(1000, [version])

    async def _details(self, request: Request) -> Response:
        endpoints = [
            {"identifier": module, "role": "RECEIVER", "url": f"{URL}/ocpi/2.2.1/{module}/"}
            for module in MODULES
        ]
        return self._authorised(request) or answered(1000, {"endpoints": endpoints})

    async def _write(self, request: Request) -> Response:
        if refused := self._authorised(request):
            return refused
        body = await request.body()
        if other := self._mood(request.method, request.url.path, body):
            return other
        self.received.append((request.method, request.url.path, body))
        return answered(1000)

    def _authorised(self, request: Request) -> Response | None:
        scheme, _, value = request.headers["authorization"].partition(" ")
        if scheme == "Token" and base64.b64decode(value).decode() in self._tokens:
            return None
        return answered(2000, http=401)


def answered(status: int, data: object = None, *, http: int = 200) -> Response:
    envelope = {"status_code": status, "timestamp": "2026-01-01T00:00:00Z"}
    return JSONResponse(envelope if data is None else envelope | {"data": data}, http)


def is_without_currency(body: bytes) -> bool:
    return "currency" not in json.loads(body)
