"""Reading a body: whole, in pieces, too long, too slow, cut off."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from ingest import exchange
from ingest.answer import Refusal
from ingest.exchange import MAX_BODY_BYTES, read_body


def read(messages: Sequence[dict[str, Any]]) -> tuple[bytes, bool]:
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        if not waiting:
            await asyncio.Event().wait()
        return waiting.pop(0)

    return asyncio.run(read_body(receive))


def piece(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_in_pieces_is_put_together() -> None:
    messages = [piece(b"ab", more=True), piece(b"", more=True), piece(b"c", more=False)]

    assert read(messages) == (b"abc", False)


def test_an_empty_body_is_one() -> None:
    assert read([piece(b"", more=False)]) == (b"", False)


def test_reading_ends_beyond_the_limit() -> None:
    body, is_cut = read([piece(b"x" * MAX_BODY_BYTES, more=True), piece(b"y", more=True)])

    assert (len(body), is_cut) == (MAX_BODY_BYTES + 1, True)


def test_a_body_of_exactly_the_limit_is_whole() -> None:
    body, is_cut = read([piece(b"x" * MAX_BODY_BYTES, more=False)])

    assert (len(body), is_cut) == (MAX_BODY_BYTES, False)


def test_a_body_that_does_not_come_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "BODY_SECONDS", 0.01)

    with pytest.raises(Refusal) as refusal:
        read([piece(b"{", more=True)])

    assert refusal.value.answer.http_status == 408


def test_a_peer_that_leaves_gets_no_answer() -> None:
    with pytest.raises(ConnectionResetError):
        read([piece(b"{", more=True), {"type": "http.disconnect"}])
