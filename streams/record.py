"""One record of the inbox, as the steps see it.

Rule: what arrived and where it stands; nothing is interpreted here.
"""

import msgspec

from settlement.cdr import folded
from streams.events import Envelope


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A document with its envelope and position."""

    partition: int
    offset: int
    value: bytes
    envelope: Envelope

    @property
    def object_key(self) -> str:
        """Give the object's id in the form in which ids are compared."""
        return folded(self.envelope.object_id)
