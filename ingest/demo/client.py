"""The partners' side of OCPI 2.2.1 over HTTP: discovery, writes, patience.

Rule: only what a partner may know is used: an address, a token and what the gateway answers.
"""

import asyncio
import base64
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import httpx

from ingest.demo.request import Chain, Request
from ingest.demo.tally import Tally
from settlement.cli.exit import Unusable
from settlement.cli.services import ServiceMissing

VERSION = "2.2.1"
CONCURRENCY = 24
TIMEOUT_SECONDS = 30.0
# How long a request is tried again before the gateway counts as gone.
PATIENCE_SECONDS = 90.0
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 3.0


class Partners:
    """All partners of the demo, each with its token and the endpoints it discovered."""

    def __init__(
        self,
        *,
        new_http: Callable[[], httpx.AsyncClient],
        url: str,
        tokens: Mapping[str, str],
        tally: Tally,
    ) -> None:
        """Take what makes a connection, the gateway's address and the tokens by party (CC*PPP)."""
        self._new_http = new_http
        self._url = url.rstrip("/")
        self._headers = {party: _headers(party, token) for party, token in tokens.items()}
        self._endpoints: dict[str, dict[str, str]] = {}
        self._tally = tally

    async def discover(self) -> None:
        """Ask for the versions and the endpoints of the one that is spoken, once a partner.

        Raises Unusable where a token is refused or the version is not offered.
        """
        async with self._new_http() as http:
            for party in self._headers:
                versions = await self._get(http, party, f"{self._url}/ocpi/versions")
                urls = {version["version"]: version["url"] for version in versions}
                if VERSION not in urls:
                    raise Unusable(
                        f"the gateway offers OCPI {sorted(urls)}, the demo speaks {VERSION}"
                    )
                details = await self._get(http, party, urls[VERSION])
                self._endpoints[party] = {
                    endpoint["identifier"]: endpoint["url"].rstrip("/")
                    for endpoint in details["endpoints"]
                    if endpoint["role"] == "RECEIVER"
                }

    async def send_all(self, chains: Iterable[Chain]) -> None:
        """Send chains side by side, the requests of a chain one after the other.

        Raises the first failure of `send` after all others have stopped.
        """
        waiting = iter(chains)
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(CONCURRENCY):
                    group.create_task(self._send_chains(waiting))
        except BaseExceptionGroup as failures:
            raise failures.exceptions[0] from failures

    async def send(self, http: httpx.AsyncClient, request: Request) -> None:
        """Send one request until it has a final answer.

        Raises ServiceMissing where the gateway has not answered for PATIENCE_SECONDS.
        """
        url = self._url_of(request)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_SECONDS
        pause = FIRST_PAUSE_SECONDS
        while True:
            try:
                answer = await http.request(
                    request.method, url, content=request.body, headers=self._identified(request)
                )
                failure = f"HTTP {answer.status_code}"
                if answer.status_code < 500 and _status(answer) // 1000 != 3:
                    self._count(request, answer)
                    return
            except httpx.TransportError as error:
                failure = f"{type(error).__name__} {error}".strip()
            if loop.time() > deadline:
                raise ServiceMissing(
                    f"the gateway at {self._url} does not answer any more ({failure})"
                )
            self._tally.count_unanswered(request)
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _send_chains(self, waiting: Iterator[Chain]) -> None:
        """Send what is left over a connection of its own; a shared pool costs more."""
        async with self._new_http() as http:
            for chain in waiting:
                for request in chain:
                    await self.send(http, request)

    def _count(self, request: Request, answer: httpx.Response) -> None:
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise Unusable(f"the gateway does not take the token of {request.partner}")
        is_accepted = answer.status_code < 300 and _status(answer) == 1000
        text = "" if is_accepted else f"HTTP {answer.status_code}, {answer.text[:300]}"
        self._tally.count(request, is_accepted=is_accepted, answer=text)

    def _url_of(self, request: Request) -> str:
        endpoint = self._endpoints[request.partner][request.module]
        if request.method == "POST":
            return endpoint
        country_code, party_id = request.partner.split("*")
        return f"{endpoint}/{country_code}/{party_id}/{quote(request.object_id, safe='')}"

    def _identified(self, request: Request) -> dict[str, str]:
        identifier = str(uuid4())
        return self._headers[request.partner] | {
            "X-Request-ID": identifier,
            "X-Correlation-ID": identifier,
        }

    async def _get(self, http: httpx.AsyncClient, party: str, url: str) -> Any:
        answer = await http.get(url, headers=self._headers[party])
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise Unusable(f"the gateway does not take the token of {party}")
        answer.raise_for_status()
        return answer.json()["data"]


def http_maker() -> Callable[[], httpx.AsyncClient]:
    """Give what makes HTTP clients of one connection; proxies of the environment are not asked."""
    context = httpx.create_ssl_context()  # once: reading the authorities takes its time
    limits = httpx.Limits(max_connections=1)
    return lambda: httpx.AsyncClient(
        timeout=TIMEOUT_SECONDS, limits=limits, verify=context, trust_env=False
    )


def _headers(party: str, token: str) -> dict[str, str]:
    country_code, party_id = party.split("*")
    return {
        # OCPI 2.2.1, transport: the token travels base64-encoded.
        "Authorization": f"Token {base64.b64encode(token.encode()).decode()}",
        "Content-Type": "application/json",
        "OCPI-from-country-code": country_code,
        "OCPI-from-party-id": party_id,
    }


def _status(answer: httpx.Response) -> int:
    """Read OCPI's status code; 0 where the answer is no OCPI answer."""
    try:
        envelope = json.loads(answer.content)
    except ValueError:
        return 0
    code = envelope.get("status_code") if isinstance(envelope, dict) else None
    return code if isinstance(code, int) else 0
