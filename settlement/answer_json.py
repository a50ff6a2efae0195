"""The answer to one CDR as one line of JSON.

Rule: the published shape of `settle price --json`; amounts and volumes are decimal strings,
spelled without exponent, and what is not known is null, never left out.
"""

from decimal import Decimal
from typing import Any

import msgspec

from settlement.answer import Answer
from settlement.finding import Cause, Finding, Note
from settlement.ocpi.problem import UnreadableDocument
from settlement.pricing.priced import Costs, PricedCdr, Segment
from settlement.tariff import Price


class JsonPrice(msgspec.Struct, frozen=True):
    """An amount; null on a side that is not known."""

    before_taxes: str | None
    after_taxes: str | None


class JsonNote(msgspec.Struct, frozen=True):
    """What was assumed, left out or tolerated."""

    code: str
    path: str
    message: str


class JsonFinding(msgspec.Struct, frozen=True):
    """One discrepancy; `difference` is the money at stake.

    `cause` is the code of the one known mistake that reproduces the claim, `candidates` are the
    codes of several, empty where no known mistake does, and null where none was looked for.
    """

    code: str
    path: str
    message: str
    severity: str
    claimed: str | None
    computed: str | None
    difference: str | None
    cause: str | None
    candidates: tuple[str, ...] | None


class JsonCause(msgspec.Struct, frozen=True):
    """A mistake that a cause or a candidate names; `amount` is what it adds on a side of taxes."""

    code: str
    message: str
    amount: str
    currency: str
    side: str


class JsonSegment(msgspec.Struct, frozen=True):
    """One dimension of one charging period under one price component."""

    period: int
    tariff_id: str
    element: int | None
    component: int | None
    dimension: str
    is_reservation: bool
    volume: str
    billed_volume: str
    unit_price: str
    before_taxes: str | None
    tax_rate: str | None
    tax: str | None
    after_taxes: str | None
    why: str


class JsonCosts(msgspec.Struct, frozen=True):
    """Costs and volumes under OCPI's names; kWh and hours."""

    total_cost: JsonPrice | None
    total_fixed_cost: JsonPrice | None
    total_energy_cost: JsonPrice | None
    total_time_cost: JsonPrice | None
    total_parking_cost: JsonPrice | None
    total_reservation_cost: JsonPrice | None
    total_energy: str | None
    total_time: str | None
    total_parking_time: str | None


class JsonAnswer(msgspec.Struct, frozen=True):
    """The answer to one CDR."""

    cdr_id: str | None
    ocpi_version: str
    currency: str
    time_zone: str | None
    profile: str
    price_basis: str
    verdict: str
    claimed: JsonCosts
    priced: JsonCosts
    priced_exact: JsonCosts
    findings: list[JsonFinding]
    segments: list[JsonSegment]
    notes: list[JsonNote]
    causes: list[JsonCause]


class JsonProblem(msgspec.Struct, frozen=True):
    """Why a document cannot be read."""

    path: str
    value: str
    rule: str


class JsonError(msgspec.Struct, frozen=True):
    """All that makes one document unusable."""

    message: str
    problems: list[JsonProblem]


class JsonUnusable(msgspec.Struct, frozen=True):
    """The answer to what is no CDR: its line (in an array, its place from 1) and the reasons."""

    line: int
    error: JsonError


class _Record(msgspec.Struct, frozen=True):
    """`JsonAnswer` with the core's own records in it: their fields have the same names."""

    cdr_id: str | None
    ocpi_version: str
    currency: str
    time_zone: str | None
    profile: str
    price_basis: str
    verdict: str
    claimed: Costs
    priced: Costs
    priced_exact: Costs
    findings: tuple[Finding, ...]
    segments: tuple[Segment, ...]
    notes: tuple[Note, ...]
    causes: tuple[Cause, ...]


_NO_COSTS = Costs()
_encode = msgspec.json.Encoder(decimal_format="string").encode
# Before E, in a number that Python spells with an exponent; ids that look so only cost the longer
# way.
_DIGITS = b"0123456789"
_EXPONENTS = [bytes([digit]) for digit in _DIGITS]


def json_line(answer: Answer) -> bytes:
    """Write an answer as one line, without the line's end."""
    priced = answer.priced if isinstance(answer.priced, PricedCdr) else None
    line = _encode(
        _Record(
            answer.cdr.id,
            answer.cdr.ocpi_version,
            answer.cdr.currency,
            answer.time_zone,
            answer.profile,
            answer.price_basis,
            answer.verdict,
            answer.claimed,
            priced.rounded if priced else _NO_COSTS,
            priced.exact if priced else _NO_COSTS,
            answer.findings,
            priced.segments if priced else (),
            answer.notes,
            answer.causes,
        )
    )
    return _spelled_line(answer) if _may_have_exponent(line) else line


def _may_have_exponent(line: bytes) -> bool:
    """Tell, without a regular expression, whether a digit stands before E- or E+."""
    place = line.find(b"E-")
    while place >= 0:
        if line[place - 1] in _DIGITS:
            return True
        place = line.find(b"E-", place + 2)
    return b"+" in line and any(digit + b"E+" in line for digit in _EXPONENTS)


def _spelled_line(answer: Answer) -> bytes:
    """Write an answer number by number, so that none has an exponent."""
    priced = answer.priced if isinstance(answer.priced, PricedCdr) else None
    return _encode(
        JsonAnswer(
            answer.cdr.id,
            answer.cdr.ocpi_version,
            answer.cdr.currency,
            answer.time_zone,
            answer.profile,
            answer.price_basis,
            answer.verdict,
            _costs(answer.claimed),
            _costs(priced.rounded if priced else _NO_COSTS),
            _costs(priced.exact if priced else _NO_COSTS),
            [_finding(finding) for finding in answer.findings],
            [_segment(segment) for segment in priced.segments] if priced else [],
            [JsonNote(note.code, note.path, note.message) for note in answer.notes],
            [_cause(cause) for cause in answer.causes],
        )
    )


def json_error(error: UnreadableDocument, line: int) -> bytes:
    """Write why a document is unusable as one line."""
    problems = [JsonProblem(p.path, p.value, p.rule) for p in error.problems]
    return _encode(JsonUnusable(line, JsonError(str(error), problems)))


def json_schema() -> dict[str, Any]:
    """Give the JSON Schema of one line of output."""
    lines, components = msgspec.json.schema_components(
        (JsonAnswer, JsonUnusable), ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "One line of settle price --json",
        "anyOf": list(lines),
        "$defs": components,
    }


def plain(value: Decimal) -> str:
    """Spell a number as it is, without an exponent."""
    text = str(value)
    return format(value, "f") if "E" in text else text


def _plain(value: Decimal | None) -> str | None:
    return None if value is None else plain(value)


def _price(price: Price | None) -> JsonPrice | None:
    if price is None:
        return None
    return JsonPrice(_plain(price.before_taxes), _plain(price.after_taxes))


def _costs(costs: Costs) -> JsonCosts:
    return JsonCosts(
        _price(costs.total_cost),
        _price(costs.total_fixed_cost),
        _price(costs.total_energy_cost),
        _price(costs.total_time_cost),
        _price(costs.total_parking_cost),
        _price(costs.total_reservation_cost),
        _plain(costs.total_energy),
        _plain(costs.total_time),
        _plain(costs.total_parking_time),
    )


def _finding(finding: Finding) -> JsonFinding:
    return JsonFinding(
        finding.code,
        finding.path,
        finding.message,
        finding.severity,
        finding.claimed,
        finding.computed,
        _plain(finding.difference),
        finding.cause,
        finding.candidates,
    )


def _cause(cause: Cause) -> JsonCause:
    return JsonCause(cause.code, cause.message, plain(cause.amount), cause.currency, cause.side)


def _segment(segment: Segment) -> JsonSegment:
    return JsonSegment(
        segment.period,
        segment.tariff_id,
        segment.element,
        segment.component,
        segment.dimension,
        segment.is_reservation,
        plain(segment.volume),
        plain(segment.billed_volume),
        plain(segment.unit_price),
        _plain(segment.before_taxes),
        _plain(segment.tax_rate),
        _plain(segment.tax),
        _plain(segment.after_taxes),
        segment.why,
    )
