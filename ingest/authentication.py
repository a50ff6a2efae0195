"""Who calls: the token of a request, turned into a partner.

Rule: 401, never 403, for no token and for one that no partner has (some partners send theirs
only after exactly 401); nothing of an unknown token is kept.
"""

from typing import Protocol

from ingest.answer import CLIENT_ERROR, Refusal
from ingest.metrics import Metrics
from ingest.registry import Caller, token_digests

_CHALLENGE = ((b"www-authenticate", b"Token"),)


class Finder(Protocol):
    """Who knows the partners; `ingest.follower.Follower` is the real one."""

    async def find(self, digests: tuple[bytes, ...]) -> Caller | None:
        """Find whose token it is; raises KafkaAway where that cannot be said."""


class Authentication:
    """Resolves callers and counts strangers."""

    def __init__(self, *, finder: Finder, metrics: Metrics) -> None:
        self._finder = finder
        self._metrics = metrics

    async def caller(self, authorization: bytes | None) -> Caller:
        """Give the partner of an `Authorization` header; raises Refusal (401), KafkaAway."""
        digests = token_digests(authorization)
        caller = await self._finder.find(digests) if digests else None
        if caller is None:
            self._metrics.unknown_tokens.inc()
            raise Refusal(
                "unknown_token",
                "this needs the header 'Authorization: Token ...' with a token that was given out",
                http_status=401,
                status_code=CLIENT_ERROR,
                headers=_CHALLENGE,
            )
        return caller
