"""What a seeded month sends."""

import json
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from ingest.demo.arrivals import charge_of
from ingest.demo.catalogue import PARTIES, TARIFFS
from ingest.demo.injected import CYCLE, KINDS, kind_at
from ingest.demo.request import Request
from ingest.demo.scenario import charging, month, real_sessions


def sent(seed: int, cdrs: int) -> list[Request]:
    return [
        request
        for phase in month(seed=seed, cdrs=cdrs).phases
        for chain in phase.chains
        for request in chain
    ]


def documents(requests: list[Request], module: str) -> list[dict[str, Any]]:
    return [
        json.loads(request.body, parse_float=Decimal)
        for request in requests
        if request.module == module
    ]


def test_the_same_seed_sends_the_same_bytes() -> None:
    assert sent(3, 40) == sent(3, 40)


def test_a_longer_month_sends_all_that_a_shorter_one_sends() -> None:
    short = Counter((r.module, r.object_id, r.body) for r in sent(3, 30))
    long = Counter((r.module, r.object_id, r.body) for r in sent(3, 60))

    assert not short - long


def test_another_seed_has_other_sessions_and_cdrs_and_the_same_places() -> None:
    first, second = sent(1, 30), sent(2, 30)

    for module in ("cdrs", "sessions"):
        ids = [
            {r.object_id for r in requests if r.module == module} for requests in (first, second)
        ]
        assert ids[0].isdisjoint(ids[1])
    places = [{r.body for r in requests if r.module == "locations"} for requests in (first, second)]
    assert places[0] == places[1]


@pytest.mark.parametrize("cdrs", [20, 100])
def test_each_kind_is_there_from_twenty_cdrs_on(cdrs: int) -> None:
    kinds = {kind_at(number) for number in range(cdrs)}

    assert {kind.name for kind in KINDS} == kinds - {""}


def test_a_month_counts_its_cdr_documents() -> None:
    scenario = month(seed=1, cdrs=150)

    requests = [r for phase in scenario.phases for chain in phase.chains for r in chain]

    cdrs = [request for request in requests if request.module == "cdrs"]
    assert scenario.documents == len(cdrs)
    assert scenario.cdrs == 150
    assert sum(request.is_refusable for request in cdrs) == 4


def test_the_month_lies_within_2025_and_after_its_tariffs() -> None:
    requests = sent(11, 60)

    updated = {
        document["id"]: document["last_updated"] for document in documents(requests, "tariffs")
    }
    for cdr in documents(requests, "cdrs"):
        assert "2025-01-01" <= cdr["start_date_time"] < cdr["end_date_time"] < "2026-01-02"
        for period in cdr["charging_periods"]:
            assert updated[period["tariff_id"]] < cdr["start_date_time"]


def test_ids_keep_within_ocpi_lengths() -> None:
    for document in documents(sent(999_999_999, 100), "cdrs"):
        assert len(document["id"]) <= (39 if document.get("credit") else 36), document["id"]


def test_a_late_tariff_comes_after_the_cdrs_that_name_it() -> None:
    phases = month(seed=1, cdrs=10).phases

    late = [chain[0].object_id for chain in phases[2].chains if "LATE" in chain[0].object_id]
    cdr = documents(list(charging(1, 3)), "cdrs")[0]

    assert "tariffs" not in cdr
    assert cdr["charging_periods"][0]["tariff_id"] in late


def test_a_correction_is_cheaper_and_newer_and_still_before_the_session() -> None:
    phases = month(seed=1, cdrs=10).phases

    cdr = documents(list(charging(1, 4)), "cdrs")[0]
    tariff_id = cdr["charging_periods"][0]["tariff_id"]
    versions = [
        json.loads(chain[0].body)
        for phase in (phases[0], phases[2])
        for chain in phase.chains
        if chain[0].object_id == tariff_id
    ]

    first, second = versions
    assert first["last_updated"] < second["last_updated"] < cdr["start_date_time"]
    price = [v["elements"][0]["price_components"][-1]["price"] for v in versions]
    assert price[0] > price[1]


def test_an_overcharged_cdr_asks_visibly_more_than_its_own_parts_allow() -> None:
    honest = {kind.name: kind for kind in KINDS}["overcharged"]

    for number in honest.at:
        cdr = documents(list(charging(1, number)), "cdrs")[0]
        parts = [
            value for key, value in cdr.items() if key.endswith("_cost") and key != "total_cost"
        ]
        assert cdr["total_cost"]["excl_vat"] == sum(part["excl_vat"] for part in parts)
        assert cdr["total_cost"]["excl_vat"] >= Decimal("5.50")


def test_copies_in_conflict_differ_in_what_is_billed() -> None:
    three = documents(list(charging(1, 7)), "cdrs")

    assert len(three) == 3
    assert len({cdr["id"] for cdr in three}) == 1
    assert len({cdr["total_cost"]["excl_vat"] for cdr in three}) == 3


def test_a_reordered_copy_says_the_same_in_other_bytes() -> None:
    first, second = [request for request in charging(1, 9) if request.module == "cdrs"]

    assert json.loads(first.body) == json.loads(second.body)
    assert first.body != second.body


def test_a_patch_can_come_before_its_put() -> None:
    methods = [request.method for request in charging(1, 13) if request.module == "sessions"]

    assert methods[:2] == ["PATCH", "PUT"]


def test_a_credit_negates_the_total_and_nothing_else() -> None:
    original, credit = documents(list(charging(1, 14)), "cdrs")

    assert credit["total_cost"]["excl_vat"] == -original["total_cost"]["excl_vat"]
    assert credit["credit_reference_id"] == original["id"]
    same = set(original) - {"id", "total_cost"}
    assert {key: original[key] for key in same} == {key: credit[key] for key in same}


def test_nothing_is_injected_into_real_sessions() -> None:
    charges = [charge_of(5, number) for number in range(CYCLE)]

    scenario = real_sessions(charges)

    requests = [r for phase in scenario.phases for chain in phase.chains for r in chain]
    assert len(requests) == len({(r.module, r.method, r.object_id, r.body) for r in requests})
    cdrs = documents(requests, "cdrs")
    assert sum(charge.energy_kwh for charge in charges) == sum(cdr["total_energy"] for cdr in cdrs)
    assert not any(request.is_refusable for request in requests)


def test_the_catalogue_has_what_real_tariffs_have() -> None:
    kinds = TARIFFS.values()

    assert {"EUR", "CHF"} == {terms.currency for terms in kinds}
    assert {Decimal(21), Decimal(19), Decimal("8.1")} == {terms.vat for terms in kinds}
    for trait in ("kwh", "night_kwh", "start_fee", "hour", "parking_hour", "parking_vat"):
        assert any(getattr(terms, trait) for terms in kinds), trait
    for trait in ("blocking_hour", "min_price", "max_price", "is_free"):
        assert any(getattr(terms, trait) for terms in kinds), trait
    assert Counter(party.role for party in PARTIES) == {"CPO": 3, "EMSP": 3}
