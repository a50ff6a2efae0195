"""The ordinary session is in the tariff's life, and states what a CDR of its version can."""

from datetime import UTC, datetime

import pytest

from settlement.tariff_tools.ordinary import ordinary_cdr
from tests.builders import a_tariff

DAYS = {
    # of no life, of an endless one, of the first whole day in it, of the last before its end
    (None, None): datetime(2026, 1, 13, 10, tzinfo=UTC),
    ("2025-06-03T00:00", None): datetime(2025, 6, 3, 10, tzinfo=UTC),
    ("2025-06-03T00:01", "2025-07-01T00:00"): datetime(2025, 6, 10, 10, tzinfo=UTC),
    (None, "2024-06-05T12:00"): datetime(2024, 6, 4, 10, tzinfo=UTC),
    (None, "2024-06-04T09:00"): datetime(2024, 5, 28, 10, tzinfo=UTC),
    (None, "2030-01-01T00:00"): datetime(2026, 1, 13, 10, tzinfo=UTC),
}


@pytest.mark.parametrize(("life", "start"), DAYS.items())
def test_the_session_is_on_a_tuesday_of_the_tariffs_life(
    life: tuple[str | None, str | None], start: datetime
) -> None:
    first, last = (text and datetime.fromisoformat(text).replace(tzinfo=UTC) for text in life)

    cdr = ordinary_cdr(a_tariff(start_date_time=first, end_date_time=last))

    assert cdr.start_date_time == start
    assert cdr.start_date_time.weekday() == 1


def test_a_cdr_of_2_1_1_states_no_power() -> None:
    stated = {
        version: {
            dimension.type
            for period in ordinary_cdr(a_tariff(ocpi_version=version)).charging_periods
            for dimension in period.dimensions
        }
        for version in ("2.1.1", "2.2.1", "2.3.0")
    }

    assert stated["2.1.1"] == {"ENERGY", "TIME", "PARKING_TIME", "MIN_CURRENT", "MAX_CURRENT"}
    assert stated["2.2.1"] == stated["2.3.0"] == stated["2.1.1"] | {"MIN_POWER", "MAX_POWER"}
