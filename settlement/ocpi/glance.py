"""The gateway's minimal look at a document before it is acknowledged.

Rule: finds out whose and which document it is and the few reasons to refuse one;
it refuses nothing else, reads no other field, and neither hangs nor fails on hostile input.
"""

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw

from settlement.ocpi.document import NotJson, checked, fields_of, value_of
from settlement.ocpi.moment import parse_time, regular_time
from settlement.ocpi.number import IrregularForm, OutOfBounds
from settlement.ocpi.problem import Problem
from settlement.ocpi.reader import shown
from settlement.ocpi.scalar import LARGEST_ID
from settlement.party import PartyId, party_of

__all__ = ["Glance", "NotJson", "glance"]

_A_TIME = "a time such as 2024-03-01T10:00:00Z"
_OLD_END = "stop_date_time"  # the end of a CDR in OCPI 2.1.1


class Glance(msgspec.Struct, frozen=True, kw_only=True):
    """What the envelope needs to know; None where the document does not say.

    `occurred` is when it happened in the world: the end of a CDR, else the last update.
    `problems` is empty for every document that is to be accepted.
    """

    cpo: PartyId | None = None
    emsp: PartyId | None = None  # of the CDR token
    id: str | None = None  # as sent
    last_updated: datetime | None = None
    occurred: datetime | None = None
    problems: tuple[Problem, ...] = ()


def glance(data: bytes, *, module: str, ocpi_version: str, is_partial: bool = False) -> Glance:
    """Look at a document of `module` (cdrs, sessions, tariffs, locations, evses, connectors).

    `is_partial` says that it is a PATCH, which needs no id. Raises NotJson (HTTP 400) where it
    is not one JSON object in UTF-8.
    """
    fields = fields_of(checked(data))
    problems: list[Problem] = []
    last_updated = _time(fields, "last_updated")
    occurred = last_updated
    identifier = _id(fields, "uid" if module in {"evses", "tokens"} else "id")
    if identifier is None and not is_partial:
        name = "uid" if module in {"evses", "tokens"} else "id"
        problems.append(_problem(fields, name, "must be an id: a text that is not blank"))
    if module == "cdrs":
        occurred = _look_at_cdr(fields, ocpi_version, problems)
    return Glance(
        cpo=_party(_texts(fields)),
        emsp=_party(_object(fields.get("cdr_token"))),
        id=identifier,
        last_updated=last_updated,
        occurred=occurred,
        problems=tuple(problems),
    )


def _look_at_cdr(
    fields: dict[str, Raw], ocpi_version: str, problems: list[Problem]
) -> datetime | None:
    end_name = _OLD_END if ocpi_version == "2.1.1" else "end_date_time"
    start, end = _time(fields, "start_date_time"), _time(fields, end_name)
    if start is None:
        problems.append(_problem(fields, "start_date_time", f"must be the start, {_A_TIME}"))
    if end is None:
        rule = f"must be the end, {_A_TIME}"
        if end_name not in fields and _OLD_END in fields:
            rule += f"; {_OLD_END} is of OCPI 2.1.1, and OCPI {ocpi_version} is read here"
        problems.append(_problem(fields, end_name, rule))
    currency = _value(fields.get("currency"))
    if type(currency) is not str or not currency.strip() or "\0" in currency:
        problems.append(_problem(fields, "currency", "must be a currency, such as EUR"))
    periods = fields.get("charging_periods")
    has_periods = periods is not None and bytes(periods)[:1] in {b"[", b"{"}
    has_periods = has_periods and bytes(periods or b"").strip(b"[]{} \t\r\n") != b""
    if not has_periods and _value(fields.get("total_energy")) is None:
        rule = "must hold periods where there is no total_energy"
        problems.append(_problem(fields, "charging_periods", rule))
    return end


def _value(raw: Raw | None) -> Any:
    """Decode one value; None where it is absent or absurd."""
    if raw is None:
        return None
    try:
        return value_of(raw)
    except NotJson:
        return None


def _id(fields: dict[str, Raw], name: str) -> str | None:
    value = _value(fields.get(name))
    if type(value) is int and abs(value) < LARGEST_ID:
        value = str(value)
    if type(value) is not str or not value.strip() or "\0" in value:
        return None
    return value


def _time(fields: dict[str, Raw], name: str) -> datetime | None:
    text = _value(fields.get(name))
    if type(text) is not str or len(text) > 100:
        return None
    try:
        return regular_time(text)
    except IrregularForm:
        read = parse_time(text)
    return None if read is None else read[0]


def _texts(fields: dict[str, Raw]) -> dict[str, Any]:
    return {name: _value(fields.get(name)) for name in ("country_code", "party_id")}


def _object(raw: Raw | None) -> dict[str, Any]:
    value = _value(raw)
    return value if type(value) is dict else {}


def _party(fields: dict[str, Any]) -> PartyId | None:
    country_code, party_id = fields.get("country_code"), fields.get("party_id")
    if type(party_id) is int:
        party_id = str(party_id)
    if type(country_code) is not str or type(party_id) is not str:
        return None
    return party_of(country_code, party_id)


def _problem(fields: dict[str, Raw], name: str, rule: str) -> Problem:
    raw = fields.get(name)
    value = None if raw is None else _value(raw)
    if value is None and raw is not None and bytes(raw) != b"null":
        value = OutOfBounds(bytes(raw)[:80].decode("utf-8", "replace"))
    return Problem(f"$.{name}", "nothing" if raw is None else shown(value), rule)
