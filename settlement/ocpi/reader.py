"""What the tolerant reading notes on its way: remarks, problems, counts.

Rule: notes only; how a value is read stands in `tolerant` and `scalar`. Many alike are told
once with their number, so that a hostile document cannot make a report larger than itself.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec

from settlement.ocpi.number import OutOfBounds
from settlement.ocpi.problem import Problem, Remark
from settlement.ocpi.remark import REMARKS
from settlement.ocpi.shape import Field

MOST_PROBLEMS = 100
_INDEX = re.compile(r"\[\d+\]")


class Reader:
    """Collects what is to be said of one document."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.further_problems = 0
        self.is_only_incomplete = True  # every problem so far is something missing
        self.unknown: list[str] = []
        self.nulls: list[str] = []
        self._remarks: dict[tuple[str, str], tuple[str, str, int]] = {}

    def remark(self, code: str, path: str, detail: str = "") -> None:
        """Note something tolerated; the same code in like places is told once."""
        assert code in REMARKS, code
        key = (code, _INDEX.sub("[]", path))
        first = self._remarks.get(key)
        if first is None:
            self._remarks[key] = (path, detail, 1)
        else:
            self._remarks[key] = (first[0], first[1], first[2] + 1)

    def problem(self, path: str, value: Any, rule: str, *, is_missing: bool = False) -> None:
        """Note why the document cannot be read."""
        self.is_only_incomplete = self.is_only_incomplete and is_missing
        self.add_problem(Problem(path, shown(value), rule))

    def add_problem(self, problem: Problem) -> None:
        """Note a problem that was found elsewhere."""
        if len(self.problems) < MOST_PROBLEMS:
            self.problems.append(problem)
        else:
            self.further_problems += 1

    def unreadable(self, field: Field, path: str, value: Any, rule: str) -> None:
        """Note a value that cannot be read: a problem where it matters, else a remark."""
        if field.vital:
            self.problem(path, value, rule)
        else:
            self.remark("unreadable_value", path, f"{shown(value)}: {rule}")

    def missing(self, field: Field, path: str, value: Any) -> None:
        """Note that a required field has no value."""
        if field.necessary:
            self.problem(path, value, "is required", is_missing=True)
        else:
            self.remark("missing_field", path)

    def all_problems(self) -> tuple[Problem, ...]:
        """Give the problems; beyond the first hundred, their number."""
        if not self.further_problems:
            return tuple(self.problems)
        more = Problem("$", "...", f"and {self.further_problems} more problems")
        return (*self.problems, more)

    def remarks(self) -> tuple[Remark, ...]:
        """Give the remarks without the counts, in an order that the document's keys do not set."""
        return tuple(
            Remark(code, path, message(code, detail, count))
            for path, code, detail, count in sorted(
                (path, code, detail, count)
                for (code, _), (path, detail, count) in self._remarks.items()
            )
        )


def counts(nulls: Sequence[str], unknown: Sequence[str]) -> tuple[Remark, ...]:
    """Sum up null and unknown fields: one remark for each kind."""
    told = (("null_field", nulls), ("unknown_field", unknown))
    return tuple(_counted(code, paths) for code, paths in told if paths)


def message(code: str, detail: str, count: int) -> str:
    """Write the sentence of a remark."""
    text = REMARKS[code]
    if detail:
        text = f"{text} Sent: {detail}."
    return text if count == 1 else f"{text} {count} times alike."


def _counted(code: str, paths: Sequence[str]) -> Remark:
    """Sum up fields of one kind: the first by name and how many there are."""
    first = sorted(paths)[:3]
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return Remark(code, first[0], f"{REMARKS[code]} {len(paths)}: {', '.join(first)}{more}.")


def shown(value: Any) -> str:
    """Write a value as sent, cut to 80 characters."""
    if value is msgspec.UNSET:
        return "nothing"
    if type(value) is OutOfBounds:
        text = value.text
    elif type(value) is str:
        text = msgspec.json.encode(value[:81]).decode()  # control characters are escaped
    else:
        text = _ENCODER.encode(value).decode()
    return text if len(text) <= 80 else f"{text[:77]}..."


def _as_text(value: Any) -> str:
    assert type(value) is OutOfBounds, value
    return value.text


_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=_as_text)
