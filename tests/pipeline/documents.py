"""A month of awkward documents: what order must not change.

Rule: each document keeps its receipt wherever it is put in the log; only the order is shuffled.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.builders import (
    a_cdr_document,
    a_charging_period_document,
    a_location_document,
    a_session_document,
    a_tariff_document,
    an_evse_document,
)
from tests.pipeline.inbox import Sent, a_sent

START = datetime(2024, 3, 1, 10, tzinfo=UTC)
BEFORE = START - timedelta(days=10)
AFTER = START + timedelta(days=10)


def a_tariff(tariff_id: str, price: float, updated: str, received: datetime) -> Sent:
    document = a_tariff_document(id=tariff_id, last_updated=updated)
    document["elements"][0]["price_components"][0]["price"] = price
    return a_sent("tariffs", "PUT", document, received=received)


def a_cdr(number: int, tariff_id: str, claim: float, **changes: Any) -> Sent:
    document = {
        "id": f"CDR-{number}",
        "session_id": f"S-{number}",
        "tariffs": [],
        "charging_periods": [a_charging_period_document(tariff_id=tariff_id)],
        "total_cost": {"excl_vat": claim},
        "total_energy_cost": {"excl_vat": claim},
        **changes,
    }
    received = changes.pop("received", AFTER)
    document.pop("received", None)
    return a_sent("cdrs", "POST", a_cdr_document(**document), received=received)


def awkward_documents() -> list[Sent]:
    """Give some fifty documents with everything in them that could depend on order."""
    return [*_tariffs(), *_cdrs(), *_sessions(), *_locations_and_the_rest()]


def _tariffs() -> list[Sent]:
    return [
        # One version in time, one corrected in time, one backdated upwards and one downwards.
        a_tariff("T1", 0.25, "2024-01-01T00:00:00Z", BEFORE),
        a_tariff("T1", 0.20, "2024-02-01T00:00:00Z", START + timedelta(hours=20)),
        a_tariff("T1", 0.50, "2024-02-15T00:00:00Z", AFTER),
        a_tariff("T2", 0.30, "2024-01-01T00:00:00Z", BEFORE),
        a_tariff("T2", 0.10, "2024-02-01T00:00:00Z", AFTER),
        # The same version twice: only its earliest receipt counts, and it is in time.
        a_tariff("T3", 0.40, "2024-01-01T00:00:00Z", AFTER),
        a_tariff("T3", 0.40, "2024-01-01T00:00:00Z", BEFORE),
        # Two contents with one last_updated.
        a_tariff("T4", 0.25, "2024-01-01T00:00:00Z", BEFORE),
        a_tariff("T4", 0.26, "2024-01-01T00:00:00Z", BEFORE + timedelta(hours=1)),
        # Never in time: the first received counts.
        a_tariff("T5", 0.35, "2024-01-01T00:00:00Z", AFTER),
        a_tariff("T5", 0.33, "2024-02-01T00:00:00Z", AFTER + timedelta(days=1)),
        # After the session's start: never displaces a base.
        a_tariff("T6", 0.25, "2024-01-01T00:00:00Z", BEFORE),
        a_tariff("T6", 0.01, "2024-04-01T00:00:00Z", AFTER),
        # One id in two spellings with one receipt; a DELETE between two PUTs, and one after all.
        a_tariff("T8", 0.25, "2024-01-01T00:00:00Z", BEFORE),
        a_tariff("t8", 0.25, "2024-01-01T00:00:00Z", BEFORE),
        a_sent("tariffs", "DELETE", b"", object_id="T1", received=BEFORE + timedelta(hours=1)),
        a_sent("tariffs", "DELETE", b"", object_id="T3", received=AFTER + timedelta(hours=1)),
    ]


def _cdrs() -> list[Sent]:
    sent = []
    claims = {"T1": 5.13, "T2": 6.15, "T3": 8.2, "T4": 5.33, "T5": 7.18, "T6": 5.13, "T7": 4.0}
    for number, (tariff_id, claim) in enumerate(claims.items(), 1):
        sent.append(a_cdr(number, tariff_id, claim))
        sent.append(a_cdr(10 + number, tariff_id, claim + 1))
        sent.append(a_cdr(20 + number, tariff_id, claim - 1))
    # A conflict of three copies, each sent twice, one of them spelled otherwise.
    for claim in (5.0, 6.0, 7.0):
        sent.append(a_cdr(30, "T1", claim))
        sent.append(a_cdr(30, "T1", claim, remark="again"))
    # A duplicate in other letters and another order of keys.
    lower = dict(reversed(a_cdr_document(id="cdr-31", session_id="s-31").items()))
    sent.append(a_sent("cdrs", "POST", lower, received=AFTER))
    sent.append(a_cdr_in_upper_case())
    # One content for two eMSPs is a conflict; one of them named or not is none.
    party = a_cdr(32, "T1", 5.0)
    sent += [replace(party, emsp=emsp) for emsp in ("DE*EMP", "FR*EMP", "")]
    unnamed = a_cdr(33, "T1", 5.0, remark="with a name")
    sent += [unnamed, replace(a_cdr(33, "T1", 5.0), emsp="")]
    return sent


def _sessions() -> list[Sent]:
    """Give PATCHes that may come before their PUT, one that is older than it."""
    return [
        a_sent("sessions", "PUT", a_session_document(kwh=1.0), received=BEFORE),
        a_sent(
            "sessions",
            "PATCH",
            {"kwh": 12.0, "last_updated": "2024-03-01T11:00:00Z"},
            object_id="S-1",
        ),
        a_sent(
            "sessions",
            "PATCH",
            {"kwh": 19.0, "status": "COMPLETED", "last_updated": "2024-03-01T12:00:00Z"},
            object_id="S-1",
        ),
        a_sent(
            "sessions",
            "PATCH",
            {"kwh": 99.0, "last_updated": "2024-02-01T12:00:00Z"},
            object_id="S-1",
        ),
        a_sent(
            "sessions",
            "PATCH",
            {"kwh": 5.0, "last_updated": "2024-03-01T11:00:00Z"},
            object_id="S-2",
        ),
        # The id in other letters, the same document again in others still.
        a_sent("sessions", "PUT", a_session_document(kwh=1.0), object_id="s-1", received=BEFORE),
        # What is wrong in one document is that one's alone, whatever it comes before.
        a_sent("sessions", "PUT", a_session_document(id="S-3"), received=BEFORE),
        a_sent(
            "sessions",
            "PATCH",
            {"kwh": "abc", "last_updated": "2024-03-01T11:00:00Z"},
            object_id="S-3",
        ),
        # One session through two versions of OCPI.
        a_sent("sessions", "PUT", a_session_document(id="S-4"), received=BEFORE),
        a_sent(
            "sessions",
            "PATCH",
            {"total_cost": 7.5, "last_updated": "2024-03-01T11:00:00Z"},
            object_id="S-4",
            ocpi_version="2.1.1",
        ),
    ]


def _locations_and_the_rest() -> list[Sent]:
    """Give a location that changes in parts and as a whole, the unreadable and a credit."""
    return [
        a_sent("locations", "PUT", a_location_document(), received=AFTER),
        a_sent(
            "locations",
            "PUT",
            a_location_document(time_zone="Europe/Lisbon", last_updated="2024-02-01T00:00:00Z"),
            received=AFTER,
        ),
        a_sent(
            "locations",
            "PATCH",
            {"status": "CHARGING", "last_updated": "2024-02-02T00:00:00Z"},
            object_id="LOC1",
            evse_uid="3256",
        ),
        a_sent(
            "locations",
            "PUT",
            an_evse_document(uid="9999", last_updated="2024-02-03T00:00:00Z"),
            object_id="LOC1",
            evse_uid="9999",
        ),
        # What cannot be read, beside a copy that can, and alone.
        a_sent("cdrs", "POST", b'{"id": "CDR-1"}', object_id="CDR-1"),
        a_sent("cdrs", "POST", b"{", object_id="CDR-90"),
        a_sent("cdrs", "POST", b"[", object_id="cdr-90"),
        a_sent("cdrs", "POST", b"{", object_id="CDR-90", emsp="FR*EMP"),
        # Credit CDRs: as it should be, in two copies that differ, and beside a CDR of its id.
        a_cdr(91, "T1", -5.13, credit=True, credit_reference_id="CDR-1"),
        a_cdr(92, "T1", -5.13, credit=True, credit_reference_id="CDR-1"),
        a_cdr(92, "T1", -4, credit=True, credit_reference_id="CDR-1"),
        a_cdr(93, "T1", -5.13, credit=True, credit_reference_id="CDR-1"),
        a_cdr(93, "T1", 5.13),
    ]


def a_cdr_in_upper_case() -> Sent:
    document = a_cdr_document(id="CDR-31", session_id="S-31")
    return a_sent("cdrs", "POST", document, received=AFTER)
