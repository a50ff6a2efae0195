"""Which version of a published tariff prices a CDR.

Rule: versions are chosen by data alone: their `last_updated`, their earliest
receipt and their content, never the order in which they arrived.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from settlement.tariff import Tariff

# A version must have been received by the session's start plus this to be its base.
NOTICE = timedelta(hours=24)


class TariffVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One content of a published tariff with its earliest receipt."""

    tariff: Tariff
    digest: str
    last_updated: datetime
    received: datetime


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What prices a CDR under one tariff id, before late versions are weighed."""

    tariff: Tariff
    digest: str
    source: str  # published, embedded
    version: TariffVersion | None  # None for the embedded copy
    is_first_received: bool = False  # nothing better: the one received first
    is_tied: bool = False  # another content with the same last_updated


def base_choice(
    *,
    versions: Sequence[TariffVersion],
    embedded: tuple[Tariff, str] | None,
    start: datetime,
    notice: timedelta = NOTICE,
) -> Choice | None:
    """Give the base of a tariff id: timely published, else embedded, else first received.

    None where nothing is known under that id.
    """
    # Not `start + notice`: a start in the year 9999 has no day after it.
    timely = [v for v in versions if v.last_updated <= start and v.received - notice <= start]
    if timely:
        newest = max(timely, key=lambda v: (v.last_updated, v.digest))
        tied = sum(1 for v in timely if v.last_updated == newest.last_updated) > 1
        return _published(newest, is_tied=tied)
    if embedded is not None:
        return Choice(tariff=embedded[0], digest=embedded[1], source="embedded", version=None)
    if versions:
        first = min(versions, key=lambda v: (v.received, v.last_updated, v.digest))
        return _published(first, is_first_received=True)
    return None


def late_choices(
    *,
    versions: Sequence[TariffVersion],
    base: Choice,
    start: datetime,
    notice: timedelta = NOTICE,
) -> list[Choice]:
    """Give the versions that count only where they make what is payable lowest.

    They were received too late to be the base, but say that they were in force; the newest
    comes first, then the greater digest. A version that says it came later than the session's
    start is not among them.
    """
    late = [
        v
        for v in versions
        if v.last_updated <= start and v.received - notice > start and v is not base.version
    ]
    late.sort(key=lambda v: (v.last_updated, v.digest), reverse=True)
    return [_published(v) for v in late]


def _published(
    version: TariffVersion, *, is_first_received: bool = False, is_tied: bool = False
) -> Choice:
    return Choice(
        tariff=version.tariff,
        digest=version.digest,
        source="published",
        version=version,
        is_first_received=is_first_received,
        is_tied=is_tied,
    )
