"""Free ports: none is given to two parts of a stack."""

import pytest

from streams.local import port
from streams.local.port import LOWEST, claim_port, free_port


def test_a_port_that_was_given_is_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([7, 7, 8, 8, 9, 9, 10])
    monkeypatch.setattr(port, "_given", set())
    monkeypatch.setattr(port, "is_free", lambda _: True)
    monkeypatch.setattr("secrets.randbelow", lambda _: next(drawn))

    claimed = claim_port(port=LOWEST + 9, part="Kafka", change="--port")
    free = [free_port(), free_port(), free_port()]

    assert claimed == LOWEST + 9
    assert free == [LOWEST + 7, LOWEST + 8, LOWEST + 10]
