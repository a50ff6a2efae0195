"""The checks of a CDR find nothing where the fold is right, whatever partners send.

Rule: documents through the real steps in memory; a false difference is a line here first.
"""

import json
import random
from dataclasses import replace
from typing import Any

import pytest

from settlement.verify.document import read_json
from streams.rows import Row
from tests.builders import (
    a_cdr_document,
    a_charging_period_document,
    a_location_document,
    a_session_document,
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


def as_sent(sent: Sent, text: str, other: str) -> Sent:
    """Give a document with another text in its bytes, as no encoder of ours would write it."""
    body = sent.body.replace(f'"{text}"'.encode(), f'"{other}"'.encode())
    return replace(sent, body=body)


# Half a surrogate pair as an escape, or what looks like one -> what is read.
HALVES = [
    (r"E\ud800", "E\ufffd"),
    (r"E\uDFFF", "E\ufffd"),
    (r"\udc00\ud800", "\ufffd\ufffd"),
    (r"\ud83d\ud83d\uDE0A", "\ufffd\N{SMILING FACE WITH SMILING EYES}"),
    (r"\ud83d\ude0a", "\N{SMILING FACE WITH SMILING EYES}"),
    (r"E\\ud800", r"E\ud800"),
    (r"E\u005cud800", r"E\ud800"),
    (r"\ud800\\ude00", "\ufffd\\ude00"),
]


@pytest.mark.parametrize(("escaped", "read"), HALVES)
def test_half_a_character_is_read_as_a_replacement(escaped: str, read: str) -> None:
    document = f'{{"{escaped}": ["{escaped}", {{"a": "{escaped}"}}]}}'

    assert read_json(document.encode()) == {read: [read, {"a": read}]}


@pytest.mark.parametrize(("escaped", "read"), HALVES)
@pytest.mark.parametrize("text", ["EUR", "T1", "LOC1", "S-1"])
def test_nothing_is_found_in_half_a_character(text: str, escaped: str, read: str) -> None:
    sent = [
        a_sent("tariffs", "PUT", a_tariff_document(), object_id="T1"),
        a_sent("locations", "PUT", a_location_document(), object_id="LOC1"),
        a_sent("sessions", "PUT", a_session_document(), object_id="S-1"),
        a_cdr(),
        a_cdr(id="CDR-2", tariffs=[]),
    ]
    plain = json.dumps(read, ensure_ascii=False)[1:-1]
    copies = [as_sent(one, text, other) for one in sent for other in (escaped, plain)]

    inbox = settled([*copies, a_cdr()])

    assert differences(inbox) == []
    said = {row["kafka_offset"]: row["outcome"] for row in inbox.rows("document_outcome")}
    outcomes = [said[offset] for offset in range(6, 11)]
    assert outcomes == ["first", "duplicate", "first", "duplicate", "conflict"]


# A volume, a price and a rate as no column can hold them, and as one rounds them.
NUMBERS = [1e25, -1e25, 1e300, 1.5e10, 1e10, 1e-19, 1e-30, "0.12345678901234567891"]
PRICES = [0, 0.25, 1e-16, 1e-19, "0.12345678901234567891", 1e25]


@pytest.mark.parametrize("is_credit", [False, True])
@pytest.mark.parametrize("price", PRICES)
@pytest.mark.parametrize("kind", ["ENERGY", "TIME", "PARKING_TIME", "RESERVATION_TIME"])
def test_nothing_is_found_in_a_volume_that_no_column_holds(
    kind: str, price: Any, *, is_credit: bool
) -> None:
    components = [
        {"type": one, "price": price, "step_size": 5, "vat": price}
        for one in ("ENERGY", "TIME", "PARKING_TIME")
    ]
    reserved = {
        "price_components": [{"type": "TIME", "price": 1, "step_size": 1}],
        "restrictions": {"reservation": "RESERVATION"},
    }
    tariff = a_tariff_document(elements=[{"price_components": components}, reserved])
    of_credit = {"credit": True, "credit_reference_id": "CDR-0"} if is_credit else {}
    documents = [
        a_cdr(
            id=f"CDR-{place}",
            tariffs=[tariff],
            charging_periods=[
                with_volume(kind, volume),
                {**with_volume(kind, 1), "start_date_time": "2024-03-01T11:00:00Z"},
            ],
            **of_credit,
        )
        for place, volume in enumerate(NUMBERS)
    ]

    found = differences(settled(documents))

    assert found == []


def test_nothing_is_found_in_two_volumes_that_fit_and_together_do_not() -> None:
    half = {"type": "ENERGY", "volume": 6e9}
    period = a_charging_period_document(dimensions=[half, half])

    found = differences(settled([a_cdr(charging_periods=[period])]))

    assert found == []


TIMES = ["0001-01-01T00:00:00Z", "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z",
         "9999-12-31T23:59:59Z"]  # fmt: skip


@pytest.mark.parametrize("time", TIMES)
def test_nothing_is_found_in_a_time_that_no_column_holds(time: str) -> None:
    documents = [
        a_sent("tariffs", "PUT", a_tariff_document()),
        a_sent("tariffs", "PUT", a_tariff_document(last_updated=time)),
        a_sent("locations", "PUT", a_location_document(last_updated=time)),
        a_cdr(id="CDR-1", start_date_time=time, tariffs=[]),
        a_cdr(id="CDR-2", end_date_time=time, tariffs=[]),
        a_cdr(id="CDR-3", start_date_time=time, end_date_time=time),
        a_cdr(id="CDR-4", charging_periods=[a_charging_period_document(start_date_time=time)]),
    ]

    found = differences(settled(documents))

    assert found == []


def test_a_volume_that_does_not_fit_is_still_looked_at() -> None:
    period = with_volume("ENERGY", 1.5e10)
    inbox = settled([a_cdr(charging_periods=[period])])

    found = differences(inbox, lambda _: {"segment.volume": [7]})

    assert [line for line in found if "ENERGY of charging period 0" in line], found


def test_an_amount_of_nothing_is_named_unless_its_volume_was_too_large() -> None:
    found = differences(settled([a_cdr()]), lambda _: {"segment.billed_volume": [0, 0]})

    assert [line for line in found if "segment 0: before_taxes" in line], found


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
