"""Single values of a partner's document, read with tolerance.

Rule: what has one meaning is read, everything else is None; whether all was written as OCPI
asks is remembered, for then only can copies be told apart. Independent of what it checks.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from settlement.verify.moment import is_plain_time, read_time
from settlement.verify.number import add, read_number

Object = Mapping[str, Any]
Sides = tuple[Decimal | None, Decimal | None]  # of a price: before and after taxes

_CLOCK = re.compile(r"[0-9]{2}:[0-9]{2}")
_FLAGS = {"true": True, "1": True, "false": False, "0": False}


class Reading:
    """Reads the values of one document; `is_odd` once one is not written as OCPI asks."""

    def __init__(self) -> None:
        self.is_odd = False

    def object(self, value: Any) -> Object:
        """Give an object; an empty one where there is none."""
        if isinstance(value, dict):
            return value
        self.is_odd |= value is not None
        return {}

    def objects(self, value: Any) -> list[Object]:
        """Give a list of objects; one object counts as a list."""
        if value is None:
            return []
        found = value if isinstance(value, list) else [value]
        objects: list[Object] = [one for one in found if isinstance(one, dict)]
        self.is_odd |= found is not value or len(objects) != len(found)
        return objects

    def identifier(self, value: Any) -> str | None:
        """Give an id in upper case: OCPI's ids do not tell case; None where it is empty."""
        if isinstance(value, str):
            return value.upper() or None
        self.is_odd |= value is not None
        return str(value) if isinstance(value, int) and not isinstance(value, bool) else None

    def code(self, value: Any) -> str | None:
        """Give the value of an enumeration."""
        if not isinstance(value, str):
            self.is_odd |= value is not None
            return None
        code = value.strip().upper()
        self.is_odd |= code != value
        return code or None

    def currency(self, value: Any) -> str:
        """Give a currency or a country in upper case; empty where there is none."""
        if not isinstance(value, str):
            self.is_odd |= value is not None
            return ""
        self.is_odd |= value != value.upper()
        return value.upper()

    def flag(self, value: Any) -> bool:
        """Give a boolean; what is none is false."""
        if isinstance(value, bool) or value is None:
            return bool(value)
        self.is_odd = True
        return _FLAGS.get(str(value).lower(), False)

    def number(self, value: Any) -> Decimal | None:
        """Give a number, also one that is spelled as a text."""
        self.is_odd |= isinstance(value, str | bool | list | dict)
        return read_number(value)

    def time(self, value: Any) -> datetime | None:
        """Give a DateTime in UTC."""
        self.is_odd |= value is not None and not is_plain_time(value)
        return read_time(value)

    def clock(self, value: Any) -> str | None:
        """Give a time of the day or a date as it is written."""
        self.is_odd |= value is not None and not isinstance(value, str)
        if isinstance(value, str) and ":" in value and not _CLOCK.fullmatch(value):
            self.is_odd = True
        return None if value is None else str(value)

    def price(self, value: Any) -> Sides:
        """Give both sides of a price in the shape of any version."""
        if not isinstance(value, dict):
            return self.number(value), None
        before = self._first(value, "before_taxes", "excl_vat")
        after = self._first(value, "after_taxes", "incl_vat")
        taxes = [self.number(tax.get("amount")) for tax in self.objects(value.get("taxes"))]
        if after is None and before is not None and taxes and None not in taxes:
            after = add(before, *(tax for tax in taxes if tax is not None))
        return before, after

    def _first(self, value: Object, *names: str) -> Decimal | None:
        for name in names:
            if value.get(name) is not None:
                return self.number(value[name])
        return None
