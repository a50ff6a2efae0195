"""What is answered: OCPI's envelope and the headers around it.

Rule: every answer of `/ocpi`, errors included, is built here; only 200 and 201 mean success
(some partners take nothing else), and answers to writes carry no `data`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from settlement.ocpi.problem import Problem

# OCPI 2.2.1, 5: status codes.
SUCCESS = 1000
CLIENT_ERROR = 2000
INVALID_PARAMETERS = 2001
SERVER_ERROR = 3000

Headers = list[tuple[bytes, bytes]]

# OCPI 2.2.1, 4.1.2 and 4.1.4: what the answer repeats; the routing headers change sides.
ECHOED = (
    (b"x-request-id", b"x-request-id"),
    (b"x-correlation-id", b"x-correlation-id"),
    (b"ocpi-from-country-code", b"ocpi-to-country-code"),
    (b"ocpi-from-party-id", b"ocpi-to-party-id"),
    (b"ocpi-to-country-code", b"ocpi-from-country-code"),
    (b"ocpi-to-party-id", b"ocpi-from-party-id"),
)


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer; `data` is JSON, byte for byte."""

    http_status: int = 200
    status_code: int = SUCCESS
    message: str = ""
    data: bytes | None = None
    headers: tuple[tuple[bytes, bytes], ...] = ()

    def body(self, now: datetime) -> bytes:
        """Write the envelope (OCPI 2.2.1, 4.1.7)."""
        data = b"" if self.data is None else b'"data":' + self.data + b","
        message = b""
        if self.message:
            message = b'"status_message":' + msgspec.json.encode(self.message) + b","
        return b'{%b"status_code":%d,%b"timestamp":"%b"}' % (
            data,
            self.status_code,
            message,
            timestamp(now).encode(),
        )


class Refusal(Exception):  # noqa: N818 - a finding about the peer, not an error of ours
    """The peer's request is refused; `reason` is a stable code, the rest goes into the answer."""

    def __init__(
        self,
        reason: str,
        message: str,
        *,
        http_status: int = 200,
        status_code: int = INVALID_PARAMETERS,
        problems: tuple[Problem, ...] = (),
        headers: tuple[tuple[bytes, bytes], ...] = (),
        is_kept: bool = True,
    ) -> None:
        super().__init__(message)
        self.reason = reason
        self.is_kept = is_kept  # whether a refused document goes to the topic `rejected`
        self.paths = [problem.path for problem in problems]
        self.answer = Answer(
            http_status=http_status,
            status_code=status_code,
            message="; ".join([message, *map(str, problems)]),
            headers=headers,
        )


def timestamp(moment: datetime) -> str:
    """Write a moment as OCPI does: UTC, `Z`, microseconds only where there are some."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def echoed(request: Mapping[bytes, bytes]) -> Headers:
    """Give the headers of a request that its answer repeats."""
    return [(ours, request[theirs]) for ours, theirs in ECHOED if theirs in request]
