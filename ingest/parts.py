"""What the endpoints share: one of each a process.

Rule: no state that matters; everything here can be thrown away at any moment.
"""

import msgspec

from ingest.archive import Archive
from ingest.metrics import Metrics
from ingest.recent import KnownObjects, RecentCdrs
from ingest.writer import Writer


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """The shared parts of a gateway."""

    writer: Writer
    archive: Archive
    recent: RecentCdrs
    known: KnownObjects
    metrics: Metrics
