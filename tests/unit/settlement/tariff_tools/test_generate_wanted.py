"""What may be asked for, and when it starts."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from settlement.tariff_tools.generate.wanted import (
    CannotGenerate,
    Wanted,
    check_id,
    check_wanted,
    parse_start,
    seconds_of,
)

START = datetime(2026, 1, 13, 9, tzinfo=UTC)


def wanted(**changes: Any) -> Wanted:
    told: dict[str, Any] = {"charging": 7200, "parking": 0, "kwh": Decimal(20)}
    return Wanted(start=START, **(told | changes))


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("2026-01-13T10:00", "Europe/Amsterdam"),
        ("2026-01-13 10:00:00", "Europe/Amsterdam"),
        ("2026-01-13T09:00:00Z", None),
        ("2026-01-13T09:00:00.000Z", "Asia/Tokyo"),
        ("2026-01-13T10:00+01:00", None),
    ],
)
def test_a_start_is_local_or_has_its_zone(text: str, zone: str | None) -> None:
    assert parse_start(text=text, time_zone=zone) == START


@pytest.mark.parametrize(
    ("text", "zone", "told"),
    [
        ("2026-01-13T10:00", None, "needs the location's time zone"),
        ("2026-03-29T02:30", "Europe/Amsterdam", "does not occur in Europe/Amsterdam"),
        ("2026-10-25T02:30", "Europe/Amsterdam", "occurs twice in Europe/Amsterdam"),
        ("2026-01-13T10:00", "Europe/Atlantis", "no IANA time zone"),
        ("2026-01-13T10:00:00.5Z", None, "in whole seconds"),
        ("2026-02-30T10:00Z", None, "must be a time"),
        ("tomorrow", None, "must be a time"),
        ("1970-01-01T00:00Z", None, "in 2000 or later"),
    ],
)
def test_what_is_not_one_instant_is_refused(text: str, zone: str | None, told: str) -> None:
    with pytest.raises(CannotGenerate, match=told):
        parse_start(text=text, time_zone=zone)


def test_hours_are_the_nearest_second() -> None:
    assert seconds_of(hours=Decimal("0.3333"), name="hours") == 1200
    assert seconds_of(hours=Decimal("1.5"), name="hours") == 5400


@pytest.mark.parametrize("hours", ["-1", "NaN", "Infinity", "8785"])
def test_hours_that_cannot_be_are_refused(hours: str) -> None:
    with pytest.raises(CannotGenerate, match=f"parking hours {hours}"):
        seconds_of(hours=Decimal(hours), name="parking hours")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"charging": 0, "kwh": Decimal(0)}, "has no length"),
        ({"charging": 0, "parking": 60}, "cannot be charged in 0 hours"),
        ({"kwh": Decimal(-1)}, "must be 0 or more"),
        ({"kwh": Decimal("NaN")}, "must be 0 or more"),
        ({"kwh": Decimal("1E+9999")}, "must be 0 or more"),
        ({"kwh": Decimal("1.00001")}, "four decimals"),
        ({"kwh": Decimal(5000)}, "no charge point delivers it"),
        ({"max_power_kw": Decimal(9)}, "take 10 kW, more than the 9 kW"),
        ({"max_power_kw": Decimal(0)}, "max power 0 kW"),
    ],
)
def test_a_session_that_cannot_be_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(CannotGenerate, match=told):
        check_wanted(wanted(**changes))


def test_an_id_has_the_length_of_its_version() -> None:
    check_id("C" * 39, ocpi_version="2.2.1")

    with pytest.raises(CannotGenerate, match="1 to 36"):
        check_id("C" * 39, ocpi_version="2.1.1")
