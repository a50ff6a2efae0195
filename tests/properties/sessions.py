"""Random tariffs and sessions, as CPOs could send them.

Rule: strategies only; the laws stand in the tests.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from settlement.cdr import Cdr, CdrDimension, ChargingPeriod
from settlement.tariff import Price, PriceComponent, Restrictions, Tariff, TariffElement

ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Etc/UTC")
FIRST = datetime(2024, 3, 29, tzinfo=UTC)  # the clocks of Europe move on the 31st


def decimals(most: int, places: int) -> st.SearchStrategy[Decimal]:
    """Give numbers from 0 to `most` with up to so many places."""
    return st.integers(0, most * 10**places).map(lambda n: Decimal(n).scaleb(-places))


prices = decimals(5, 4)
rates = st.none() | st.sampled_from([Decimal(0), Decimal("5.5"), Decimal(19), Decimal(21)])
kinds = st.sampled_from(["ENERGY", "TIME", "PARKING_TIME", "FLAT"])


@st.composite
def components(draw: st.DrawFn, steps: st.SearchStrategy[int]) -> PriceComponent:
    return PriceComponent(
        type=draw(kinds), price=draw(prices), vat=draw(rates), step_size=draw(steps)
    )


def optional(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    return st.none() | st.none() | st.none() | strategy


clock = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 59]))
restrictions = st.builds(
    Restrictions,
    start_time=optional(clock),
    end_time=optional(clock),
    start_date=optional(st.just(date(2024, 3, 30))),
    end_date=optional(st.just(date(2024, 3, 31))),
    min_kwh=optional(decimals(30, 1)),
    max_kwh=optional(decimals(30, 1)),
    min_power=optional(decimals(50, 0)),
    max_power=optional(decimals(50, 0)),
    min_current=optional(decimals(63, 0)),
    max_current=optional(decimals(63, 0)),
    min_duration=optional(st.integers(0, 20_000)),
    max_duration=optional(st.integers(0, 20_000)),
    day_of_week=st.just(())
    | st.lists(st.integers(0, 6), unique=True).map(lambda d: tuple(sorted(d))),
    reservation=optional(st.sampled_from(["RESERVATION", "RESERVATION_EXPIRES"])),
)
limits = st.none() | st.builds(Price, st.none() | decimals(20, 2), st.none() | decimals(20, 2))


@st.composite
def tariffs(
    draw: st.DrawFn,
    name: str = "T1",
    steps: st.SearchStrategy[int] = st.sampled_from([-1, 0, 1, 7, 60, 300, 900]),  # noqa: B008
    is_restricted: bool = True,
) -> Tariff:
    elements = st.builds(
        TariffElement,
        price_components=st.lists(components(steps), min_size=1, max_size=4).map(tuple),
        restrictions=st.none() | restrictions if is_restricted else st.none(),
    )
    return Tariff(
        ocpi_version="2.3.0",
        id=name,
        currency="EUR",
        elements=draw(st.lists(elements, min_size=1, max_size=4).map(tuple)),
        min_price=draw(limits) if is_restricted else None,
        max_price=draw(limits) if is_restricted else None,
        tax_included=draw(st.sampled_from(["NO", "YES", "N/A"])),
    )


volumes = {
    "ENERGY": decimals(40, 4) | decimals(40, 4).map(lambda d: d.copy_negate()),
    "TIME": decimals(3, 4),
    "PARKING_TIME": decimals(3, 4),
    "RESERVATION_TIME": decimals(1, 4),
    "MIN_POWER": decimals(50, 1),
    "MAX_POWER": decimals(50, 1),
    "MAX_CURRENT": decimals(63, 0),
}


@st.composite
def periods(draw: st.DrawFn, names: tuple[str | None, ...]) -> tuple[ChargingPeriod, ...]:
    start = FIRST + timedelta(seconds=draw(st.integers(0, 3 * 86_400)))
    found = []
    for _ in range(draw(st.integers(1, 4))):
        chosen = draw(st.lists(st.sampled_from(sorted(volumes)), unique=True, min_size=1))
        dimensions = tuple(CdrDimension(kind, draw(volumes[kind])) for kind in chosen)
        found.append(ChargingPeriod(start, dimensions, draw(st.sampled_from(names))))
        start += timedelta(seconds=draw(st.integers(1, 20_000)))
    return tuple(found)


@st.composite
def cdrs(draw: st.DrawFn, given: tuple[Tariff, ...]) -> Cdr:
    """Give a session under the given tariffs."""
    found = draw(periods((*(tariff.id for tariff in given), given[0].id)))
    length = timedelta(seconds=draw(st.integers(0, 20_000)))
    return Cdr(
        ocpi_version="2.3.0",
        id="C",
        start_date_time=found[0].start_date_time,
        end_date_time=found[-1].start_date_time + length,
        session_id=draw(st.none() | st.just("S")),
        currency="EUR",
        tariffs=given,
        charging_periods=found,
    )


@st.composite
def sessions(draw: st.DrawFn, is_restricted: bool = True) -> Cdr:
    """Give a session with one or two tariffs of any kind."""
    names = ("T1", "T2")[: draw(st.integers(1, 2))]
    given = tuple(draw(tariffs(name=name, is_restricted=is_restricted)) for name in names)
    return draw(cdrs(given))
