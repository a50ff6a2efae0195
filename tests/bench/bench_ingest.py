"""The gateway beside a bare server that only produces the bytes.

    python -m tests.bench.bench_ingest [SECONDS]

Rule: both run with the same server, settings, producer and load, in turns; what lasts is the
ratio. Rates depend on the machine and what else runs there; CPU a request hardly does.
"""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import httpx
import msgspec
import psutil

from ingest.partner import register_partner
from settlement.cli.services import read_address
from streams.local.kafka import start_kafka, stop_kafka
from streams.local.port import free_port
from streams.publisher import GATHER_SECONDS
from streams.topics import apply_topics
from tests.bench import configuration
from tests.builders import a_cdr_document, a_charging_period_document, as_bytes

CONNECTIONS = 96  # so many that no server waits for more: records that come together do, for 10 ms
ROUNDS = 4
TARGET = 0.5


class Load(msgspec.Struct, frozen=True):
    """What one server did in one round."""

    per_second: float
    cpu_microseconds: float


def body() -> bytes:
    """Give a CDR of about 3.5 KB, as most are."""
    return as_bytes(
        a_cdr_document(
            party_id="BEN",
            charging_periods=[a_charging_period_document() for _ in range(16)],
        )
    )


async def load(url: str, token: str, seconds: float) -> int:
    """Send CDRs over some connections for a while and give the number answered."""
    target = httpx.URL(url)
    content = body()
    request = (
        f"POST {target.path} HTTP/1.1\r\nHost: {target.netloc.decode()}\r\n"
        f"Authorization: Token {token}\r\nContent-Type: application/json\r\n"
        "X-Request-ID: 4616be84-0d01-4954-a9be-6184cf0f73e3\r\n"
        "X-Correlation-ID: 4616be84-0d01-4954-a9be-6184cf0f73e4\r\n"
        f"Content-Length: {len(content)}\r\n\r\n"
    ).encode() + content
    end = time.monotonic() + seconds

    async def connection() -> int:
        reader, writer = await asyncio.open_connection(target.host, target.port)
        answered = 0
        while time.monotonic() < end:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 201"), head
            length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            answered += 1
        writer.close()
        return answered

    return sum(await asyncio.gather(*(connection() for _ in range(CONNECTIONS))))


def measured(process: subprocess.Popen[bytes], url: str, token: str, seconds: float) -> Load:
    cpu = psutil.Process(process.pid).cpu_times
    before = cpu()
    answered = asyncio.run(load(url, token, seconds))
    after = cpu()
    used = after.user + after.system - before.user - before.system
    return Load(answered / seconds, used / answered * 1e6)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(url)


def compare(brokers: str, folder: Path, seconds: float) -> list[float]:
    """Run both servers in turns and give the ratios of their rates."""
    asyncio.run(apply_topics(brokers=brokers))
    token = asyncio.run(register_partner(brokers=brokers, party="NL*BEN", roles=["CPO"]))
    environment = {**os.environ, "KAFKA_BROKERS": brokers, "CLICKHOUSE_URL": ""}
    environment |= {"INGEST_PORT": "0", "SETTLE_DATA_DIR": str(folder)}
    port = free_port()
    commands = (
        ["-m", "tests.bench.bare_producer", str(port)],
        ["-m", "settlement", "run", "ingest"],
    )
    with (folder / "servers.log").open("wb") as log:
        bare, gateway = (
            subprocess.Popen([sys.executable, *command], env=environment, stderr=log)
            for command in commands
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/")
        while (address := read_address(folder, "ingest")) is None:
            time.sleep(0.1)
        urls = (f"http://127.0.0.1:{port}/cdrs", f"{address['url']}/ocpi/2.2.1/cdrs/")
        ratios = []
        for _ in range(ROUNDS):
            plain = measured(bare, urls[0], token, seconds)
            ours = measured(gateway, urls[1], token, seconds)
            ratios.append(ours.per_second / plain.per_second)
            report(plain, ours)
        return ratios
    finally:
        for process in (bare, gateway):
            process.terminate()
            process.wait(timeout=20)


def report(plain: Load, ours: Load) -> None:
    cpu = plain.cpu_microseconds / ours.cpu_microseconds
    sys.stdout.write(
        f"bare {plain.per_second:6.0f}/s {plain.cpu_microseconds:4.0f} us CPU   "
        f"gateway {ours.per_second:6.0f}/s {ours.cpu_microseconds:4.0f} us CPU   "
        f"ratio {ours.per_second / plain.per_second:.2f} by rate, {cpu:.2f} by CPU\n"
    )
    sys.stdout.flush()


def say_configurations() -> None:
    same = {
        "processes": 1,
        "connections": CONNECTIONS,
        "acks": "all",
        "publisher_gather_seconds": GATHER_SECONDS,
    }
    configuration.say(
        ("uvicorn", "uvloop", "httptools", "aiokafka"),
        {
            "bare": {
                **same,
                "handler": f"{configuration.release('starlette')}, produces the bytes",
            },
            "gateway": {**same, "handler": "token, document, envelope, headers"},
        },
    )


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 5
    say_configurations()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            kafka = start_kafka(data_dir=folder, port=None)
            ratios = compare(kafka.brokers, folder, seconds)
        finally:
            stop_kafka(data_dir=folder)
    sys.stdout.write(
        f"a CDR of {len(body())} bytes, {CONNECTIONS} connections: "
        f"median ratio {median(ratios):.2f} (at least {TARGET} is wanted)\n"
    )


if __name__ == "__main__":
    main()
