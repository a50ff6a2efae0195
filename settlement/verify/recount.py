"""The recount: what the documents claim, by CPO and month, against what the rows say.

Rule: identity is the CPO and the id in upper case; equal copies count once, of copies in
conflict the row shows one. Sums are of the documents' own numbers.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from settlement.verify.difference import Differences
from settlement.verify.document import PARTS, CdrDocument, billed_content
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
        self.documents[group].take(energy, column(document.before))

    def compare(self, differences: Differences) -> None:
        """Say where the sums differ."""
        for group in sorted({*self.documents, *self.rows}):
            expected, found = self.documents.get(group, Sum()), self.rows.get(group, Sum())
            for name in ("cdrs", "energy", "claimed"):
                was, now = getattr(expected, name), getattr(found, name)
                if was != now:
                    differences.add(CHECK, f"{group}: {name}", expected=was, found=now)


def shown_copy(
    row: Row | None, copies: Sequence[tuple[int, CdrDocument]]
) -> tuple[int, CdrDocument] | None:
    """Give the copy that the row says it shows, else the one that claims most."""
    for offset, document in copies:
        if row is not None and offset == row["kafka_offset"]:
            return offset, document
    return max(copies, key=lambda copy: copy[1].before or ZERO, default=None)


def check_shown(
    row: Row, copies: Sequence[tuple[int, CdrDocument]], differences: Differences
) -> None:
    """Check that a row says what the document it shows says, and shows the right one."""
    where = f"CDR {row['cpo']} {row['cdr_key']}"
    if UNREAD & set(row["finding.code"]):
        return
    at = {offset: document for offset, document in copies}  # noqa: C416 - pairs of a sequence
    document = at.get(row["kafka_offset"])
    if document is None:
        places = ", ".join(str(offset) for offset in at) or "none"
        differences.add(
            CHECK, f"{where}: offset of the copy shown", expected=places, found=row["kafka_offset"]
        )
        return
    for name, expected in _columns(document).items():
        found = row[name]
        if name in _TIMES:
            found = read_time(found)
        if expected != found:
            differences.add(CHECK, f"{where}: {name}", expected=expected, found=found)
    if row["bucket"] == "conflict" and _is_comparable(copies):
        most = max(one.before or ZERO for one in at.values())
        if (document.before or ZERO) != most:
            differences.add(
                CHECK, f"{where}: claim of the copy shown", expected=most, found=document.before
            )


def _is_comparable(copies: Sequence[tuple[int, CdrDocument]]) -> bool:
    tokens = [document.body.get("cdr_token") for _, document in copies]
    parties = {
        tuple(str(token.get(name)).upper() for name in ("country_code", "party_id"))
        for token in tokens
        if isinstance(token, dict)
    }
    currencies = {document.currency for _, document in copies}
    is_credit = any(document.is_credit for _, document in copies)
    is_bounded = all(column(document.before) == document.before for _, document in copies)
    return len(currencies) == 1 and len(parties) <= 1 and not is_credit and is_bounded


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
        "claimed_before_taxes": column(document.before),
        "claimed_after_taxes": column(document.after),
    }
    for part in PARTS:
        columns[f"claimed_{part}"] = column(document.parts[part])
    return columns


def expected_outcomes(copies: Sequence[CdrDocument | None]) -> list[str | None]:
    """Give what must have become of the records of one CDR, in the order they were admitted.

    None where only the fold's own reading can tell: a document not in OCPI's own form.
    """
    found: list[str | None] = []
    known: set[str] = set()
    is_sure = True
    for place, document in enumerate(copies):
        if document is None or document.is_odd:
            is_sure = False
            found.append(None if place else "first")
            continue
        content = billed_content(document)
        if content in known:
            found.append("duplicate")
        elif place == 0:
            found.append("first")
        else:
            found.append("conflict" if is_sure else None)
        known.add(content)
    return found
