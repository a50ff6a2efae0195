"""The checks of a CDR find nothing where the fold is right, whatever partners send.

Rule: documents through the real steps in memory; a false difference is a line here first.
"""

import random
from dataclasses import replace
from typing import Any

import pytest

from streams.rows import Row
from tests.builders import (
    a_cdr_document,
    a_charging_period_document,
    a_location_document,
    a_tariff_document,
)
from tests.integration.verified import traffic
from tests.naive.worlds import a_world
from tests.pipeline.documents import awkward_documents
from tests.pipeline.inbox import Sent, a_sent
from tests.unit.settlement.verify.books import differences, settled

OLD = "2.1.1"


def a_cdr(**changes: Any) -> Sent:
    return a_sent("cdrs", "POST", a_cdr_document(**changes))


def with_components(*components: Any) -> dict[str, Any]:
    return a_tariff_document(elements=[{"price_components": list(components)}])


def an_old_cdr(**changes: Any) -> Sent:
    document = a_cdr_document(total_cost=5.13, **changes)
    document["stop_date_time"] = document.pop("end_date_time")
    document["location"] = a_location_document(time_zone="Europe/Amsterdam")
    return a_sent("cdrs", "POST", document, ocpi_version=OLD)


def with_volume(kind: str, volume: Any) -> dict[str, Any]:
    return a_charging_period_document(dimensions=[{"type": kind, "volume": volume}])


UNREADABLE_TARIFFS = [
    with_components("free"),
    with_components({"type": "ENERGY", "price": 1, "step_size": 10**300}),
    a_tariff_document(elements=["free"]),
    a_tariff_document(elements=[{"price_components": [], "restrictions": {"day_of_week": 5}}]),
]


@pytest.mark.parametrize(
    "documents",
    [
        pytest.param([an_old_cdr()], id="2.1.1 knows no tax rate"),
        pytest.param([an_old_cdr(credit=True)], id="2.1.1 knows no credit"),
        pytest.param([an_old_cdr(total_energy_cost={"excl_vat": 1})], id="2.1.1 knows no parts"),
        pytest.param(
            [a_cdr(charging_periods=[with_volume("energy ", 20.5)])], id="a code with a blank"
        ),
        pytest.param(
            [a_cdr(charging_periods=[with_volume("ENERGY", 1e-19)])],
            id="a volume of more digits than a column has",
        ),
        pytest.param(
            [a_cdr(total_cost={"excl_vat": 1e-30})],
            id="a claim of more digits than a column has",
        ),
        pytest.param(
            [a_cdr(start_date_time="2024-03-01T10:00"), a_cdr(end_date_time="2024-03-01T25:00Z")],
            id="times without seconds, and no times",
        ),
        pytest.param(
            [a_sent("tariffs", "PUT", one, object_id="T1") for one in UNREADABLE_TARIFFS],
            id="tariffs that nobody can read",
        ),
        pytest.param(
            [a_cdr(), replace(a_cdr(), emsp="FR*EMP"), replace(a_cdr(), emsp="")],
            id="one content for two eMSPs",
        ),
        pytest.param(
            [a_cdr(), replace(a_cdr(remark="and again"), emsp="")], id="an eMSP named once"
        ),
        pytest.param(
            [a_sent("cdrs", "POST", body, object_id=name) for body, name in (
                (b"{", "CDR-1"), (b"[", "cdr-1"), (b"", "Cdr-1"))],
            id="only unreadable copies",
        ),
        pytest.param(
            [
                a_sent("locations", "PUT", a_location_document(time_zone="Europe/Lisbon")),
                a_sent("locations", "PUT", {"time_zone": 7}, object_id="LOC1"),
                a_cdr(),
            ],
            id="a location that cannot be read",
        ),
    ],
)  # fmt: skip
def test_nothing_is_found_in_what_partners_send(documents: list[Sent]) -> None:
    found = differences(settled(documents))

    assert found == []


@pytest.mark.parametrize("seed", range(3))
def test_nothing_is_found_in_awkward_documents_in_any_order(seed: int) -> None:
    documents = [*awkward_documents(), *(replace(one, cpo="NL*TNM") for one in traffic())]
    random.Random(seed).shuffle(documents)

    found = differences(settled(documents))

    assert found == []


def test_nothing_is_found_in_random_sessions_and_tariffs() -> None:
    worlds = [a_world(seed) for seed in range(1, 41)]
    documents = [
        Sent("cdrs", "POST", f"W-{one.seed}", one.document, ocpi_version=one.version)
        for one in worlds
    ]

    found = differences(settled(documents))

    assert found == []


# A column, what is put there, what must be said; lists are filled with it.
CHANGES: list[tuple[str, Any, str]] = [
    ("priced_before_taxes", 6, "priced_before_taxes"),
    ("claimed_before_taxes", 7, "claimed_before_taxes: expected"),
    ("energy_kwh", 21, "energy_kwh: expected 20.5, found 21"),
    ("payable", 0, "payable + held"),
    ("emsp", "FR*EMP", "emsp: expected DE*EMP, found FR*EMP"),
    ("ocpi_version", "2.3.0", "ocpi_version: expected 2.2.1, found 2.3.0"),
    ("end_date_time", "2024-03-01T12:00:01.000Z", "end_date_time: expected"),
    ("is_credit", True, "is_credit: expected False, found True"),
    ("bucket", "conflict", "bucket: expected settled or waiting"),
    ("verdict", "unverifiable", "bucket of a CDR that is unverifiable"),
    ("posting.account", "held", "posting.account: expected one posting an account"),
    ("segment.volume", 1, "ENERGY of charging period 0"),
    ("segment.unit_price", 1, "segment 0: unit_price"),
    ("segment.tax_rate", 9, "segment 0: tax_rate"),
    ("segment.component", 3, "element 0, component 3"),
    ("tariff.is_chosen", False, "versions chosen: expected 1"),
    ("kafka_offset", 77, "offset of the copy shown"),
    ("time_zone", "Europe/Paris", "time_zone: expected Europe/Amsterdam"),
]


@pytest.mark.parametrize(
    ("column", "value", "named"), [pytest.param(*one, id=one[0]) for one in CHANGES]
)
def test_a_changed_column_is_named(column: str, value: Any, named: str) -> None:
    place = a_location_document(time_zone="Europe/Amsterdam")
    documents = [a_sent("locations", "PUT", place), a_cdr(total_cost={"excl_vat": 5.13})]

    def changed(row: Row) -> Row:
        entries = row[column] if isinstance(row[column], list) else None
        return {column: value if entries is None else [value] * len(entries)}

    found = differences(settled(documents), changed)

    assert [line for line in found if named in line], found


def test_a_credit_that_does_not_wait_is_named() -> None:
    credit = a_cdr(credit=True, credit_reference_id="CDR-0", total_cost={"excl_vat": -5.13})

    found = differences(settled([credit]), lambda _: {"verdict": "invalid", "bucket": "settled"})

    assert [line for line in found if "bucket of a CDR that is invalid" in line], found


@pytest.mark.parametrize(
    "claims", [(5.0, 9.0), (9.0, 5.0), (-5.0,), (-5.0, -9.0), (5.0, -5.0), (-5.0, 5.0)]
)
def test_nothing_is_found_in_what_could_not_be_run_again(
    monkeypatch: pytest.MonkeyPatch, claims: tuple[float, ...]
) -> None:
    inbox = settled([a_cdr(total_cost={"excl_vat": one}, credit=one < 0) for one in claims])
    with monkeypatch.context() as broken:
        broken.setattr("streams.steps.settle.price_copy", _broken_step)
        inbox.receive(a_sent("tariffs", "PUT", a_tariff_document()))

    found = differences(inbox)

    assert inbox.cdr("CDR-1")["finding.code"][0] == "run_failed"
    assert found == []


def _broken_step(**_: Any) -> Any:
    raise ZeroDivisionError("a step with a mistake")
