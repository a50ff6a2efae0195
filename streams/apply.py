"""Applying one fact: admit it, run the CDRs it touches, and turn failures into dead letters.

Rule: the only place in streams where an exception of a step is caught. A failed record changes
nothing admitted before; a CDR whose own re-run fails holds its whole claim.
"""

import logging
from collections.abc import Mapping, Sequence

import msgspec

from settlement.pricing.profile import Profile
from streams.dead_letter import (
    dead_letter,
    dead_lettered_cdr,
    held_cdr,
    keep_dead_letter,
)
from streams.outcome import CdrMessage, DeadLetter, DocumentOutcome
from streams.record import Record
from streams.state import State, key_of
from streams.steps import ADMIT
from streams.steps.admit import Admission, ObjectOutcome, admit_unreadable, document_outcome
from streams.steps.settle import Document, remember, settle

logger = logging.getLogger(__name__)


class Applied(msgspec.Struct, frozen=True, kw_only=True):
    """What a fact says, or a slice of its runs."""

    record: Record  # what was applied: the bytes of a dead letter
    document: DocumentOutcome | None = None
    cdrs: tuple[CdrMessage, ...] = ()
    objects: tuple[ObjectOutcome, ...] = ()
    dead_letters: tuple[DeadLetter, ...] = ()


class Application:
    """One fact on its way through the steps: `begin` once, then `run` in slices of `touched`.

    `cause` is the record under whose offset everything is said: the record itself, or the
    decision to apply a dead-lettered record again. `after` resumes runs behind that key.
    """

    def __init__(
        self,
        *,
        record: Record,
        state: State,
        profile: Profile,
        cause: Record | None = None,
        after: str | None = None,
    ) -> None:
        self._record = record
        self._state = state
        self._profile = profile
        self._cause = cause or record
        self._after = after
        self._admission: Admission | None = None
        self._failure: Exception | None = None
        self.touched: tuple[str, ...] = ()

    @property
    def retried(self) -> int | None:
        """Give the offset of the record that a decision wants applied again."""
        return self._admission.retried if self._admission is not None else None

    def begin(self) -> dict[int, Document]:
        """Admit the record; give the documents already read."""
        record = self._record
        if self._after is not None:
            self.touched = self._resumed(self._after)
            return {}
        try:
            self._admission = ADMIT[record.envelope.module](record, self._state)
        except Exception as error:  # noqa: BLE001 - the record is a dead letter, nothing else
            self._failure = error
            self._state.rollback()
            return {}
        self.touched = self._admission.touched
        parsed = self._admission.parsed
        if parsed is None:
            return {}
        return {record.offset: Document(parsed=parsed, emsp=record.envelope.emsp)}

    def wanted(self, keys: Sequence[str]) -> list[int]:
        """Give the offsets of the documents that the runs of these CDRs need, in order."""
        found: set[int] = set()
        for key in keys:
            cdr = self._state.cdr(key)
            assert cdr is not None, key
            found.update(copy.shown for copy in cdr.billed)
        return sorted(found)

    def run(self, keys: Sequence[str], documents: Mapping[int, Document]) -> Applied:
        """Run these CDRs and seal the changes; the first slice says what the record did."""
        if self._failure is not None:
            return self._dead_lettered()
        cdrs: list[CdrMessage] = []
        letters: list[DeadLetter] = []
        for key in keys:
            try:
                outcome = settle(
                    state=self._state,
                    key=key,
                    cause=self._cause,
                    documents=documents,
                    profile=self._profile,
                )
            except Exception as error:  # noqa: BLE001 - whose it is, is told below
                if self._record.envelope.module == "cdrs":
                    self._failure = error
                    self._state.rollback()
                    return self._dead_lettered()
                outcome, letter = self._held(key, error)
                letters.append(letter)
            if outcome is not None:
                cdrs.append(outcome)
        self._state.seal()
        admission, self._admission = self._admission, None
        return Applied(
            record=self._record,
            document=self._said(admission.document) if admission else None,
            cdrs=tuple(cdrs),
            objects=admission.objects if admission else (),
            dead_letters=tuple(letters),
        )

    def _resumed(self, after: str) -> tuple[str, ...]:
        kind = {"tariffs": "tariff", "sessions": "session", "locations": "location"}
        envelope = self._record.envelope
        key = key_of(kind[envelope.module], envelope.cpo, self._record.object_key)
        return tuple(one for one in self._state.touched(key) if one > after)

    def _said(self, document: DocumentOutcome) -> DocumentOutcome:
        if document.version == self._cause.offset:
            return document
        return msgspec.structs.replace(document, version=self._cause.offset)

    def _dead_lettered(self) -> Applied:
        """Turn the record into a dead letter; its CDR's row says so where nothing else stands."""
        record, error = self._record, self._failure
        assert error is not None
        logger.warning("dead letter %s/%s: %s", record.partition, record.offset, error)
        key = admit_unreadable(record, self._state)
        letter = dead_letter(record=record, cause=self._cause, error=error)
        keep_dead_letter(state=self._state, record=record, reason=letter.reason)
        cdrs: tuple[CdrMessage, ...] = ()
        if key is not None:
            cdr = self._state.cdr(key)
            assert cdr is not None, key
            outcome = remember(
                state=self._state,
                key=key,
                said=dead_lettered_cdr(record, cdr, letter),
                received_time=record.envelope.received,
                kafka_offset=record.offset,
                cause=self._cause,
            )
            cdrs = () if outcome is None else (outcome,)
        self._state.seal()
        said = document_outcome(record, "dead_lettered", letter.message)
        return Applied(record=record, document=self._said(said), cdrs=cdrs, dead_letters=(letter,))

    def _held(self, key: str, error: Exception) -> tuple[CdrMessage | None, DeadLetter]:
        """Hold the whole claim of a CDR whose own re-run failed."""
        cdr = self._state.cdr(key)
        assert cdr is not None, key
        logger.error("re-run of %s failed", key, exc_info=error)
        letter = dead_letter(record=self._record, cause=self._cause, error=error, cdr=cdr)
        keep_dead_letter(state=self._state, record=self._cause, reason=letter.reason, run=key)
        outcome = remember(
            state=self._state,
            key=key,
            said=held_cdr(cdr, letter),
            received_time=cdr.shown.received,
            kafka_offset=cdr.shown.shown,
            cause=self._cause,
        )
        return outcome, letter
