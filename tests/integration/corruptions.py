"""What is edited, deleted and forged in tables, and how each must be named.

Rule: SQL and names only; `test_verify` runs them one by one and undoes each.
"""

from tests.integration.verified import CPO


def of_cdr(key: str) -> str:
    return f"WHERE cpo = '{CPO}' AND cdr_key = '{key}'"


def updated(table: str, change: str, where: str) -> tuple[str, str]:
    return table, f"ALTER TABLE {{db}}.{table} UPDATE {change} {where} {NOW}"


def deleted(table: str, where: str) -> tuple[str, str]:
    return table, f"ALTER TABLE {{db}}.{table} DELETE {where} {NOW}"


def edited(change: str, key: str = "PLAIN-1") -> tuple[str, str]:
    return updated("cdr_settled", change, of_cdr(key))


def of_document(key: str) -> str:
    return f"WHERE cpo = '{CPO}' AND object_key = '{key}'"


def of_object(column: str, key: str) -> str:
    return f"WHERE cpo = '{CPO}' AND {column} = '{key}'"


NOW = "SETTINGS mutations_sync = 1"
RERUN = of_cdr("RERUN")
LAST_RERUN = f"{RERUN} AND version = (SELECT max(version) FROM {{db}}.cdr_outcome {RERUN})"
STRANGE = "INSERT INTO {db}.cdr_outcome SELECT * REPLACE('0000' AS outcome_digest) "
TWICE = "`posting.account` = arrayConcat(`posting.account`, `posting.account`)"
DOUBLED = f"{TWICE}, `posting.amount` = arrayConcat(`posting.amount`, `posting.amount`)"
SESSIONS = f"WHERE cpo = '{CPO}' AND module = 'sessions' AND http_method = 'PUT'"

# What is corrupted: the table, the statement, and what the differences must name.
CORRUPTIONS = {
    "dropped CDR": (
        *deleted("cdr_settled", of_cdr("PLAIN-1")),
        ["row: CDR AT*VFY PLAIN-1: a row of version", "recount: CDRs of AT*VFY"],
    ),
    "doubled posting": (
        *edited(DOUBLED),
        ["arithmetic: CDR AT*VFY PLAIN-1: posting", "row: CDR AT*VFY PLAIN-1: postings"],
    ),
    "wrong sum": (
        *edited("claimed_before_taxes = claimed_before_taxes + 1"),
        [
            "recount: CDR AT*VFY PLAIN-1: claimed_before_taxes",
            "EUR: claimed",
            "arithmetic: CDR AT*VFY PLAIN-1: payable + held",
        ],
    ),
    "edited text": (
        *edited("time_zone = 'Europe/Paris'"),
        ["row: CDR AT*VFY PLAIN-1: time_zone"],
    ),
    "edited time": (
        *edited("end_date_time = end_date_time + 1"),
        ["row: CDR AT*VFY PLAIN-1: end_date_time", "recount: CDR AT*VFY PLAIN-1: end_date_time"],
    ),
    "edited entry": (
        *edited("`segment.why` = arrayMap(x -> 'because', `segment.why`)"),
        ["row: CDR AT*VFY PLAIN-1: segments[0].why"],
    ),
    "edited provenance": (
        *edited("received_time = received_time + 1"),
        ["row: CDR AT*VFY PLAIN-1: received_time"],
    ),
    "edited finding": (
        *edited("`finding.severity` = arrayMap(x -> 'info', `finding.severity`)", "NO-CLAIM"),
        ["row: CDR AT*VFY NO-CLAIM: findings[2].severity"],
    ),
    "lost re-run": (
        *deleted("cdr_outcome", LAST_RERUN),
        ["history: CDR AT*VFY RERUN: outcome of version"],
    ),
    "outcome that nobody made": (
        "cdr_outcome",
        f"{STRANGE} FROM {{db}}.cdr_outcome {of_cdr('PLAIN-2')}",
        ["history: CDR AT*VFY PLAIN-2: outcome of version"],
    ),
    "edited outcome": (
        *updated("cdr_outcome", "held = held + 1", of_cdr("PLAIN-2")),
        ["history: CDR AT*VFY PLAIN-2 version"],
    ),
    "unexplained document": (
        *deleted("document_outcome", of_document("PLAIN-3")),
        ["unexplained document: first in document_outcome / no row"],
    ),
    "other outcome of a document": (
        *updated("document_outcome", "outcome = 'duplicate'", of_document("PLAIN-3")),
        ["row of document_outcome: first at version"],
    ),
    "edited document": (
        *updated("document_received", "body = replaceOne(body, '5.04', '5.05')",
                 of_document("PLAIN-4")),
        ["sha256 of the document"],
    ),
    "edited session": (
        *updated("document_received", "body = concat(body, ' ')", SESSIONS),
        ["sha256 of the document"],
    ),
    "lost document": (
        *deleted("document_received", of_document("PLAIN-5")),
        ["a row in document_received / nothing"],
    ),
    "lost dead letter": (
        *deleted("dead_letter", of_document("BROKEN")),
        ["dead-letter: inbox/"],
    ),
    "edited eMSP": (
        *edited("emsp = 'FR*OTH'"),
        ["recount: CDR AT*VFY PLAIN-1: emsp: DE*EMP / FR*OTH"],
    ),
    "edited tariff": (
        *updated("tariff_version", "currency = 'CHF'", of_object("tariff_key", "V1")),
        ["object: tariff_version AT*VFY V1 2024-01-01T00:00:00Z"],
    ),
    "edited location": (
        *updated("location_current", "time_zone = 'UTC'", of_object("location_key", "LOC1")),
        ["object: location_current AT*VFY LOC1"],
    ),
    "lost session": (
        *deleted("session_current", of_object("session_key", "S-PLAIN-1")),
        ["object: session_current AT*VFY S-PLAIN-1: a row of version"],
    ),
    "sink_offset behind": (
        *updated("sink_offset", "next_offset = 0", "WHERE topic LIKE 'settlement.cdr%'"),
        ["that message stands in cdr_outcome / 0"],
    ),
    "sink_offset ahead": (
        *updated("sink_offset", "next_offset = next_offset + 1000", "WHERE topic = 'inbox'"),
        ["sink_offset: inbox/"],
    ),
}  # fmt: skip
