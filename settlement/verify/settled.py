"""The rows of `cdr_settled`, CDR by CDR: against the log, the documents and themselves.

Rule: rows and documents come in the order of their ids, so many at a time; nothing is kept of a
CDR that agrees but what is counted.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from settlement.verify.account import Account
from settlement.verify.archive import Archive, Place
from settlement.verify.arithmetic import check_arithmetic
from settlement.verify.choice import check_choice
from settlement.verify.clickhouse import Tables
from settlement.verify.difference import Differences
from settlement.verify.digest import outcome_digest
from settlement.verify.document import CdrDocument, Unreadable, read_cdr
from settlement.verify.inbox import Inbox, TariffVersion
from settlement.verify.kafka import Ends
from settlement.verify.outcome import OutcomeLog, provenance_of
from settlement.verify.recount import Recount, check_shown, expected_outcomes, shown_copy
from settlement.verify.row import Layout, Row
from settlement.verify.statement import Statements
from settlement.verify.waiting import check_waiting
from settlement.verify.working import check_working

CHECK = "row"
CHECK_ACCOUNT = "account"
PAGE = 2_000
CPOS = """
SELECT DISTINCT cpo FROM
(
    SELECT cpo FROM {db}.cdr_settled
    UNION ALL SELECT cpo FROM {db}.document_received WHERE module = 'cdrs'
)
ORDER BY cpo
"""
Fetch = Callable[[Sequence[Place]], Mapping[Place, bytes]]


@dataclass(slots=True)
class Suspect:
    """A row that is not what the log said last: to be looked at column by column."""

    key: tuple[str, str]
    said: dict[str, Any]


@dataclass(slots=True)
class Settled:
    """The checks that go from row to row."""

    tables: Tables
    layout: Layout
    inbox: Inbox
    log: OutcomeLog
    statements: Mapping[int, Statements]
    looked: Ends
    archive: Archive
    fetch: Fetch  # bytes from the inbox, where the archive has not got them
    differences: Differences
    explain: Callable[[Sequence[Suspect]], None]
    recount: Recount = field(default_factory=Recount)
    accounts: dict[str, Account] = field(default_factory=lambda: defaultdict(Account))
    rows: int = 0
    moved_on: int = 0  # CDRs that changed after the watermark
    suspects: list[Suspect] = field(default_factory=list)

    def check(self, progress: Callable[[int], None] = lambda _: None) -> None:
        """Check every row, and every CDR that has documents and no row."""
        for found in self.tables.rows(CPOS):
            for rows, documents in self._pages(found["cpo"]):
                for key in sorted({*rows, *documents}):
                    self._check(found["cpo"], key, rows.get(key), documents.get(key, {}))
                self._explain(at_least=PAGE)
                progress(self.rows)
        self._explain(at_least=1)
        self._check_missing()

    def _pages(self, cpo: str) -> Iterator[tuple[dict[str, Row], dict[str, dict[Place, bytes]]]]:
        names = ", ".join(f"`{name}`" for name in self.layout.names)
        query = f"""
            SELECT {names} FROM {{db}}.cdr_settled FINAL
            WHERE cpo = {{cpo:String}} AND cdr_key > {{after:String}}
            ORDER BY cdr_key, version DESC LIMIT {PAGE} WITH TIES
        """  # one of each key; doubled ones are told by `_several`
        with ThreadPoolExecutor(max_workers=1) as ahead:  # ClickHouse works while we compare
            after = ""
            page = ahead.submit(self.tables.rows, query, cpo=cpo, after=after)
            while True:
                found = page.result()
                last = found[-1]["cdr_key"] if len(found) >= PAGE else None
                if last is not None:
                    page = ahead.submit(self.tables.rows, query, cpo=cpo, after=last)
                rows: dict[str, Row] = {}
                for row in found:
                    if rows.setdefault(row["cdr_key"], row) is not row:
                        self._several(row)
                yield rows, self.archive.cdrs(self.tables, cpo, after=after, last=last)
                if last is None:
                    return
                after = last

    def _several(self, row: Row) -> None:
        self.differences.add(
            CHECK,
            f"CDR {row['cpo']} {row['cdr_key']}",
            expected="one row",
            found=f"another one in month {row['month']}, version {row['version']}",
        )

    def _check(self, cpo: str, key: str, row: Row | None, bodies: Mapping[Place, bytes]) -> None:
        places = self.inbox.cdrs.get((cpo, key), [])
        is_current = True
        if row is not None:
            self.rows += 1
            is_current = self._check_log(row)
            check_arithmetic(row, self.differences)
        if not is_current:
            self.moved_on += 1
            self._count(cpo, places, None, is_current=False)
            return
        missing = [place for place in places if place not in bodies]
        if missing:
            bodies = {**bodies, **self.fetch(missing)}
        copies = self._copies(cpo, key, places, bodies)
        self._count(cpo, places, row, is_current=True)
        self._check_bucket(cpo, key, row, places)
        shown = shown_copy(row, copies)
        codes = () if row is None else row["finding.code"]
        if places:
            document = None if shown is None else shown[1]
            has_energy = "run_failed" not in codes
            self.recount.take_document(cpo, document, has_energy=has_energy)
        if row is None:
            return
        self.recount.take_row(row)
        if not places:
            self.differences.add(
                CHECK, f"CDR {cpo} {key}", expected="no row: no document of it came", found="a row"
            )
        if copies:
            check_shown(row, copies, self.differences)
        if shown is not None and shown[0] == row["kafka_offset"]:
            self._check_price(row, shown[1])

    def _check_log(self, row: Row) -> bool:
        """Compare a row with the log; tell whether it is of a fact below the watermark."""
        key = (row["cpo"], row["cdr_key"])
        said = self.layout.said(row, self.log.shapes)
        known = self.log.cdrs.get(key)
        last = None
        if known is not None:
            known.is_seen = True
            last = next((one for one in known.outcomes if one.version == row["version"]), None)
            stored = known.last_stored
            if stored is not None and row["version"] < stored.version:
                last = None
        digest = outcome_digest(said)
        if (
            last is None
            or digest != last.digest
            or row["outcome_digest"] != digest
            or hash(provenance_of(said)) != last.provenance
        ):
            self.suspects.append(Suspect(key, said))
        return bool(row["version"] < self.looked.get(row["kafka_partition"], 0))

    def _explain(self, *, at_least: int) -> None:
        if len(self.suspects) >= at_least:
            self.explain(self.suspects)
            self.suspects = []

    def _copies(
        self, cpo: str, key: str, places: Sequence[Place], bodies: Mapping[Place, bytes]
    ) -> list[tuple[int, CdrDocument]]:
        """Read the documents that were admitted, and check what became of each."""
        admitted = [place for place in places if self._outcome(place) != "dead_lettered"]
        admitted.sort(key=self._version)
        read: dict[bytes, CdrDocument | None] = {}
        documents: list[CdrDocument | None] = []
        for place in admitted:
            body = bodies.get(place, b"")
            if body not in read:
                try:
                    read[body] = read_cdr(body)
                except Unreadable:
                    read[body] = None
            documents.append(read[body])
        expected = ["first"] if len(admitted) == 1 else expected_outcomes(documents)
        for place, outcome in zip(admitted, expected, strict=True):
            found = self._outcome(place)
            if outcome is not None and found and found != outcome:
                self.differences.add(
                    CHECK_ACCOUNT,
                    f"inbox/{place[0]} offset {place[1]}, CDR {cpo} {key}: outcome",
                    expected=outcome,
                    found=found,
                )
        return [
            (place[1], document)
            for place, document in zip(admitted, documents, strict=True)
            if document is not None
        ]

    def _outcome(self, place: Place) -> str:
        said = self.statements.get(place[0])
        return "" if said is None else said.outcome_at(place[1])

    def _version(self, place: Place) -> int:
        said = self.statements.get(place[0])
        return -1 if said is None else said.version_at(place[1])

    def _count(
        self, cpo: str, places: Sequence[Place], row: Row | None, *, is_current: bool
    ) -> None:
        """Put each document of a CDR into its bucket."""
        account = self.accounts[cpo]
        for place in places:
            account.accepted += 1
            outcome = self._outcome(place)
            if outcome in {"duplicate", "dead_lettered"}:
                account.places[outcome] += 1
            elif outcome in {"first", "conflict"} and not is_current:
                account.places["moved_on"] += 1
            elif outcome in {"first", "conflict"} and row is not None:
                account.places[row["bucket"]] += 1

    def _check_bucket(self, cpo: str, key: str, row: Row | None, places: Sequence[Place]) -> None:
        outcomes = {self._outcome(place) for place in places}
        where = f"CDR {cpo} {key}"
        if row is None:
            if places and (cpo, key) not in self.log.cdrs:
                self.differences.add(CHECK, where, expected="a row", found=None)
            return
        if outcomes <= {"dead_lettered"}:
            expected = {"dead_lettered"}
        elif "conflict" in outcomes:
            expected = (
                {"conflict", "waiting"} if "run_failed" in row["finding.code"] else {"conflict"}
            )
        else:
            expected = {"settled", "waiting"}
        if outcomes and row["bucket"] not in expected:
            self.differences.add(
                CHECK_ACCOUNT,
                f"{where}: bucket",
                expected=" or ".join(sorted(expected)),
                found=row["bucket"],
            )

    def _check_price(self, row: Row, document: CdrDocument) -> None:
        published = Published(self.inbox, row["cpo"], self.statements)
        check_choice(row, document, published, self.differences)
        check_working(row, document, published, self.differences)
        check_waiting(row, document, published, self.inbox.locations, self.differences)

    def _check_missing(self) -> None:
        """Say which CDRs the log has and the table has not."""
        for (cpo, key), said in self.log.cdrs.items():
            stored = said.last_stored
            if not said.is_seen and stored is not None:
                self.differences.add(
                    CHECK,
                    f"CDR {cpo} {key}",
                    expected=f"a row of version {stored.version}, digest {stored.digest}",
                    found=None,
                )


@dataclass(frozen=True, slots=True)
class Published(Mapping[str, Sequence[TariffVersion]]):
    """The published versions of a CPO's tariffs that were admitted, by id."""

    inbox: Inbox
    cpo: str
    statements: Mapping[int, Statements]

    def __getitem__(self, tariff_id: str) -> Sequence[TariffVersion]:
        """Give the versions of a tariff; none where there is no such tariff."""
        return [
            version
            for version in self.inbox.tariffs.get((self.cpo, tariff_id), ())
            if self.statements[version.partition].outcome_at(version.offset) != "dead_lettered"
        ]

    def __iter__(self) -> Iterator[str]:
        """Give the ids."""
        return (tariff_id for cpo, tariff_id in self.inbox.tariffs if cpo == self.cpo)

    def __len__(self) -> int:
        """Count the tariffs."""
        return sum(1 for _ in self)
