"""A price in any of the shapes that OCPI's versions give it.

Rule: one reading for all: a bare number (2.1.1), `excl_vat` and `incl_vat` (2.2.1),
`before_taxes` with `taxes` or `after_taxes` (2.3.0); which of them is native says the wire
class. An amount that is not given stays unknown; nothing is computed from a rate here.
"""

from decimal import Decimal
from typing import Any, Protocol

from msgspec import UNSET

from settlement.ocpi.number import EXACT, parse_number, regular_number
from settlement.ocpi.reader import Reader
from settlement.ocpi.scalar import number_of
from settlement.ocpi.shape import Field, shape_of
from settlement.tariff import Price

_BEFORE = ("before_taxes", "excl_vat")
_AFTER = ("after_taxes", "incl_vat")
_NAMES = frozenset({*_BEFORE, *_AFTER, "taxes"})
_TAX_NAMES = frozenset({"name", "account_number", "percentage", "amount"})


class WirePrice(Protocol):
    """A wire class that holds a price."""

    def amounts(self) -> Price:
        """Give the version-free price; raises IrregularForm."""


def price_of(wire: WirePrice | Price | None) -> Price | None:
    """Translate a price of either reading."""
    if wire is None or type(wire) is Price:
        return wire
    return wire.amounts()  # type: ignore[union-attr]


def bare_price(value: Any) -> Price | None:
    """Translate a price of 2.1.1, a number without tax; raises IrregularForm."""
    if value is UNSET or type(value) is Price:
        return None if value is UNSET else value
    return Price(regular_number(value))


def read_price(field: Field, value: Any, path: str, reader: Reader) -> Any:
    """Read a price of any shape; a shape of another version is a remark."""
    if type(value) is not dict:
        if parse_number(value) is None:
            reader.problem(path, value, "must be a price")
            return field.empty
        if field.wire is not None:
            reader.remark("price_shape", path)
        number = number_of(value, path, reader)
        return field.empty if number is None else Price(number)
    own = {} if field.wire is None else shape_of(field.wire).by_name
    if any(name in _NAMES and name not in own for name in value):
        reader.remark("price_shape", path)
    _note_strangers(value, _NAMES, path, reader)
    before = _first(value, _BEFORE, path, reader)
    after = _first(value, _AFTER, path, reader)
    if value.get("taxes") is not None:
        taxes = _taxes(value["taxes"], f"{path}.taxes", reader)
        if after is None and before is not None and taxes is not None:
            after = EXACT.add(before, taxes)
    if before is None:
        required = next((f".{name}" for name in _BEFORE if name in own), "")
        reader.remark("missing_field", f"{path}{required}")
    return field.empty if before is None and after is None else Price(before, after)


def _first(
    value: dict[str, Any], names: tuple[str, ...], path: str, reader: Reader
) -> Decimal | None:
    for name in names:
        if value.get(name) is not None:
            return number_of(value[name], f"{path}.{name}", reader)
    return None


def _taxes(taxes: Any, path: str, reader: Reader) -> Decimal | None:
    """Add up tax amounts; None where there are none, which says nothing about tax."""
    if type(taxes) is dict:
        reader.remark("not_a_list", path)
        taxes = [taxes]
    if type(taxes) is not list:
        reader.problem(path, taxes, "must be a list of tax amounts")
        return None
    total: Decimal | None = None
    for index, tax in enumerate(taxes):
        place = f"{path}[{index}]"
        if type(tax) is not dict:
            reader.problem(place, tax, "must be a tax amount")
            continue
        _note_strangers(tax, _TAX_NAMES, place, reader)
        if tax.get("name") is None:
            reader.remark("missing_field", f"{place}.name")
        if tax.get("amount") is None:
            reader.problem(f"{place}.amount", None, "must be a number")
            continue
        amount = number_of(tax["amount"], f"{place}.amount", reader)
        if amount is not None:
            total = amount if total is None else EXACT.add(total, amount)
    return total


def _note_strangers(
    value: dict[str, Any], names: frozenset[str], path: str, reader: Reader
) -> None:
    for name, inner in value.items():
        if name not in names:
            reader.unknown.append(f"{path}.{name}")
        elif inner is None:
            reader.nulls.append(f"{path}.{name}")
