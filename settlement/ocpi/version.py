"""The OCPI versions that can be read, as one table.

Rule: a new version is its wire file and a row here; nothing else asks which version it is.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from settlement.ocpi import translation, v221
from settlement.ocpi.number import IrregularForm, number_literal


class Document(msgspec.Struct, frozen=True):
    """One kind of document: its wire class and how that becomes a record.

    `required` names the fields without which there is no record: what identifies it.
    """

    wire: type[msgspec.Struct]
    translate: Callable[..., Any]
    decoder: msgspec.json.Decoder[Any]
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
    decoder = msgspec.json.Decoder(wire, float_hook=number_literal)
    return Document(wire, translate, decoder, required)


VERSIONS: dict[str, Version] = {
    "2.2.1": Version(
        cdr=_document(v221.Cdr, translation.to_cdr),
        session=_document(v221.Session, translation.to_session, "id"),
        tariff=_document(v221.Tariff, translation.to_tariff, "id"),
        location=_document(v221.Location, translation.to_location, "id"),
        evse=_document(v221.Evse, translation.to_evse, "uid"),
        connector=_document(v221.Connector, translation.to_connector, "id"),
    ),
}


def read_regular(document: Document, data: bytes) -> Any:
    """Decode a document in regular form; None where it is not, whatever the reason.

    A NUL is told from its escape alone, JSON does not allow the byte itself.
    """
    if b"\\" in data and b"\\u0000" in data:
        return None
    try:
        return document.decoder.decode(data)
    except (msgspec.DecodeError, IrregularForm):
        return None
