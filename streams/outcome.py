"""What the fold says: the values of the derived topics.

Rule: each field is a column of its table (settlement/clickhouse/migrations); what is left out
of `outcome_digest` stands in `Stamp` and nowhere else.
"""

import hashlib
from datetime import date, datetime
from decimal import Decimal

import msgspec

from settlement.finding import Finding, Note
from settlement.ledger.posting import Posting
from settlement.pricing.priced import Segment
from settlement.reconciliation.basis import TariffCandidate


class CdrCopy(msgspec.Struct, frozen=True, kw_only=True):
    """One of several copies of a CDR that differ in what is billed."""

    content_digest: str
    claimed: Decimal | None
    payable: Decimal


class CdrSaid(msgspec.Struct, frozen=True, kw_only=True):
    """What the row of a CDR says; the digest covers this and nothing else.

    In the order of the names: the bytes written for the digest begin the message, too.
    """

    bucket: str
    cdr_id: str
    cdr_key: str
    claimed_after_taxes: Decimal | None = None
    claimed_before_taxes: Decimal | None = None
    claimed_energy: Decimal | None = None
    claimed_fixed: Decimal | None = None
    claimed_parking: Decimal | None = None
    claimed_reservation: Decimal | None = None
    claimed_time: Decimal | None = None
    connector_id: str = ""
    content_digest: str = ""
    contract_id_masked: str = ""
    copies: tuple[CdrCopy, ...] = ()
    country: str = ""
    cpo: str
    credit_reference_id: str = ""
    currency: str = ""
    emsp: str = ""
    end_date_time: datetime | None = None
    energy_kwh: Decimal | None = None
    evse_uid: str = ""
    findings: tuple[Finding, ...] = ()
    held: Decimal = Decimal(0)
    invoice_reference_id: str = ""
    is_credit: bool = False
    location_id: str = ""
    notes: tuple[Note, ...] = ()
    ocpi_version: str = ""
    parking_hours: Decimal | None = None
    payable: Decimal = Decimal(0)
    postings: tuple[Posting, ...] = ()
    price_basis: str = ""
    priced_after_taxes: Decimal | None = None
    priced_before_taxes: Decimal | None = None
    priced_energy: Decimal | None = None
    priced_fixed: Decimal | None = None
    priced_parking: Decimal | None = None
    priced_reservation: Decimal | None = None
    priced_time: Decimal | None = None
    profile: str = ""
    segments: tuple[Segment, ...] = ()
    session_id: str = ""
    start_date_time: datetime | None = None
    tariffs: tuple[TariffCandidate, ...] = ()
    time_hours: Decimal | None = None
    time_zone: str = ""
    token_uid_masked: str = ""
    verdict: str
    waits_for: tuple[str, ...] = ()


class CdrOutcome(CdrSaid, frozen=True, kw_only=True):
    """The one row of a CDR: what it says, and after that its stamp."""

    received_time: datetime
    kafka_partition: int = 0
    kafka_offset: int = 0
    month: date
    version: int = 0
    cause: str = ""
    outcome_digest: str = ""
    rules_version: str = ""


class Stamp(msgspec.Struct, frozen=True, kw_only=True):
    """What is put to what is said: where it came from, its digest and under which rules."""

    received_time: datetime
    kafka_partition: int
    kafka_offset: int
    month: date
    version: int
    cause: str
    outcome_digest: str
    rules_version: str


# Columns that depend on when and where a document arrived, not on what it says: two orders of
# the same documents may differ here and nowhere else.
PROVENANCE = frozenset(Stamp.__struct_fields__) - {"outcome_digest", "rules_version"}


class CdrMessage(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a CDR as it is written to its topic, with what it is filed under."""

    cpo: str
    cdr_key: str
    bucket: str
    value: bytes


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


_ENCODER = msgspec.json.Encoder()


def written(said: CdrSaid) -> bytes:
    """Write what is said of a CDR, once for its digest and its message.

    Raises TooLarge for what the broker would refuse.
    """
    value = _ENCODER.encode(said)
    if len(value) > OUTCOME_BYTES:
        raise TooLarge(f"the outcome holds {len(value)} bytes, {OUTCOME_BYTES} fit a message")
    return value


def outcome_digest(value: bytes) -> str:
    """Give the digest of what was written of a CDR: of everything but its stamp."""
    return hashlib.sha256(value).hexdigest()[:32]


def stamped(value: bytes, stamp: Stamp) -> bytes:
    """Give the message of an outcome: what was written of it, then its stamp."""
    return b"%b,%b" % (value[:-1], _ENCODER.encode(stamp)[1:])
