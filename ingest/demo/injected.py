"""What goes wrong in the demo's month, on purpose, and how it must show.

Rule: one table; which charge is hit depends on its number alone, so that a longer run with the
same seed hits the same charges. Fifteen charges have seen each kind once.
"""

from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec

from ingest.demo.charge import Charge
from ingest.demo.claim import CENT, Claim, Cost
from ingest.demo.terms import Terms, with_vat


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that is injected: what is sent and how it must show up in the settlement."""

    name: str
    at: tuple[int, ...]  # numbers of charges in each hundred
    sends: str
    shows: str


KINDS = (
    Kind(
        name="overcharged",
        at=(1, 40, 60),
        sends="a CDR that asks 4 to 15 % more than its tariff gives",
        shows="disputed; what is too much is held",
    ),
    Kind(
        name="undercharged",
        at=(2, 70),
        sends="a CDR that asks less than its tariff gives",
        shows="matched, payable as claimed, finding `claimed_below_priced`",
    ),
    Kind(
        name="late_tariff",
        at=(3, 65),
        sends="a CDR without its tariff, which is published after all CDRs",
        shows="waiting until the tariff arrives, then matched; two rows in `cdr_outcome`",
    ),
    Kind(
        name="corrected_tariff",
        at=(4, 85),
        sends="a CDR under a tariff that is corrected downwards after all CDRs",
        shows="matched, then disputed when the correction arrives; two rows in `cdr_outcome`",
    ),
    Kind(
        name="dearer_copy",
        at=(5,),
        sends="a CDR whose embedded tariff is dearer than the published one",
        shows="disputed; the difference is held",
    ),
    Kind(
        name="conflict",
        at=(6, 55),
        sends="a CDR, then another one under the same id with other amounts",
        shows="both copies count as conflict; the lowest is payable, the rest of the highest held",
    ),
    Kind(
        name="conflict_of_three",
        at=(7,),
        sends="a CDR and two others under the same id",
        shows="three copies count as conflict, one row in `cdr_settled`",
    ),
    Kind(
        name="resent",
        at=(8, 45, 75, 90),
        sends="a CDR twice, byte for byte",
        shows="settled once; the second counts as duplicate",
    ),
    Kind(
        name="resent_reordered",
        at=(9, 80),
        sends="a CDR twice, the second time with its keys in another order",
        shows="settled once; the second counts as duplicate",
    ),
    Kind(
        name="no_currency",
        at=(10,),
        sends="besides a good CDR one without a currency",
        shows="refused with 2001; counts as rejected",
    ),
    Kind(
        name="other_party",
        at=(11,),
        sends="besides a good CDR one of a party that is not the sender's",
        shows="refused with 2001; counts as rejected",
    ),
    Kind(
        name="unreadable",
        at=(12,),
        sends="besides a good CDR one with the volume `twelve`",
        shows="accepted by the gateway; a dead letter with field, value and rule",
    ),
    Kind(
        name="patch_first",
        at=(13,),
        sends="a session's PATCH before its PUT",
        shows="the session is the same as in the right order",
    ),
    Kind(
        name="credit",
        at=(14,),
        sends="a CDR and the Credit CDR that reverses it",
        shows="the credit waits, posts nothing and stands outside claimed = payable + held",
    ),
)
CYCLE = 100
_AT = {place: kind.name for kind in KINDS for place in kind.at}
# Kinds that need some money to be seen.
NEEDS_MONEY = frozenset(
    {"overcharged", "undercharged", "dearer_copy", "conflict", "conflict_of_three", "credit"}
)
# Kinds whose charge is priced by a tariff of its own.
OWN_TARIFF = frozenset({"late_tariff", "corrected_tariff"})
# Kinds whose second document the gateway refuses.
REFUSED = frozenset({"no_currency", "other_party"})
# Kinds with several copies of one CDR that differ.
COPIES = {"conflict": 2, "conflict_of_three": 3}
_ONE_MORE = REFUSED | {"resent", "resent_reordered", "unreadable", "credit"}


def kind_at(number: int) -> str:
    """Give what is injected at a charge's number, or an empty string."""
    return _AT.get(number % CYCLE, "")


def documents_beside(number: int) -> int:
    """Count the CDR documents that are sent besides the one of the charge."""
    kind = kind_at(number)
    return COPIES[kind] - 1 if kind in COPIES else int(kind in _ONE_MORE)


def shifted(claim: Claim, terms: Terms, percent: int) -> Claim:
    """Raise (or lower) the largest part of a claim, and its total with it, by at least 0.50."""
    name = max(claim.parts, key=lambda part: claim.parts[part].before)
    part = claim.parts[name]
    amount = (part.before * abs(percent) / 100).quantize(CENT, rounding=ROUND_HALF_UP)
    before = max(amount, Decimal("0.50")) * (1 if percent > 0 else -1)
    vat = terms.parking_vat if name == "total_parking_cost" else None
    after = with_vat(before, terms.vat if vat is None else vat).quantize(CENT, ROUND_HALF_UP)
    shift = Cost(before, after)
    return msgspec.structs.replace(
        claim, total=claim.total + shift, parts={**claim.parts, name: part + shift}
    )


def dearer(terms: Terms, charge: Charge) -> Terms:
    """Give the dearer copy of a tariff that a CDR embeds, newer than the published one."""
    raised = {
        name: (getattr(terms, name) * Decimal("1.2")).quantize(CENT)
        for name in ("kwh", "night_kwh", "hour")
        if getattr(terms, name)
    }
    updated = charge.connection_start - timedelta(days=2)
    return msgspec.structs.replace(terms, last_updated=updated, **raised)


def changed(charge: Charge, copy: int) -> Charge:
    """Give the charge as another copy of its CDR tells it: more energy, same times."""
    energy = charge.energy_kwh + Decimal("1.250") * copy
    return msgspec.structs.replace(charge, energy_kwh=energy)


def reordered(document: dict[str, Any]) -> dict[str, Any]:
    """Turn the order of all keys, at every depth; lists keep theirs."""
    return {key: _reordered(document[key]) for key in reversed(document)}


def _reordered(value: Any) -> Any:
    if isinstance(value, dict):
        return reordered(value)
    if isinstance(value, list):
        return [_reordered(item) for item in value]
    return value


def without_currency(document: dict[str, Any]) -> dict[str, Any]:
    """Give a CDR of its own id without a currency."""
    spoiled = {key: value for key, value in document.items() if key != "currency"}
    return {**spoiled, "id": f"{document['id']}-NOCUR"}


def of_other_party(document: dict[str, Any], party: str) -> dict[str, Any]:
    """Give a CDR of its own id that names another party as its owner."""
    country_code, party_id = party.split("*")
    return {
        **document,
        "country_code": country_code,
        "party_id": party_id,
        "id": f"{document['id']}-OTHER",
    }


def unreadable(document: dict[str, Any]) -> dict[str, Any]:
    """Give a CDR of its own id whose first volume is a word."""
    first, *others = document["charging_periods"]
    dimension, *rest = first["dimensions"]
    spoiled = {**first, "dimensions": [{**dimension, "volume": "twelve"}, *rest]}
    return {
        **document,
        "id": f"{document['id']}-TWELVE",
        "charging_periods": [spoiled, *others],
    }


def credit_of(document: dict[str, Any]) -> dict[str, Any]:
    """Give the Credit CDR of a CDR: a new id, only `total_cost` negated."""
    total = {side: -amount for side, amount in document["total_cost"].items()}
    return {
        **document,
        "id": f"{document['id']}-C",
        "total_cost": total,
        "credit": True,
        "credit_reference_id": document["id"],
    }
