"""One CDR from its copies to its row: price, reconcile, post.

Rule: a function of the CDR's documents and of what the state knows around it; the record that
caused the run gives only the version. Copies in conflict are shown by data, never by arrival.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from settlement.bounds import EXACT
from settlement.cdr import Cdr, folded
from settlement.finding import Finding
from settlement.location import Location
from settlement.ocpi.parsed import Parsed
from settlement.pricing.priced import PricedCdr
from settlement.pricing.profile import Profile
from settlement.reconciliation.basis import Published
from settlement.reconciliation.tariff_choice import TariffVersion
from settlement.rules import RULES_VERSION
from settlement.session import Session
from streams.outcome import (
    CdrCopy,
    CdrMessage,
    CdrSaid,
    Stamp,
    outcome_digest,
    stamped,
    written,
)
from streams.record import Record
from streams.state import CdrCopy as StoredCopy
from streams.state import CdrState, LocationState, SessionState, State, TariffState, key_of
from streams.steps.columns import (
    cdr_columns,
    computed_column,
    finding_column,
    number_column,
    priced_columns,
)
from streams.steps.current import location_of, session_of
from streams.steps.post import NOTHING, Spread, claim_of, post_copy
from streams.steps.price import Pricing, price_copy
from streams.steps.reconcile import Reconciliation, reconcile_copy

_ZERO = Decimal(0)


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """A CDR document of the inbox, read."""

    parsed: Parsed[Cdr]
    emsp: str


class JudgedCopy(msgspec.Struct, frozen=True, kw_only=True):
    """One copy with its price, verdict and spread."""

    stored: StoredCopy
    document: Document
    pricing: Pricing
    reconciliation: Reconciliation
    spread: Spread

    @property
    def cdr(self) -> Cdr:
        """Give the CDR as read."""
        return self.document.parsed.value


def settle(
    *,
    state: State,
    key: str,
    cause: Record,
    documents: Mapping[int, Document],
    profile: Profile,
) -> CdrMessage | None:
    """Run one CDR and give its outcome where it changed; the state remembers it.

    `documents` holds the shown record of each copy by its offset.
    """
    before = state.cdr(key)
    assert before is not None, key
    assert before.copies, key
    copies = [_judge(state, before, copy, documents[copy.shown], profile) for copy in before.billed]
    if len(copies) == 1:
        shown, said = copies[0], _alone(before, copies[0])
    else:
        shown, said = _conflict(before, copies)
    return remember(
        state=state,
        key=key,
        said=said,
        received_time=shown.stored.received,
        kafka_offset=shown.stored.shown,
        cause=cause,
        touched_by=_touched_by(before, copies),
    )


def remember(
    *,
    state: State,
    key: str,
    said: CdrSaid,
    received_time: datetime,
    kafka_offset: int,
    cause: Record,
    touched_by: tuple[str, ...] | None = None,
) -> CdrMessage | None:
    """Give the outcome its version where it differs from the last one, and keep its digest.

    Receipt and offset are those of the record shown.
    """
    before = state.cdr(key)
    assert before is not None, key
    value = written(said)
    digest = outcome_digest(value)
    after = msgspec.structs.replace(
        before,
        outcome_digest=digest,
        touched_by=before.touched_by if touched_by is None else touched_by,
        cdr_id=said.cdr_id,
        emsp=said.emsp,
        currency=said.currency,
        end_date_time=said.end_date_time,
        payable=said.payable,
        held=said.held,
        credit=(said.claimed_before_taxes or _ZERO) if said.is_credit else None,
        conflict_shown=kafka_offset if len(before.copies) > 1 else None,
    )
    if after != before:
        state.put(key, after)
    if digest == before.outcome_digest:
        return None
    stamp = Stamp(
        received_time=received_time,
        kafka_partition=cause.partition,
        kafka_offset=kafka_offset,
        month=before.month,
        version=cause.offset,
        cause=cause.envelope.ce_type,
        outcome_digest=digest,
        rules_version=RULES_VERSION,
    )
    return CdrMessage(
        cpo=said.cpo,
        cdr_key=said.cdr_key,
        bucket=said.bucket,
        value=stamped(value, stamp),
    )


def _judge(
    state: State, cdr_state: CdrState, copy: StoredCopy, document: Document, profile: Profile
) -> JudgedCopy:
    cdr, cpo = document.parsed.value, cdr_state.cpo
    location = _location_of(state, cpo, cdr)
    pricing = price_copy(
        cdr=cdr, published=_published(state, cpo), location=location, profile=profile
    )
    reconciliation = reconcile_copy(
        cdr=cdr,
        remarks=document.parsed.remarks,
        pricing=pricing,
        session=_session_of(state, cpo, cdr),
        profile=profile,
    )
    result = pricing.result if isinstance(pricing.result, PricedCdr) else None
    spread = post_copy(cdr=cdr, result=result, verdict=reconciliation.verdict, profile=profile)
    return JudgedCopy(
        stored=copy,
        document=document,
        pricing=pricing,
        reconciliation=reconciliation,
        spread=spread,
    )


BUCKETS = {
    "matched": "settled",
    "disputed": "settled",
    "invalid": "settled",
    "unverifiable": "waiting",
    "conflict": "conflict",
}


def _alone(state: CdrState, copy: JudgedCopy, **changes: Any) -> CdrSaid:
    """Give the row of a CDR from the copy shown; `changes` are what a conflict overrides."""
    reconciliation, pricing = copy.reconciliation, copy.pricing
    columns = cdr_columns(copy.cdr)
    if isinstance(pricing.result, PricedCdr):
        columns |= priced_columns(pricing.result)
        columns["price_basis"] = pricing.basis
    columns |= {
        "cpo": state.cpo,
        "cdr_key": state.key,
        "emsp": copy.document.emsp,
        "time_zone": pricing.zone,
        "payable": copy.spread.payable,
        "held": copy.spread.held,
        "postings": copy.spread.postings,
        "verdict": reconciliation.verdict,
        "bucket": BUCKETS[reconciliation.verdict],
        "waits_for": reconciliation.waits_for,
        "tariffs": pricing.candidates,
        "notes": pricing.notes,
        "findings": tuple([finding_column(finding) for finding in reconciliation.findings]),
        "content_digest": copy.stored.digest,
    }
    columns |= changes
    return CdrSaid(**columns)


def _conflict(state: CdrState, copies: list[JudgedCopy]) -> tuple[JudgedCopy, CdrSaid]:
    """Show one copy of several: the highest claim, payable what all agree on, the rest held.

    A claim is never hidden behind its credit: what is held is seen.
    """
    claims = [copy for copy in copies if not copy.cdr.credit] or copies
    if len({(copy.cdr.currency, copy.document.emsp) for copy in claims}) == 1:
        shown = max(claims, key=lambda copy: (claim_of(copy.cdr), *_identity(copy)))
    else:
        shown = max(claims, key=_identity)
    kinds = {(copy.cdr.currency, copy.document.emsp, copy.cdr.credit) for copy in copies}
    is_comparable = len(kinds) == 1
    payable = min(copy.spread.payable for copy in copies) if is_comparable else _ZERO
    claimed = claim_of(shown.cdr)
    spread = (
        Spread(payable=payable, held=EXACT.subtract(claimed, payable))
        if not shown.cdr.credit
        else NOTHING
    )
    message = (
        f"{len(copies)} copies under one id differ in what is billed"
        if is_comparable
        else f"{len(copies)} copies under one id differ in currency, party or credit"
    )
    finding = Finding(
        code="conflicting_copies",
        path="$.id",
        message=message,
        severity="error",
        difference=computed_column(spread.held),
    )
    listed = tuple(
        CdrCopy(
            content_digest=copy.stored.digest,
            claimed=number_column(
                copy.cdr.total_cost.before_taxes if copy.cdr.total_cost else None
            ),
            payable=copy.spread.payable,
        )
        for copy in sorted(copies, key=_identity)
    )
    findings = tuple(finding_column(one) for one in shown.reconciliation.findings)
    return shown, _alone(
        state,
        shown,
        verdict="conflict",
        bucket="conflict",
        payable=spread.payable,
        held=spread.held,
        postings=spread.postings,
        findings=(finding_column(finding), *findings),
        copies=listed,
    )


def _identity(copy: JudgedCopy) -> tuple[str, str]:
    return copy.stored.digest, copy.stored.emsp


def _published(state: State, cpo: str) -> Published:
    """Look the versions of a CPO's tariffs up in the state."""

    def versions(identifier: str) -> Sequence[TariffVersion]:
        tariff = state.get(key_of("tariff", cpo, identifier))
        assert tariff is None or isinstance(tariff, TariffState), identifier
        return () if tariff is None else tariff.versions

    return versions


def _location_of(state: State, cpo: str, cdr: Cdr) -> Location | None:
    """Give the location as it was at the session's start, else at its earliest."""
    if cdr.cdr_location is None or cdr.cdr_location.id is None:
        return None
    stored = state.get(key_of("location", cpo, folded(cdr.cdr_location.id)))
    if not isinstance(stored, LocationState):
        return None
    return location_of(stored, at=cdr.start_date_time)


def _session_of(state: State, cpo: str, cdr: Cdr) -> Session | None:
    if cdr.session_id is None:
        return None
    stored = state.get(key_of("session", cpo, folded(cdr.session_id)))
    return session_of(stored) if isinstance(stored, SessionState) else None


def _touched_by(state: CdrState, copies: list[JudgedCopy]) -> tuple[str, ...]:
    """Give the keys of what re-runs this CDR when it comes late or is corrected."""
    causes: set[str] = set()
    for copy in copies:
        cdr = copy.cdr
        causes |= {key_of("tariff", state.cpo, one) for one in copy.pricing.tariff_ids}
        if cdr.cdr_location is not None and cdr.cdr_location.id:
            causes.add(key_of("location", state.cpo, folded(cdr.cdr_location.id)))
        if cdr.session_id:
            causes.add(key_of("session", state.cpo, folded(cdr.session_id)))
    return tuple(sorted(causes))
