"""Times, clock times and dates: one meaning or none."""

from datetime import UTC, date, datetime, time

import pytest

from settlement.ocpi.moment import parse_clock, parse_date, parse_time, regular_time
from settlement.ocpi.number import IrregularForm

NOON = datetime(2024, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "moment", "codes"),
    [
        ("2024-03-01T12:00:00Z", NOON, ()),
        ("2024-03-01T12:00:00", NOON, ()),
        ("2024-03-01T12:00:00.25Z", NOON.replace(microsecond=250_000), ()),
        ("2024-03-01T12:00:00.1234567Z", NOON.replace(microsecond=123_456), ("time_fraction_cut",)),
        ("2024-03-01 12:00:00Z", NOON, ("time_separator",)),
        ("2024-03-01T12:00:00+00:00", NOON, ("time_offset",)),
        ("2024-03-01T07:30:00-0430", NOON, ("time_offset",)),
        ("2024-03-01T13:00+01", NOON, ("time_offset",)),
        ("2024-03-01t12:00:00z", NOON, ("time_form",)),
        ("2024-3-1T12:00:00Z", NOON, ("time_form",)),
        (" 2024-03-01T12:00:00Z ", NOON, ("time_form",)),
        ("2024-02-29T24:00:00Z", datetime(2024, 3, 1, tzinfo=UTC), ()),
        ("2024-03-01T11:59:60Z", NOON, ()),
        ("1970-1-1T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC), ("time_unknown",)),
        ("0086-07-26T07:40:36Z", datetime(86, 7, 26, 7, 40, 36, tzinfo=UTC), ()),
    ],
)
def test_a_time_with_one_meaning_is_read(
    text: str, moment: datetime, codes: tuple[str, ...]
) -> None:
    assert parse_time(text) == (moment, codes)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2024-03-01",
        "2024-02-30T12:00:00Z",
        "2024-03-01T25:00:00Z",
        "2024-03-01T24:01:00Z",
        "2024-03-01T12:61:00Z",
        "2024-03-01T12:00:61Z",
        "2024-W09-5T12:00:00Z",
        "20240301T120000Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2024-03-01T12:00:00 Europe/Amsterdam",
        "\u0662\u0660\u0662\u0664-03-01T12:00:00Z",
    ],
)
def test_a_time_without_one_meaning_is_not_read(text: str) -> None:
    assert parse_time(text) is None


@pytest.mark.parametrize(
    "text", ["2024-W09-5T12:00:00Z", "2024-03-01T24:00:00Z", "2024-03-01T120000.5Z", "", "2"]
)
def test_what_python_reads_beyond_ocpi_is_not_regular(text: str) -> None:
    with pytest.raises(IrregularForm):
        regular_time(text)


@pytest.mark.parametrize(
    ("text", "clock"),
    [
        ("08:00", time(8)),
        ("8:00", time(8)),
        ("08:00:30", time(8, 0, 30)),
        ("24:00", time(0)),
        ("24:01", None),
        ("08:60", None),
        ("8", None),
    ],
)
def test_a_clock_time_is_read(text: str, clock: time | None) -> None:
    assert parse_clock(text) == clock


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024-03-01", date(2024, 3, 1)),
        ("2024-3-1", date(2024, 3, 1)),
        ("2024-03-01T00:00:00Z", date(2024, 3, 1)),
        ("2024-02-30", None),
        ("1 March", None),
    ],
)
def test_a_date_is_read(text: str, day: date | None) -> None:
    assert parse_date(text) == day
