"""People's decisions about dead letters, as facts of the inbox.

Rule: a decision names partition and offset of what it decides on, who decided and why; what it
does stands in streams.steps.admit_decision.
"""

from typing import Annotated

import msgspec

from settlement.ocpi.problem import Problem, UnreadableDocument

MODULE = "decisions"
RETRY = "DeadLetterRetried"
DROP = "DeadLetterDropped"


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """The body of a decision."""

    partition: Annotated[int, msgspec.Meta(ge=0)]
    offset: Annotated[int, msgspec.Meta(ge=0)]
    actor: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    reason: Annotated[str, msgspec.Meta(max_length=1000)] = ""


_DECODER = msgspec.json.Decoder(Decision)


def parse_decision(value: bytes) -> Decision:
    """Read a decision; raises UnreadableDocument."""
    try:
        return _DECODER.decode(value)
    except msgspec.DecodeError as error:
        text = value[:80].decode(errors="replace")
        raise UnreadableDocument((Problem("$", text, str(error)),)) from error
