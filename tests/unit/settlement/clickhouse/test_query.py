import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from settlement.clickhouse.query import Column, decimal_text, plain


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1.100000000000000000", "1.1"),
        ("-0.000000000000000001", "-0.000000000000000001"),
        ("100", "100"),
        ("100.00", "100"),
        ("0E-18", "0"),
        ("1E+3", "1000"),
        ("99999999999999999999.999999999999999999", "99999999999999999999.999999999999999999"),
    ],
)
def test_a_decimal_keeps_every_digit_and_no_zeros_at_its_end(value: str, text: str) -> None:
    assert text == decimal_text(Decimal(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        (True, True),
        ("x", "x"),
        (7, 7),
        (2**53 + 1, "9007199254740993"),
        (float("nan"), None),
        (dt.datetime(2026, 1, 2, 3, 4, 5, 120000, tzinfo=dt.UTC), "2026-01-02T03:04:05.12Z"),
        (dt.datetime(2026, 1, 2, tzinfo=dt.UTC), "2026-01-02T00:00:00Z"),
        (dt.datetime(2026, 1, 2, 3), "2026-01-02T03:00:00"),  # noqa: DTZ001 - without a zone
        (
            dt.datetime(2026, 1, 2, tzinfo=dt.timezone(dt.timedelta(hours=1))),
            "2026-01-02T00:00:00+01:00",
        ),
        (dt.date(2026, 1, 2), "2026-01-02"),
        ([Decimal("1.50"), (None, {"a": Decimal(2)})], ["1.5", [None, {"a": "2"}]]),
        (b"a\xff", "a\\xff"),
    ],
)
def test_a_value_becomes_what_json_can_say(value: Any, expected: Any) -> None:
    assert expected == plain(value)


@pytest.mark.parametrize("kind", ["UInt8", "Decimal(38, 18)", "Nullable(Float64)", "Int128"])
def test_numbers_are_known_by_their_type(kind: str) -> None:
    assert Column("a", kind).is_number


@pytest.mark.parametrize("kind", ["String", "Array(UInt8)", "Date", "LowCardinality(String)"])
def test_other_types_are_no_numbers(kind: str) -> None:
    assert not Column("a", kind).is_number
