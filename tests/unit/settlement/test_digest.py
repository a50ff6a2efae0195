"""What counts for billing changes a digest, and nothing else does."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from settlement.cdr import Cdr, CdrDimension
from settlement.digest import cdr_digest, location_digest, tariff_digest
from settlement.location import Connector, Evse, Location
from settlement.party import PartyId
from settlement.tariff import Price, Restrictions, Tariff, TariffElement
from tests.builders import (
    START,
    a_cdr,
    a_cdr_location,
    a_charging_period,
    a_price_component,
    a_tariff,
    a_token,
)

LATER = datetime(2025, 1, 1, tzinfo=UTC)


def with_component(**changes: Any) -> Tariff:
    return a_tariff(elements=(TariffElement(price_components=(a_price_component(**changes),)),))


def restricted(**restrictions: Any) -> Tariff:
    components = (a_price_component(),)
    restriction = Restrictions(**restrictions)
    return a_tariff(
        elements=(TariffElement(price_components=components, restrictions=restriction),)
    )


def with_volume(kind: str, volume: str) -> Cdr:
    dimensions = (
        CdrDimension(kind, Decimal(volume)),
        CdrDimension("TIME", Decimal("2.0")),
    )
    return a_cdr(charging_periods=(a_charging_period(dimensions=dimensions),))


@pytest.mark.parametrize(
    "same",
    [
        a_cdr(),
        a_cdr(ocpi_version="2.3.0"),
        a_cdr(last_updated=LATER),
        a_cdr(auth_method="COMMAND"),
        a_cdr(id="cdr-1", session_id="s-1"),
        a_cdr(cdr_token=a_token(contract_id="de8emp12e46l89")),
        a_cdr(cdr_location=a_cdr_location(evse_id="nl*tnm*e3256")),
        a_cdr(total_energy=Decimal("20.500"), total_time=Decimal(2)),
        a_cdr(total_time=Decimal("2E+0"), total_energy=Decimal("2050E-2")),
        a_cdr(tariffs=(a_tariff(last_updated=LATER, ocpi_version="2.3.0"),)),
        a_cdr(tariffs=(a_tariff(id="t1"),)),
        with_volume("ENERGY", "20.50"),
        a_cdr(
            charging_periods=(
                a_charging_period(
                    tariff_id="t1", dimensions=tuple(reversed(a_charging_period().dimensions))
                ),
            )
        ),
    ],
)
def test_spelling_and_what_is_not_billed_keep_the_digest(same: Cdr) -> None:
    assert cdr_digest(same) == cdr_digest(a_cdr())


@pytest.mark.parametrize(
    "other",
    [
        a_cdr(cpo=PartyId("NL", "XXX")),
        a_cdr(cpo=None),
        a_cdr(session_id="S-2"),
        a_cdr(start_date_time=START + timedelta(microseconds=1)),
        a_cdr(end_date_time=START),
        a_cdr(currency="SEK"),
        a_cdr(cdr_token=None),
        a_cdr(cdr_token=a_token(uid="9")),
        a_cdr(cdr_token=a_token(party=None)),
        a_cdr(cdr_location=a_cdr_location(evse_uid="9")),
        a_cdr(cdr_location=a_cdr_location(time_zone="Europe/Paris")),
        a_cdr(total_cost=Price(Decimal("5.126"), Decimal("6.20125"))),
        a_cdr(total_cost=Price(Decimal("5.125"))),
        a_cdr(total_energy_cost=None),
        a_cdr(total_fixed_cost=Price(Decimal(0))),
        a_cdr(total_parking_time=Decimal(0)),
        a_cdr(credit=True),
        a_cdr(tariffs=()),
        a_cdr(tariffs=(a_tariff(id="T2"),)),
        a_cdr(tariffs=(with_component(price=Decimal("0.26")),)),
        a_cdr(charging_periods=(a_charging_period(tariff_id=None),)),
        with_volume("ENERGY", "20.51"),
        with_volume("MAX_POWER", "20.5"),
    ],
)
def test_what_is_billed_changes_the_digest(other: Cdr) -> None:
    assert cdr_digest(other) != cdr_digest(a_cdr())


@pytest.mark.parametrize("zero", ["0", "0.00", "-0", "-0.0", "0E+3", "0E-10"])
def test_zero_has_one_spelling(zero: str) -> None:
    spelled = cdr_digest(a_cdr(total_energy=Decimal(zero)))

    assert spelled == cdr_digest(a_cdr(total_energy=Decimal(0)))


@pytest.mark.parametrize("thousand", ["1000", "1000.0", "1E+3", "0.1E4"])
def test_an_exponent_is_spelling(thousand: str) -> None:
    spelled = cdr_digest(a_cdr(total_energy=Decimal(thousand)))

    assert spelled == cdr_digest(a_cdr(total_energy=Decimal(1000)))


def test_a_digest_is_32_hexadecimal_digits() -> None:
    assert len(cdr_digest(a_cdr())) == 32
    assert int(tariff_digest(a_tariff()), 16) >= 0


@pytest.mark.parametrize(
    "same",
    [
        a_tariff(last_updated=LATER),
        a_tariff(id="other", cpo=None),
        with_component(price=Decimal("0.250"), vat=Decimal(21)),
        restricted(),
    ],
)
def test_what_changes_no_price_keeps_the_digest_of_a_tariff(same: Tariff) -> None:
    assert tariff_digest(same) == tariff_digest(a_tariff())


def test_all_that_can_change_a_price_changes_the_digest_of_a_tariff() -> None:
    tariffs = [
        a_tariff(),
        a_tariff(currency="SEK"),
        a_tariff(elements=a_tariff().elements * 2),
        a_tariff(min_price=Price(Decimal(1))),
        a_tariff(max_price=Price(Decimal(1))),
        a_tariff(max_price=Price(None, Decimal(1))),
        a_tariff(tax_included="YES"),
        a_tariff(start_date_time=LATER),
        a_tariff(end_date_time=LATER),
        with_component(price=Decimal("0.251")),
        with_component(vat=None),
        with_component(vat=Decimal(0)),
        with_component(type="TIME"),
        with_component(step_size=300),
        restricted(start_time=time(8)),
        restricted(end_time=time(8)),
        restricted(start_date=date(2024, 1, 1)),
        restricted(end_date=date(2024, 1, 1)),
        restricted(min_kwh=Decimal(1)),
        restricted(max_kwh=Decimal(1)),
        restricted(min_current=Decimal(1)),
        restricted(max_current=Decimal(1)),
        restricted(min_power=Decimal(1)),
        restricted(max_power=Decimal(1)),
        restricted(min_duration=1),
        restricted(max_duration=1),
        restricted(day_of_week=(0,)),
        restricted(reservation="RESERVATION"),
    ]

    digests = {tariff_digest(tariff) for tariff in tariffs}

    assert len(digests) == len(tariffs)


def a_location(**changes: Any) -> Location:
    connectors = (Connector(id="1", tariff_ids=("T1", "T2")), Connector(id="2"))
    told = {
        "ocpi_version": "2.2.1",
        "id": "LOC1",
        "country": "NLD",
        "time_zone": "Europe/Amsterdam",
        "evses": (Evse(uid="A", connectors=connectors), Evse(uid="B")),
    }
    return Location(**{**told, **changes})


def test_a_location_counts_by_zone_evses_connectors_and_tariffs() -> None:
    evses = a_location().evses

    assert location_digest(a_location(country="BEL", last_updated=LATER)) == location_digest(
        a_location()
    )
    assert location_digest(a_location(evses=evses[::-1])) == location_digest(a_location())
    different = [
        a_location(),
        a_location(time_zone="Europe/Paris"),
        a_location(time_zone=None),
        a_location(time_zone=None, country="BEL"),
        a_location(evses=evses[:1]),
        a_location(evses=(Evse(uid="A", connectors=(Connector(id="1", tariff_ids=("T1",)),)),)),
        a_location(evses=(Evse(uid="A", connectors=(Connector(id="1", tariff_ids=("T2",)),)),)),
    ]
    assert len({location_digest(location) for location in different}) == len(different)
