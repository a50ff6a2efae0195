"""Thousands of sessions over HTTP: the sum that finance sees is the sum that was claimed.

Rule: the expected sum is added up from the bytes that were sent, with nothing of the engine.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import httpx
import pytest

from ingest.demo.arrivals import charge_of
from ingest.demo.request import Request
from ingest.demo.scenario import real_sessions
from ingest.demo.session_file import read_sessions
from tests.integration.clickhouse_fixture import ClickHouse
from tests.integration.gateway_process import new_partner, running_gateway
from tests.integration.rig import Rig, a_rig, wait_until

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]
SESSIONS = 2_000
FILE = Path(__file__).parents[3] / "shared" / "data" / "acn_sessions.csv.gz"


@pytest.fixture
def rig(own_kafka: str, clickhouse: ClickHouse, tmp_path: Path) -> Iterator[Rig]:
    with a_rig(brokers=own_kafka, clickhouse=clickhouse, folder=tmp_path) as running:
        yield running


def cdr_requests() -> tuple[str, list[Request]]:
    """Give the CDRs of real sessions where the file is there, else of the generator's."""
    if FILE.exists():
        source, charges = "real sessions of a file", read_sessions(FILE, SESSIONS)
    else:
        source = "sessions of the generator (no file of real ones here)"
        charges = [charge_of(7, number) for number in range(SESSIONS)]
    phases = real_sessions(charges).phases
    requests = [
        request
        for phase in phases
        for chain in phase.chains
        for request in chain
        if request.module == "cdrs"
    ]
    return source, requests


async def post_all(url: str, tokens: dict[str, str], requests: list[Request]) -> int:
    """Post every document, sixteen at a time; give how many were answered 1000."""
    waiting = iter(requests)
    accepted = 0
    async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:

        async def post() -> None:
            nonlocal accepted
            for request in waiting:
                answer = await client.post(
                    "/ocpi/2.2.1/cdrs",
                    content=request.body,
                    headers={
                        "Authorization": f"Token {tokens[request.partner]}",
                        "Content-Type": "application/json",
                    },
                )
                accepted += answer.json()["status_code"] == 1000

        await asyncio.gather(*(post() for _ in range(16)))
    return accepted


def test_thousands_of_sessions_settle_with_the_exact_sum(
    rig: Rig, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, requests = cdr_requests()
    with capsys.disabled():
        print(f"\n{len(requests)} CDRs of {source}")
    tokens = {party: new_partner(rig.brokers, party) for party in {one.partner for one in requests}}
    rig.start("streams")
    rig.start("sink")
    claimed: Counter[str] = Counter()
    for request in requests:
        cdr = json.loads(request.body, parse_float=Decimal)
        claimed[cdr["currency"]] += Decimal(cdr["total_cost"]["excl_vat"])

    with running_gateway(brokers=rig.brokers, data_dir=tmp_path / "gateway") as gateway:
        accepted = asyncio.run(post_all(gateway.url, tokens, requests))

    ids = {json.loads(request.body)["id"].upper() for request in requests}
    columns = ["cdr_key", "currency", "claimed_before_taxes", "payable", "held", "bucket"]

    def ours() -> list[dict[str, object]]:
        return [row for row in rig.rows("cdr_settled", columns) if row["cdr_key"] in ids]

    assert accepted == len(requests) == len(ids)
    wait_until(lambda: len(ours()) == len(ids), seconds=120, told=rig.logs)
    rows = ours()
    assert {row["bucket"] for row in rows} == {"settled"}
    found: Counter[str] = Counter()
    for row in rows:
        found[str(row["currency"])] += row["claimed_before_taxes"]  # type: ignore[operator]
        assert row["claimed_before_taxes"] == row["payable"]
    assert claimed == found
    assert sum(claimed.values()) > 0
