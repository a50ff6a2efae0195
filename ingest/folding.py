"""Stored documents in the form in which the fold takes them.

Rule: the fold itself is the steps' own (settlement/fold.py), so that GET tells what was settled.
"""

from collections.abc import Iterable

from ingest.archive import StoredDocument
from settlement.fold import Change, read_change
from settlement.ocpi.document import NotJson


def changes_of(stored: Iterable[StoredDocument]) -> list[Change]:
    """Read the PUTs and PATCHes of one object; what no step can read changes nothing."""
    changes = []
    for document in stored:
        parts = (document.evse_uid, document.connector_id)
        try:
            change = read_change(
                document.body,
                method=document.http_method,
                offset=document.offset,
                path=tuple(part for part in parts if part),
                ocpi_version=document.ocpi_version,
            )
        except NotJson:
            continue
        changes.append(change)
    return changes
