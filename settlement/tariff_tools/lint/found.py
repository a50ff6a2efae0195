"""What a check hands to the linter, and what the linter hands out.

Rule: values only.
"""

from decimal import Decimal

import msgspec

from settlement.tariff import Tariff
from settlement.tariff_tools.lint.axis import Box
from settlement.tariff_tools.lint.sweep import Space


class Found(msgspec.Struct, frozen=True):
    """One oddity: where, a sentence with its facts, and the tariff as it may have been meant."""

    code: str
    pointer: str
    message: str
    meant: Tariff | None = None


class Cost(msgspec.Struct, frozen=True):
    """What an ordinary session costs before taxes: as written, and as it may be meant."""

    currency: str
    as_written: Decimal
    as_meant: Decimal

    @property
    def difference(self) -> Decimal:
        """Give what the driver pays more (or, negative, less) for the oddity."""
        return self.as_written - self.as_meant


class Finding(msgspec.Struct, frozen=True):
    """One oddity with its place in the source."""

    code: str
    severity: str
    pointer: str  # JSON Pointer from the top of the text
    line: int
    column: int
    message: str
    cost: Cost | None = None


class Subject(msgspec.Struct, frozen=True):
    """A tariff under the linter: its record and the space of its elements."""

    tariff: Tariff
    boxes: tuple[Box, ...]  # one an element
    empty: frozenset[int]  # elements that never hold


class Family(msgspec.Struct, frozen=True):
    """Elements that compete: of one dimension, in the session or in one kind of reservation."""

    dimension: str
    kind: str | None  # reservation
    elements: tuple[int, ...]  # numbers in the tariff, one bit each
    components: tuple[int, ...]  # the first of the dimension in each element
    space: Space
