"""The recount: what the documents claim, by CPO and month, against what the rows say.

Rule: identity is the CPO and the id in upper case; equal copies count once, of copies in
conflict the row shows one. Sums are of the documents' own numbers.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import Any, NamedTuple

from settlement.verify.archive import Place
from settlement.verify.difference import Differences
from settlement.verify.document import PARTS, Body, CdrDocument
from settlement.verify.moment import column_time, read_time
from settlement.verify.number import ZERO, add, column

CHECK = "recount"
Row = Mapping[str, Any]
# Findings that say that a row holds less than its document.
UNREAD = frozenset({"dead_lettered", "run_failed"})


class Group(NamedTuple):
    """What is summed: CPO, month of the end of the session (UTC), currency, credit or not."""

    cpo: str
    month: str
    currency: str
    is_credit: bool

    def __str__(self) -> str:
        """Name it for people."""
        kind = "Credit CDRs" if self.is_credit else "CDRs"
        return f"{kind} of {self.cpo} in {self.month or 'no month'}, {self.currency or 'unread'}"


@dataclass(slots=True)
class Sum:
    """CDRs, kWh and money before taxes."""

    cdrs: int = 0
    energy: Decimal = ZERO
    claimed: Decimal = ZERO

    def take(self, energy: Decimal | None, claimed: Decimal | None) -> None:
        """Add one CDR."""
        self.cdrs += 1
        self.energy = add(self.energy, energy or ZERO)
        self.claimed = add(self.claimed, claimed or ZERO)


@dataclass(slots=True)
class Recount:
    """Both sides of the recount."""

    documents: dict[Group, Sum] = field(default_factory=lambda: defaultdict(Sum))
    rows: dict[Group, Sum] = field(default_factory=lambda: defaultdict(Sum))

    def take_row(self, row: Row) -> None:
        """Count a row."""
        month = (row["end_date_time"] or "")[:7]
        group = Group(row["cpo"], month, row["currency"], row["is_credit"])
        energy, claimed = row["energy_kwh"], row["claimed_before_taxes"]
        self.rows[group].take(
            None if energy is None else Decimal(energy),
            None if claimed is None else Decimal(claimed),
        )

    def take_document(self, cpo: str, document: CdrDocument | None, *, has_energy: bool) -> None:
        """Count a CDR by the document that its row has to show; None where none is readable."""
        if document is None:
            self.documents[Group(cpo, "", "", is_credit=False)].take(None, None)
            return
        end = column_time(document.end)
        month = "" if end is None else end.isoformat()[:7]
        group = Group(cpo, month, document.currency, document.is_credit)
        energy = column(document.energy) if has_energy else None
        self.documents[group].take(energy, column(document.claimed))

    def compare(self, differences: Differences) -> None:
        """Say where the sums differ."""
        for group in sorted({*self.documents, *self.rows}):
            expected, found = self.documents.get(group, Sum()), self.rows.get(group, Sum())
            for name in ("cdrs", "energy", "claimed"):
                was, now = getattr(expected, name), getattr(found, name)
                if was != now:
                    differences.add(CHECK, f"{group}: {name}", expected=was, found=now)


@dataclass(frozen=True, slots=True)
class Copy:
    """A document of a CDR that was admitted."""

    place: Place
    body: Body
    document: CdrDocument | None  # None where we cannot read it

    @property
    def content(self) -> tuple[str, str]:
        """Give what makes it equal to others: what is billed, and for whom."""
        return ("" if self.document is None else self.document.content, self.body.emsp)

    @property
    def claim(self) -> Decimal:
        """Give what it claims before taxes, as a column holds it."""
        return (self.document and column(self.document.claimed)) or ZERO

    @property
    def is_sure(self) -> bool:
        """Tell whether we can say to which others it is equal."""
        return self.document is not None and not self.document.is_odd


def billed(copies: Sequence[Copy]) -> list[Copy]:
    """Give the copies that differ, the first of each; one that names no eMSP is any other."""
    named = {copy.content[0] for copy in copies if copy.body.emsp}
    found: dict[tuple[str, str], Copy] = {}
    for copy in copies:
        if copy.body.emsp or copy.content[0] not in named:
            found.setdefault(copy.content, copy)
    return list(found.values())


def shown_copy(row: Row | None, copies: Sequence[Copy]) -> Copy | None:
    """Give the copy that the row says it shows, else the one that claims most."""
    readable = [copy for copy in copies if copy.document is not None]
    for copy in readable:
        if row is not None and copy.place[1] == row["kafka_offset"]:
            return copy
    return max(readable, key=lambda copy: copy.claim, default=None)


def check_shown(row: Row, copies: Sequence[Copy], differences: Differences) -> None:
    """Check that a row says what the document it shows says, and shows the right one."""
    where = f"CDR {row['cpo']} {row['cdr_key']}"
    if UNREAD & set(row["finding.code"]):
        return
    offset = row["kafka_offset"]
    shown = next((copy for copy in copies if copy.place[1] == offset), None)
    if shown is None:
        places = ", ".join(str(copy.place[1]) for copy in copies) or "none"
        differences.add(CHECK, f"{where}: offset of the copy shown", expected=places, found=offset)
        return
    said = {} if shown.document is None else _columns(shown.document)
    if (speaker := _speaker(shown, copies)) is not None:
        said |= {"emsp": speaker.body.emsp, "ocpi_version": speaker.body.version}
    for name, expected in said.items():
        found = read_time(row[name]) if name in _TIMES else row[name]
        if expected != found:
            differences.add(CHECK, f"{where}: {name}", expected=expected, found=found)
    rivals = billed(copies)
    if len(rivals) > 1 and _is_comparable(rivals):
        most = max(copy.claim for copy in rivals)
        if shown.claim != most:
            differences.add(
                CHECK, f"{where}: claim of the copy shown", expected=most, found=shown.claim
            )


def _speaker(shown: Copy, copies: Sequence[Copy]) -> Copy | None:
    """Give whose spelling the row repeats: of equal copies the one of the least bytes.

    None where only the fold's own reading can tell.
    """
    if len(copies) == 1:
        return shown
    rivals = {copy.content for copy in billed(copies)}
    equal = [one for one in copies if one.content in rivals and one.content[0] == shown.content[0]]
    if not all(copy.is_sure for copy in copies) or len({one.content for one in equal}) > 1:
        return None
    return min(equal, key=lambda copy: sha256(copy.body.value).digest())


def _is_comparable(copies: Sequence[Copy]) -> bool:
    documents = [copy.document for copy in copies if copy.document is not None]
    return (
        all(copy.is_sure for copy in copies)
        and len({document.currency for document in documents}) == 1
        and len({copy.body.emsp for copy in copies}) == 1
        and not any(document.is_credit for document in documents)
    )


_TIMES = frozenset({"start_date_time", "end_date_time"})


def _columns(document: CdrDocument) -> dict[str, Any]:
    """Give what the columns must hold, as values."""
    columns: dict[str, Any] = {
        "currency": document.currency,
        "is_credit": document.is_credit,
        "start_date_time": column_time(document.start),
        "end_date_time": column_time(document.end),
        "energy_kwh": column(document.energy),
        "time_hours": column(document.time),
        "parking_hours": column(document.parking),
        "claimed_before_taxes": column(document.cost[0]),
        "claimed_after_taxes": column(document.cost[1]),
    }
    for part in PARTS:
        columns[f"claimed_{part}"] = column(document.parts[part][0])
    return columns


def expected_outcomes(copies: Sequence[Copy]) -> list[str | None]:
    """Give what must have become of the records of one CDR, in the order they were admitted.

    None where only the fold's own reading can tell: a document not in OCPI's own form.
    """
    found: list[str | None] = []
    known: dict[object, set[str]] = {}  # eMSPs by content
    are_sure = True
    for copy in copies:
        are_sure = are_sure and copy.is_sure
        emsp = copy.body.emsp
        key = copy.content[0] if copy.is_sure else (copy.body.version, copy.body.value)
        emsps = known.setdefault(key, set())
        if not found:
            found.append("first")
        elif emsps and (not emsp or emsps & {"", emsp}):
            found.append("duplicate")
        else:
            found.append("conflict" if are_sure else None)
        emsps.add(emsp)
    return found


def expected_buckets(row: Row, copies: Sequence[Copy], outcomes: Collection[str]) -> set[str]:
    """Give where the documents of a CDR may stand, given what became of each."""
    if set(outcomes) <= {"dead_lettered"}:
        return {"dead_lettered"}
    if "run_failed" in row["finding.code"]:
        return {"waiting"}
    if copies and all(copy.is_sure for copy in copies):
        return {"conflict"} if len(billed(copies)) > 1 else {"settled", "waiting"}
    return {"conflict"} if "conflict" in outcomes else {"settled", "waiting", "conflict"}
