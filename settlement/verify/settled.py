"""The rows of `cdr_settled`, CDR by CDR: against the log, the documents and themselves.

Rule: rows and documents come in the order of their ids, so many at a time; nothing is kept of a
CDR that agrees but what is counted.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from settlement.verify.archive import Archive, Place
from settlement.verify.cdr import Cdrs
from settlement.verify.clickhouse import Tables
from settlement.verify.difference import Differences
from settlement.verify.digest import outcome_digest
from settlement.verify.document import Body
from settlement.verify.inbox import Inbox
from settlement.verify.kafka import Ends
from settlement.verify.outcome import OutcomeLog, provenance_of
from settlement.verify.row import Layout, Row

CHECK = "row"
PAGE = 2_000
CPOS = """
SELECT DISTINCT cpo FROM
(
    SELECT cpo FROM {db}.cdr_settled
    UNION ALL SELECT cpo FROM {db}.document_received WHERE module = 'cdrs'
)
ORDER BY cpo
"""
Fetch = Callable[[Sequence[Place]], Mapping[Place, Body]]


@dataclass(slots=True)
class Suspect:
    """A row that is not what the log said last: to be looked at column by column."""

    key: tuple[str, str]
    said: dict[str, Any]


@dataclass(slots=True)
class Settled:
    """Goes from row to row, and says which are not what the log says."""

    tables: Tables
    layout: Layout
    inbox: Inbox
    log: OutcomeLog
    looked: Ends
    archive: Archive
    cdrs: Cdrs
    fetch: Fetch  # bytes from the inbox, where the archive has not got them
    differences: Differences
    explain: Callable[[Sequence[Suspect]], None]
    rows: int = 0
    moved_on: int = 0  # CDRs that changed after the watermark
    suspects: list[Suspect] = field(default_factory=list)

    def check(self, progress: Callable[[int], None] = lambda _: None) -> None:
        """Check every row, and every CDR that has documents and no row."""
        for found in self.tables.rows(CPOS):
            for rows, documents in self._pages(found["cpo"]):
                keys = sorted({*rows, *documents})
                bodies = self._complete(found["cpo"], keys, documents)
                for key in keys:
                    self._check(found["cpo"], key, rows.get(key), bodies.get(key, {}))
                self._explain(at_least=PAGE)
                progress(self.rows)
        self._explain(at_least=1)
        self._check_missing()

    def _pages(self, cpo: str) -> Iterator[tuple[dict[str, Row], dict[str, dict[Place, Body]]]]:
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

    def _complete(
        self, cpo: str, keys: Sequence[str], documents: Mapping[str, Mapping[Place, Body]]
    ) -> Mapping[str, Mapping[Place, Body]]:
        """Add from the inbox what the archive has not got."""
        missing = {
            place: key
            for key in keys
            for place in self.inbox.cdrs.get((cpo, key), ())
            if place not in documents.get(key, {})
        }
        if not missing:
            return documents
        complete = {key: dict(documents.get(key, {})) for key in keys}
        for place, body in self.fetch(list(missing)).items():
            complete[missing[place]][place] = body
        return complete

    def _several(self, row: Row) -> None:
        self.differences.add(
            CHECK,
            f"CDR {row['cpo']} {row['cdr_key']}",
            expected="one row",
            found=f"another one in month {row['month']}, version {row['version']}",
        )

    def _check(self, cpo: str, key: str, row: Row | None, bodies: Mapping[Place, Body]) -> None:
        is_current = True
        if row is not None:
            is_current = self._check_log(row)
            self.rows += 1
            self.moved_on += not is_current
        elif (cpo, key) not in self.log.cdrs and self.inbox.cdrs.get((cpo, key)):
            self.differences.add(CHECK, f"CDR {cpo} {key}", expected="a row", found=None)
        self.cdrs.check(cpo, key, row, bodies, is_current=is_current)

    def _check_log(self, row: Row) -> bool:
        """Compare a row with the log; tell whether it is of a fact below the watermark."""
        said = self.layout.said(row, self.log.shapes)
        known, last = self.log.cdrs.get((row["cpo"], row["cdr_key"])), None
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
            self.suspects.append(Suspect((row["cpo"], row["cdr_key"]), said))
        return bool(row["version"] < self.looked.get(row["kafka_partition"], 0))

    def _explain(self, *, at_least: int) -> None:
        if len(self.suspects) >= at_least:
            self.explain(self.suspects)
            self.suspects = []

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
