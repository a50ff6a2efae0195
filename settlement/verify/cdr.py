"""One CDR: its row against its documents, the tariffs and itself.

Rule: what is handed in, nothing is fetched; sums and counts are kept, nothing else of a CDR.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from settlement.verify.account import Account
from settlement.verify.archive import Place
from settlement.verify.arithmetic import check_arithmetic
from settlement.verify.choice import check_choice
from settlement.verify.difference import Differences
from settlement.verify.digest import dead_digest
from settlement.verify.document import Body, CdrDocument, Unreadable, read_cdr
from settlement.verify.inbox import Inbox, TariffVersion
from settlement.verify.location import LocationChange, ordered
from settlement.verify.recount import (
    Copy,
    Recount,
    check_shown,
    expected_buckets,
    expected_outcomes,
    shown_copy,
)
from settlement.verify.row import Row
from settlement.verify.statement import Statements
from settlement.verify.waiting import check_waiting
from settlement.verify.working import check_working

CHECK = "row"
CHECK_ACCOUNT = "account"


@dataclass(slots=True)
class Cdrs:
    """The checks of single CDRs, and what they add up to."""

    inbox: Inbox
    statements: Mapping[int, Statements]
    differences: Differences
    recount: Recount = field(default_factory=Recount)
    accounts: dict[str, Account] = field(default_factory=lambda: defaultdict(Account))
    published: dict[str, "Published"] = field(default_factory=dict)  # of one CPO at a time

    def check(
        self,
        cpo: str,
        key: str,
        row: Row | None,
        bodies: Mapping[Place, Body],
        *,
        is_current: bool,
    ) -> None:
        """Check one CDR; `bodies` holds its documents below the watermark.

        Of a row that has moved on behind the watermark only the arithmetic is checked.
        """
        if row is not None:
            check_arithmetic(row, self.differences)
        places = self.inbox.cdrs.get((cpo, key), [])
        self._count(cpo, places, row, is_current=is_current)
        if not is_current:
            return
        copies = self._copies(cpo, key, places, bodies)
        shown = shown_copy(row, copies)
        document = None if shown is None else shown.document
        if places:
            has_energy = row is None or "run_failed" not in row["finding.code"]
            self.recount.take_document(cpo, document, has_energy=has_energy)
        if row is None:
            return
        self.recount.take_row(row)
        if not places:
            self.differences.add(
                CHECK, f"CDR {cpo} {key}", expected="no row: no document of it came", found="a row"
            )
            return
        self._check_bucket(row, copies, places)
        if copies:
            check_shown(row, copies, self.differences)
        else:
            self._check_dead(row, [bodies[place] for place in places])
        if shown is not None and document is not None and shown.place[1] == row["kafka_offset"]:
            self._check_price(row, document)

    def _copies(
        self, cpo: str, key: str, places: Sequence[Place], bodies: Mapping[Place, Body]
    ) -> list[Copy]:
        """Read the documents that were admitted, and check what became of each."""
        admitted = [place for place in places if self._outcome(place) != "dead_lettered"]
        admitted.sort(key=self._version)
        read: dict[tuple[bytes, str], CdrDocument | None] = {}
        copies: list[Copy] = []
        for place in admitted:
            body = bodies[place]
            same = (body.value, body.version)
            if same not in read:
                try:
                    read[same] = read_cdr(body.value, version=body.version)
                except Unreadable:
                    read[same] = None
            copies.append(Copy(place, body, read[same]))
        for copy, outcome in zip(copies, expected_outcomes(copies), strict=True):
            found = self._outcome(copy.place)
            if outcome is not None and found and found != outcome:
                self.differences.add(
                    CHECK_ACCOUNT,
                    f"inbox/{copy.place[0]} offset {copy.place[1]}, CDR {cpo} {key}: outcome",
                    expected=outcome,
                    found=found,
                )
        return copies

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

    def _check_bucket(self, row: Row, copies: Sequence[Copy], places: Sequence[Place]) -> None:
        expected = expected_buckets(row, copies, {self._outcome(place) for place in places})
        if row["bucket"] not in expected:
            self.differences.add(
                CHECK_ACCOUNT,
                f"CDR {row['cpo']} {row['cdr_key']}: bucket",
                expected=" or ".join(sorted(expected)),
                found=row["bucket"],
            )

    def _check_dead(self, row: Row, bodies: Iterable[Body]) -> None:
        """Of unreadable documents the row repeats the one with the least digest."""
        least = min(bodies, key=dead_digest)
        for name, expected in (
            ("cdr_id", least.object_id),
            ("emsp", least.emsp),
            ("ocpi_version", least.version),
        ):
            if row[name] != expected:
                where = f"CDR {row['cpo']} {row['cdr_key']}: {name}"
                self.differences.add(CHECK, where, expected=expected, found=row[name])

    def _check_price(self, row: Row, document: CdrDocument) -> None:
        cpo = row["cpo"]
        if cpo not in self.published:
            self.published = {cpo: Published(self.inbox, cpo, self.statements)}
        published = self.published[cpo]
        check_choice(row, document, published, self.differences)
        check_working(row, document, published, self.differences)
        changes = published.location(document.place.id)
        check_waiting(row, document, published, changes, self.differences)


class Published(Mapping[str, Sequence[TariffVersion]]):
    """What a CPO published and was admitted: versions of tariffs by id, and locations."""

    def __init__(self, inbox: Inbox, cpo: str, statements: Mapping[int, Statements]) -> None:
        self._inbox = inbox
        self._cpo = cpo
        self._statements = statements
        self._tariffs: dict[str, list[TariffVersion]] = {}
        self._locations: dict[str, list[LocationChange]] = {}

    def __getitem__(self, tariff_id: str) -> Sequence[TariffVersion]:
        """Give the versions of a tariff; none where there is no such tariff."""
        if tariff_id not in self._tariffs:
            sent = self._inbox.tariffs.get((self._cpo, tariff_id), ())
            self._tariffs[tariff_id] = [one for one in sent if self._is_admitted(one)]
        return self._tariffs[tariff_id]

    def location(self, identifier: str) -> Sequence[LocationChange]:
        """Give the changes of a location by their times; see `ordered`."""
        if identifier not in self._locations:
            sent = self._inbox.locations.get((self._cpo, identifier), ())
            self._locations[identifier] = ordered([one for one in sent if self._is_admitted(one)])
        return self._locations[identifier]

    def _is_admitted(self, sent: TariffVersion | LocationChange) -> bool:
        return self._statements[sent.partition].outcome_at(sent.offset) != "dead_lettered"

    def __iter__(self) -> Iterator[str]:
        """Give the ids of the tariffs."""
        return (tariff_id for cpo, tariff_id in self._inbox.tariffs if cpo == self._cpo)

    def __len__(self) -> int:
        """Count the tariffs."""
        return sum(1 for _ in self)
