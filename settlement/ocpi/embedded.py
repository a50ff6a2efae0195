"""Tariffs that are embedded in CDRs.

Rule: read once for equal bytes, so that equal bytes give the identical Tariff (pricing keeps
its compiled form by that); what comes out depends on the bytes, the version and the CDR's
currency alone, never on what was read before. The memory is bounded.
"""

from contextlib import suppress
from functools import lru_cache

import msgspec

from settlement.ocpi.document import NotJson, fields_of, value_of
from settlement.ocpi.number import IrregularForm
from settlement.ocpi.problem import Problem, Remark
from settlement.ocpi.reader import Reader, message, shown
from settlement.ocpi.tolerant import read_document
from settlement.ocpi.version import VERSIONS, typed_readings
from settlement.tariff import Tariff

_LONGEST_KEPT = 16_384  # bytes; a tariff of three elements has about 900
_MOST_KEPT = 1024


class Embedded(msgspec.Struct, frozen=True):
    """One embedded tariff as read; no value where it cannot be used."""

    value: Tariff | None
    remarks: tuple[Remark, ...] = ()
    problems: tuple[Problem, ...] = ()
    unknown: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()

    @property
    def is_remarked(self) -> bool:
        """Tell whether there is anything to say of it."""
        return bool(self.remarks or self.unknown or self.nulls)


def read_tariff(raw: bytes, ocpi_version: str, currency: str) -> Embedded:
    """Read one tariff; a tariff without a currency gets the one given (the CDR's)."""
    if len(raw) > _LONGEST_KEPT:
        return _with_currency(_read(raw, ocpi_version), currency)
    read = _kept(raw, ocpi_version)
    if read.value is not None and not read.value.currency:
        return _kept_in(raw, ocpi_version, currency)
    return read


@lru_cache(maxsize=_MOST_KEPT)
def _kept(raw: bytes, ocpi_version: str) -> Embedded:
    return _read(raw, ocpi_version)


@lru_cache(maxsize=_MOST_KEPT)
def _kept_in(raw: bytes, ocpi_version: str, currency: str) -> Embedded:
    return _with_currency(_kept(raw, ocpi_version), currency)


def _with_currency(read: Embedded, currency: str) -> Embedded:
    if read.value is None or read.value.currency:
        return read
    tariff = msgspec.structs.replace(read.value, currency=currency)
    return msgspec.structs.replace(read, value=tariff)


def _read(raw: bytes, ocpi_version: str) -> Embedded:
    if raw == b"null":
        return Embedded(None, nulls=("$",))
    document = VERSIONS[ocpi_version].tariff
    for wire, nulls in typed_readings(document, raw):
        with suppress(IrregularForm):
            value = document.translate(wire, ocpi_version=ocpi_version)
            return Embedded(value, nulls=tuple(nulls))
    reader = Reader()
    try:
        wire = read_document(document.wire, fields_of(raw), reader)
    except NotJson:
        return Embedded(None, problems=(Problem("$", shown(value_of(raw)), "must be an object"),))
    if reader.problems and not reader.is_only_incomplete:
        return Embedded(None, problems=reader.all_problems())
    remarks = reader.remarks()
    value = None
    if reader.problems:
        detail = f"nothing at {reader.problems[0].path}"
        remarks += (Remark("tariff_unusable", "$", message("tariff_unusable", detail, 1)),)
    else:
        value = document.translate(wire, ocpi_version=ocpi_version)
    return Embedded(value, remarks, (), tuple(reader.unknown), tuple(reader.nulls))
