"""Days that begin inside a period, and nights that belong to the day before."""

from datetime import UTC, date, datetime, time
from typing import Any

import msgspec
import pytest

from settlement.cdr import CdrDimension, ChargingPeriod
from settlement.pricing.profile import DEFAULT
from tests.builders import a_cdr, a_price_component, a_tariff
from tests.unit.settlement.pricing.records import HOUR, D, an_element, priced

FRIDAY = datetime(2024, 3, 1, tzinfo=UTC)  # midnight in UTC, 01:00 in Amsterdam


def elements_of(begin: datetime, hours: int, /, rules: str = "moment", **when: Any) -> list[Any]:
    """Give which element prices each piece: 0 under the restrictions, 1 else."""
    tariff = a_tariff(
        elements=(
            an_element(a_price_component(price=D(1)), **when),
            an_element(a_price_component(price=D(2))),
        )
    )
    period = ChargingPeriod(begin, (CdrDimension("ENERGY", D(8)),), "T1")
    cdr = a_cdr(
        start_date_time=begin,
        end_date_time=begin + hours * HOUR,
        tariffs=(tariff,),
        charging_periods=(period,),
    )
    profile = msgspec.structs.replace(DEFAULT, straddling="split", wrapped_weekday=rules)
    return [(segment.element, segment.volume) for segment in priced(cdr, profile=profile).segments]


@pytest.mark.parametrize(
    ("when", "first"),
    [
        ({"day_of_week": (3,)}, 0),
        ({"day_of_week": (4,)}, 1),
        ({"end_date": date(2024, 3, 1)}, 0),
        ({"start_date": date(2024, 3, 1)}, 1),
    ],
)
def test_a_day_that_begins_inside_a_period_cuts_it(when: dict[str, Any], first: int) -> None:
    begin = FRIDAY - 2 * HOUR  # 23:00 in Amsterdam, for four hours

    assert elements_of(begin, 4, **when) == [(first, D(2)), (1 - first, D(6))]


@pytest.mark.parametrize(("day", "before"), [(4, 3), (5, 4), (0, 6)])
def test_a_window_over_midnight_belongs_to_the_day_it_starts_on(day: int, before: int) -> None:
    early = FRIDAY + ((day - 4) % 7) * 24 * HOUR  # 01:00 on that day
    window = {"start_time": time(22), "end_time": time(6)}

    for weekday in range(7):
        by_moment = elements_of(early, 1, "moment", day_of_week=(weekday,), **window)
        by_start = elements_of(early, 1, "window_start", day_of_week=(weekday,), **window)

        assert by_moment == [(0 if weekday == day else 1, D(8))]
        assert by_start == [(0 if weekday == before else 1, D(8))]


@pytest.mark.parametrize("seconds", [0, 7, 1000, 1801])
def test_the_instant_at_which_a_clock_is_moved_is_found_to_the_second(seconds: int) -> None:
    moved = datetime(2024, 3, 31, 1, tzinfo=UTC)  # 02:00 in Amsterdam becomes 03:00
    begin = moved - 2 * HOUR + seconds * (HOUR / 3600)
    half = 7200 - seconds
    tariff = a_tariff(
        elements=(
            an_element(a_price_component(price=D(3600)), start_time=time(2, 30), end_time=time(5)),
            an_element(a_price_component(price=D(0))),
        )
    )
    period = ChargingPeriod(begin, (CdrDimension("ENERGY", D(half + 600)),), "T1")
    cdr = a_cdr(
        start_date_time=begin,
        end_date_time=moved + HOUR / 6,
        tariffs=(tariff,),
        charging_periods=(period,),
    )
    profile = msgspec.structs.replace(DEFAULT, straddling="split")

    segments = priced(cdr, profile=profile).segments

    assert [segment.volume for segment in segments] == [D(half), D(600)]


def test_a_clock_that_is_moved_in_the_last_period_counts() -> None:
    begin = datetime(2024, 3, 30, 22, 0, 30, tzinfo=UTC)  # in London, until 01:00 becomes 02:00
    halves = (begin, datetime(2024, 3, 31, 0, 30, tzinfo=UTC))
    tariff = a_tariff(
        elements=(
            an_element(a_price_component(price=D(1)), start_time=time(22), end_time=time(2, 10)),
            an_element(a_price_component(price=D(2))),
        )
    )
    cdr = a_cdr(
        start_date_time=begin,
        end_date_time=datetime(2024, 3, 31, 1, 20, tzinfo=UTC),
        tariffs=(tariff,),
        charging_periods=tuple(
            ChargingPeriod(start, (CdrDimension("ENERGY", D(5)),), "T1") for start in halves
        ),
    )
    profile = msgspec.structs.replace(DEFAULT, straddling="split")

    result = priced(cdr, zone="Europe/London", profile=profile)

    assert result.time_zone == "Europe/London"
    assert [(s.period, s.element, s.volume) for s in result.segments] == [
        (0, 0, D(5)),
        (1, 0, D(4)),
        (1, 1, D(1)),
    ]


def test_a_fraction_of_a_second_after_a_bound_is_after_it() -> None:
    begin = FRIDAY + 9 * HOUR + HOUR / 7200  # 10:00:00.5 in Amsterdam

    assert elements_of(begin, 1, start_time=time(10)) == [(0, D(8))]
