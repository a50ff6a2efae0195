"""What no program could process, on the real Kafka and ClickHouse: kept, told, decided on.

Rule: every poison stands between good documents, which must become what they are without it.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from typer.testing import CliRunner

from settlement.cli import app
from settlement.cli.exit import FINDINGS, FINE, UNUSABLE, Unusable
from streams.agents import FAILED
from streams.generation import folded_records
from tests.builders import a_cdr_document, a_charging_period_document, a_tariff_document
from tests.integration.clickhouse_fixture import ClickHouse
from tests.integration.poisoned import MARK
from tests.integration.rig import Rig, a_rig, wait_until
from tests.pipeline.inbox import Sent, a_sent

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(300)]
POISONED = "tests.integration.poisoned"
ROWS_CPO = "FR*ROW"
FAILURES_IN_A_ROW = 6
REFUSED = "REFUSED-BY-CLICKHOUSE"


def a_cdr(cdr_id: str, **changes: Any) -> Sent:
    return a_sent("cdrs", "POST", a_cdr_document(id=cdr_id, **changes))


def a_cdr_with_too_long_an_answer() -> Sent:
    """Give a CDR that the inbox takes and whose working is larger than a message may be."""
    tariff_id = "T" * 330
    dimensions = [{"type": "ENERGY", "volume": 0.001}, {"type": "TIME", "volume": 0.0002}]
    prices = [
        {"type": kind, "price": 0.25, "vat": 21.0, "step_size": 1} for kind in ("ENERGY", "TIME")
    ]
    document = a_cdr_document(
        id="TOO-LONG",
        tariffs=[a_tariff_document(id=tariff_id, elements=[{"price_components": prices}])],
        charging_periods=[
            a_charging_period_document(tariff_id=tariff_id, dimensions=dimensions)
            for _ in range(9_900)
        ],
    )
    body = json.dumps(document, separators=(",", ":")).encode()
    return a_sent("cdrs", "POST", body, object_id="TOO-LONG")


# object key -> (the document, the reason that is told, a part of the message)
POISONS: dict[str, tuple[Sent, str, str]] = {
    "NO-JSON": (
        a_sent("cdrs", "POST", b"\xff\xfe\x00 no document", object_id="NO-JSON"),
        "unreadable",
        "$",
    ),
    f"{MARK}-1": (a_cdr(f"{MARK}-1"), "step_failed", "ZeroDivisionError: a step with a mistake"),
    f"{MARK}-2": (a_cdr(f"{MARK}-2"), "step_failed", "ZeroDivisionError: a step with a mistake"),
    "TOO-LONG": (a_cdr_with_too_long_an_answer(), "too_large", "fit a message"),
}
OUTSIDE = "OUTSIDE-THE-COLUMNS"


def documents() -> list[Sent]:
    mixed = []
    for number, (poison, _, _) in enumerate(POISONS.values()):
        mixed += [a_cdr(f"GOOD-{number}-{place}") for place in range(5)] + [poison]
    mixed += [a_cdr(OUTSIDE, total_cost={"excl_vat": 1e308}), a_cdr(REFUSED)]
    mixed += [
        a_sent("cdrs", "POST", a_cdr_document(id=f"{MARK}-ROW-{number}"), cpo=ROWS_CPO)
        for number in range(FAILURES_IN_A_ROW)
    ]
    return mixed + [a_cdr(f"GOOD-LAST-{place}") for place in range(5)]


@pytest.fixture(scope="module")
def rig(
    own_kafka: str, clickhouse: ClickHouse, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Rig]:
    """Give a stack whose worker has a mistake and whose table refuses one row, all sent."""
    folder = tmp_path_factory.mktemp("poison")
    with a_rig(brokers=own_kafka, clickhouse=clickhouse, folder=folder) as running:
        clickhouse.client().command(
            f"ALTER TABLE {running.database}.cdr_settled ADD CONSTRAINT of_a_test "
            f"CHECK cdr_key != '{REFUSED}'"
        )
        running.start("streams", module=POISONED)
        running.start("sink")
        running.send(documents())
        running.wait_until_settled()
        yield running


class Done(NamedTuple):
    """What `settle dead-letters` said and its exit code."""

    returncode: int
    stdout: bytes
    stderr: str


def settle(rig: Rig, *arguments: str) -> Done:
    """Run the command in this process; what it raises becomes its exit code as in `main`."""
    environment = {"KAFKA_BROKERS": rig.brokers, "CLICKHOUSE_URL": rig.clickhouse.url}
    command = ["dead-letters", *arguments, "--generation", str(rig.generation)]
    done = CliRunner().invoke(app, command, env=environment)
    code = UNUSABLE if isinstance(done.exception, Unusable) else done.exit_code
    return Done(code, done.stdout_bytes, str(done.exception or ""))


def told(rig: Rig, *arguments: str) -> Any:
    done = settle(rig, *arguments, "--json")
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def place_of(rig: Rig, object_id: str) -> str:
    """Give partition and offset of an object's first record, from Kafka itself."""
    for record in rig.inbox():
        if dict(record.headers)["object_id"] == object_id.encode():
            return f"{record.partition}/{record.offset}"
    raise AssertionError(object_id)


def said_of(rig: Rig, place: str) -> tuple[str, int]:
    """Give the outcome of an inbox record and the fact that decided it."""
    partition, offset = place.split("/")
    ((outcome, version),) = (
        rig.clickhouse.client()
        .query(
            f"SELECT outcome, version FROM {rig.database}.document_outcome FINAL "
            f"WHERE kafka_partition = {partition} AND kafka_offset = {offset}"
        )
        .result_rows
    )
    return outcome, version


def test_everything_else_becomes_what_it_is_without_the_poison(rig: Rig) -> None:
    assert rig.differences(prefix="GOOD") == []
    assert len(rig.rows("cdr_settled", ["cdr_key"], prefix="GOOD")) == 25


@pytest.mark.parametrize("object_id", sorted(POISONS))
def test_a_dead_letter_has_bytes_reason_and_origin(rig: Rig, object_id: str) -> None:
    sent, reason, message = POISONS[object_id]
    place = place_of(rig, object_id)

    shown = settle(rig, "show", place, "--body")
    letter = told(rig, "show", place)

    assert sent.body == shown.stdout
    (one,) = letter["dead_letters"]
    assert (reason, object_id) == (one["reason"], one["object_key"])
    assert message in one["message"]
    assert (one["topic"], place) == ("inbox", f"{one['partition']}/{one['offset']}")
    assert letter["headers"]["object_id"] == object_id


def test_a_number_outside_the_columns_is_an_invalid_row_and_no_dead_letter(rig: Rig) -> None:
    (row,) = rig.rows("cdr_settled", ["cdr_key", "verdict", "payable", "held"], prefix=OUTSIDE)

    letters = told(rig, "list", "--all")["dead_letters"]

    assert (row["verdict"], row["payable"], row["held"]) == ("invalid", 0, 0)
    assert OUTSIDE not in {letter["object_key"] for letter in letters}


def bytes_of_refused_row(rig: Rig) -> bytes:
    """Give the message that was kept with the letter of a row that ClickHouse refused."""
    ((body,),) = (
        rig.clickhouse.client()
        .query(f"SELECT body FROM {rig.database}.dead_letter FINAL WHERE reason = 'row_refused'")
        .result_rows
    )
    return body.encode() if isinstance(body, str) else bytes(body)


def test_a_row_that_clickhouse_refuses_is_a_dead_letter_and_the_rest_is_there(rig: Rig) -> None:
    letters = told(rig, "list", "--code", "row_refused")["dead_letters"]

    (one,) = letters
    assert one["object_key"] == f"NL*TNM|{REFUSED}"
    assert "of_a_test" in one["message"]
    assert msgspec.json.decode(bytes_of_refused_row(rig))["cdr_key"] == REFUSED
    assert one["topic"] == f"settlement.cdr.g{rig.generation}"
    assert rig.rows("cdr_settled", ["cdr_key"], prefix=REFUSED) == []
    assert len(rig.rows("cdr_outcome", ["cdr_key"], prefix=REFUSED)) == 1
    assert "ALARM" in rig.logs()
    refused = settle(rig, "drop", f"{one['partition']}/{one['offset']}", "--reason", "x")
    assert refused.returncode == UNUSABLE


def test_retry_and_drop_decide_once_and_replace_what_was_said(rig: Rig) -> None:
    poison, unreadable = place_of(rig, f"{MARK}-1"), place_of(rig, "NO-JSON")
    before = said_of(rig, poison)

    again = settle(rig, "retry", poison)
    failed = told(rig, "list")["dead_letters"]
    rig.processes[0].kill()
    rig.processes[0].wait(timeout=20)
    rig.start("streams")
    mended = settle(
        rig, "retry", "--all", "--code", "step_failed", "--cpo", "nl*tnm", "--reason", "mended"
    )
    dropped = settle(rig, "drop", unreadable, "--reason", "the CPO sent it anew", "--actor", "ann")
    twice = settle(rig, "drop", unreadable, "--reason", "again")

    assert before == ("dead_lettered", int(poison.split("/")[1]))
    assert again.returncode == FINDINGS, again
    assert b"failed again" in again.stdout
    assert [one["status"] for one in failed if one["object_key"] == f"{MARK}-1"] == ["open"]
    assert mended.returncode == FINE, mended
    assert mended.stdout.count(b"applied again: first") == 2
    outcome, version = said_of(rig, poison)
    assert outcome == "first"
    assert version > before[1]
    (row,) = rig.rows("cdr_settled", ["cdr_key", "verdict"], prefix=f"{MARK}-1")
    assert row["verdict"] == "matched"
    assert dropped.returncode == FINE, dropped
    assert said_of(rig, unreadable)[0] == "dead_lettered"
    assert twice.returncode == FINDINGS
    assert b"dropped already" in twice.stdout
    (letter,) = told(rig, "show", unreadable)["dead_letters"]
    assert (letter["status"], letter["actor"]) == ("dropped", "ann")
    assert letter["decision"] == "the CPO sent it anew"


def test_a_program_that_fails_on_too_many_records_in_a_row_stops(rig: Rig, tmp_path: Path) -> None:
    def stopped(stack: Rig) -> int:
        settings = {"STREAMS_DEAD_LETTERS_IN_A_ROW": "3", "STREAMS_INSTANCE_ID": "one"}
        return stack.start("streams", module=POISONED, **settings).wait(timeout=120)

    with a_rig(brokers=rig.brokers, clickhouse=rig.clickhouse, folder=tmp_path) as other:
        codes = [stopped(other) for _ in range(3)]
        told_of = other.logs()
        other.start("streams", STREAMS_INSTANCE_ID="one")
        other.start("sink")
        everything = len(rig.inbox())
        client = rig.clickhouse.client()
        wait_until(
            lambda: sum(folded_records(client, other.generation).values()) >= everything,
            told=other.logs,
        )
        said = other.rows("document_outcome", ["object_key", "outcome"], prefix=f"{MARK}-ROW")

    assert codes == [FAILED] * 3
    assert "on more than 3 records in a row" in told_of
    assert "settle dead-letters list" in told_of
    # A program that is started again and again must not send everything there.
    assert Counter(row["outcome"] for row in said) == {"dead_lettered": 4, "first": 2}


def test_what_is_not_there_or_not_said_right_is_a_sentence(rig: Rig) -> None:
    wrong = [
        ("show", "3-17"),
        ("show", "7/999999"),
        ("retry",),
        ("retry", "0/0", "--all"),
        ("drop", "0/0", "--reason", " "),
    ]

    done = [settle(rig, *arguments) for arguments in wrong]

    assert {one.returncode for one in done} == {UNUSABLE}
    assert all(one.stderr and "\n" not in one.stderr for one in done)
    assert {one.stdout for one in done} == {b""}
