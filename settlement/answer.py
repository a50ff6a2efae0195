"""A document in, its price and what there is to say about it out: no service, no state.

Rule: the short way through the core for the command line and for library users; every rule it
applies lives in `ocpi`, `pricing` and `reconciliation`.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

import msgspec

from settlement.cdr import Cdr, folded
from settlement.finding import Cause, Finding, Note
from settlement.ocpi.door import Parsed, detect_version, parse_cdr, parse_tariff
from settlement.ocpi.problem import Remark, UnreadableDocument
from settlement.pricing.engine import price
from settlement.pricing.priced import Costs, PricedCdr, Unpriceable
from settlement.pricing.profile import DEFAULT, Profile
from settlement.pricing.references import tariff_ids
from settlement.reconciliation.claim import (
    EXPLAINABLE,
    claimed_costs,
    is_as_priced,
    reconcile_claim,
    verdict_of,
)
from settlement.reconciliation.sums import reconcile_sums
from settlement.tariff import Price, Tariff
from settlement.zone import load_zone, zone_of_country

_LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)  # for a tariff that does not say
_USUAL_VERSION = "2.2.1"  # that is looked for first

Source = bytes | Mapping[str, Any] | Path | str


class Answer(msgspec.Struct, frozen=True):
    """A CDR, its price or why there is none, and how both compare."""

    cdr: Cdr
    tariffs: tuple[Tariff, ...]  # those it was priced under
    time_zone: str | None
    profile: str
    price_basis: str
    verdict: str  # matched, disputed, unverifiable, invalid
    claimed: Costs
    priced: PricedCdr | Unpriceable
    findings: tuple[Finding, ...]
    notes: tuple[Note, ...]
    causes: tuple[Cause, ...] = ()  # why the claim differs: one is the cause, several candidates


def price_cdr(
    source: Source,
    *,
    tariffs: Sequence[Tariff] = (),
    time_zone: str | None = None,
    ocpi_version: str | None = None,
    profile: Profile = DEFAULT,
) -> Answer:
    """Price a CDR given as bytes, as a dict or as a file's path, and compare it with its claim.

    Raises UnreadableDocument for what is no CDR.
    """
    desk = Desk(tariffs=tariffs, time_zone=time_zone, ocpi_version=ocpi_version, profile=profile)
    return desk.answer(_content(source))


def load_tariff(source: Source, *, ocpi_version: str | None = None) -> Tariff:
    """Read a tariff for `price_cdr` from bytes, a dict or a file; UnreadableDocument."""
    content = _content(source)
    return parse_tariff(content, ocpi_version=ocpi_version or detect_version(content)).value


def _content(source: Source) -> bytes | Mapping[str, Any]:
    return Path(source).read_bytes() if isinstance(source, str | Path) else source


class Desk:
    """Answers many documents under the same tariffs, zone, version and profile."""

    def __init__(
        self,
        *,
        tariffs: Sequence[Tariff] = (),
        time_zone: str | None = None,
        ocpi_version: str | None = None,
        profile: Profile = DEFAULT,
    ) -> None:
        self._given: dict[str, list[Tariff]] = {}
        for tariff in tariffs:
            self._given.setdefault(folded(tariff.id), []).append(tariff)
        self._time_zone = time_zone
        self._version = ocpi_version
        self._likely = _USUAL_VERSION
        self._profile = profile
        self._is_quick = profile == DEFAULT  # whose bounds for odd volumes are those of the sums

    def answer(self, document: bytes | Mapping[str, Any]) -> Answer:
        """Price one CDR and compare it with its claim; UnreadableDocument."""
        parsed = self._parse(document)
        cdr = parsed.value
        notes = [_remarked(remark) for remark in parsed.remarks] if parsed.remarks else []
        causes: tuple[Cause, ...] = ()
        zone = self._zone_of(cdr, notes)
        tariffs, named, basis = self._tariffs_of(cdr, notes)
        priced = price(cdr=named, tariffs=tariffs, zone=zone, profile=self._profile, basis=basis)
        claimed = claimed_costs(cdr)
        if isinstance(priced, Unpriceable):
            findings = [*reconcile_sums(cdr), _unpriceable(priced)]
        else:
            notes.extend(priced.notes)
            agrees = self._is_quick and is_as_priced(claimed=claimed, priced=priced)
            findings = [*reconcile_sums(cdr, is_as_priced=agrees)]
            if not agrees:
                differs = reconcile_claim(cdr=cdr, priced=priced, profile=self._profile)
                if any(finding.code in EXPLAINABLE for finding in differs):
                    differs, causes = self._explained(differs, named, priced, tariffs)
                findings += differs
            if basis != "embedded":
                findings.extend(self._against_embedded(cdr, priced, zone))
        return Answer(
            cdr,
            tuple(tariffs),
            zone,
            self._profile.label,
            basis,
            verdict_of(findings=findings, priced=priced),
            claimed,
            priced,
            tuple(findings),
            tuple(notes),
            causes,
        )

    def _explained(
        self, findings: Sequence[Finding], cdr: Cdr, priced: PricedCdr, tariffs: Sequence[Tariff]
    ) -> tuple[tuple[Finding, ...], tuple[Cause, ...]]:
        """Look for the mistake behind a claim; a CDR that matches does not even load the table."""
        from settlement.tariff_tools.cause.search import explain_claim  # noqa: PLC0415 - as told

        explained = explain_claim(
            findings=findings,
            cdr=cdr,
            priced=priced,
            tariffs=tariffs,
            others=(*chain.from_iterable(self._given.values()), *cdr.tariffs),
            zone=priced.time_zone,
            profile=self._profile,
        )
        return explained.findings, explained.causes

    def _parse(self, document: bytes | Mapping[str, Any]) -> Parsed[Cdr]:
        """Read a CDR in the version that was given, else in the one that its shape tells.

        A document of which a version has nothing to remark but nulls is of that version (each
        requires fields that no other has), so the version of the last one is tried first.
        """
        if self._version is not None:
            return parse_cdr(document, ocpi_version=self._version)
        try:
            parsed = parse_cdr(document, ocpi_version=self._likely)
            if len(parsed.remarks) == (1 if parsed.null_fields else 0):
                return parsed
        except UnreadableDocument:
            parsed = None
        version = detect_version(document)
        if parsed is None or version != self._likely:
            self._likely = version
            return parse_cdr(document, ocpi_version=version)
        return parsed

    def _zone_of(self, cdr: Cdr, notes: list[Note]) -> str | None:
        """Give the zone: as asked for, as sent (2.1.1), or the only one of the country."""
        if self._time_zone is not None:
            return self._time_zone
        place = cdr.cdr_location
        if place is None:
            return None
        if place.time_zone and load_zone(place.time_zone) is not None:
            return place.time_zone
        zone = zone_of_country(place.country)
        if zone is not None:
            notes.append(_told_by_country(zone, place.country))
        return zone

    def _tariffs_of(self, cdr: Cdr, notes: list[Note]) -> tuple[Sequence[Tariff], Cdr, str]:
        """Give the tariffs, the CDR with periods that name them, and the price basis.

        A given tariff wins over an embedded one of its id; a single one that the CDR does not
        name is for the whole CDR.
        """
        given = self._given
        if not given and len(cdr.tariffs) == 1:
            return cdr.tariffs, cdr, "embedded"  # the engine tells whether it is named
        ids = tariff_ids(cdr)
        used = [key for key in ids if key in given]
        if given and not used and len(given) == 1:
            (versions,) = given.values()
            name = versions[0].id
            if ids:
                message = f"The CDR names {', '.join(ids)}: {name}, which is given, prices it."
                path = "$.charging_periods"
                notes.append(Note(code="tariff_given_for_all", path=path, message=message))
            return _version_at(cdr, versions, notes), _naming(cdr, name), "published"
        embedded = [tariff for tariff in cdr.tariffs if folded(tariff.id) in ids]
        if not used:
            return embedded, cdr, "embedded"
        others = [tariff for tariff in embedded if folded(tariff.id) not in given]
        chosen = [tariff for key in used for tariff in _version_at(cdr, given[key], notes)]
        return chosen + others, cdr, "published"

    def _against_embedded(self, cdr: Cdr, priced: PricedCdr, zone: str | None) -> list[Finding]:
        """Tell where the tariffs inside the CDR would give another amount."""
        if not cdr.tariffs:
            return []
        other = price(cdr=cdr, tariffs=cdr.tariffs, zone=zone, profile=self._profile)
        if isinstance(other, Unpriceable):
            return []
        ours, theirs = priced.rounded.total_cost, other.rounded.total_cost
        assert ours is not None
        assert theirs is not None
        if ours == theirs:
            return []
        stake = None
        if theirs.before_taxes is not None and ours.before_taxes is not None:
            stake = theirs.before_taxes - ours.before_taxes
        return [
            Finding(
                code="embedded_tariff_differs",
                path="$.tariffs",
                message="the tariff inside the CDR gives another amount than the given one",
                severity="warning",
                claimed=_side(theirs),
                computed=_side(ours),
                difference=stake,
            )
        ]


def _version_at(cdr: Cdr, versions: list[Tariff], notes: list[Note]) -> list[Tariff]:
    """Give the version of a tariff that was in force: the newest from before the session's start.

    Else the oldest. Versions of one time are all given back; the engine tells whether they differ.
    """
    if len(versions) == 1:
        return versions
    start = cdr.start_date_time
    times = [tariff.last_updated or _LONG_AGO for tariff in versions]
    time = max((time for time in times if time <= start), default=min(times))
    chosen = [tariff for tariff, own in zip(versions, times, strict=True) if own == time]
    if len(chosen) > 1:
        return chosen
    message = (
        f"Of {len(versions)} versions of {versions[0].id} that are given, the one of "
        f"{time:%Y-%m-%d %H:%M:%S} UTC prices it: the newest that is not after the start."
        if time <= start
        else f"All {len(versions)} versions of {versions[0].id} that are given are later than the "
        f"start: the oldest, of {time:%Y-%m-%d %H:%M:%S} UTC, prices it."
    )
    notes.append(Note(code="tariff_version_chosen", path="$.start_date_time", message=message))
    return chosen


def _naming(cdr: Cdr, tariff_id: str) -> Cdr:
    """Give the CDR as if all its periods named one tariff."""
    periods = tuple(
        msgspec.structs.replace(period, tariff_id=tariff_id) for period in cdr.charging_periods
    )
    return msgspec.structs.replace(cdr, charging_periods=periods)


@lru_cache(maxsize=256)
def _told_by_country(zone: str, country: str | None) -> Note:
    message = f"The time zone is not given: {zone}, the only one of {country}."
    return Note(code="time_zone_from_country", path="$.cdr_location.country", message=message)


def _remarked(remark: Remark) -> Note:
    return Note(code=remark.code, path=remark.path, message=remark.message)


def _unpriceable(reason: Unpriceable) -> Finding:
    return Finding(code=reason.code, path=reason.path, message=reason.message, severity="warning")


def _side(price: Price) -> str | None:
    amount = price.after_taxes if price.before_taxes is None else price.before_taxes
    return None if amount is None else format(amount, "f")
