"""The tolerant reading of single values: texts, codes, numbers, times.

Rule: each function takes (field, value, path, reader) and gives the value in the form that the
translations take, or None after it has noted why there is none.
"""

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import iso3166
from msgspec import UNSET

from settlement.ocpi.moment import parse_clock, parse_date, parse_time, regular_time
from settlement.ocpi.number import LONGEST, IrregularForm, OutOfBounds, parse_number
from settlement.ocpi.reader import Reader, shown
from settlement.ocpi.shape import Field

LARGEST_ID = 10**255  # a whole number beyond it is no identifier that somebody wrote as a number


def _text(field: Field, value: Any, path: str, reader: Reader) -> str | None:
    if type(value) is int and field.kind in {"id", "text"} and abs(value) < LARGEST_ID:
        reader.remark("text_as_number", path, shown(value))
        value = str(value)
    if type(value) is not str:
        reader.unreadable(field, path, value, "must be a text")
        return None
    text: str = value
    if "\0" in text:
        reader.problem(path, text, "must not hold a NUL byte")
        return None
    if not text and field.min_length:
        if field.necessary:
            reader.missing(field, path, text)
        else:
            reader.remark("empty_text", path)
        return None
    if not field.min_length <= len(text) <= field.max_length:
        reader.remark("wrong_length", path, shown(text))
    return text


def _upper(field: Field, value: Any, path: str, reader: Reader) -> str | None:
    text = _text(field, value, path, reader)
    if text is None or text.upper() == text:
        return text
    reader.remark("lower_case_code", path, shown(text))
    return text.upper()


def _country(field: Field, value: Any, path: str, reader: Reader) -> str | None:
    if type(value) is str and len(value) == 2:
        known = iso3166.countries_by_alpha2.get(value.upper())
        if known is not None:
            reader.remark("country_alpha_2", path, shown(value))
            return str(known.alpha3)
    return _upper(field, value, path, reader)


def _code(field: Field, value: Any, path: str, reader: Reader) -> str | None:
    if type(value) is not str or not value:
        reader.unreadable(field, path, value, "must be a code")
        return None
    if "\0" in value:
        reader.problem(path, value, "must not hold a NUL byte")
        return None
    if value in field.codes:
        return value
    code = value.strip().upper()
    if code in field.renamed:
        reader.remark("renamed_code", path, shown(value))
        return field.renamed[code]
    if code not in field.codes:
        reader.remark("unknown_code", path, shown(value))
        return code
    reader.remark("lower_case_code", path, shown(value))
    return code


def _day(field: Field, value: Any, path: str, reader: Reader) -> str | None:
    day = value.strip().upper() if type(value) is str else ""
    if day not in field.codes:
        # A day left out would widen the restriction, so the tariff cannot be read without it.
        reader.problem(path, value, "must be a day such as MONDAY")
        return None
    if day != value:
        reader.remark("lower_case_code", path, shown(value))
    return day


def _number(_field: Field, value: Any, path: str, reader: Reader) -> Any:
    if type(value) is Decimal:
        return value
    number = number_of(value, path, reader)
    return UNSET if number is None else number


def number_of(value: Any, path: str, reader: Reader) -> Decimal | None:
    """Read a number that matters; None after a problem was noted."""
    number = parse_number(value)
    if number is None:
        reader.problem(path, value, "must be a number")
        return None
    if type(number) is OutOfBounds:
        rule = f"must be a number of at most {LONGEST} digits"
        reader.problem(path, value, rule)
        return None
    assert type(number) is Decimal
    if type(value) is str:
        reader.remark("number_as_text", path, shown(value))
    return number


def _whole(_field: Field, value: Any, path: str, reader: Reader) -> int | None:
    number = number_of(value, path, reader)
    if number is None:
        return None
    if number.adjusted() >= 18 or number != number.to_integral_value():
        reader.problem(path, value, "must be a whole number")
        return None
    if type(value) is Decimal:
        reader.remark("whole_as_decimal", path, shown(value))
    return int(number)


def _time(field: Field, value: Any, path: str, reader: Reader) -> datetime | None:
    try:
        return regular_time(value)
    except IrregularForm:
        read = parse_time(value) if type(value) is str and len(value) < 100 else None
    if read is None:
        if value == "" and not field.vital:
            reader.remark("empty_text", path)
        else:
            reader.unreadable(field, path, value, "must be a time such as 2024-03-01T10:00:00Z")
        return None
    moment, codes = read
    for code in codes:
        reader.remark(code, path, shown(value))
    return moment


def _clock(_field: Field, value: Any, path: str, reader: Reader) -> time | None:
    clock = parse_clock(value) if type(value) is str and len(value) < 100 else None
    if clock is None:
        reader.problem(path, value, "must be a clock time such as 08:00")
    elif value != clock.strftime("%H:%M"):
        reader.remark("time_form", path, shown(value))
    return clock


def _date(_field: Field, value: Any, path: str, reader: Reader) -> date | None:
    day = parse_date(value) if type(value) is str and len(value) < 100 else None
    if day is None:
        reader.problem(path, value, "must be a date such as 2024-03-01")
    elif value != day.isoformat():
        reader.remark("time_form", path, shown(value))
    return day


def _flag(field: Field, value: Any, path: str, reader: Reader) -> bool | None:
    if type(value) is bool:
        return value
    flag = {"true": True, "false": False, "1": True, "0": False}.get(str(value).lower())
    if flag is None:
        reader.unreadable(field, path, value, "must be true or false")
    else:
        reader.remark("flag_form", path, shown(value))
    return flag


SCALARS: dict[str, Callable[[Field, Any, str, Reader], Any]] = {
    "id": _text,
    "text": _text,
    "currency": _upper,
    "country": _country,
    "code": _code,
    "day": _day,
    "number": _number,
    "whole": _whole,
    "time": _time,
    "clock": _clock,
    "date": _date,
    "flag": _flag,
}
