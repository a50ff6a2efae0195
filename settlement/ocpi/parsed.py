"""What the door hands out.

Rule: a version-free record with what was tolerated while it was read; nothing of the wire.
"""

from typing import Generic, TypeVar

import msgspec

from settlement.ocpi.problem import Remark

T = TypeVar("T")


class Parsed(msgspec.Struct, Generic[T], frozen=True):
    """A record and the remarks on its document.

    `unknown_fields` and `null_fields` are counts; one remark each names the first of them.
    """

    value: T
    remarks: tuple[Remark, ...] = ()
    unknown_fields: int = 0
    null_fields: int = 0
