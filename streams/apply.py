"""Applying one fact: admit it, run the CDRs it touches, and turn failures into dead letters.

Rule: the only place in streams where an exception of a step is caught. A failed record changes
nothing admitted before; a CDR whose own re-run fails holds its whole claim (blueprint 5.5).
"""

import logging
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from settlement.bounds import EXACT
from settlement.finding import Finding
from settlement.ledger.posting import post_claim
from settlement.ocpi.problem import UnreadableDocument
from settlement.pricing.profile import Profile
from streams.outcome import CdrOutcome, DeadLetter, DocumentOutcome
from streams.record import Record
from streams.state import CdrState, State, key_of
from streams.steps import ADMIT
from streams.steps.admit import Admission, ObjectOutcome, admit_unreadable, document_outcome
from streams.steps.settle import Document, remember, settle
from streams.topics import INBOX

logger = logging.getLogger(__name__)
_ZERO = Decimal(0)


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one fact says."""

    document: DocumentOutcome
    cdrs: tuple[CdrOutcome, ...] = ()
    objects: tuple[ObjectOutcome, ...] = ()
    dead_letters: tuple[DeadLetter, ...] = ()


class Application:
    """One fact on its way through the steps; `begin`, then `finish`."""

    def __init__(self, *, record: Record, state: State, profile: Profile) -> None:
        self._record = record
        self._state = state
        self._profile = profile
        self._admission: Admission | None = None
        self._failure: Exception | None = None

    def begin(self) -> dict[int, Document]:
        """Admit the record; give the documents already read."""
        record = self._record
        try:
            self._admission = ADMIT[record.envelope.module](record, self._state)
        except Exception as error:  # noqa: BLE001 - the record is a dead letter, nothing else
            self._failure = error
            self._state.rollback()
            return {}
        parsed = self._admission.parsed
        if parsed is None:
            return {}
        return {record.offset: Document(parsed=parsed, emsp=record.envelope.emsp)}

    def wanted(self) -> list[int]:
        """Give the offsets of the documents that the runs need, in order."""
        if self._admission is None:
            return []
        found: set[int] = set()
        for key in self._admission.touched:
            cdr = self._state.cdr(key)
            assert cdr is not None, key
            found.update(copy.shown for copy in cdr.copies)
        return sorted(found)

    def finish(self, documents: Mapping[int, Document]) -> Applied:
        """Run what the record touches and seal its changes."""
        if self._admission is None:
            return self._dead_lettered()
        own = key_of("cdr", self._record.envelope.cpo, self._record.object_key)
        cdrs: list[CdrOutcome] = []
        letters: list[DeadLetter] = []
        for key in self._admission.touched:
            try:
                outcome = settle(
                    state=self._state,
                    key=key,
                    cause=self._record,
                    documents=documents,
                    profile=self._profile,
                )
            except Exception as error:  # noqa: BLE001 - whose it is, is told below
                if key == own and self._record.envelope.module == "cdrs":
                    self._failure = error
                    self._state.rollback()
                    return self._dead_lettered()
                outcome, letter = self._held(key, error)
                letters.append(letter)
            if outcome is not None:
                cdrs.append(outcome)
        self._state.seal()
        return Applied(
            document=self._admission.document,
            cdrs=tuple(cdrs),
            objects=self._admission.objects,
            dead_letters=tuple(letters),
        )

    def _dead_lettered(self) -> Applied:
        """Turn the record into a dead letter; its CDR's row says so where nothing else stands."""
        record, error = self._record, self._failure
        assert error is not None
        is_unreadable = isinstance(error, UnreadableDocument) or not record.envelope.module
        reason = "unreadable" if is_unreadable else "step_failed"
        logger.warning("dead letter %s/%s: %s", record.partition, record.offset, error)
        key = admit_unreadable(record, self._state)
        letter = self._letter(record.envelope.module, record.object_key, reason, error)
        cdrs: tuple[CdrOutcome, ...] = ()
        if key is not None:
            cdr = self._state.cdr(key)
            assert cdr is not None
            outcome = remember(
                state=self._state,
                key=key,
                outcome=dead_lettered_outcome(record, cdr, letter),
                cause=record,
            )
            cdrs = () if outcome is None else (outcome,)
        self._state.seal()
        return Applied(
            document=document_outcome(record, "dead_lettered", letter.message),
            cdrs=cdrs,
            dead_letters=(letter,),
        )

    def _held(self, key: str, error: Exception) -> tuple[CdrOutcome | None, DeadLetter]:
        """Hold the whole claim of a CDR whose own re-run failed."""
        cdr = self._state.cdr(key)
        assert cdr is not None, key
        logger.error("re-run of %s failed", key, exc_info=error)
        letter = self._letter("cdrs", cdr.key, "step_failed", error)
        claimed = EXACT.add(cdr.payable, cdr.held)
        finding = Finding(
            code="run_failed",
            path="$",
            message=f"the CDR could not be run again: {letter.message}",
            severity="error",
            difference=claimed,
        )
        outcome = CdrOutcome(
            cpo=cdr.cpo,
            cdr_key=cdr.key,
            cdr_id=cdr.cdr_id,
            emsp=cdr.emsp,
            currency=cdr.currency,
            end_date_time=cdr.end_date_time,
            claimed_before_taxes=claimed,
            held=claimed,
            verdict="unverifiable",
            bucket="waiting",
            postings=post_claim(payable=_ZERO, held=claimed),
            findings=(finding,),
            received_time=cdr.copies[0].received,
            month=cdr.month,
        )
        return remember(state=self._state, key=key, outcome=outcome, cause=self._record), letter

    def _letter(self, module: str, object_key: str, reason: str, error: Exception) -> DeadLetter:
        record = self._record
        return DeadLetter(
            origin_topic=INBOX.name,
            origin_partition=record.partition,
            origin_offset=record.offset,
            cpo=record.envelope.cpo,
            module=module,
            object_key=object_key,
            reason=reason,
            message=str(error) or type(error).__name__,
            version=record.offset,
        )


def dead_lettered_outcome(record: Record, cdr: CdrState, letter: DeadLetter) -> CdrOutcome:
    """Give the row of a CDR of which no record could be processed."""
    finding = Finding(code="dead_lettered", path="$", message=letter.message, severity="error")
    return CdrOutcome(
        cpo=cdr.cpo,
        cdr_key=cdr.key,
        cdr_id=record.envelope.object_id,
        emsp=record.envelope.emsp,
        ocpi_version=record.envelope.ocpi_version,
        verdict="invalid",
        bucket="dead_lettered",
        findings=(finding,),
        received_time=record.envelope.received,
        kafka_offset=record.offset,
        month=cdr.month,
    )
