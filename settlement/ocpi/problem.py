"""What can be wrong with a document.

Rule: one exception for what cannot be read (OCPI 2001 at the gateway, a dead letter in
streams); everything tolerable is a remark, which becomes a finding or note.

    UnreadableDocument
"""

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """Why a document cannot be read: where, what stands there, which rule it breaks."""

    path: str  # JSON path
    value: str  # as sent, cut to 80 characters
    rule: str

    def __str__(self) -> str:
        """Give one line for people."""
        return f"{self.path}: {self.value}: {self.rule}"


class UnreadableDocument(ValueError):  # noqa: N818 - a finding about the peer, not an error of ours
    """The peer's document cannot be read; `problems` has at least one entry."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        assert problems
        super().__init__("; ".join(str(problem) for problem in problems))
        self.problems = problems


class Remark(msgspec.Struct, frozen=True):
    """Something tolerated: accepted although the specification asks for another form."""

    code: str
    path: str
    message: str
