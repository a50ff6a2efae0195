"""The quick walk makes of an ordinary session what the full walk makes of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import event, given, settings
from hypothesis import strategies as st

from settlement.cdr import Cdr, CdrDimension, ChargingPeriod
from settlement.pricing import reading
from settlement.pricing.engine import price
from settlement.pricing.profile import DEFAULT, Profile
from settlement.pricing.quick import walk_quickly
from settlement.pricing.references import Assigned, assign
from settlement.tariff import Restrictions, Tariff, TariffElement
from settlement.zone import load_zone
from tests.properties.sessions import ZONES, clock, components, decimals, sessions

START = datetime(2024, 3, 30, 20, tzinfo=UTC)  # before the clocks of Europe move


@contextmanager
def full_walks_only() -> Iterator[None]:
    def never(_: Profile) -> bool:
        return False

    kept = reading.is_ordinary
    reading.is_ordinary = never
    try:
        yield
    finally:
        reading.is_ordinary = kept


@st.composite
def ordinary_tariffs(draw: st.DrawFn, name: str) -> Tariff:
    """Give a tariff in which the time of day alone decides."""
    elements = st.builds(
        TariffElement,
        price_components=st.lists(
            components(st.sampled_from([1, 60, 300])), min_size=1, max_size=4
        ).map(tuple),
        restrictions=st.none()
        | st.builds(Restrictions, start_time=st.none() | clock, end_time=st.none() | clock),
    )
    return Tariff(
        ocpi_version="2.2.1",
        id=name,
        currency="EUR",
        elements=draw(st.lists(elements, min_size=1, max_size=4).map(tuple)),
    )


@st.composite
def ordinary_sessions(draw: st.DrawFn) -> Cdr:
    """Give a session that is ordinary but for what a draw may make odd."""
    names = ("T1", "T2")[: draw(st.integers(1, 2))]
    given_tariffs = tuple(draw(ordinary_tariffs(name)) for name in names)
    start = at = START + timedelta(seconds=draw(st.integers(0, 86_400)))
    periods = []
    for _ in range(draw(st.integers(1, 4))):
        length = draw(st.integers(0, 9000))
        hours = (Decimal(length) / 3600).quantize(Decimal("0.0001"))
        volumes = {
            "ENERGY": draw(decimals(40, 4)),
            "TIME": hours,
            "PARKING_TIME": hours,
            "MAX_POWER": Decimal(11),
        }
        kinds = draw(st.lists(st.sampled_from(sorted(volumes)), unique=True))
        dimensions = tuple(CdrDimension(kind, volumes[kind]) for kind in kinds)
        periods.append(ChargingPeriod(at, dimensions, draw(st.sampled_from(names))))
        at += timedelta(seconds=length)
    return Cdr(
        ocpi_version="2.2.1",
        start_date_time=start,
        end_date_time=at,
        session_id="S",
        currency="EUR",
        tariffs=given_tariffs,
        charging_periods=tuple(periods),
    )


@given(ordinary_sessions() | sessions(), st.sampled_from([None, *ZONES]))
@settings(max_examples=80, deadline=None)
def test_the_quick_walk_agrees_with_the_full_one(cdr: Cdr, zone: str | None) -> None:
    quick = price(cdr=cdr, tariffs=cdr.tariffs, zone=zone)

    with full_walks_only():
        full = price(cdr=cdr, tariffs=cdr.tariffs, zone=zone)

    assert full == quick
    assigned = assign(cdr, cdr.tariffs, [])
    assert isinstance(assigned, Assigned)
    is_quick = assigned.traits.is_simple and walk_quickly(
        cdr=cdr,
        assigned=assigned,
        zone=None if zone is None else load_zone(zone),
        rules=DEFAULT,
        odd=[],
    )
    event("quick" if is_quick else "full")
