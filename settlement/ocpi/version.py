"""The OCPI versions that can be read, as one table.

Rule: a new version is its wire file and a row here; nothing else asks which version it is.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from settlement.ocpi import translation, v211, v221, v230
from settlement.ocpi.nullable import nullable, regularise
from settlement.ocpi.number import IrregularForm, regular_literal


class Document(msgspec.Struct, frozen=True):
    """One kind of document: its wire class and how that becomes a record.

    `required` names the fields without which there is no record: what identifies it.
    """

    wire: type[msgspec.Struct]
    translate: Callable[..., Any]
    decoder: msgspec.json.Decoder[Any]
    null_decoder: msgspec.json.Decoder[Any]
    required: tuple[str, ...] = ()


class Version(msgspec.Struct, frozen=True):
    """The kinds of documents of one version."""

    cdr: Document
    session: Document
    tariff: Document
    location: Document
    evse: Document
    connector: Document


def _document(
    wire: type[msgspec.Struct], translate: Callable[..., Any], *required: str
) -> Document:
    decoder = msgspec.json.Decoder(wire, float_hook=regular_literal)
    null_decoder = msgspec.json.Decoder(nullable(wire), float_hook=regular_literal)
    return Document(wire, translate, decoder, null_decoder, required)


VERSIONS: dict[str, Version] = {
    "2.1.1": Version(
        cdr=_document(v211.Cdr, v211.to_cdr),
        session=_document(v211.Session, v211.to_session, "id"),
        tariff=_document(v211.Tariff, v211.to_tariff, "id"),
        location=_document(v211.Location, translation.to_location, "id"),
        evse=_document(v211.Evse, translation.to_evse, "uid"),
        connector=_document(v211.Connector, translation.to_connector, "id"),
    ),
    "2.2.1": Version(
        cdr=_document(v221.Cdr, translation.to_cdr),
        session=_document(v221.Session, translation.to_session, "id"),
        tariff=_document(v221.Tariff, translation.to_tariff, "id"),
        location=_document(v221.Location, translation.to_location, "id"),
        evse=_document(v221.Evse, translation.to_evse, "uid"),
        connector=_document(v221.Connector, translation.to_connector, "id"),
    ),
    "2.3.0": Version(
        cdr=_document(v230.Cdr, translation.to_cdr),
        session=_document(v230.Session, translation.to_session, "id"),
        tariff=_document(v230.Tariff, translation.to_tariff, "id"),
        location=_document(v230.Location, translation.to_location, "id"),
        evse=_document(v230.Evse, translation.to_evse, "uid"),
        connector=_document(v230.Connector, translation.to_connector, "id"),
    ),
}


def typed_reading(document: Document, data: bytes) -> Any:
    """Decode a document in regular form; None where it is in another.

    A translation may still find that it is not in regular form.
    A NUL is told from its escape alone, JSON does not allow the byte itself.
    """
    if b"\\" in data and b"\\u0000" in data:
        return None
    try:
        return document.decoder.decode(data)
    except (msgspec.DecodeError, ArithmeticError):
        return None


def null_reading(document: Document, data: bytes) -> tuple[Any, list[str]]:
    """Decode a document that is in regular form but for nulls, with the paths of these.

    None where it is in another form, as above.
    """
    nulls: list[str] = []
    if b"null" not in data or (b"\\" in data and b"\\u0000" in data):
        return None, nulls
    try:
        wire = document.null_decoder.decode(data)
        regularise(wire, document.wire, "$", nulls)
    except (msgspec.DecodeError, ArithmeticError, IrregularForm):
        return None, nulls
    return wire, nulls


def typed_readings(document: Document, data: bytes) -> Iterator[tuple[Any, list[str]]]:
    """Give what the two readings above make of a document, as far as they can read it."""
    wire = typed_reading(document, data)
    if wire is not None:
        yield wire, []
    wire, nulls = null_reading(document, data)
    if wire is not None:
        yield wire, nulls
