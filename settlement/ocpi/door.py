"""The one door through which partners' documents come in.

Rule: bytes in, version-free records out, or one exception with every problem. Regular form is
decoded straight into the wire classes; everything else is read tolerantly into the same wire
classes with remarks, so both readings give the same record.
"""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import structs

from settlement.cdr import Cdr
from settlement.location import Connector, Evse, Location
from settlement.ocpi.detection import detect_version
from settlement.ocpi.document import NotJson, checked, fields_of, load_json
from settlement.ocpi.embedded import Embedded, read_tariff
from settlement.ocpi.number import IrregularForm
from settlement.ocpi.parsed import Parsed
from settlement.ocpi.problem import Problem, Remark, UnreadableDocument
from settlement.ocpi.reader import Reader, counts
from settlement.ocpi.tolerant import read_document
from settlement.ocpi.version import VERSIONS, Document, null_reading, typed_reading, typed_readings
from settlement.session import Session
from settlement.tariff import Tariff

__all__ = [
    "Parsed",
    "detect_version",
    "parse_cdr",
    "parse_connector",
    "parse_evse",
    "parse_location",
    "parse_object",
    "parse_session",
    "parse_tariff",
]

_ENCODER = msgspec.json.Encoder(decimal_format="number")

OcpiDocument = bytes | Mapping[str, Any]


def parse_cdr(data: OcpiDocument, *, ocpi_version: str) -> Parsed[Cdr]:
    """Read a CDR. It needs start, end, currency, and charging periods or a total energy;
    anything else that is missing is a remark.

    Raises UnreadableDocument with all problems (OCPI 2.2.1, mod_cdrs).
    """
    return _parse_cdr(_bytes_of(data), ocpi_version)


def parse_session(data: OcpiDocument, *, ocpi_version: str) -> Parsed[Session]:
    """Read a session; it needs an id. Raises UnreadableDocument (OCPI 2.2.1, mod_sessions)."""
    return _parse(VERSIONS[ocpi_version].session, data, ocpi_version=ocpi_version)


def parse_tariff(data: OcpiDocument, *, ocpi_version: str) -> Parsed[Tariff]:
    """Read a tariff; it needs an id and elements whose components have a type and a price.

    A tariff without a currency has "" there. Raises UnreadableDocument (2.2.1, mod_tariffs).
    """
    return _parse(VERSIONS[ocpi_version].tariff, data, ocpi_version=ocpi_version)


def parse_location(data: OcpiDocument, *, ocpi_version: str) -> Parsed[Location]:
    """Read a location; it needs an id. Raises UnreadableDocument (OCPI 2.2.1, mod_locations)."""
    return _parse(VERSIONS[ocpi_version].location, data, ocpi_version=ocpi_version)


def parse_evse(data: OcpiDocument, *, ocpi_version: str) -> Parsed[Evse]:
    """Read an EVSE that is sent alone; it needs a uid. Raises UnreadableDocument."""
    return _parse(VERSIONS[ocpi_version].evse, data)


def parse_connector(data: OcpiDocument, *, ocpi_version: str) -> Parsed[Connector]:
    """Read a connector that is sent alone; it needs an id. Raises UnreadableDocument."""
    return _parse(VERSIONS[ocpi_version].connector, data)


def parse_object(data: bytes) -> dict[str, Any]:
    """Read plain JSON with exact numbers, for the folds. Raises UnreadableDocument."""
    try:
        return load_json(data)
    except NotJson as reason:
        raise _not_json(data, reason) from None


def _bytes_of(data: OcpiDocument) -> bytes:
    if isinstance(data, Mapping):
        try:
            data = _ENCODER.encode(dict(data))
        except (UnicodeEncodeError, RecursionError) as reason:
            raise UnreadableDocument((Problem("$", "{...}", f"not JSON: {reason}"),)) from None
    try:
        return checked(data)
    except NotJson as reason:
        raise _not_json(data, reason) from None


def _not_json(data: bytes, reason: NotJson) -> UnreadableDocument:
    text = data[:80].decode("utf-8", "replace")
    return UnreadableDocument((Problem("$", text, str(reason)),))


def _parse(document: Document, data: OcpiDocument, **given: Any) -> Parsed[Any]:
    data = _bytes_of(data)
    for wire, nulls in typed_readings(document, data):
        with suppress(IrregularForm):
            value = document.translate(wire, **given)
            return Parsed(value, counts(nulls, ()), 0, len(nulls))
    return _parse_tolerantly(document, data, **given)


def _parse_tolerantly(document: Document, data: bytes, **given: Any) -> Parsed[Any]:
    reader = Reader()
    wire = _read(document, data, reader)
    if reader.problems:
        raise UnreadableDocument(reader.all_problems())
    return Parsed(
        document.translate(wire, **given),
        reader.remarks() + counts(reader.nulls, reader.unknown),
        len(reader.unknown),
        len(reader.nulls),
    )


def _read(document: Document, data: bytes, reader: Reader) -> Any:
    try:
        wire = read_document(document.wire, fields_of(data), reader)
    except NotJson as reason:
        raise _not_json(data, reason) from None
    for name in document.required:
        if getattr(wire, name) is None:
            reader.problem(f"$.{name}", None, "is required")
    return wire


def _parse_cdr(data: bytes, ocpi_version: str) -> Parsed[Cdr]:
    document = VERSIONS[ocpi_version].cdr
    wire = typed_reading(document, data)
    nulls: list[str] = []
    if wire is not None:
        parsed = _typed_cdr(document, wire, ocpi_version, nulls)
        if parsed is not None:
            return parsed
    wire, nulls = null_reading(document, data)
    if wire is not None:
        parsed = _typed_cdr(document, wire, ocpi_version, nulls)
        if parsed is not None:
            return parsed
    return _parse_cdr_tolerantly(data, ocpi_version)


def _typed_cdr(
    document: Document, wire: Any, ocpi_version: str, nulls: list[str]
) -> Parsed[Cdr] | None:
    embedded = _embedded(wire, ocpi_version)
    for read in embedded:
        if read.problems:
            return None
    try:
        return _cdr_of(document, wire, embedded, ocpi_version, nulls=nulls)
    except IrregularForm:
        return None


def _parse_cdr_tolerantly(data: bytes, ocpi_version: str) -> Parsed[Cdr]:
    document = VERSIONS[ocpi_version].cdr
    reader = Reader()
    wire = _read(document, data, reader)
    embedded = _embedded(wire, ocpi_version)
    for index, read in enumerate(embedded):
        for problem in read.problems:
            reader.add_problem(structs.replace(problem, path=_inside(index, problem.path)))
    if not wire.charging_periods and wire.total_energy is msgspec.UNSET:
        rule = "needs charging periods or a total energy"
        reader.problem("$.charging_periods", wire.charging_periods, rule)
    if reader.problems:
        raise UnreadableDocument(reader.all_problems())
    nulls = reader.nulls
    return _cdr_of(document, wire, embedded, ocpi_version, nulls=nulls, reader=reader)


def _embedded(wire: Any, ocpi_version: str) -> list[Embedded]:
    currency = wire.currency or ""
    return [read_tariff(bytes(raw), ocpi_version, currency) for raw in wire.tariffs or ()]


def _cdr_of(
    document: Document,
    wire: Any,
    embedded: list[Embedded],
    ocpi_version: str,
    *,
    nulls: list[str],
    reader: Reader | None = None,
) -> Parsed[Cdr]:
    """Translate a CDR and join the remarks of its tariffs to its own."""
    tariffs = tuple([read.value for read in embedded if read.value is not None])
    value = document.translate(wire, ocpi_version=ocpi_version, tariffs=tariffs)
    if reader is None and not nulls and not _is_remarked(embedded):
        return Parsed(value)
    remarks = [] if reader is None else list(reader.remarks())
    unknown = [] if reader is None else reader.unknown
    for index, read in enumerate(embedded):
        remarks += [Remark(r.code, _inside(index, r.path), r.message) for r in read.remarks]
        nulls += [_inside(index, path) for path in read.nulls]
        unknown += [_inside(index, path) for path in read.unknown]
    remarks += counts(nulls, unknown)
    return Parsed(value, tuple(remarks), len(unknown), len(nulls))


def _is_remarked(embedded: list[Embedded]) -> bool:
    return any(read.is_remarked for read in embedded)


def _inside(index: int, path: str) -> str:
    return f"$.tariffs[{index}]{path[1:]}"
