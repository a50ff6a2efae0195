"""The OCPI gateway as an ASGI application.

Rule: the token is checked before anything else of `/ocpi` is looked at; every answer carries
the envelope; whatever goes wrong here ends in an answer, never in a hang. No framework stands
in the path of a request: it is read, looked up in one table and answered.
"""

import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime

from ingest import cdrs, locations, sessions, tariffs, versions
from ingest.answer import CLIENT_ERROR, SERVER_ERROR, Answer, Refusal, echoed
from ingest.archive import Unprovable
from ingest.authentication import Authentication
from ingest.document import keep_refused, too_large
from ingest.exchange import Exchange, Receive, Scope, Send, base_url, identified, read_body
from ingest.metrics import CONTENT_TYPE
from ingest.module import WRITES, Module, allow, not_found
from ingest.offsets import KafkaAway
from ingest.parts import Parts
from ingest.path import OCPI_VERSION, ROOT, segments_of, target_of
from streams.publisher import NotPublished

LOGGER = logging.getLogger(__name__)

MODULES: dict[str, Module] = {
    room.MODULE.identifier: room.MODULE for room in (cdrs, sessions, tariffs, locations)
}
_LOOPBACK = ("127.", "::1", "::ffff:127.")
_RETRY = ((b"retry-after", b"1"),)


def utc_now() -> datetime:
    """Give the time; the only clock of the room's request path."""
    return datetime.now(UTC)


class Gateway:
    """Answers HTTP requests; its parts are made and started by `ingest.server`."""

    def __init__(
        self,
        *,
        parts: Parts,
        authentication: Authentication,
        public_url: str = "",
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._parts = parts
        self._authentication = authentication
        self._public_url = public_url
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        if scope["type"] != "http":
            return
        begun = time.perf_counter()
        method: str = scope["method"]
        segments = segments_of(scope["raw_path"])
        if segments[:1] != [ROOT]:
            await self._operations(scope, send, segments)
            return
        headers = identified(scope)
        module = segments[2] if len(segments) > 2 and segments[2] in MODULES else "none"
        try:
            answer = await self._answer(scope, receive, headers, segments)
        except Refusal as refusal:
            answer = refusal.answer
        except (NotPublished, KafkaAway) as error:
            self._parts.metrics.not_published.inc()
            LOGGER.debug("answered 3000: %s", error)
            answer = unavailable("not stored: try again")
        except Unprovable as error:
            LOGGER.info("a GET could not be answered: %s", error)
            answer = unavailable("not readable now: try again")
        except ConnectionResetError:
            return
        except Exception:  # the outermost handler: a bug of ours must not become a hang
            LOGGER.exception("a request failed: %s %s", method, scope["path"])
            answer = Answer(http_status=500, status_code=SERVER_ERROR, message="internal error")
        self._parts.metrics.answered(
            module=module,
            method=method if method in KNOWN_METHODS else "OTHER",
            http_status=answer.http_status,
            status_code=answer.status_code,
            seconds=time.perf_counter() - begun,
        )
        body = answer.body(self._clock())
        await _send(send, answer, body, echoed(headers), with_body=method != "HEAD")

    async def _answer(
        self, scope: Scope, receive: Receive, headers: dict[bytes, bytes], segments: list[str]
    ) -> Answer:
        caller = await self._authentication.caller(headers.get(b"authorization"))
        method: str = scope["method"]
        base = base_url(public_url=self._public_url, scope=scope, headers=headers)
        if len(segments) == 2:
            return _describe(method, base, segments[1])
        target = None
        if segments[1:2] == [OCPI_VERSION] and segments[2] in MODULES:
            target = target_of(segments[2], segments[3:])
        if target is None:
            raise nowhere()
        exchange = Exchange(
            method=method,
            headers=headers,
            target=target,
            caller=caller,
            received_time=self._clock().isoformat(timespec="microseconds").replace("+00:00", "Z"),
            base_url=base,
        )
        if method in WRITES:
            return await self._write(exchange, receive)
        if method == "OPTIONS":
            methods = MODULES[target.module].methods.get(target.depth, {})
            return Answer(headers=((b"allow", allow(methods).encode()),))
        endpoint = MODULES[target.module].endpoint(method=method, depth=target.depth)
        return await endpoint(self._parts, exchange)

    async def _write(self, exchange: Exchange, receive: Receive) -> Answer:
        """Answer a request that carries a document; what is refused is kept before answering."""
        exchange.body, is_cut = await read_body(receive)
        target = exchange.target
        try:
            if is_cut:
                raise too_large()
            endpoint = MODULES[target.module].endpoint(method=exchange.method, depth=target.depth)
            return await endpoint(self._parts, exchange)
        except Refusal as refusal:
            if refusal.is_kept:
                await keep_refused(self._parts, exchange, refusal)
            raise

    async def _operations(self, scope: Scope, send: Send, segments: list[str]) -> None:
        """Answer what only this machine may ask: health and metrics."""
        metrics = self._parts.metrics
        client = scope.get("client")
        is_local = client is None or client[0].startswith(_LOOPBACK)
        if segments == ["healthz"]:
            # Without traffic no write would ever tell that Kafka is back: then it is asked.
            is_ready = self._parts.writer.is_connected or await self._parts.archive.kafka_answers()
            text = b"ok\n" if is_ready else b"Kafka is away\n"
            await _send_text(send, 200 if is_ready else 503, text)
        elif segments == ["metrics"] and is_local:
            metrics.writes_in_flight.set(self._parts.writer.writes_in_flight)
            metrics.kafka_connected.set(self._parts.writer.is_connected)
            await _send_text(send, 200, metrics.text())
        else:
            await _send_text(send, 404, b"not found: OCPI stands under /ocpi/versions\n")


KNOWN_METHODS = frozenset({*WRITES, "GET", "HEAD", "OPTIONS"})


def unavailable(message: str) -> Answer:
    """Give the answer where nothing can be claimed: HTTP 503 with 3000, safe to send again."""
    return Answer(http_status=503, status_code=SERVER_ERROR, message=message, headers=_RETRY)


def nowhere() -> Refusal:
    """Give the refusal of a URL of no module or of another version: it names what is served."""
    modules = ", ".join(f"/{ROOT}/{OCPI_VERSION}/{name}" for name in MODULES)
    return not_found(
        f"nothing stands under this URL: OCPI {OCPI_VERSION} alone is served, "
        f"at {modules}; /{ROOT}/versions lists it"
    )


def _describe(method: str, base: str, what: str) -> Answer:
    if what not in {"versions", OCPI_VERSION}:
        raise nowhere()
    if method == "OPTIONS":
        return Answer(headers=((b"allow", b"GET, HEAD, OPTIONS"),))
    if method not in {"GET", "HEAD"}:
        raise Refusal(
            "method_not_allowed",
            f"{method} is not used here, only GET",
            http_status=405,
            status_code=CLIENT_ERROR,
            headers=((b"allow", b"GET, HEAD, OPTIONS"),),
        )
    if what == "versions":
        return versions.versions(base)
    return versions.details(base, list(MODULES.values()))


async def _send(
    send: Send, answer: Answer, body: bytes, headers: list[tuple[bytes, bytes]], *, with_body: bool
) -> None:
    headers.append((b"content-type", b"application/json"))
    headers.append((b"content-length", b"%d" % len(body)))
    headers.extend(answer.headers)
    await send({"type": "http.response.start", "status": answer.http_status, "headers": headers})
    await send({"type": "http.response.body", "body": body if with_body else b""})


async def _send_text(send: Send, status: int, text: bytes) -> None:
    headers = [(b"content-type", CONTENT_TYPE), (b"content-length", b"%d" % len(text))]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text})
