"""What finance asks first: totals a pair, findings, the account of every document, one CDR.

Rule: reads the views as any reader could, through a client of `query.connect_reader`, and
computes nothing that is not a sum; amounts are before taxes, never added across currencies.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
from clickhouse_connect.driver.client import Client

# A Credit CDR posts nothing yet and stands outside claimed = payable + held. A CDR without a
# currency is one that could never be read (a dead letter): it claims nothing that can be summed.
PAIRS = """
SELECT
    cpo,
    emsp,
    currency,
    countIf(NOT is_credit) AS cdrs,
    countIf(is_credit) AS credits,
    sumIf(ifNull(energy_kwh, 0), NOT is_credit) AS energy_kwh,
    sumIf(ifNull(claimed_before_taxes, 0), NOT is_credit) AS claimed,
    sumIf(ifNull(priced_before_taxes, 0), NOT is_credit) AS priced,
    sum(payable) AS payable,
    sum(held) AS held,
    sumIf(ifNull(claimed_before_taxes, 0), NOT is_credit AND verdict = 'disputed') AS disputed
FROM cdr_settled
WHERE currency != ''
GROUP BY cpo, emsp, currency
ORDER BY cpo, emsp, currency
"""

FINDINGS = """
SELECT
    code,
    currency,
    count() AS count,
    sum(ifNull(difference, 0)) AS difference
FROM cdr_finding
GROUP BY code, currency
ORDER BY code, currency
"""

# Each CDR document counts once: as what its outcome says, else where its CDR stands.
ACCOUNTING = """
SELECT
    count() AS accepted,
    countIf(place = 'settled') AS settled,
    countIf(place = 'waiting') AS waiting,
    countIf(place = 'conflict') AS conflict,
    countIf(place = 'duplicate') AS duplicate,
    countIf(place = 'dead_lettered') AS dead_lettered,
    (SELECT count() FROM document_rejected WHERE module = 'cdrs') AS rejected
FROM
(
    SELECT if(o.outcome IN ('first', 'conflict'), s.bucket, o.outcome) AS place
    FROM
    (
        SELECT cpo, object_key, kafka_partition, kafka_offset
        FROM document_received
        WHERE module = 'cdrs'
    ) AS d
    LEFT JOIN document_outcome AS o
        ON o.kafka_partition = d.kafka_partition AND o.kafka_offset = d.kafka_offset
    LEFT JOIN cdr_settled AS s
        ON s.cpo = d.cpo AND s.cdr_key = d.object_key
)
"""

# The inbox has no gaps, so that offsets count records; this is asked every second.
PASSED = """
SELECT
    (SELECT sum(next_offset) FROM sink_offset WHERE topic = 'inbox') AS received,
    (SELECT count() FROM cdr_settled) AS cdrs
"""

DECIDED = """
SELECT count() AS decided FROM document_outcome
"""

ACCEPTED_OF = """
SELECT
    (
        SELECT count() FROM document_received
        WHERE module = 'cdrs' AND partner IN {partners:Array(String)}
    ) AS accepted,
    (
        SELECT count() FROM document_rejected
        WHERE module = 'cdrs' AND partner IN {partners:Array(String)}
    ) AS rejected
"""

SINK_OFFSETS = """
SELECT topic, kafka_partition, next_offset FROM sink_offset
"""

# The one that is disputed most; where none is, the dearest that has a working.
TELLING = """
SELECT cpo, cdr_key
FROM cdr_settled
WHERE NOT is_credit AND verdict IN ('disputed', 'matched')
ORDER BY verdict = 'disputed' DESC, held DESC, payable DESC, cpo, cdr_key
LIMIT 1
"""

_ONE_CDR = "WHERE cpo = {cpo:String} AND cdr_key = {cdr_key:String}"
CDR = f"""
SELECT
    cpo, cdr_id, emsp, currency, session_id, start_date_time, end_date_time, energy_kwh,
    claimed_before_taxes, claimed_after_taxes, priced_before_taxes, priced_after_taxes,
    payable, held, verdict, price_basis
FROM cdr_settled {_ONE_CDR}
"""
SEGMENTS = f"""
SELECT
    period, dimension, tariff_id, volume, billed_volume, unit_price, before_taxes, tax_rate, why
FROM cdr_price_segment {_ONE_CDR}
ORDER BY position
"""
CDR_FINDINGS = f"""
SELECT code, severity, path, claimed, computed, difference, message
FROM cdr_finding {_ONE_CDR}
ORDER BY position
"""
POSTINGS = f"""
SELECT account, amount, currency FROM journal_posting {_ONE_CDR}
ORDER BY position
"""


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """What one CPO and one eMSP have between them in one currency, before taxes.

    `cdrs` and the sums leave Credit CDRs out; `credits` counts them.
    """

    cpo: str
    emsp: str
    currency: str
    cdrs: int
    credits: int
    energy_kwh: Decimal
    claimed: Decimal
    priced: Decimal
    payable: Decimal
    held: Decimal
    disputed: Decimal  # claims of disputed CDRs


class FindingTotal(msgspec.Struct, frozen=True, kw_only=True):
    """How often a finding was made in one currency, and the money at stake before taxes."""

    code: str
    currency: str
    count: int
    difference: Decimal


class Accounting(msgspec.Struct, frozen=True, kw_only=True):
    """Where every CDR document went; `unexplained` must be 0."""

    received: int
    rejected: int
    accepted: int
    settled: int
    waiting: int
    duplicate: int
    conflict: int
    dead_lettered: int
    unexplained: int


class Passed(msgspec.Struct, frozen=True, kw_only=True):
    """How many inbox records stand in the tables, and how many CDRs there are."""

    received: int
    cdrs: int


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """CDR documents of some partners, as the tables count them."""

    accepted: int
    rejected: int


class ExplainedCdr(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of one CDR, and its segments, findings and postings, in order."""

    cdr: dict[str, Any]
    segments: tuple[dict[str, Any], ...]
    findings: tuple[dict[str, Any], ...]
    postings: tuple[dict[str, Any], ...]


def load_pairs(client: Client) -> list[Pair]:
    """Sum up each CPO, eMSP and currency, in this order."""
    return [msgspec.convert(row, Pair) for row in _rows(client, PAIRS)]


def load_findings(client: Client) -> list[FindingTotal]:
    """Count the findings by code and currency, in this order."""
    return [msgspec.convert(row, FindingTotal) for row in _rows(client, FINDINGS)]


def load_accounting(client: Client) -> Accounting:
    """Account for every CDR document that was ever received."""
    (row,) = _rows(client, ACCOUNTING)
    explained = sum(
        row[place] for place in ("settled", "waiting", "conflict", "duplicate", "dead_lettered")
    )
    return Accounting(
        **row,
        received=row["accepted"] + row["rejected"],
        unexplained=row["accepted"] - explained,
    )


def load_passed(client: Client) -> Passed:
    """Count how far documents have come."""
    (row,) = _rows(client, PASSED)
    return Passed(**row)


def load_decided(client: Client) -> int:
    """Count the inbox records of which it is known what became of them."""
    (row,) = _rows(client, DECIDED)
    return int(row["decided"])


def load_answered(client: Client, *, partners: Sequence[str]) -> Answered:
    """Count the CDR documents of these partners (CC*PPP), over all time."""
    (row,) = _rows(client, ACCEPTED_OF, partners=list(partners))
    return Answered(**row)


def load_sink_offsets(client: Client) -> dict[tuple[str, int], int]:
    """Give by topic and partition the offset below which everything stands in the tables."""
    return {
        (row["topic"], row["kafka_partition"]): row["next_offset"]
        for row in _rows(client, SINK_OFFSETS)
    }


def load_telling_cdr(client: Client) -> ExplainedCdr | None:
    """Explain the CDR that is disputed most, else the dearest; None where there is none."""
    for row in _rows(client, TELLING):
        return load_explained(client, cpo=row["cpo"], cdr_key=row["cdr_key"])
    return None


def load_explained(client: Client, *, cpo: str, cdr_key: str) -> ExplainedCdr:
    """Read what a CDR's price, findings and postings are made of; LookupError where it is not."""
    found = _rows(client, CDR, cpo=cpo, cdr_key=cdr_key)
    if not found:
        raise LookupError(f"no CDR {cdr_key} of {cpo} is settled")
    parts = (
        tuple(_rows(client, query, cpo=cpo, cdr_key=cdr_key))
        for query in (SEGMENTS, CDR_FINDINGS, POSTINGS)
    )
    return ExplainedCdr(
        cdr=found[0], **dict(zip(("segments", "findings", "postings"), parts, strict=True))
    )


def _rows(client: Client, query: str, **parameters: Any) -> list[dict[str, Any]]:
    return list(client.query(query, parameters=parameters).named_results())
