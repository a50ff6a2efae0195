"""Admission of decisions about dead letters: retry or drop.

Rule: a decision has an effect once, on a dead letter that is open; whatever it does is said
under the decision's own offset, so that it replaces what was said before.
"""

import msgspec

from streams.decision import DROP, RETRY, Decision, parse_decision
from streams.outcome import DeadLetterDecided
from streams.record import Record
from streams.state import DeadLetterState, State, key_of
from streams.steps.admit import Admission, document_outcome


def admit_decision(record: Record, state: State) -> Admission:
    """Admit a decision; one about nothing open has no effect and says so."""
    decision = parse_decision(record.value)
    key = key_of("dead", record.envelope.cpo, str(decision.offset))
    before = state.get(key)
    if not isinstance(before, DeadLetterState) or decision.partition != record.partition:
        return _without_effect(record, "no such dead letter of this CPO")
    if before.status != "open":
        return _without_effect(record, f"the dead letter is {before.status} already")
    if record.envelope.ce_type == DROP:
        state.put(key, msgspec.structs.replace(before, status="dropped"))
        return Admission(
            document=document_outcome(record, "applied"),
            objects=(decided(record, decision, "dropped"),),
        )
    if record.envelope.ce_type != RETRY:
        return _without_effect(record, f"unknown decision {record.envelope.ce_type!r}")
    state.put(key, msgspec.structs.replace(before, status="resolved", runs=()))
    return Admission(
        document=document_outcome(record, "applied"),
        objects=(decided(record, decision, "resolved"),),
        touched=tuple(sorted(before.runs)),
        retried=decision.offset if before.is_record else None,
    )


def decided(record: Record, decision: Decision, status: str) -> DeadLetterDecided:
    """Say what was decided about a dead letter."""
    return DeadLetterDecided(
        cpo=record.envelope.cpo,
        origin_partition=decision.partition,
        origin_offset=decision.offset,
        status=status,
        actor=decision.actor,
        reason=decision.reason,
        version=record.offset,
    )


def _without_effect(record: Record, reason: str) -> Admission:
    return Admission(document=document_outcome(record, "no_effect", reason))
