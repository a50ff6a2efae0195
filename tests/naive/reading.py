"""Reads an OCPI document, 2.1.1, 2.2.1 or 2.3.0, as the plain values that the oracle walks over.

Rule: JSON in, lists and dicts out; nothing of settlement, streams or ingest is imported.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

Json = dict[str, Any]
OTHER_UNIT = 10  # a time of so many times its period's length is not in hours
TIME_KINDS = ("TIME", "PARKING_TIME", "RESERVATION_TIME")
MEASURED = ("ENERGY", *TIME_KINDS)


def exact(value: Any) -> Fraction | None:
    """Give a JSON number, or a string that holds one, as a fraction."""
    return None if value is None else Fraction(Decimal(str(value)))


def instant(text: str) -> datetime:
    """Read a DateTime of OCPI, which is UTC whether it says so or not."""
    return datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)


def read(document: bytes) -> Json:
    """Read JSON without losing a digit."""
    value: Json = json.loads(document, parse_float=Decimal)
    return value


def ends_at(cdr: Json, version: str) -> datetime:
    """Give the end of the session; 2.1.1 calls it stop_date_time."""
    return instant(cdr["stop_date_time" if version == "2.1.1" else "end_date_time"])


def sides(amount: Json | None, version: str) -> tuple[Fraction | None, Fraction | None]:
    """Give a limit before and after taxes, by the names of the version."""
    if amount is None or version == "2.1.1":
        return None, None
    names = ("excl_vat", "incl_vat") if version == "2.2.1" else ("before_taxes", "after_taxes")
    return exact(amount.get(names[0])), exact(amount.get(names[1]))


def claimed_share_before_taxes(cdr: Json, version: str) -> Fraction | None:
    """Give what part of the claimed total is no tax, where the CDR lists taxes (2.3.0)."""
    claim = cdr.get("total_cost")
    if version != "2.3.0" or not isinstance(claim, dict) or not claim.get("taxes"):
        return None
    before = Fraction(Decimal(str(claim["before_taxes"])))
    after = before + sum(Fraction(Decimal(str(tax["amount"]))) for tax in claim["taxes"])
    return before / after if after else None


def volume(period: Json, kind: str) -> Fraction:
    """Give what a period states of one dimension; nothing stated is nothing used."""
    return sum(
        (Fraction(Decimal(str(d["volume"]))) for d in period["dimensions"] if d["type"] == kind),
        Fraction(0),
    )


def reading(period: Json, kind: str) -> Fraction | None:
    """Give a current or power of a period; None where it states none."""
    for dimension in period["dimensions"]:
        if dimension["type"] == kind:
            return exact(dimension["volume"])
    return None


def periods_of(cdr: Json, version: str) -> list[Json]:
    """List the charging periods in time order, each with its start, end, seconds and kWh.

    Without charging periods the totals of the CDR are one period.
    """
    sent = cdr.get("charging_periods") or [_whole_session(cdr)]
    ordered = in_time_order(sent)
    starts = [instant(period["start_date_time"]) for period in ordered]
    ends = [*starts[1:], ends_at(cdr, version)]
    return [
        {
            "start": start,
            "end": end,
            "tariff_id": None if version == "2.1.1" else period.get("tariff_id"),
            "ENERGY": volume(period, "ENERGY"),
            **{kind: seconds(period, kind, start, end) for kind in TIME_KINDS},
            **{
                name: reading(period, name)
                for name in ("MIN_CURRENT", "MAX_CURRENT", "MIN_POWER", "MAX_POWER")
            },
        }
        for period, start, end in zip(ordered, starts, ends, strict=True)
    ]


def in_time_order(periods: list[Json]) -> list[Json]:
    """Sort periods by their start; those of one start stay as they were sent."""
    return sorted(periods, key=lambda period: instant(period["start_date_time"]))


def seconds(period: Json, kind: str, start: datetime, end: datetime) -> int:
    """Give a time dimension in whole seconds.

    Hours go to the nearest second. The period's own length counts where it holds only this
    time dimension and differs by no more than half of the last digit, 0.18 s; and where the
    volume is OTHER_UNIT times the length or more, which cannot be hours. Negative time is no time.
    """
    stated = volume(period, kind) * 3600
    if stated <= 0:
        return 0
    microseconds = (end - start) // (end - start).resolution
    length = Fraction(microseconds, 1_000_000)
    others = [d for d in period["dimensions"] if d["type"] in MEASURED and d["type"] != kind]
    alone = not any(d["volume"] for d in others)
    if 0 < OTHER_UNIT * length <= stated or (alone and abs(stated - length) <= Fraction(18, 100)):
        return nearest(length)
    return nearest(stated)


def nearest(value: Fraction) -> int:
    """Round to a whole number, a half upwards."""
    return (value + Fraction(1, 2)).__floor__()


def with_usual_signs(cdr: Json) -> Json:
    """Turn back the volumes of a credit CDR whose sender has turned all signs."""
    sent = [d for period in cdr.get("charging_periods") or [] for d in period["dimensions"]]
    volumes = [Decimal(str(d["volume"])) for d in sent]
    if cdr.get("credit") and min(volumes, default=Decimal(0)) < 0 and max(volumes) <= 0:
        for dimension, positive in zip(sent, volumes, strict=True):
            dimension["volume"] = -positive
    return cdr


def _whole_session(cdr: Json) -> Json:
    parked = Decimal(str(cdr.get("total_parking_time") or 0))
    total = Decimal(str(cdr.get("total_time") or 0))
    return {
        "start_date_time": cdr["start_date_time"],
        "dimensions": [
            {"type": "ENERGY", "volume": cdr.get("total_energy") or 0},
            {"type": "TIME", "volume": total - parked},
            {"type": "PARKING_TIME", "volume": parked},
        ],
    }
