"""Which version of a tariff prices a CDR, decided anew among those that the inbox holds.

Rule: written from the law, not from the code that follows it: the newest version that says it was
in force at the start and was received by then plus the notice; else the embedded copy; else the
one received first. A version received later counts only where it makes what is payable lowest.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from settlement.verify.difference import Differences
from settlement.verify.document import CdrDocument
from settlement.verify.inbox import TariffVersion
from settlement.verify.moment import milliseconds, read_time
from settlement.verify.simple import simple_total
from settlement.verify.tariff import Tariff

CHECK = "tariff"
NOTICE = timedelta(hours=24)
MOST_NAMED = 3
Row = Mapping[str, Any]
Published = Mapping[str, Sequence[TariffVersion]]  # by tariff id


@dataclass(frozen=True, slots=True)
class Candidate:
    """One version of a tariff as a row lists it."""

    digest: str
    source: str
    last_updated: datetime | None
    received: datetime | None
    is_chosen: bool

    @property
    def rank(self) -> tuple[datetime, str]:
        """Order versions: the newer one, then the greater digest."""
        assert self.last_updated is not None, self
        return self.last_updated, self.digest

    @property
    def name(self) -> str:
        """Name it for people."""
        if self.source == "embedded":
            return "the embedded copy"
        return f"{self.last_updated} received {self.received}"


def candidates_of(row: Row) -> dict[str, list[Candidate]]:
    """Give the versions that a row lists, by tariff id."""
    names = ("tariff_id", "digest", "source", "last_updated", "received_time", "is_chosen")
    found: dict[str, list[Candidate]] = {}
    for values in zip(*(row[f"tariff.{name}"] for name in names), strict=True):
        tariff_id, digest, source, updated, received, is_chosen = values
        candidate = Candidate(digest, source, read_time(updated), read_time(received), is_chosen)
        found.setdefault(tariff_id, []).append(candidate)
    return found


def distinct(versions: Sequence[TariffVersion]) -> list[TariffVersion]:
    """Give one version for equal copies: the one received first."""
    kept: dict[tuple[str, datetime], TariffVersion] = {}
    for version in versions:
        if version.tariff is None:
            continue
        key = (version.tariff.digest, version.last_updated)
        if key not in kept or version.received < kept[key].received:
            kept[key] = version
    return list(kept.values())


def chosen_tariff(
    candidates: Sequence[Candidate], versions: Sequence[TariffVersion], embedded: Tariff | None
) -> Tariff | None:
    """Give the content that a row says it chose; None where the inbox does not show which."""
    for candidate in candidates:
        if candidate.is_chosen:
            return tariff_of(candidate, versions, embedded)
    return None


def tariff_of(
    candidate: Candidate, versions: Sequence[TariffVersion], embedded: Tariff | None
) -> Tariff | None:
    """Give the content of a version that a row lists."""
    if candidate.source == "embedded":
        return embedded
    same = [
        version
        for version in versions
        if (milliseconds(version.last_updated), version.received)
        == (candidate.last_updated, candidate.received)
    ]
    return same[0].tariff if len(same) == 1 else None


def check_choice(
    row: Row, document: CdrDocument, published: Published, differences: Differences
) -> None:
    """Check that a row lists the versions there are and chose the one that counts."""
    if document.start is None:
        return
    where = f"CDR {row['cpo']} {row['cdr_key']}"
    for tariff_id, candidates in candidates_of(row).items():
        versions = published.get(tariff_id, ())
        place = f"{where}: tariff {tariff_id}"
        _check_listed(place, candidates, versions, differences)
        chosen = [candidate for candidate in candidates if candidate.is_chosen]
        if len(chosen) != 1:
            differences.add(CHECK, f"{place}: versions chosen", expected=1, found=len(chosen))
            continue
        base = base_of(candidates, document.start)
        late = late_ones(candidates, base, document.start)
        if chosen[0] is not base and chosen[0] not in late:
            differences.add(
                CHECK, f"{place}: the version chosen", expected=base.name, found=chosen[0].name
            )
            continue
        for expected, found in lowest(
            row=row,
            document=document,
            chosen=chosen[0],
            rivals=[base, *late],
            tariffs=[tariff_of(one, versions, document.tariff(tariff_id)) for one in [base, *late]],
        ):
            differences.add(CHECK, f"{place}: the version chosen", expected=expected, found=found)


def base_of(candidates: Sequence[Candidate], start: datetime) -> Candidate:
    """Give the version that prices unless one received later is lower."""
    published = [candidate for candidate in candidates if candidate.source == "published"]
    timely = [one for one in published if _is_in_force(one, start) and not _is_late(one, start)]
    if timely:
        return max(timely, key=lambda one: one.rank)
    for candidate in candidates:
        if candidate.source == "embedded":
            return candidate
    return min(published, key=lambda one: (one.received, *one.rank))


def late_ones(candidates: Sequence[Candidate], base: Candidate, start: datetime) -> list[Candidate]:
    """Give the versions that were in force at the start but received after the notice."""
    return [
        one
        for one in candidates
        if one.source == "published"
        and one is not base
        and _is_in_force(one, start)
        and _is_late(one, start)
    ]


def _is_in_force(candidate: Candidate, start: datetime) -> bool:
    return candidate.last_updated is not None and candidate.last_updated <= start


def _is_late(candidate: Candidate, start: datetime) -> bool:
    assert candidate.received is not None, candidate
    return candidate.received - start > NOTICE  # start + NOTICE may lie behind all calendars


def _check_listed(
    place: str,
    candidates: Sequence[Candidate],
    versions: Sequence[TariffVersion],
    differences: Differences,
) -> None:
    listed = Counter(
        (str(one.last_updated), str(one.received))
        for one in candidates
        if one.source == "published"
    )
    expected = Counter(
        (str(milliseconds(version.last_updated)), str(version.received))
        for version in distinct(versions)
    )
    is_odd = any(version.tariff is None or version.tariff.is_odd for version in versions)
    if is_odd and listed.total() <= len(versions):
        return  # not ours to tell such contents apart
    for text, there in (
        ("no more than there are", listed - expected),
        ("every one that there is", expected - listed),
    ):
        if there:
            named = [", received ".join(one) for one in list(there.elements())[:MOST_NAMED]]
            differences.add(
                CHECK,
                f"{place}: published versions listed",
                expected=f"{expected.total()}, {text}",
                found=f"{listed.total()}, differing in {'; '.join(named)}",
            )


def lowest(
    *,
    row: Row,
    document: CdrDocument,
    chosen: Candidate,
    rivals: Sequence[Candidate],
    tariffs: Sequence[Tariff | None],
) -> list[tuple[str, str]]:
    """Say where another version had to count, for prices that follow from volumes alone.

    The first of `rivals` is the base, the others were received late.
    """
    priced, claimed = row["priced_before_taxes"], row["claimed_before_taxes"]
    if priced is None or row["is_credit"] or len(set(row["tariff.tariff_id"])) > 1:
        return []
    claimed = Decimal(claimed or 0)
    payable = min(claimed, Decimal(priced))
    found = []
    for place, (rival, tariff) in enumerate(zip(rivals, tariffs, strict=True)):
        if rival is chosen or tariff is None:
            continue
        other = simple_total(tariff, document, row["currency"])
        if other is None:
            continue
        other = min(claimed, other)
        if other < payable and place > 0:
            found.append(
                (
                    f"{rival.name}, which makes {other} payable",
                    f"{chosen.name}, which makes {payable} payable",
                )
            )
        elif other <= payable and place == 0:
            found.append(
                (
                    f"{rival.name}, which makes {other} payable",
                    f"{chosen.name}, received late and no lower: {payable} payable",
                )
            )
    return found
