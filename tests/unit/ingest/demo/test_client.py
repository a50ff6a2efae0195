"""The demo's HTTP client against a gateway in memory."""

import asyncio
import json
from collections.abc import Iterator

import pytest
from starlette.responses import Response

from ingest.demo import client
from ingest.demo.catalogue import CPOS
from ingest.demo.client import Partners
from ingest.demo.request import Chain
from ingest.demo.scenario import charging, month
from ingest.demo.tally import Tally
from settlement.cli.exit import Unusable
from settlement.cli.services import ServiceMissing
from tests.unit.ingest.demo.gateway import URL, FakeGateway, Mood, answered, is_without_currency

TOKENS = {cpo: f"token-of-{cpo[:2]}" for cpo in CPOS}


async def played(
    gateway: FakeGateway, chains: list[Chain], tokens: dict[str, str] = TOKENS
) -> Tally:
    tally = Tally()
    partners = Partners(new_http=gateway.new_http, url=URL, tokens=tokens, tally=tally)
    await partners.discover()
    await partners.send_all(chains)
    return tally


def a_gateway(mood: Mood = lambda *_: None) -> FakeGateway:
    return FakeGateway(tokens=set(TOKENS.values()), mood=mood)


def test_every_document_of_a_month_arrives_once_and_unchanged() -> None:
    gateway = a_gateway()
    scenario = month(seed=1, cdrs=30)
    chains = [chain for phase in scenario.phases for chain in phase.chains]

    tally = asyncio.run(played(gateway, chains))

    bodies = [request.body for chain in chains for request in chain]
    assert sorted(bodies) == sorted(body for _, _, body in gateway.received)
    assert tally.accepted == len(bodies)
    assert tally.cdrs_accepted == scenario.documents


def test_the_requests_of_a_chain_keep_their_order() -> None:
    gateway = a_gateway()
    chains = [charging(1, number) for number in range(20)]

    asyncio.run(played(gateway, chains))

    received = [body for _, _, body in gateway.received]
    for chain in chains:
        places = [received.index(request.body) for request in chain]
        assert places == sorted(places)


def test_a_refusal_is_final_and_only_a_surprise_where_it_was_not_planned() -> None:
    def mood(method: str, _path: str, body: bytes) -> Response | None:
        return answered(2001) if method == "POST" and is_without_currency(body) else None

    gateway = a_gateway(mood)

    tally = asyncio.run(played(gateway, [charging(1, 10)]))

    assert (tally.cdrs_sent, tally.cdrs_accepted, tally.cdrs_refused) == (2, 1, 1)
    assert tally.surprises == []


def test_an_unplanned_refusal_is_kept_in_words() -> None:
    gateway = a_gateway(lambda method, *_: answered(2001) if method == "POST" else None)

    tally = asyncio.run(played(gateway, [charging(1, 0)]))

    assert tally.cdrs_refused == 1
    assert "POST cdrs" in tally.surprises[0]
    assert "2001" in tally.surprises[0]


@pytest.mark.parametrize("status", [(503, 3000), (200, 3000), (500, 2000)])
def test_an_unavailable_gateway_is_asked_again(
    monkeypatch: pytest.MonkeyPatch, status: tuple[int, int]
) -> None:
    monkeypatch.setattr(client, "FIRST_PAUSE_SECONDS", 0.001)
    moods: Iterator[Response | None] = iter([answered(status[1], http=status[0])] * 3)
    gateway = a_gateway(lambda method, *_: next(moods, None) if method == "POST" else None)

    tally = asyncio.run(played(gateway, [charging(1, 0)]))

    assert tally.cdrs_accepted == 1
    assert tally.cdrs_unanswered == 3
    assert [m for m, _, _ in gateway.received].count("POST") == 1


def test_a_gateway_that_is_gone_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(client, "PATIENCE_SECONDS", 0.01)
    gateway = a_gateway(lambda *_: answered(3000, http=503))

    with pytest.raises(ServiceMissing, match=URL):
        asyncio.run(played(gateway, [charging(1, 0)]))


def test_a_refused_token_is_named() -> None:
    with pytest.raises(Unusable, match=r"NL\*LDN"):
        asyncio.run(played(a_gateway(), [], dict.fromkeys(CPOS, "wrong")))


def test_an_id_is_written_into_the_path_safely() -> None:
    gateway = a_gateway()
    request = charging(1, 0)[0]
    odd = type(request)(
        partner=request.partner,
        method="PUT",
        module="sessions",
        object_id="a/b c",
        body=request.body,
    )

    asyncio.run(played(gateway, [(odd,)]))

    ((_, path, _),) = gateway.received
    assert path.endswith("/a/b c")


def test_a_partner_says_who_it_is() -> None:
    gateway = a_gateway()

    asyncio.run(played(gateway, [charging(1, 0)]))

    last, before = gateway.seen[-1], gateway.seen[-2]
    body = json.loads(gateway.received[-1][2])
    assert last["ocpi-from-country-code"] == body["country_code"]
    assert last["ocpi-from-party-id"] == body["party_id"]
    assert last["x-request-id"] != before["x-request-id"]
