"""Partners that send CDRs to the gateways while things are killed.

Rule: a partner behaves as OCPI asks: it sends a document again until it is answered 1000, to
whichever gateway is there. What it was told is all it writes down.
"""

import json
import threading
import time
from dataclasses import dataclass, field

import httpx

from tests.builders import a_cdr_document
from tests.integration.kill_matrix.arena import GATEWAYS, Arena

CDRS = "/ocpi/2.2.1/cdrs"
ACCEPTED = 1000
# Time between two documents of one partner: some sixty a second of all of them.
PAUSE_SECONDS = 0.05
AGAIN_SECONDS = 0.1
GIVE_UP_SECONDS = 120.0


@dataclass
class Told:
    """What one partner was told."""

    acknowledged: list[str] = field(default_factory=list)
    unanswered: dict[str, int] = field(default_factory=dict)  # sent, and nobody knows
    refused: list[str] = field(default_factory=list)


class Traffic:
    """All partners sending at once, each CDR under an id of its own."""

    def __init__(self, arena: Arena, *, prefix: str, least: int) -> None:
        self._arena = arena
        self._prefix = prefix
        self._least = least
        self._is_over = threading.Event()
        self._told = {party: Told() for party in arena.tokens}
        self._threads = [
            threading.Thread(target=self._send, args=(party,), name=party) for party in self._told
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Let every partner come to the end of its documents; each is acknowledged."""
        self._is_over.set()
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while any(thread.is_alive() for thread in self._threads):
            self._arena.tend()
            time.sleep(0.1)
            assert time.monotonic() < deadline, f"no answer\n{self._arena.logs()}"

    @property
    def sent(self) -> int:
        return sum(len(told.acknowledged) for told in self._told.values())

    @property
    def told(self) -> Told:
        """Give what all partners were told."""
        every = Told()
        for told in self._told.values():
            every.acknowledged += told.acknowledged
            every.unanswered |= told.unanswered
            every.refused += told.refused
        return every

    def _send(self, party: str) -> None:
        told, number = self._told[party], 0
        country_code, party_id = party.split("*")
        with httpx.Client(trust_env=False, timeout=20) as client:
            while not self._is_over.is_set() or number < self._least:
                cdr_id = f"{self._prefix}-{party_id}-{number}"
                document = a_cdr_document(
                    id=cdr_id,
                    country_code=country_code,
                    party_id=party_id,
                    total_cost={"excl_vat": 5 + number % 7 / 10},
                )
                self._insist(client, told, party, cdr_id, json.dumps(document))
                number += 1
                time.sleep(PAUSE_SECONDS)

    def _insist(self, client: httpx.Client, told: Told, party: str, cdr_id: str, body: str) -> None:
        """Send one CDR until it is acknowledged, to the gateways in turn."""
        headers = {"Authorization": f"Token {self._arena.tokens[party]}"}
        deadline = time.monotonic() + GIVE_UP_SECONDS
        attempt = len(told.acknowledged)
        while time.monotonic() < deadline:
            gateway = GATEWAYS[attempt % len(GATEWAYS)]
            attempt += 1
            try:
                answer = client.post(self._arena.url(gateway) + CDRS, headers=headers, content=body)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                pass  # nobody was there: it was not sent
            except httpx.HTTPError:
                told.unanswered[cdr_id] = told.unanswered.get(cdr_id, 0) + 1
            else:
                if answer.status_code < 300 and answer.json()["status_code"] == ACCEPTED:
                    told.acknowledged.append(cdr_id)
                    return
                if answer.status_code == 503:  # Kafka may have it all the same
                    told.unanswered[cdr_id] = told.unanswered.get(cdr_id, 0) + 1
                else:
                    told.refused.append(f"{cdr_id}: {answer.status_code} {answer.text}")
                    return
            time.sleep(AGAIN_SECONDS)
        told.refused.append(f"{cdr_id}: not acknowledged in {GIVE_UP_SECONDS} s")
