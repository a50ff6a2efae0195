"""The sweep and the engine agree at every place of random tariffs."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from settlement.pricing.choice import choose
from settlement.pricing.plan import compile_plan
from settlement.pricing.profile import DEFAULT
from settlement.pricing.restriction import MICROSECONDS
from settlement.pricing.stretch import FLAT, Stretch
from settlement.tariff import Restrictions, Tariff, TariffElement
from settlement.tariff_tools.lint.axis import NAMES
from settlement.tariff_tools.lint.checks.fee import check_fees
from settlement.tariff_tools.lint.checks.reach import holes_of, reached
from settlement.tariff_tools.lint.family import family_of, subject_of
from settlement.tariff_tools.lint.sweep import Region
from settlement.zone import load_zone
from tests.builders import a_price_component, a_tariff

ENERGY = 1
FIRST = date(2026, 5, 1)  # a Friday
DATES = [None, FIRST, FIRST + timedelta(days=3), FIRST + timedelta(days=8)]
CLOCKS = [None, time(0), time(8), time(20)]
LEVELS = [None, 0, 10, 20]


def decimals(level: int | None) -> Decimal | None:
    return None if level is None else Decimal(level)


def bounds(draw: st.DrawFn, lower: str, upper: str, values: Sequence[Any]) -> dict[str, Any]:
    return {lower: draw(st.sampled_from(values)), upper: draw(st.sampled_from(values))}


@st.composite
def some_restrictions(draw: st.DrawFn) -> Restrictions:
    chosen = draw(
        st.sets(st.sampled_from(("date", "clock", "days", "kwh", "at", "kw")), max_size=3)
    )
    told: dict[str, Any] = {}
    if "date" in chosen:
        told |= bounds(draw, "start_date", "end_date", DATES)
    if "clock" in chosen:
        told |= bounds(draw, "start_time", "end_time", CLOCKS)
    if "kwh" in chosen:
        told |= bounds(draw, "min_kwh", "max_kwh", [decimals(level) for level in LEVELS])
    if "at" in chosen:
        told |= bounds(draw, "min_duration", "max_duration", LEVELS)
    if "kw" in chosen:
        told |= bounds(draw, "min_power", "max_power", [decimals(level) for level in LEVELS])
    if "days" in chosen:
        told["day_of_week"] = tuple(sorted(draw(st.sets(st.integers(0, 6), min_size=1))))
    return Restrictions(**told)


@st.composite
def some_tariff(draw: st.DrawFn) -> Tariff:
    given_ = draw(st.lists(some_restrictions(), min_size=1, max_size=4))
    return a_tariff(
        elements=tuple(
            TariffElement(price_components=(a_price_component(),), restrictions=restrictions)
            for restrictions in given_
        )
    )


def places() -> list[tuple[datetime, int, int, int | None]]:
    days = [FIRST + timedelta(days=day) for day in range(-7, 16)]
    hours = [0, 8, 20]
    moments = [
        datetime(day.year, day.month, day.day, hour, tzinfo=UTC) for day in days for hour in hours
    ]
    return list(product(moments, (0, 10, 20), (0, 10, 20), (None, 0, 10, 20)))


PLACES = places()
ZONE = load_zone("UTC")


def winner(
    tariff: Tariff, place: tuple[datetime, int, int, int | None], bit: int = ENERGY
) -> int | None:
    moment, kwh, seconds, power = place
    readings = None
    if power is not None:
        readings = {"MIN_POWER": Decimal(power), "MAX_POWER": Decimal(power)}
    stretch = Stretch(
        period=0,
        plan=None,
        start=moment,
        length=0,
        zone=ZONE,
        at=seconds * MICROSECONDS,
        before=Decimal(kwh),
        readings=readings,
    )
    chosen = choose(compile_plan(tariff).session, bit, stretch, DEFAULT, set())
    return chosen[bit].element if bit in chosen else None


def is_in(place: tuple[datetime, int, int, int | None], region: Region) -> bool:
    moment, kwh, seconds, power = place
    at = {
        "date": moment.toordinal(),
        "weekday": moment.weekday(),
        "clock": moment.hour * 3600,
        "kwh": kwh,
        "duration": seconds,
        "power": -1 if power is None else power,
        "current": -1,
    }
    return all(
        any(low <= at[name] < high for low, high in intervals)
        for name, intervals in zip(NAMES, region, strict=True)
    )


@pytest.mark.timeout(180)
@given(tariff=some_tariff())
@settings(max_examples=25)
def test_the_sweep_agrees_with_the_engine_at_every_place(tariff: Tariff) -> None:
    family = family_of(subject=subject_of(tariff), kind=None, dimension="ENERGY")
    told = {place: winner(tariff, place) for place in PLACES}

    holes = holes_of(family)

    assert {bit for bit in range(len(family.elements)) if reached(family=family, bit=bit)} == {
        element for element in told.values() if element is not None
    }
    assert [place for place in PLACES if any(is_in(place, hole) for hole in holes)] == [
        place for place in PLACES if told[place] is None
    ]
    assert bool(holes) == (None in told.values())


STARTS = [place for place in PLACES if place[1:3] == (0, 0)]


@pytest.mark.timeout(180)
@given(tariff=some_tariff())
@settings(max_examples=25)
def test_a_fee_is_never_due_where_another_one_is_at_every_start(tariff: Tariff) -> None:
    fee = a_price_component(type="FLAT")
    elements = tuple(replace(one, price_components=(fee,)) for one in tariff.elements)
    tariff = replace(tariff, elements=elements)
    due = {winner(tariff, place, FLAT) for place in STARTS}

    found = {int(one.pointer.split("/")[2]) for one in check_fees(subject_of(tariff))}

    family = family_of(subject=subject_of(tariff), kind=None, dimension="FLAT")
    held = {bit for bit in range(len(family.elements)) if reached(family=family, bit=bit)}
    assert found == (set() if None in due else held - due)
