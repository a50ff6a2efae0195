"""The parties of the demo and the tariffs that their charge points carry.

Rule: tables; the same for every seed, so that a second run adds charging and no tariffs. Parties
are invented. What belongs to one seed (a late tariff, a corrected one) is made at the end.
"""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from ingest.demo.terms import Terms

# Before every session, those of a file of real sessions (2018 and later) included.
IN_FORCE = datetime(2017, 12, 1, tzinfo=UTC)


class Party(msgspec.Struct, frozen=True):
    """A roaming partner of the demo."""

    party: str  # CC*PPP
    role: str  # CPO, EMSP
    name: str


PARTIES = (
    Party("NL*LDN", "CPO", "Laadnet"),
    Party("DE*STB", "CPO", "Strombogen"),
    Party("CH*ALD", "CPO", "Alpenlade"),
    Party("BE*VLT", "EMSP", "Voltpas"),
    Party("DE*FHR", "EMSP", "Fahrstrom"),
    Party("FR*RLB", "EMSP", "Route Libre"),
)
CPOS = tuple(party.party for party in PARTIES if party.role == "CPO")
EMSPS = tuple(party.party for party in PARTIES if party.role == "EMSP")


def _terms(cpo: str, name: str, kind: str, *, currency: str, vat: str, **prices: str) -> Terms:
    fields = {"id": f"{cpo[:2]}-{name}", "cpo": cpo, "kind": kind, "currency": currency}
    return msgspec.convert(
        {**fields, "vat": vat, "last_updated": IN_FORCE, **prices}, Terms, strict=False
    )


def _dutch(name: str, kind: str, **prices: str) -> Terms:
    return _terms("NL*LDN", name, kind, currency="EUR", vat="21", **prices)


def _german(name: str, kind: str, **prices: str) -> Terms:
    return _terms("DE*STB", name, kind, currency="EUR", vat="19", **prices)


def _swiss(name: str, kind: str, *, cpo: str = "CH*ALD", **prices: str) -> Terms:
    return _terms(cpo, name, kind, currency="CHF", vat="8.1", **prices)


TARIFFS = {
    terms.id: terms
    for terms in (
        _dutch("KWH", "0.45 a kWh", kwh="0.45"),
        _dutch(
            "PARK",
            "0.39 a kWh, 3.00 an hour of parking after charging (VAT 9 %)",
            kwh="0.39",
            parking_hour="3.00",
            parking_vat="9",
        ),
        _dutch("NIGHT", "0.49 a kWh, 0.27 from 22:00 to 06:00", kwh="0.49", night_kwh="0.27"),
        _dutch(
            "BLOCK",
            "0.42 a kWh, 4.80 an hour after the fourth hour",
            kwh="0.42",
            blocking_hour="4.80",
            blocking_after="14400",
        ),
        _dutch("FREE", "free of charge"),
        _german("START", "0.35 to start, 0.47 a kWh", start_fee="0.35", kwh="0.47"),
        _german("TIME", "3.60 an hour, in started minutes", hour="3.60", hour_step="60"),
        _german(
            "LIMITS",
            "0.52 a kWh, at least 2.50 and at most 15.00",
            kwh="0.52",
            min_price="2.50",
            max_price="15.00",
        ),
        _german(
            "MIX",
            "0.50 to start, 0.35 a kWh, 1.20 an hour, 2.40 an hour of parking",
            start_fee="0.50",
            kwh="0.35",
            hour="1.20",
            parking_hour="2.40",
        ),
        _swiss("ABROAD", "0.48 a kWh, in Switzerland", cpo="DE*STB", kwh="0.48"),
        _swiss("KWH", "0.42 a kWh", kwh="0.42"),
        _swiss(
            "PARK",
            "1.00 to start, 0.38 a kWh, 2.00 an hour of parking",
            start_fee="1.00",
            kwh="0.38",
            parking_hour="2.00",
        ),
        _swiss("NIGHT", "0.46 a kWh, 0.29 from 22:00 to 06:00", kwh="0.46", night_kwh="0.29"),
    )
}


def month_of(seed: int) -> datetime:
    """Give the first instant of the month that a seed plays."""
    return datetime(2025, 1 + seed % 12, 1, tzinfo=UTC)


def late_tariff(cpo: str, seed: int) -> Terms:
    """Give the tariff that a CPO publishes only after it sent CDRs priced by it."""
    return msgspec.structs.replace(
        TARIFFS[f"{cpo[:2]}-{'START' if cpo == 'DE*STB' else 'KWH'}"],
        id=f"{cpo[:2]}-LATE-{seed}",
        kind="a tariff that is published after its CDRs",
        last_updated=month_of(seed) - timedelta(days=3),
    )


def corrected_tariff(cpo: str, seed: int) -> tuple[Terms, Terms]:
    """Give a tariff as published first, and its correction, in force before the month began."""
    first = msgspec.structs.replace(
        TARIFFS[f"{cpo[:2]}-{'START' if cpo == 'DE*STB' else 'KWH'}"],
        id=f"{cpo[:2]}-FIX-{seed}",
        kind="a tariff that is corrected",
        kwh=Decimal("0.59"),
        last_updated=month_of(seed) - timedelta(days=20),
    )
    second = msgspec.structs.replace(
        first, kwh=Decimal("0.51"), last_updated=month_of(seed) - timedelta(days=10)
    )
    return first, second
