"""What the fold says: the values of the derived topics.

Rule: each field is a column of its table (settlement/clickhouse/migrations); what is left out
of `outcome_digest` is named in NOT_IN_DIGEST and nowhere else.
"""

import hashlib
from datetime import date, datetime
from decimal import Decimal
from operator import attrgetter

import msgspec

from settlement.finding import Finding, Note
from settlement.ledger.posting import Posting
from settlement.pricing.priced import Segment
from settlement.reconciliation.basis import TariffCandidate

# Columns that depend on when and where a document arrived, not on what it says: two orders of
# the same documents may differ here and nowhere else.
PROVENANCE = frozenset(
    {"received_time", "kafka_partition", "kafka_offset", "month", "version", "cause"}
)
NOT_IN_DIGEST = PROVENANCE | {"outcome_digest", "rules_version"}


class CdrCopy(msgspec.Struct, frozen=True, kw_only=True):
    """One of several copies of a CDR that differ in what is billed."""

    content_digest: str
    claimed: Decimal | None
    payable: Decimal


class CdrOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """The one row of a CDR."""

    cpo: str
    cdr_key: str
    cdr_id: str
    emsp: str = ""
    session_id: str = ""
    ocpi_version: str = ""
    location_id: str = ""
    evse_uid: str = ""
    connector_id: str = ""
    country: str = ""
    token_uid_masked: str = ""
    contract_id_masked: str = ""
    currency: str = ""
    start_date_time: datetime | None = None
    end_date_time: datetime | None = None
    time_zone: str = ""
    energy_kwh: Decimal | None = None
    time_hours: Decimal | None = None
    parking_hours: Decimal | None = None
    is_credit: bool = False
    credit_reference_id: str = ""
    invoice_reference_id: str = ""
    claimed_before_taxes: Decimal | None = None
    claimed_after_taxes: Decimal | None = None
    claimed_fixed: Decimal | None = None
    claimed_energy: Decimal | None = None
    claimed_time: Decimal | None = None
    claimed_parking: Decimal | None = None
    claimed_reservation: Decimal | None = None
    priced_before_taxes: Decimal | None = None
    priced_after_taxes: Decimal | None = None
    priced_fixed: Decimal | None = None
    priced_energy: Decimal | None = None
    priced_time: Decimal | None = None
    priced_parking: Decimal | None = None
    priced_reservation: Decimal | None = None
    payable: Decimal = Decimal(0)
    held: Decimal = Decimal(0)
    verdict: str
    bucket: str
    waits_for: tuple[str, ...] = ()
    price_basis: str = ""
    profile: str = ""
    tariffs: tuple[TariffCandidate, ...] = ()
    segments: tuple[Segment, ...] = ()
    notes: tuple[Note, ...] = ()
    findings: tuple[Finding, ...] = ()
    postings: tuple[Posting, ...] = ()
    copies: tuple[CdrCopy, ...] = ()
    content_digest: str = ""
    outcome_digest: str = ""
    rules_version: str = ""
    received_time: datetime
    kafka_partition: int = 0
    kafka_offset: int = 0
    month: date
    version: int = 0
    cause: str = ""


class SessionOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """A session as folded from its documents."""

    cpo: str
    session_key: str
    session_id: str
    emsp: str = ""
    status: str = ""
    start_date_time: datetime | None = None
    end_date_time: datetime | None = None
    energy_kwh: Decimal | None = None
    location_id: str = ""
    evse_uid: str = ""
    connector_id: str = ""
    currency: str = ""
    total_before_taxes: Decimal | None = None
    total_after_taxes: Decimal | None = None
    period_count: int = 0
    change_count: int = 0
    last_updated: datetime | None = None
    kafka_partition: int = 0
    version: int = 0


class TariffOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a published tariff."""

    cpo: str
    tariff_key: str
    tariff_id: str
    digest: str
    last_updated: datetime
    received_time: datetime
    currency: str
    type: str = ""
    start_date_time: datetime | None = None
    end_date_time: datetime | None = None
    element_count: int
    ocpi_version: str
    is_deleted: bool = False
    kafka_partition: int = 0
    kafka_offset: int = 0
    version: int = 0


class LocationOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """A location as folded from its documents, as of its newest change."""

    cpo: str
    location_key: str
    location_id: str
    country: str = ""
    time_zone: str = ""
    evse_uids: tuple[str, ...] = ()
    tariff_ids: tuple[str, ...] = ()
    change_count: int = 0
    last_updated: datetime | None = None
    kafka_partition: int = 0
    version: int = 0


class DocumentOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one inbox record."""

    kafka_partition: int
    kafka_offset: int
    cpo: str
    module: str
    object_key: str
    outcome: str  # first, duplicate, conflict, applied, no_effect, dead_lettered
    reason: str = ""
    version: int


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """Why a record, or the re-run of a CDR, could not be processed; the bytes travel beside."""

    origin_topic: str
    origin_partition: int
    origin_offset: int
    cpo: str
    module: str
    object_key: str
    reason: str  # unreadable, step_failed, too_large
    message: str
    version: int


class DeadLetterDecided(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody decided about a dead letter."""

    cpo: str
    origin_partition: int
    origin_offset: int
    status: str  # resolved, dropped
    actor: str
    reason: str
    version: int


# A message of a derived topic holds 16 MiB (streams.topics); what is said of a CDR leaves room.
OUTCOME_BYTES = 12 * 1024 * 1024


class TooLarge(Exception):  # noqa: N818 - the partner's documents, not an error of ours
    """A document, or what is to be kept or said of it, is larger than can be handled in time."""


# In the order of their names, so that the bytes do not depend on the order of the fields.
_SAID = tuple(sorted(set(CdrOutcome.__struct_fields__) - NOT_IN_DIGEST))
_say = attrgetter(*_SAID)
_ENCODER = msgspec.json.Encoder()


def outcome_digest(outcome: CdrOutcome) -> str:
    """Give the digest of everything an outcome says, provenance left out.

    Raises TooLarge for what the broker would refuse.
    """
    said = _ENCODER.encode(dict(zip(_SAID, _say(outcome), strict=True)))
    if len(said) > OUTCOME_BYTES:
        raise TooLarge(f"the outcome holds {len(said)} bytes, {OUTCOME_BYTES} fit a message")
    return hashlib.sha256(said).hexdigest()[:32]
