"""`settle verify` finds nothing where all is well, and names every single thing that is not.

Rule: each corruption stands alone: in ClickHouse it is undone afterwards, in the log it is forged
in a copy.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from settlement.ledger.posting import post_claim
from streams.outcome import CdrOutcome
from streams.topics import Topic
from tests.integration.clickhouse_fixture import ClickHouse
from tests.integration.corruptions import CORRUPTIONS, of_cdr
from tests.integration.rig import Rig, a_rig
from tests.integration.verified import (
    Copy,
    a_cdr,
    a_tariff,
    differences,
    looked,
    traffic,
    undone,
    verified,
    without_cdr,
    without_rerun,
)
from tests.pipeline.documents import BEFORE, awkward_documents
from tests.pipeline.inbox import Sent

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.clickhouse,
    pytest.mark.timeout(180),
]


def unfit() -> list[Sent]:
    """Give what no column can hold as it was sent."""
    half = a_cdr("HALF", {"excl_vat": 5.13})
    period = {"start_date_time": "2024-03-01T10:00:00Z", "tariff_id": "T1"}
    large, small, both = (
        {**period, "dimensions": [{"type": "ENERGY", "volume": one} for one in volumes]}
        for volumes in ([1e25], [1e-30], [6e9, 6e9])
    )
    late = {"start_date_time": "9999-12-31T23:59:59Z"}
    return [
        replace(half, body=half.body.replace(b'"EUR"', rb'"E\ud800"')),
        a_cdr("TOO-LARGE", {"excl_vat": 5}, charging_periods=[large]),
        a_cdr("TOO-SMALL", {"excl_vat": 5}, charging_periods=[small]),
        a_cdr("TOO-LARGE-TOGETHER", {"excl_vat": 5}, charging_periods=[both]),
        a_tariff("TOO-FINE", 1e-19, "2024-01-01T00:00:00Z", BEFORE),
        a_cdr("FINE", {"excl_vat": 5}, "TOO-FINE"),
        a_cdr("TOO-LATE", {"excl_vat": 5}, "TOO-FINE", **late),
    ]


@pytest.fixture(scope="module")
def rig(
    own_kafka: str, clickhouse: ClickHouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rig]:
    folder = tmp_path_factory.mktemp("verify")
    with a_rig(brokers=own_kafka, clickhouse=clickhouse, folder=folder) as running:
        running.start("streams")
        running.start("sink")
        running.send([*awkward_documents(), *traffic(), *unfit()])
        running.wait_until_settled()
        assert looked(running, wait=30)["equal"]
        running.stop()  # nothing may heal what is corrupted
        yield running


def test_a_settled_month_agrees_in_everything(rig: Rig) -> None:
    report = looked(rig)

    assert report["differences"] == []
    assert report["whole"]
    documents = report["documents"]
    assert documents["unexplained"] == 0
    assert min(documents[place] for place in (
        "settled", "waiting", "conflict", "duplicate", "dead_lettered")) > 0  # fmt: skip
    assert report["cdrs"] >= len({sent.object_id.upper() for sent in traffic()}) / 2


def test_of_a_generation_that_is_not_there_it_says_which_there_are(rig: Rig) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "settlement", "verify", "--generation", "77777"],
        env={**os.environ, "KAFKA_BROKERS": rig.brokers, "CLICKHOUSE_URL": rig.clickhouse.url},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("settle: could not look: there is no generation 77777: there are ")
    assert str(rig.generation) in sentence


def test_a_generation_that_has_no_topics_is_told(rig: Rig) -> None:
    bare: Any = SimpleNamespace(brokers=rig.brokers, clickhouse=rig.clickhouse, generation=77_778)
    client = rig.clickhouse.client()
    client.command(f"CREATE DATABASE settlement_g{bare.generation}")
    try:
        told = verified(bare)
    finally:
        client.command(f"DROP DATABASE settlement_g{bare.generation}")

    assert str(told.exception) == (
        "could not look: Kafka has no topic settlement.document.g77778: run `settle topics apply`"
    )


@pytest.mark.parametrize(
    ("table", "statement", "named"),
    [pytest.param(*corruption, id=name) for name, corruption in CORRUPTIONS.items()],
)
def test_a_corrupted_table_is_named(rig: Rig, table: str, statement: str, named: list[str]) -> None:
    with undone(rig, table):
        rig.clickhouse.client().command(statement.replace("{db}", rig.database))

        found = differences(rig)

    assert [text for text in named if not any(text in line for line in found)] == [], found


def test_a_row_of_a_higher_version_that_nobody_made_is_named(rig: Rig) -> None:
    with undone(rig, "cdr_settled"):
        rig.clickhouse.client().command(
            f"INSERT INTO {rig.database}.cdr_settled SELECT * REPLACE("
            "version + 1 AS version, payable + 1 AS payable, held - 1 AS held) "
            f"FROM {rig.database}.cdr_settled FINAL {of_cdr('PLAIN-6')}"
        )

        found = differences(rig)

    assert any(line.startswith("row: CDR AT*VFY PLAIN-6: version") for line in found), found
    assert any(line.startswith("row: CDR AT*VFY PLAIN-6: payable") for line in found), found


def test_a_row_that_stands_in_two_months_is_named(rig: Rig) -> None:
    with undone(rig, "cdr_settled"):
        rig.clickhouse.client().command(
            f"INSERT INTO {rig.database}.cdr_settled SELECT * REPLACE("
            "toDate('2020-01-01') AS month) "
            f"FROM {rig.database}.cdr_settled FINAL {of_cdr('PLAIN-7')}"
        )

        found = differences(rig)

    assert any("CDR AT*VFY PLAIN-7: one row" in line for line in found), found


def dearer(outcome: CdrOutcome) -> CdrOutcome:
    """Price a cent too much, and pay it: everything else stays."""
    cent = Decimal("0.10")
    assert outcome.priced_before_taxes is not None
    assert outcome.priced_energy is not None
    return msgspec.structs.replace(
        outcome,
        priced_before_taxes=outcome.priced_before_taxes + cent,
        priced_energy=outcome.priced_energy + cent,
    )


def at_another_price(outcome: CdrOutcome) -> CdrOutcome:
    """Price by 0.30 instead of 0.25 a kWh, so that every sum is right."""
    segments = tuple(
        msgspec.structs.replace(
            one, unit_price=Decimal("0.3"), before_taxes=Decimal("6.15"), tax=Decimal("1.2915")
        )
        if one.dimension == "ENERGY"
        else one
        for one in outcome.segments
    )
    return msgspec.structs.replace(
        outcome,
        segments=segments,
        priced_before_taxes=Decimal("6.15"),
        priced_after_taxes=Decimal("7.44"),
        priced_energy=Decimal("6.15"),
    )


def with_less_energy(outcome: CdrOutcome) -> CdrOutcome:
    """Measure 4 kWh instead of 20.5, so that every sum is right, and hold the rest."""
    segments = tuple(
        msgspec.structs.replace(
            one,
            volume=Decimal(4),
            billed_volume=Decimal(4),
            before_taxes=Decimal(1),
            tax=Decimal("0.21"),
        )
        if one.dimension == "ENERGY"
        else one
        for one in outcome.segments
    )
    assert outcome.claimed_before_taxes is not None
    held = outcome.claimed_before_taxes - 1
    return msgspec.structs.replace(
        outcome,
        segments=segments,
        priced_before_taxes=Decimal(1),
        priced_after_taxes=Decimal("1.21"),
        priced_energy=Decimal(1),
        payable=Decimal(1),
        held=held,
        postings=post_claim(payable=Decimal(1), held=held),
        verdict="disputed",
    )


def by_the_first_version(outcome: CdrOutcome) -> CdrOutcome:
    """Choose the older of two versions in time, priced as it says."""
    tariffs = tuple(
        msgspec.structs.replace(one, is_chosen=place == 0)
        for place, one in enumerate(outcome.tariffs)
    )
    segments = tuple(
        msgspec.structs.replace(
            one, unit_price=Decimal("0.25"), before_taxes=Decimal("5.125"), tax=Decimal("1.07625")
        )
        if one.dimension == "ENERGY"
        else one
        for one in outcome.segments
    )
    return msgspec.structs.replace(
        outcome,
        tariffs=tariffs,
        segments=segments,
        priced_before_taxes=Decimal("5.13"),
        priced_after_taxes=Decimal("6.20"),
        priced_energy=Decimal("5.13"),
    )


def without_a_version(outcome: CdrOutcome) -> CdrOutcome:
    """List one version less than was published."""
    return msgspec.structs.replace(outcome, tariffs=outcome.tariffs[:2])


def waiting(outcome: CdrOutcome) -> CdrOutcome:
    """Wait for a tariff that is there."""
    return msgspec.structs.replace(outcome, waits_for=("V1",))


FORGERIES: list[tuple[str, Callable[[CdrOutcome], CdrOutcome], str]] = [
    ("PLAIN-8", dearer, "arithmetic: CDR AT*VFY PLAIN-8: priced_before_taxes"),
    ("PLAIN-9", at_another_price, "working: CDR AT*VFY PLAIN-9: segment 0: unit_price"),
    ("PLAIN-10", with_less_energy, "working: CDR AT*VFY PLAIN-10: ENERGY of charging period 0"),
    ("CHOSEN", by_the_first_version, "tariff: CDR AT*VFY CHOSEN: tariff V1: the version chosen"),
    ("CHOSEN", without_a_version, "tariff: CDR AT*VFY CHOSEN: tariff V1: published versions"),
    ("WAITS", waiting, "waiting: CDR AT*VFY WAITS waits for V1"),
]


@pytest.fixture(scope="module")
def copy(rig: Rig) -> Copy:
    copied = Copy(rig)
    assert differences(copied) == []
    return copied


@pytest.mark.parametrize(
    ("cdr_key", "change", "named"),
    [pytest.param(*forgery, id=forgery[1].__name__) for forgery in FORGERIES],
)
def test_an_outcome_forged_in_the_log_and_the_tables_is_named(
    copy: Copy, cdr_key: str, change: Callable[[CdrOutcome], CdrOutcome], named: str
) -> None:
    with copy.forged(cdr_key, change):
        found = differences(copy)

    assert [line for line in found if line.startswith(named)], found
    assert [line for line in found if f" {cdr_key}:" not in line and " waits for" not in line] == []


@pytest.mark.parametrize(
    ("kept", "named"),
    [
        (
            without_cdr("PLAIN-11"),
            ("unexplained document: ", "recount: CDRs of AT*VFY"),
        ),
        (without_rerun("RERUN"), ("waiting: CDR AT*VFY RERUN waits for",)),
    ],
    ids=["a CDR that the worker never saw", "a run that never came"],
)
def test_what_is_missing_in_the_log_and_the_tables_alike_is_named(
    rig: Rig, kept: Callable[[Topic, bytes], bytes | None], named: tuple[str, ...]
) -> None:
    found = differences(Copy(rig, kept))

    assert [text for text in named if not any(text in line for line in found)] == [], found
