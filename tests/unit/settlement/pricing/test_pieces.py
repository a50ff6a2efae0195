"""A stretch that is cut: its pieces add up to it, and each is priced inside itself."""

from datetime import UTC, datetime, time
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import msgspec
import pytest

from settlement.cdr import CdrDimension, ChargingPeriod
from settlement.pricing.exact import WORK
from settlement.pricing.profile import DEFAULT
from settlement.pricing.split import _cut
from settlement.pricing.stretch import ENERGY, Stretch
from settlement.tariff import Tariff, TariffElement
from tests.builders import START, a_cdr, a_price_component, a_tariff
from tests.unit.settlement.pricing.records import HOUR, D, a_period, an_element, priced

SPLIT = msgspec.structs.replace(DEFAULT, straddling="split")


def energy_at(price: str, **restrictions: Any) -> TariffElement:
    return an_element(a_price_component(price=D(price)), **restrictions)


def total(begin: datetime, hours: int, kwh: str, tariff: Tariff) -> Decimal | None:
    cdr = a_cdr(
        start_date_time=begin,
        end_date_time=begin + hours * HOUR,
        tariffs=(tariff,),
        charging_periods=(ChargingPeriod(begin, (CdrDimension("ENERGY", D(kwh)),), "T1"),),
    )
    cost = priced(cdr, profile=SPLIT).exact.total_cost
    return None if cost is None else cost.before_taxes


def test_pieces_add_up_to_the_stretch_to_the_last_digit() -> None:
    kwh = D("1." + "7" * 60)
    stretch = Stretch(0, None, START, 3_600_000_000, None, mask=ENERGY, energy=kwh)

    with localcontext(WORK):
        pieces = _cut(stretch, [Fraction(1, 3), Fraction(1, 2)])
        kwh_of_pieces = sum(piece.energy for piece in pieces)

    assert [piece.length for piece in pieces] == [1_200_000_000, 600_000_000, 1_800_000_000]
    assert kwh == kwh_of_pieces


def test_each_piece_is_priced_inside_itself() -> None:
    elements = (energy_at("1", max_duration=1200), energy_at("2", max_duration=2400))
    tariff = a_tariff(elements=(*elements, energy_at("6")))

    # 20 minutes each at 1 and 2, and the remaining 80 at 6: 2 kWh, 2 kWh and 8 kWh
    assert D(54) == total(START, 2, "12", tariff)


def test_a_wall_time_that_occurs_twice_is_a_bound_each_time() -> None:
    begin = datetime(2024, 10, 27, 0, tzinfo=UTC)  # 02:00 in Amsterdam; at 03:00 it is 02:00
    tariff = a_tariff(elements=(energy_at("1", start_time=time(2, 30)), energy_at("0.5")))

    # by the half hour: 0.50, 1, again 0.50, then 1 for an hour and a half
    assert D(5) == total(begin, 3, "6", tariff)


def test_a_clock_of_one_of_several_tariffs_counts() -> None:
    night = a_tariff(elements=(energy_at("0.1", end_time=time(6)), energy_at("1")))
    plain = a_tariff(id="T2", elements=(energy_at("2"),))
    periods = (a_period(ENERGY=1), a_period(1, tariff="T2", ENERGY=1))

    for tariffs in ((night, plain), (plain, night)):
        result = priced(a_cdr(tariffs=tariffs, charging_periods=periods))

        assert D(3) == result.exact.total_cost.before_taxes  # type: ignore[union-attr]


def test_a_clock_that_is_moved_under_one_of_several_tariffs_counts() -> None:
    begin = datetime(2024, 3, 31, 0, 30, tzinfo=UTC)  # 01:30 in Amsterdam, at 02:00 it is 03:00
    late = a_tariff(elements=(energy_at("1", start_time=time(4)), energy_at("0.5")))
    plain = a_tariff(id="T2", elements=(energy_at("2"),))
    periods = tuple(
        ChargingPeriod(begin + hours * HOUR, (CdrDimension("ENERGY", D(2)),), name)
        for hours, name in ((0, "T2"), (1, "T1"))
    )
    cdr = a_cdr(
        start_date_time=begin,
        end_date_time=begin + 2 * HOUR,
        tariffs=(late, plain),
        charging_periods=periods,
    )

    cost = priced(cdr, profile=SPLIT).exact.total_cost

    # 4 for the first hour; from 03:30 on half an hour at 0.50 and half an hour at 1
    assert cost is not None
    assert D("5.5") == cost.before_taxes


# What the period does not measure: its bound at 1200 s changes nothing.
IDLE = an_element(a_price_component(type="TIME"), min_duration=1200)
FEE = a_price_component(type="FLAT", price=D(2))


def pieces(*elements: TariffElement, **rules: str) -> list[tuple[str, int | None]]:
    """Give dimension and element of what a period of two hours comes to."""
    cdr = a_cdr(tariffs=(a_tariff(elements=elements),), charging_periods=(a_period(ENERGY=12),))
    result = priced(cdr, profile=msgspec.structs.replace(SPLIT, **rules))
    assert bool(result.notes) == (len([s for s in result.segments if s.dimension != "FLAT"]) > 1)
    return [(segment.dimension, segment.element) for segment in result.segments]


def test_a_fee_that_was_due_at_the_start_cuts_nothing() -> None:
    assert pieces(an_element(FEE), IDLE, energy_at("1")) == [("FLAT", 0), ("ENERGY", 2)]


def test_a_fee_of_the_start_alone_cuts_nothing_later() -> None:
    later = an_element(FEE, min_duration=600)

    assert pieces(later, energy_at("1"), flat_fee="phase_start_only") == [("ENERGY", 1)]


def test_after_a_fee_that_falls_due_only_what_is_measured_cuts() -> None:
    later = an_element(FEE, min_duration=600)

    assert pieces(later, IDLE, energy_at("1")) == [("ENERGY", 2), ("FLAT", 0), ("ENERGY", 2)]


def test_a_change_cuts_once() -> None:
    assert pieces(energy_at("1", max_duration=600), IDLE, energy_at("2")) == [
        ("ENERGY", 0),
        ("ENERGY", 2),
    ]


@pytest.mark.parametrize(
    ("name", "bound", "later"), [("max_duration", 8000, 9000), ("max_kwh", D(13), D(14))]
)
def test_what_changes_after_the_end_cuts_nothing(name: str, bound: Any, later: Any) -> None:
    elements = (energy_at("1", **{name: bound}), energy_at("2", **{name: later}), energy_at("3"))

    assert pieces(IDLE, *elements) == [("ENERGY", 1)]


def test_a_bound_inside_a_later_period_cuts_it() -> None:
    tariff = a_tariff(elements=(energy_at("1", max_duration=5400), energy_at("2")))
    periods = (a_period(ENERGY=1), a_period(1, ENERGY=2))

    result = priced(a_cdr(tariffs=(tariff,), charging_periods=periods), profile=SPLIT)

    assert [(s.period, s.element, s.volume) for s in result.segments] == [
        (0, 0, D(1)),
        (1, 0, D(1)),
        (1, 1, D(1)),
    ]
