"""Dead letters: what is said of a record, or of a re-run, that could not be processed.

Rule: values only; that something failed is decided in streams.apply.
"""

from decimal import Decimal

import msgspec

from settlement.bounds import EXACT
from settlement.finding import Finding
from settlement.ledger.posting import post_claim
from settlement.ocpi.problem import UnreadableDocument
from streams.outcome import CdrSaid, DeadLetter, TooLarge
from streams.record import Record
from streams.state import STEP_FAILED, CdrState, DeadLetterState, State, key_of
from streams.steps.admit import REASON_CHARACTERS
from streams.steps.columns import finding_column
from streams.steps.reconcile import WAITS_FOR_ORIGINAL, credit_finding
from streams.topics import INBOX

_ZERO = Decimal(0)


def reason_of(record: Record, error: Exception) -> str:
    """Give the stable code of a failure."""
    if isinstance(error, TooLarge):
        return "too_large"
    is_unreadable = isinstance(error, UnreadableDocument) or not record.envelope.module
    return "unreadable" if is_unreadable else STEP_FAILED


def dead_letter(
    *, record: Record, cause: Record, error: Exception, cdr: CdrState | None = None
) -> DeadLetter:
    """Say why a record, or the re-run of `cdr` that it caused, could not be processed."""
    text = str(error) or type(error).__name__
    if not record.envelope.module:
        text = "the headers are no envelope of this program"
    elif not isinstance(error, UnreadableDocument | TooLarge):
        text = f"{type(error).__name__}: {text}"
    return DeadLetter(
        origin_topic=INBOX.name,
        origin_partition=cause.partition if cdr is not None else record.partition,
        origin_offset=cause.offset if cdr is not None else record.offset,
        cpo=record.envelope.cpo,
        module=record.envelope.module if cdr is None else "cdrs",
        object_key=record.object_key if cdr is None else cdr.key,
        reason=reason_of(record, error),
        message=text[:REASON_CHARACTERS],
        version=cause.offset,
    )


def keep_dead_letter(*, state: State, record: Record, reason: str, run: str | None = None) -> None:
    """Remember that a record, or the re-run of a CDR, waits for a decision."""
    key = key_of("dead", record.envelope.cpo, str(record.offset))
    before = state.get(key)
    if not isinstance(before, DeadLetterState):
        before = DeadLetterState(cpo=record.envelope.cpo, key=str(record.offset), is_record=False)
    state.put(
        key,
        msgspec.structs.replace(
            before,
            is_record=before.is_record or run is None,
            runs=before.runs if run is None else tuple(sorted({*before.runs, run})),
            reason=STEP_FAILED if STEP_FAILED in (reason, before.reason) else reason,
            status="open",
        ),
    )


def dead_lettered_cdr(record: Record, cdr: CdrState, letter: DeadLetter) -> CdrSaid:
    """Say of a CDR that none of its records could be processed."""
    finding = Finding(
        code="dead_lettered", path="$", message=letter.message, severity="error", candidates=()
    )
    return CdrSaid(
        cpo=cdr.cpo,
        cdr_key=cdr.key,
        cdr_id=record.envelope.object_id,
        emsp=record.envelope.emsp,
        ocpi_version=record.envelope.ocpi_version,
        verdict="invalid",
        bucket="dead_lettered",
        findings=(finding,),
    )


def held_cdr(cdr: CdrState, letter: DeadLetter) -> CdrSaid:
    """Say of a CDR whose own re-run failed that its whole claim is held; a credit posts nothing."""
    is_credit = cdr.credit is not None
    claimed = EXACT.add(cdr.payable, cdr.held) if cdr.credit is None else cdr.credit
    held = _ZERO if is_credit else claimed
    findings: tuple[Finding, ...] = ()
    if is_credit:
        findings = (finding_column(credit_finding(credit="Credit CDR", claimed=claimed)),)
    finding = Finding(
        code="run_failed",
        path="$",
        message=f"the CDR could not be run again: {letter.message}",
        severity="error",
        difference=claimed,
        candidates=(),
    )
    return CdrSaid(
        cpo=cdr.cpo,
        cdr_key=cdr.key,
        cdr_id=cdr.cdr_id,
        emsp=cdr.emsp,
        currency=cdr.currency,
        end_date_time=cdr.end_date_time,
        is_credit=is_credit,
        claimed_before_taxes=claimed,
        held=held,
        verdict="unverifiable",
        bucket="waiting",
        waits_for=WAITS_FOR_ORIGINAL if is_credit else (),
        postings=post_claim(payable=_ZERO, held=held),
        findings=(finding, *findings),
    )
