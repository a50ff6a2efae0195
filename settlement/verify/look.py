"""The whole look: what is read in which order, and what comes of it.

Rule: Kafka first, then the tables, so that a table can only know more than was read; what came
after the watermark is counted as such and never judged.
"""

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from settlement.verify.account import Account, check_statements
from settlement.verify.archive import Archive, Place
from settlement.verify.cdr import Cdrs
from settlement.verify.clickhouse import Tables
from settlement.verify.difference import CannotLook, Difference, Differences
from settlement.verify.document import Body
from settlement.verify.explain import explain
from settlement.verify.history import check_history
from settlement.verify.inbox import TOPIC as INBOX
from settlement.verify.inbox import Inbox, fetch, read_inbox
from settlement.verify.kafka import PICK_BYTES, open_log
from settlement.verify.letter import Letters, check_letters, read_letters
from settlement.verify.objects import Objects, check_objects, read_objects
from settlement.verify.offset import check_offsets
from settlement.verify.outcome import OutcomeLog, read_outcomes
from settlement.verify.reach import STATE, looked_below, of_topic, wait_for_sink
from settlement.verify.recount import Group, Sum
from settlement.verify.row import read_layout
from settlement.verify.settled import Settled, Suspect
from settlement.verify.statement import Statements, read_statements

CHECK = "account"
LIVE = """
SELECT as_select FROM system.tables WHERE database = 'settlement' AND name = 'cdr_settled'
"""
DATABASES = "SELECT name FROM system.databases"
_DATABASE = re.compile(r"\bsettlement_g(\d+)\b")
Progress = Callable[[str], None]


@dataclass(slots=True)
class Report:
    """What was looked at and what was found."""

    generation: int
    watermark: dict[int, int]  # by inbox partition
    looked: dict[int, int]  # below these offsets
    records: int = 0  # of the inbox that were looked at
    cdrs: int = 0
    outcomes: int = 0
    moved_on: int = 0  # CDRs that changed after the watermark
    rejected: int = 0
    accounts: dict[str, Account] = field(default_factory=dict)
    sums: dict[Group, Sum] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)
    left_out: dict[str, int] = field(default_factory=dict)
    total: int = 0  # differences, the ones left out too
    seconds: float = 0.0
    waited_seconds: float = 0.0

    @property
    def is_whole(self) -> bool:
        """Tell whether everything below the watermark was looked at."""
        return self.looked == self.watermark

    @property
    def account(self) -> Account:
        """Give the account over all CPOs."""
        total = Account()
        for account in self.accounts.values():
            total.accepted += account.accepted
            total.places += account.places
        return total


@dataclass(slots=True)
class _Read:
    """What was read of Kafka."""

    inbox: Inbox
    statements: Mapping[int, Statements]
    outcomes: OutcomeLog
    letters: Letters
    objects: list[Objects]


def verify(
    *,
    brokers: str,
    clickhouse_url: str,
    generation: int | None = None,
    wait_seconds: int = 0,
    progress: Progress = lambda _: None,
) -> Report:
    """Recount everything below the inbox's ends as of now; raises CannotLook.

    `generation` is the live one, which the views show, unless it is named.
    """
    if generation is None:
        generation = _live(clickhouse_url)
    tables = Tables(url=clickhouse_url, database=f"settlement_g{generation}")
    try:
        return _Look(brokers, tables, generation, Differences(), progress).run(wait_seconds)
    finally:
        tables.close()


def _live(clickhouse_url: str) -> int:
    tables = Tables(url=clickhouse_url, database="settlement")
    try:
        for row in tables.rows(LIVE):
            if match := _DATABASE.search(row["as_select"]):
                return int(match[1])
    finally:
        tables.close()
    raise CannotLook("ClickHouse has no settlement tables: run `settle migrate` first")


def check_known(tables: Tables, generation: int) -> None:
    """Say which generations there are where this one is none of them: raises CannotLook."""
    names = [_DATABASE.fullmatch(row["name"]) for row in tables.rows(DATABASES)]
    present = sorted(int(match[1]) for match in names if match)
    if generation not in present:
        listed = ", ".join(str(one) for one in present) or "none"
        raise CannotLook(f"there is no generation {generation}: there are {listed}")


@dataclass(slots=True)
class _Look:
    brokers: str
    tables: Tables
    generation: int
    differences: Differences
    progress: Progress

    def run(self, wait_seconds: int) -> Report:
        started = time.monotonic()
        report, read = asyncio.run(self._read_kafka(wait_seconds))
        if not any(report.looked.values()) and any(report.watermark.values()):
            raise CannotLook(
                "none of the inbox's records has come through to the tables: "
                "do the roles streams and sink run?"
            )
        self._check_documents(read, report)
        settled = self._check_rows(read, report)
        self.progress("comparing every outcome there was")
        report.outcomes = asyncio.run(
            check_history(
                brokers=self.brokers,
                tables=self.tables,
                log=read.outcomes,
                differences=self.differences,
            )
        )
        settled.cdrs.recount.compare(self.differences)
        self._check_account(settled)
        asyncio.run(self._check_objects(read.objects))
        asyncio.run(
            check_offsets(
                brokers=self.brokers,
                tables=self.tables,
                generation=self.generation,
                differences=self.differences,
            )
        )
        report.cdrs, report.moved_on = settled.rows, settled.moved_on
        report.accounts, report.sums = (
            dict(settled.cdrs.accounts),
            dict(settled.cdrs.recount.documents),
        )
        report.differences, report.total = self.differences.kept, self.differences.total
        report.left_out = self.differences.left_out
        report.seconds = time.monotonic() - started - report.waited_seconds
        return report

    def _topic(self, name: str) -> str:
        return f"{name}.g{self.generation}"

    async def _read_kafka(self, wait_seconds: int) -> tuple[Report, _Read]:
        documents, cdrs = self._topic("settlement.document"), self._topic("settlement.cdr")
        async with open_log(self.brokers) as log:
            check_known(self.tables, self.generation)
            for topic in (INBOX, documents, cdrs):
                if not log.has(topic):
                    raise CannotLook(f"Kafka has no topic {topic}: run `settle topics apply`")
            watermark = await log.ends(INBOX)
            before = time.monotonic()
            reach = await wait_for_sink(
                log=log,
                tables=self.tables,
                watermark=watermark,
                derived=(documents, cdrs),
                state_topic=self._topic(STATE),
                wait_seconds=wait_seconds,
                progress=self.progress,
            )
            waited = time.monotonic() - before
            self.progress("reading what the fold said of each document")
            statements = await read_statements(log, documents, of_topic(reach.stored, documents))
            self.progress("reading the outcomes of the log")
            outcomes = await read_outcomes(
                log, cdrs, of_topic(reach.stored, cdrs), self.differences
            )
            objects = await read_objects(
                log, self.tables, generation=self.generation, stored=reach.stored
            )
            letter_topic = self._topic("dead-letter")
            letters = await read_letters(
                log,
                letter_topic,
                letters=of_topic(reach.stored, letter_topic),
                refused=of_topic(reach.stored, "rejected"),
            )
            looked = looked_below(
                watermark=watermark, reach=reach, statements=statements, outcomes=outcomes
            )
            self.progress("reading the inbox")
            inbox = await read_inbox(log, looked, self.differences)
        report = Report(self.generation, dict(watermark), looked)
        report.records, report.rejected = inbox.records, letters.refused_cdrs
        report.waited_seconds = waited
        return report, _Read(inbox, statements, outcomes, letters, objects)

    def _check_documents(self, read: _Read, report: Report) -> None:
        self.progress("checking what became of each document")
        check_statements(
            tables=self.tables,
            inbox=read.inbox,
            said=read.statements,
            letters=read.letters,
            looked=report.looked,
            differences=self.differences,
        )
        check_letters(self.tables, read.letters, self.differences)

    def _check_rows(self, read: _Read, report: Report) -> Settled:
        archive = Archive(inbox=read.inbox, differences=self.differences)
        layout = read_layout(self.tables)

        def look_closer(suspects: Sequence[Suspect]) -> None:
            asyncio.run(
                explain(
                    brokers=self.brokers,
                    log=read.outcomes,
                    layout=layout,
                    suspects=suspects,
                    differences=self.differences,
                )
            )

        settled = Settled(
            tables=self.tables,
            layout=layout,
            inbox=read.inbox,
            log=read.outcomes,
            looked=report.looked,
            archive=archive,
            cdrs=Cdrs(read.inbox, read.statements, self.differences),
            fetch=lambda places: asyncio.run(self._fetch(places)),
            differences=self.differences,
            explain=look_closer,
        )
        settled.check(lambda rows: self.progress(f"checking CDRs: {rows}"))
        self.progress("checking the other documents byte for byte")
        archive.check_others(self.tables)
        archive.check_missing()
        return settled

    async def _fetch(self, places: Sequence[Place]) -> dict[Place, Body]:
        async with open_log(self.brokers, fetch_bytes=PICK_BYTES) as log:
            return await fetch(log, places)

    async def _check_objects(self, objects: list[Objects]) -> None:
        self.progress("checking sessions, tariffs and locations")
        async with open_log(self.brokers, fetch_bytes=PICK_BYTES) as log:
            await check_objects(log, self.tables, objects, self.differences)

    def _check_account(self, settled: Settled) -> None:
        for cpo, account in sorted(settled.cdrs.accounts.items()):
            if account.unexplained:
                self.differences.add(
                    CHECK, f"CDR documents of {cpo}: unexplained", expected=0,
                    found=f"{account.unexplained} of {account.accepted}",
                )  # fmt: skip
