"""`settle demo` as a person runs it: on a stack of its own, with processes of its own.

Rule: the command alone. The tests share a first run and may come in any order, so each looks at
ids of its own; what must come out is counted from the scenario's documents.
"""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from ingest.demo.arrivals import charge_of
from ingest.demo.documents import cdr_id
from ingest.demo.injected import COPIES, kind_at
from ingest.demo.scenario import month
from settlement.clickhouse.client import Client
from settlement.clickhouse.query import connect_reader
from streams.local.stack import running_stack, stop_stack

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.slow, pytest.mark.timeout(420)]
CDRS = 120
Report = dict[str, Any]


def settle(*arguments: str, data: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "settlement", *arguments, "--data", str(data)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=400)


def demo(*arguments: str, data: Path) -> Report:
    done = settle("demo", "--json", *arguments, data=data)
    assert done.returncode == 0, done.stderr
    report: Report = json.loads(done.stdout)
    return report


class Played:
    """The first run, kept: its report, what it said, and its tables."""

    def __init__(self, *, data: Path, report: Report, said: str, reader: Client) -> None:
        self.data = data
        self.report = report
        self.said = said
        self._reader = reader

    def rows(self, query: str) -> list[dict[str, Any]]:
        return list(self._reader.query(query).named_results())


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    data = tmp_path_factory.mktemp("demo")
    try:
        done = settle("demo", "--json", "--keep", "--cdrs", str(CDRS), data=data)
        assert done.returncode == 0, done.stderr
        stack = running_stack(data)
        assert stack is not None
        yield Played(
            data=data,
            report=json.loads(done.stdout),
            said=done.stderr,
            reader=connect_reader(stack.reader_url),
        )
    finally:
        stop_stack(data)


def documents(cdrs: int = CDRS, seed: int = 1) -> list[tuple[str, bool]]:
    """Give the CDR documents of a month: the id, and whether the gateway must refuse it."""
    return [
        (request.object_id, request.is_refusable)
        for phase in month(seed=seed, cdrs=cdrs).phases
        for chain in phase.chains
        for request in chain
        if request.module == "cdrs"
    ]


def ids(kind: str) -> list[str]:
    """Give the CDR ids of the charges where a kind is injected."""
    numbers = [number for number in range(CDRS) if kind_at(number) == kind]
    assert numbers, kind
    return [f"%-1-{number:06d}" for number in numbers]


def counted(*kinds: str) -> int:
    return sum(kind_at(number) in kinds for number in range(CDRS))


def test_every_document_is_accounted_for(played: Played) -> None:
    sent = documents()

    accounting = played.report["accounting"]

    copies = sum(COPIES.get(kind_at(number), 0) for number in range(CDRS))
    refused = sum(is_refused for _, is_refused in sent)
    expected = {
        "received": len(sent),
        "rejected": refused,
        "accepted": len(sent) - refused,
        "duplicate": counted("resent", "resent_reordered"),
        "conflict": copies,
        "dead_lettered": counted("unreadable"),
        "waiting": counted("credit"),
        "settled": CDRS - counted("conflict", "conflict_of_three"),
        "unexplained": 0,
    }
    assert accounting == expected
    assert played.report["differences"] == []


def test_the_pairs_hold_every_charge_and_add_up(played: Played) -> None:
    pairs = played.report["pairs"]

    assert sum(pair["cdrs"] for pair in pairs) == CDRS
    assert {pair["currency"] for pair in pairs} == {"EUR", "CHF"}
    for pair in pairs:
        assert Decimal(pair["claimed"]) == Decimal(pair["payable"]) + Decimal(pair["held"]), pair


VERDICTS = {
    "overcharged": "disputed",
    "undercharged": "matched",
    "late_tariff": "matched",
    "corrected_tariff": "disputed",
    "dearer_copy": "disputed",
    "conflict": "conflict",
    "conflict_of_three": "conflict",
    "resent": "matched",
    "resent_reordered": "matched",
    "no_currency": "matched",
    "other_party": "matched",
    "unreadable": "matched",
    "patch_first": "matched",
    "credit": "matched",
}


@pytest.mark.parametrize(("kind", "verdict"), VERDICTS.items())
def test_each_kind_shows_as_the_readme_says(played: Played, kind: str, verdict: str) -> None:
    rows = [
        row
        for pattern in ids(kind)
        for row in played.rows(
            f"SELECT verdict, bucket, held FROM cdr_settled WHERE cdr_id LIKE 'CDR{pattern}'"
        )
    ]

    assert len(rows) == len(ids(kind))
    assert {row["verdict"] for row in rows} == {verdict}
    assert all((row["held"] > 0) == (verdict in ("disputed", "conflict")) for row in rows)


def test_what_is_not_injected_matches_without_a_finding(played: Played) -> None:
    plain = [charge_of(1, number) for number in range(CDRS) if not kind_at(number)]

    found = played.rows("SELECT cdr_id, `finding.code` AS codes, verdict FROM cdr_settled")

    settled = {row["cdr_id"]: (row["verdict"], list(row["codes"])) for row in found}
    assert {cdr_id(charge): ("matched", []) for charge in plain}.items() <= settled.items()


@pytest.mark.parametrize("kind", ["late_tariff", "corrected_tariff"])
def test_a_tariff_that_comes_late_settles_again(played: Played, kind: str) -> None:
    for pattern in ids(kind):
        rows = played.rows(
            f"SELECT verdict FROM cdr_outcome WHERE cdr_key LIKE 'CDR{pattern}' ORDER BY version"
        )

        first = "unverifiable" if kind == "late_tariff" else "matched"
        assert [row["verdict"] for row in rows] == [first, VERDICTS[kind]]


def test_an_undercharged_cdr_is_payable_as_claimed_and_said(played: Played) -> None:
    (row, *_) = played.rows(
        "SELECT payable, claimed_before_taxes AS claimed, `finding.code` AS codes "
        f"FROM cdr_settled WHERE cdr_id LIKE 'CDR{ids('undercharged')[0]}'"
    )

    assert row["payable"] == row["claimed"]
    assert "claimed_below_priced" in row["codes"]


def test_a_credit_waits_and_posts_nothing(played: Played) -> None:
    credits_ = played.rows(
        "SELECT bucket, `posting.account` AS accounts, `finding.code` AS codes "
        "FROM cdr_settled WHERE is_credit AND cdr_id LIKE '%-1-%'"
    )

    assert len(credits_) == counted("credit")
    for row in credits_:
        assert (row["bucket"], list(row["accounts"])) == ("waiting", [])
        assert "credit_not_posted" in row["codes"]


def test_a_dead_letter_names_field_value_and_rule(played: Played) -> None:
    letters = played.rows(
        "SELECT DISTINCT object_key, message FROM dead_letter WHERE object_key LIKE '%-1-%'"
    )

    assert len(letters) == counted("unreadable")
    assert all("twelve" in row["message"] and "volume" in row["message"] for row in letters)


def test_refused_documents_are_kept_with_the_reason(played: Played) -> None:
    refused = played.rows(
        "SELECT DISTINCT object_id, ocpi_status, reason FROM document_rejected "
        "WHERE object_id LIKE '%-1-%'"
    )

    assert len(refused) == counted("no_currency", "other_party")
    assert {row["ocpi_status"] for row in refused} == {2001}
    assert any("currency" in row["reason"] for row in refused)


def test_a_session_folds_to_its_end_whatever_came_first(played: Played) -> None:
    found = played.rows("SELECT session_id, status, energy_kwh FROM session_current")

    sessions = {row["session_id"]: (row["status"], row["energy_kwh"]) for row in found}
    numbers = [number for number in range(CDRS) if kind_at(number) in ("", "patch_first")]
    for number in numbers:
        charge = charge_of(1, number)
        assert sessions[charge.id] == ("COMPLETED", charge.energy_kwh)


def test_one_overcharged_cdr_is_explained_line_by_line(played: Played) -> None:
    explained = played.report["explained"]

    cdr = explained["cdr"]
    assert cdr["verdict"] == "disputed"
    assert all(line["why"] for line in explained["segments"])
    priced = sum(Decimal(line["before_taxes"]) for line in explained["segments"])
    assert abs(priced - Decimal(cdr["priced_before_taxes"])) <= Decimal("0.01")
    assert sum(Decimal(posting["amount"]) for posting in explained["postings"]) == 0


def test_what_keep_prints_works_when_it_is_pasted(played: Played) -> None:
    lines = [line.strip() for line in played.said.splitlines()]
    start = next(number for number, line in enumerate(lines) if line.startswith("curl "))
    curl = shlex.split(" ".join(line.rstrip("\\") for line in lines[start : start + 3]))
    headers = dict(
        curl[place + 1].split(": ", 1) for place, word in enumerate(curl) if word == "-H"
    )
    sql = next(line for line in lines if line.startswith("settle sql"))
    python = [line for line in lines if line.startswith(("import click", "client = ", "client."))]

    sent = httpx.post(curl[4], content=curl[-1], headers=headers, trust_env=False)
    asked = subprocess.run(
        [sys.executable, "-m", "settlement", *shlex.split(sql)[1:]],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    code = "\n".join([*python[:-1], f"print({python[-1]})"])
    shown = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, timeout=60
    )

    assert sent.json()["status_code"] == 1000
    assert (asked.returncode, "NL*LDN" in asked.stdout) == (0, True), asked.stderr
    assert (shown.returncode, "CDR-" in shown.stdout) == (0, True), shown.stderr


def test_the_same_seed_again_is_all_duplicates_and_another_adds(played: Played) -> None:
    first = demo("--cdrs", "30", data=played.data)["accounting"]
    again = demo("--cdrs", "30", data=played.data)["accounting"]
    other = demo("--cdrs", "20", "--seed", "2", data=played.data)["accounting"]

    sent = documents(30)
    refused = sum(is_refused for _, is_refused in sent)
    letters = sum(kind_at(number) == "unreadable" for number in range(30))
    grown: Counter[str] = Counter(again)
    grown.subtract(first)
    assert {place: number for place, number in grown.items() if number} == {
        "received": len(sent),
        "accepted": len(sent) - refused,
        "rejected": refused,
        "dead_lettered": letters,
        "duplicate": len(sent) - refused - letters,
    }
    assert other["settled"] == again["settled"] + 20 - 2  # a seed's two conflicts
    assert other["unexplained"] == 0


def test_real_sessions_settle_with_nothing_injected(played: Played, tmp_path: Path) -> None:
    path = tmp_path / "sessions.csv"
    rows = [
        f"X{n},2019-03-0{n} 08:00:00,2019-03-0{n} 17:30:00,2019-03-0{n} 08:10:00,"
        f"2019-03-0{n} 11:00:00,{n}.25,station {n % 3},driver {n}"
        for n in range(1, 10)
    ]
    path.write_text(
        "session,connection_start,connection_end,charging_start,charging_end,energy_kwh,"
        "station,user\n" + "\n".join(rows)
    )

    report = demo("--sessions", str(path), data=played.data)

    assert report["accounting"]["unexplained"] == 0
    (found,) = played.rows(
        "SELECT count() AS cdrs, sum(energy_kwh) AS energy, countIf(verdict = 'matched') AS matched"
        " FROM cdr_settled WHERE cdr_id LIKE 'CDR-X%'"
    )
    assert (found["cdrs"], found["matched"]) == (9, 9)
    assert found["energy"] == sum(Decimal(f"{n}.25") for n in range(1, 10))


def test_a_wrong_file_is_refused_before_anything_starts(tmp_path: Path) -> None:
    path = tmp_path / "sessions.csv"
    path.write_text("session,energy\n1,2\n")

    done = settle("demo", "--sessions", str(path), data=tmp_path / "data")

    assert done.returncode == 2
    assert f"{path}: line 1: column connection_start: missing" in done.stderr
    assert not (tmp_path / "data").exists()


def test_an_interrupt_stops_what_was_started_and_loses_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "settlement", "demo", "--cdrs", "5000"]
    process = subprocess.Popen(
        [*command, "--data", str(tmp_path)], stderr=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        while b"the gateway answers" not in process.stderr.readline():
            assert process.poll() is None
        wait_for_documents(tmp_path)

        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=120)

        assert process.returncode == 130
        assert b"what was answered 1000 is kept" in said
        assert left_of(tmp_path) == []
        accounting = demo("--cdrs", "5", data=tmp_path)["accounting"]
        assert accounting["unexplained"] == 0
        assert left_of(tmp_path) == []
    finally:
        process.kill()
        process.wait(timeout=20)
        stop_stack(tmp_path)


def wait_for_documents(data: Path) -> None:
    """Wait until the partners have begun to send: the tables hold something."""
    stack = running_stack(data)
    assert stack is not None
    reader = connect_reader(stack.reader_url)
    deadline = time.monotonic() + 60
    while not reader.query("SELECT count() FROM cdr_settled").result_rows[0][0]:
        assert time.monotonic() < deadline
        time.sleep(0.2)


def left_of(data: Path) -> list[str]:
    """Give the processes that still work on a data directory."""
    return [
        " ".join(process.info["cmdline"])
        for process in psutil.process_iter(["cmdline", "pid"])
        if process.info["pid"] != os.getpid()
        and any(str(data) in word for word in process.info["cmdline"] or ())
    ]
