"""From the POST of a CDR to its row: how long, at half of what the whole stack takes at most.

    python -m tests.bench.bench_path [SECONDS [ROUNDS]]

Rule: the real stack as `settle up` runs it, partners over HTTP, rows looked for as the reader;
a CDR's time runs from before it is sent until a query has seen its row. The CDRs are of one month,
as those of nearly any day are. Each round measures both, as what a machine takes changes by the
minute, and lets the engine merge in between what the greatest load left.
"""

import asyncio
import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

import httpx

from ingest.partner import register_partner
from settlement.clickhouse.client import Client, connect
from streams.local.stack import Stack, ensure_stack, stop_stack
from streams.partition import RUN_SECONDS
from streams.settings import StreamsSettings
from streams.sink import GATHER_SECONDS, PROMPT_SECONDS
from tests.bench import configuration
from tests.bench.records import CPOS, cdrs

SECONDS = 20.0
FULL_SECONDS = 12.0
REST_SECONDS = 10.0
ROUNDS = 3
TARGET_SECONDS = 1.0
LOOK_SECONDS = 0.2  # a look takes the engine 15 ms and more
LIMIT_SECONDS = 120.0
PARTY = b'"country_code":"NL","party_id":"TNM"'
MONTH = re.compile(rb'"end_date_time":"2024-11')
ID = re.compile(rb'"(CDR-2024-\d+)"')
SEEN = (
    "SELECT cpo, max(cdr_key) FROM settlement_g1.cdr_settled "
    "WHERE startsWith(cdr_key, {round:String}) GROUP BY cpo"
)
Key = tuple[str, str]  # CPO, CDR id


class Partners:
    """CPOs that send CDRs, each over a connection of its own, one after the other."""

    def __init__(self, stack: Stack, tokens: Mapping[str, str]) -> None:
        self._target = httpx.URL(f"{stack.ingest_url}/ocpi/2.2.1/cdrs/")
        self._tokens = tokens
        found = ((MONTH.search(one.value), ID.search(one.value), one.value) for one in cdrs(1_500))
        self._bodies = [(name[1], body) for month, name, body in found if month and name]
        self.sent: dict[Key, float] = {}

    async def send(self, name: str, *, seconds: float, per_second: float | None) -> None:
        """Send for a while, evenly at a rate over all CPOs or as fast as is answered."""
        pause = len(CPOS) / per_second if per_second else 0.0
        end = time.monotonic() + seconds
        await asyncio.gather(*(self._of(cpo, name, end, pause) for cpo in CPOS))

    async def _of(self, cpo: str, name: str, end: float, pause: float) -> None:
        target = self._target
        reader, writer = await asyncio.open_connection(target.host, target.port)
        party = f'"country_code":"{cpo[:2]}","party_id":"{cpo[3:]}"'.encode()
        due = time.monotonic() + pause * CPOS.index(cpo) / len(CPOS)
        number = 0
        while time.monotonic() < end:
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            due += pause
            key = f"{name}-{number:08d}"
            old, body = self._bodies[number % len(self._bodies)]
            body = body.replace(PARTY, party).replace(old, key.encode())
            self.sent[cpo, key] = time.monotonic()
            writer.write(self._head(cpo, len(body)) + body)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 201"), head
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            number += 1
        writer.close()

    def _head(self, cpo: str, length: int) -> bytes:
        return (
            f"POST {self._target.path} HTTP/1.1\r\nHost: {self._target.netloc.decode()}\r\n"
            f"Authorization: Token {self._tokens[cpo]}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {length}\r\n\r\n"
        ).encode()


async def seen(client: Client, name: str, partners: Partners, ended: asyncio.Event) -> list[float]:
    """Look for rows until all that was sent is seen; give the seconds each one took."""
    waiting = dict.fromkeys(CPOS, 0)  # number of the next CDR of each CPO
    took: list[float] = []
    deadline = time.monotonic() + LIMIT_SECONDS
    while not (ended.is_set() and len(took) == len(partners.sent)):
        found = await asyncio.to_thread(client.query, SEEN, parameters={"round": name})
        now = time.monotonic()
        for cpo, newest in found.result_rows:
            after = int(newest.rpartition("-")[2]) + 1
            numbers = range(waiting[cpo], after)
            took += [now - partners.sent[cpo, f"{name}-{number:08d}"] for number in numbers]
            waiting[cpo] = after
        assert now < deadline, (len(took), len(partners.sent))
        await asyncio.sleep(LOOK_SECONDS)
    return took


async def run(
    stack: Stack, tokens: Mapping[str, str], name: str, *, seconds: float, rate: float | None
) -> tuple[float, list[float]]:
    """Send for a while; give the CDRs a second until the last row was there, and the times."""
    partners = Partners(stack, tokens)
    ended = asyncio.Event()
    client = await asyncio.to_thread(connect, stack.reader_url)
    looking = asyncio.create_task(seen(client, name, partners, ended))
    began = time.monotonic()
    await partners.send(name, seconds=seconds, per_second=rate)
    ended.set()
    took = await looking
    return len(took) / (time.monotonic() - began), sorted(took)


async def measure(stack: Stack, seconds: float, rounds: int) -> None:
    tokens = {
        cpo: await register_partner(brokers=stack.brokers, party=cpo, roles=["CPO"]) for cpo in CPOS
    }
    await run(stack, tokens, "WARM", seconds=3, rate=50)
    worst = []
    for number in range(rounds):
        most, _ = await run(stack, tokens, f"MOST{number}", seconds=FULL_SECONDS, rate=None)
        await asyncio.sleep(REST_SECONDS)
        rate, took = await run(stack, tokens, f"HALF{number}", seconds=seconds, rate=most / 2)
        shown = ", ".join(f"p{part} {took[len(took) * part // 100]:.2f} s" for part in (50, 90, 99))
        worst.append(took[len(took) * 99 // 100])
        sys.stdout.write(
            f"at most {most:.0f} CDRs/s from POST to row; at {rate:.0f}/s {len(took)} CDRs took "
            f"{shown}, load {os.getloadavg()[0]:.1f}\n"
        )
        sys.stdout.flush()
    sys.stdout.write(f"median p99 {median(worst):.2f} s (at most {TARGET_SECONDS:g} s is wanted)\n")


def say_configurations(seconds: float) -> None:
    same = {
        "connections": len(CPOS),
        "run_seconds": RUN_SECONDS,
        "flush_seconds": StreamsSettings(kafka_brokers="").streams_flush_seconds,
        "sink_prompt_seconds": PROMPT_SECONDS,
        "sink_gather_seconds": GATHER_SECONDS,
        "looked_for_every_seconds": LOOK_SECONDS,
    }
    configuration.say(
        ("faust-streaming", "aiokafka", "clickhouse-connect", "chdb-core"),
        {
            "most": {**same, "send": "after each answer", "seconds": FULL_SECONDS},
            "half": {**same, "send": "evenly, at half of that", "seconds": seconds},
        },
    )


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else ROUNDS
    say_configurations(seconds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        stack = ensure_stack(folder)
        try:
            asyncio.run(measure(stack, seconds, rounds))
        finally:
            stop_stack(folder)


if __name__ == "__main__":
    main()
