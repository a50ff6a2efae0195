"""What `settle verify` found: one line where two things disagree.

Rule: nothing of this package imports settlement, streams or ingest: what checks shares no code
with what it checks.
"""

from collections import Counter
from dataclasses import dataclass

# A broken table must not fill a disk with lines; what is left out is counted.
MOST_LINES_A_CHECK = 200


class CannotLook(Exception):  # noqa: N818 - the world's state, not an error of ours
    """Something that has to be read cannot be; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One disagreement: which check found it, where, and both sides."""

    check: str
    where: str
    expected: str
    found: str

    @property
    def line(self) -> str:
        """Write it for people."""
        return f"{self.check}: {self.where}: expected {self.expected}, found {self.found}"


class Differences:
    """All disagreements in the order they were found, so many a check."""

    def __init__(self) -> None:
        self.kept: list[Difference] = []
        self._counts: Counter[str] = Counter()

    def add(self, check: str, where: str, *, expected: object, found: object) -> None:
        """Keep a disagreement, or only count it where its check has very many."""
        self._counts[check] += 1
        if self._counts[check] <= MOST_LINES_A_CHECK:
            self.kept.append(Difference(check, where, _text(expected), _text(found)))

    def is_full(self, check: str) -> bool:
        """Tell whether a check has more than is kept: looking closer adds nothing."""
        return self._counts[check] >= MOST_LINES_A_CHECK

    @property
    def total(self) -> int:
        """Count all, the ones that are only counted too."""
        return self._counts.total()

    @property
    def left_out(self) -> dict[str, int]:
        """Give by check how many are counted but not kept."""
        return {
            check: count - MOST_LINES_A_CHECK
            for check, count in sorted(self._counts.items())
            if count > MOST_LINES_A_CHECK
        }


def _text(value: object) -> str:
    if value is None:
        return "nothing"
    text = str(value)
    return repr(text) if not text or text != text.strip() else text
