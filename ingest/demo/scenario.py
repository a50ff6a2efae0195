"""A month of roaming as requests in phases: what exists, then charging, then what comes late.

Rule: lazy and reproducible; a scenario never holds more than a few documents at a time.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import count
from typing import Any

import msgspec

from ingest.demo import documents, injected
from ingest.demo.arrivals import charge_of
from ingest.demo.catalogue import CPOS, TARIFFS, corrected_tariff, late_tariff
from ingest.demo.charge import Charge
from ingest.demo.claim import Claim, claim_of
from ingest.demo.places import PLACES, Place, location_document
from ingest.demo.request import Chain, Request, encoded, request_of
from ingest.demo.terms import Terms, tariff_document

VISIBLE = Decimal("5.00")


class Phase(msgspec.Struct, frozen=True):
    """Chains that may go side by side; the next phase begins when all are answered."""

    name: str
    chains: Iterable[Chain]


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """What is going to be sent; `cdrs` counts the charges, `documents` their CDR documents."""

    cdrs: int
    documents: int
    phases: tuple[Phase, ...]


def month(*, seed: int, cdrs: int) -> Scenario:
    """Give the seeded month of `cdrs` charges with everything injected."""
    own = [late_tariff(cpo, seed) for cpo in CPOS]
    corrections = [corrected_tariff(cpo, seed) for cpo in CPOS]
    known = [*TARIFFS.values(), *(first for first, _ in corrections)]
    late = [*own, *(second for _, second in corrections)]
    return Scenario(
        cdrs=cdrs,
        documents=cdrs + sum(injected.documents_beside(number) for number in range(cdrs)),
        phases=(
            Phase("locations and tariffs", [*_locations(PLACES), *_tariffs(known)]),
            Phase("charging", (charging(seed, number) for number in range(cdrs))),
            Phase("late tariffs", _tariffs(late)),
        ),
    )


def real_sessions(charges: Sequence[Charge]) -> Scenario:
    """Give the scenario of charges read from a file; nothing is injected."""
    places = {charge.place.id: charge.place for charge in charges}
    tariffs = {charge.evse.terms.id: charge.evse.terms for charge in charges}
    return Scenario(
        cdrs=len(charges),
        documents=len(charges),
        phases=(
            Phase(
                "locations and tariffs",
                [*_locations(places.values()), *_tariffs(tariffs.values())],
            ),
            Phase("charging", (_told(charge, number) for number, charge in enumerate(charges))),
        ),
    )


def charging(seed: int, number: int) -> Chain:
    """Give the requests of one charge of a seeded month, injections included."""
    kind = injected.kind_at(number)
    charge, terms, claim = _drawn(seed, number, kind)
    asked = _asked(claim, terms, kind, number)
    document = documents.cdr_document(charge, terms, asked, embeds_tariff=kind != "late_tariff")
    cdr = request_of("cdrs", document, partner=charge.place.cpo)
    return (
        *_session(charge, terms, claim, number, is_patched_first=kind == "patch_first"),
        cdr,
        *_beside(kind, cdr, document, charge, terms),
    )


def _beside(
    kind: str, cdr: Request, document: dict[str, Any], charge: Charge, terms: Terms
) -> list[Request]:
    """Give the CDR documents that are sent after the one of the charge."""
    others = []
    if kind in injected.COPIES:
        for copy in range(1, injected.COPIES[kind]):
            told = injected.changed(charge, copy)
            others.append(documents.cdr_document(told, terms, claim_of(told, terms)))
    elif kind == "resent":
        return [cdr]
    elif kind == "resent_reordered":
        others.append(injected.reordered(document))
    elif kind == "no_currency":
        others.append(injected.without_currency(document))
    elif kind == "other_party":
        stranger = next(cpo for cpo in CPOS if cpo != cdr.partner)
        others.append(injected.of_other_party(document, stranger))
    elif kind == "unreadable":
        others.append(injected.unreadable(document))
    elif kind == "credit":
        others.append(injected.credit_of(document))
    is_refusable = kind in injected.REFUSED
    return [
        request_of("cdrs", other, partner=cdr.partner, is_refusable=is_refusable)
        for other in others
    ]


def _drawn(seed: int, number: int, kind: str) -> tuple[Charge, Terms, Claim]:
    """Draw a charge until it suits what is to be injected there."""
    for attempt in count():
        charge = charge_of(seed, number, attempt)
        terms = charge.evse.terms
        if kind in injected.OWN_TARIFF:
            cpo = charge.place.cpo
            own = (
                late_tariff(cpo, seed) if kind == "late_tariff" else corrected_tariff(cpo, seed)[0]
            )
            if own.currency != terms.currency:
                continue
            terms = own
        elif kind == "dearer_copy":
            terms = injected.dearer(terms, charge)
        claim = claim_of(charge, terms)
        if kind not in injected.NEEDS_MONEY or _is_worth(terms, claim):
            return charge, terms, claim
    raise AssertionError("an endless count ended")


def _is_worth(terms: Terms, claim: Claim) -> bool:
    """Tell whether a change can be seen: energy has a price, no limit hides it, 5.00 at least."""
    return bool(terms.kwh) and terms.max_price is None and claim.total.before >= VISIBLE


def _asked(claim: Claim, terms: Terms, kind: str, number: int) -> Claim:
    if kind == "overcharged":
        return injected.shifted(claim, terms, 4 + number * 7 % 12)
    if kind == "undercharged":
        return injected.shifted(claim, terms, -(3 + number * 5 % 8))
    return claim


def _told(charge: Charge, number: int) -> Chain:
    """Tell a charge of a file: the session and its CDR."""
    terms = charge.evse.terms
    claim = claim_of(charge, terms)
    cdr = documents.cdr_document(charge, terms, claim)
    return (
        *_session(charge, terms, claim, number),
        request_of("cdrs", cdr, partner=charge.place.cpo),
    )


def _session(
    charge: Charge, terms: Terms, claim: Claim, number: int, *, is_patched_first: bool = False
) -> Chain:
    """Put a session, patch it when charging is over, complete it by patch or (each third) put."""
    cpo = charge.place.cpo
    started = request_of("sessions", documents.session_started(charge, terms), partner=cpo)
    progress = _patch(charge, documents.session_progress(charge))
    if number % 3:
        completed = _patch(charge, documents.session_completion(charge, terms, claim))
    else:
        whole = documents.session_completed(charge, terms, claim)
        completed = request_of("sessions", whole, partner=cpo)
    return (progress, started, completed) if is_patched_first else (started, progress, completed)


def _patch(charge: Charge, changes: dict[str, object]) -> Request:
    return Request(
        partner=charge.place.cpo,
        method="PATCH",
        module="sessions",
        object_id=charge.id,
        body=encoded(changes),
    )


def _locations(places: Iterable[Place]) -> list[Chain]:
    return [
        (request_of("locations", location_document(place), partner=place.cpo),) for place in places
    ]


def _tariffs(tariffs: Iterable[Terms]) -> list[Chain]:
    return [
        (request_of("tariffs", tariff_document(terms), partner=terms.cpo),) for terms in tariffs
    ]
