"""Reservations, fees, and what one CDR is made of."""

from typing import Any

import msgspec
import pytest

from settlement.cdr import CdrDimension, CdrLocation, ChargingPeriod
from settlement.pricing.profile import DEFAULT
from tests.builders import START, a_cdr, a_price_component, a_tariff
from tests.unit.settlement.pricing.records import HOUR, D, a_period, an_element, priced


def test_an_unknown_component_and_an_unknown_reservation_price_nothing() -> None:
    tariff = a_tariff(
        elements=(
            an_element(a_price_component(type="MAGIC")),
            an_element(a_price_component(), reservation="BOOKING"),
        )
    )

    result = priced(a_cdr(tariffs=(tariff,)))

    assert {segment.element for segment in result.segments} == {None}


def test_reserved_time_adds_up_and_may_stand_beside_charging() -> None:
    dimensions = (
        CdrDimension("RESERVATION_TIME", D("0.25")),
        CdrDimension("RESERVATION_TIME", D("0.25")),
        CdrDimension("ENERGY", D(4)),
    )
    tariff = a_tariff(
        elements=(
            an_element(a_price_component(type="TIME", price=D(6)), reservation="RESERVATION"),
            an_element(a_price_component()),
        )
    )
    cdr = a_cdr(tariffs=(tariff,), charging_periods=(ChargingPeriod(START, dimensions, "T1"),))

    result = priced(cdr)

    assert [(s.dimension, s.is_reservation) for s in result.segments] == [
        ("TIME", True),
        ("ENERGY", False),
    ]
    assert D(4) == result.exact.total_cost.before_taxes  # type: ignore[union-attr]


def test_reserved_time_without_a_tariff_is_free() -> None:
    periods = (a_period(tariff=None, RESERVATION_TIME="0.5"), a_period(1, ENERGY=1))

    result = priced(a_cdr(charging_periods=periods))

    assert (result.segments[0].is_reservation, result.segments[0].tariff_id) == (True, "")


@pytest.mark.parametrize("place", [None, CdrLocation(evse_uid="#NA"), CdrLocation(evse_id="X")])
def test_a_reservation_with_energy_is_not_expired(place: CdrLocation | None) -> None:
    tariff = a_tariff(
        elements=(an_element(a_price_component(type="TIME"), reservation="RESERVATION_EXPIRES"),)
    )
    cdr = a_cdr(
        tariffs=(tariff,),
        charging_periods=(a_period(RESERVATION_TIME=1),),
        cdr_location=place,
    )

    assert priced(cdr).segments[0].element is None


EXPIRED: list[tuple[dict[str, Any], bool]] = [
    ({"session_id": None, "cdr_location": None}, True),
    ({"session_id": "S", "cdr_location": None}, False),
    ({"session_id": None, "cdr_location": CdrLocation(evse_uid="1")}, True),
    ({"session_id": "S", "cdr_location": CdrLocation(evse_uid="1")}, False),
    ({"session_id": "S", "cdr_location": CdrLocation(evse_uid="#NA")}, True),
    ({"session_id": "S", "cdr_location": CdrLocation(evse_id="#NA")}, True),
    ({"session_id": "S", "cdr_location": CdrLocation(connector_id="#NA")}, True),
]


@pytest.mark.parametrize(("changes", "is_expired"), EXPIRED)
def test_an_expired_reservation_has_no_session_or_no_evse(
    changes: dict[str, Any], is_expired: bool
) -> None:
    tariff = a_tariff(
        elements=(an_element(a_price_component(type="TIME"), reservation="RESERVATION_EXPIRES"),)
    )
    periods = (a_period(RESERVATION_TIME=1),)
    told = {"tariffs": (tariff,), "charging_periods": periods, "total_energy": D(0)}

    result = priced(a_cdr(**told, **changes))

    assert is_expired == (result.segments[0].element == 0)
    assert is_expired == ("reservation_expired" in {note.code for note in result.notes})


def test_a_fee_of_the_reservation_is_owed_once_over_several_periods() -> None:
    tariff = a_tariff(
        elements=(
            an_element(a_price_component(type="FLAT", price=D(2)), reservation="RESERVATION"),
        )
    )
    periods = (a_period(RESERVATION_TIME=1), a_period(1, RESERVATION_TIME=1), a_period(2, ENERGY=1))

    result = priced(a_cdr(tariffs=(tariff,), charging_periods=periods))

    assert [s.period for s in result.segments if s.dimension == "FLAT"] == [0]


@pytest.mark.parametrize("flat_fee", ["once_per_phase", "phase_start_only", "once_per_tariff"])
def test_a_fee_of_one_tariff_is_owed_once_however_fees_are_read(flat_fee: str) -> None:
    rules = msgspec.structs.replace(DEFAULT, flat_fee=flat_fee)
    element = an_element(a_price_component(type="FLAT", price=D(2)), a_price_component())
    periods = tuple(a_period(hours, ENERGY=1) for hours in range(3))
    cdr = a_cdr(tariffs=(a_tariff(elements=(element,)),), charging_periods=periods)

    result = priced(cdr, profile=rules)

    assert [s.period for s in result.segments if s.dimension == "FLAT"] == [0]


@pytest.mark.parametrize(("tariff_expiry", "expected"), [("ignored", [2]), ("free_after", [])])
def test_a_tariff_out_of_its_life_and_a_period_without_one_are_told_apart(
    tariff_expiry: str, expected: list[int]
) -> None:
    rules = msgspec.structs.replace(DEFAULT, tariff_expiry=tariff_expiry)
    tariff = a_tariff(end_date_time=START + HOUR)
    periods = (a_period(ENERGY=1), a_period(1, tariff=None, ENERGY=1), a_period(2, ENERGY=1))

    result = priced(a_cdr(tariffs=(tariff,), charging_periods=periods), profile=rules)

    priced_in = [s.period for s in result.segments if s.element is not None]
    assert [0, *expected] == priced_in
    paths = {note.code: note.path for note in result.notes}
    assert paths["period_without_tariff"] == "$.charging_periods[1]"
    assert paths["tariff_not_valid"] == "$.charging_periods[2]"


def test_reserved_time_and_fees_are_segments_of_their_period() -> None:
    reserved = an_element(
        a_price_component(type="FLAT", price=D(2)),
        a_price_component(type="TIME", price=D(6)),
        reservation="RESERVATION",
    )
    tariff = a_tariff(elements=(reserved, an_element(a_price_component(type="FLAT", price=D(3)))))
    periods = (a_period(), a_period(1, RESERVATION_TIME="0.5"), a_period(2, ENERGY=1))

    result = priced(
        a_cdr(tariffs=(tariff,), charging_periods=periods),
        profile=msgspec.structs.replace(DEFAULT, flat_fee="once_per_tariff"),
    )

    told = [(s.period, s.dimension, s.is_reservation, s.volume) for s in result.segments]
    assert told == [
        (0, "FLAT", False, D(1)),
        (1, "FLAT", True, D(1)),
        (1, "TIME", True, D("0.5")),
        (2, "ENERGY", False, D(1)),
    ]
