"""What holds for every tariff and every session."""

from datetime import timedelta
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.cdr import Cdr, CdrDimension, ChargingPeriod
from settlement.pricing.engine import price
from settlement.pricing.plan import compile_plan
from settlement.pricing.priced import PricedCdr
from settlement.pricing.profile import CHOICES, DEFAULT, Profile
from settlement.tariff import PriceComponent, Tariff, TariffElement
from tests.properties.sessions import FIRST, ZONES, decimals, prices, sessions, tariffs

PARTS = (
    "total_fixed_cost",
    "total_energy_cost",
    "total_time_cost",
    "total_parking_cost",
    "total_reservation_cost",
)
SIDES = ("before_taxes", "after_taxes")
NEAR = Decimal("1E-15")  # of sums of quotients that are cut at 18 decimals
zones = st.sampled_from(ZONES)
profiles = st.builds(
    lambda chosen: msgspec.structs.replace(DEFAULT, **chosen),
    st.fixed_dictionaries({}, optional={f: st.sampled_from(v) for f, v in CHOICES.items()}),
)


def priced(cdr: Cdr, zone: str | None = "Europe/Berlin", rules: Profile = DEFAULT) -> PricedCdr:
    result = price(cdr=cdr, tariffs=cdr.tariffs, zone=zone, profile=rules)
    assert isinstance(result, PricedCdr), result
    return result


@given(sessions(), zones, profiles)
@settings(max_examples=80, deadline=None)
def test_parts_sum_to_the_total(cdr: Cdr, zone: str, rules: Profile) -> None:
    result = priced(cdr, zone, rules)

    limited = any(tariff.min_price or tariff.max_price for tariff in cdr.tariffs)
    for costs, tolerance in ((result.exact, NEAR), (result.rounded, Decimal(0))):
        for side in SIDES:
            total = getattr(costs.total_cost, side)
            parts = [getattr(part, side) for name in PARTS if (part := getattr(costs, name))]
            if total is not None and not limited and None not in parts:
                assert abs(sum(parts, Decimal(0)) - total) <= tolerance


@given(sessions(), zones)
@settings(max_examples=80, deadline=None)
def test_segments_sum_to_the_costs(cdr: Cdr, zone: str) -> None:
    result = priced(cdr, zone)

    families = {
        ("FLAT", False): "total_fixed_cost",
        ("ENERGY", False): "total_energy_cost",
        ("TIME", False): "total_time_cost",
        ("PARKING_TIME", False): "total_parking_cost",
        ("TIME", True): "total_reservation_cost",
        ("FLAT", True): "total_reservation_cost",
    }
    for name in PARTS:
        segments = [s for s in result.segments if families[s.dimension, s.is_reservation] == name]
        cost = getattr(result.exact, name)
        if cost is None:
            assert all(s.element is None for s in segments)
            continue
        for side in SIDES:
            amounts = [getattr(s, side) for s in segments]
            if getattr(cost, side) is None:
                assert None in amounts
            else:
                assert abs(sum(amounts, Decimal(0)) - getattr(cost, side)) <= NEAR


@given(sessions(), zones, profiles)
@settings(max_examples=100, deadline=None)
def test_a_price_is_the_same_byte_for_byte(cdr: Cdr, zone: str, rules: Profile) -> None:
    first = msgspec.json.encode(priced(cdr, zone, rules))

    for tariff in cdr.tariffs:
        compile_plan(tariff)

    copy = msgspec.json.decode(msgspec.json.encode(cdr), type=Cdr)
    assert first == msgspec.json.encode(priced(copy, zone, rules))


@given(sessions(), zones, profiles)
@settings(max_examples=80, deadline=None)
def test_every_note_and_segment_can_be_read(cdr: Cdr, zone: str, rules: Profile) -> None:
    result = priced(cdr, zone, rules)

    assert all("{" not in note.message and note.path.startswith("$") for note in result.notes)
    assert all(segment.why.endswith(".") for segment in result.segments)


plain_tariffs = tariffs(steps=st.just(1), is_restricted=False)


@st.composite
def plain_sessions(draw: st.DrawFn) -> Cdr:
    """Give one period under a tariff without restrictions, limits and steps."""
    tariff = draw(plain_tariffs)
    energy = draw(decimals(50, 3))
    seconds = draw(st.integers(10, 20_000)) * 36
    dimensions = (
        CdrDimension("ENERGY", energy),
        CdrDimension("TIME", Decimal(seconds) / 3600),
    )
    return Cdr(
        ocpi_version="2.3.0",
        start_date_time=FIRST,
        end_date_time=FIRST + timedelta(seconds=seconds),
        currency="EUR",
        tariffs=(tariff,),
        charging_periods=(ChargingPeriod(FIRST, dimensions, "T1"),),
    )


@given(plain_sessions(), st.integers(1, 9))
@settings(max_examples=80, deadline=None)
def test_splitting_a_period_where_the_price_is_constant_changes_nothing(
    cdr: Cdr, tenths: int
) -> None:
    (period,) = cdr.charging_periods
    energy, time = period.dimensions
    first_energy = (energy.volume * tenths / 10).quantize(Decimal("0.001"))
    first_seconds = int(time.volume * 3600) * tenths // 10
    first_time = Decimal(first_seconds) / 3600
    halves = (
        ChargingPeriod(
            period.start_date_time,
            (CdrDimension("ENERGY", first_energy), CdrDimension("TIME", first_time)),
            "T1",
        ),
        ChargingPeriod(
            period.start_date_time + timedelta(seconds=first_seconds),
            (
                CdrDimension("ENERGY", energy.volume - first_energy),
                CdrDimension("TIME", time.volume - first_time),
            ),
            "T1",
        ),
    )
    cut = msgspec.structs.replace(cdr, charging_periods=halves)

    whole, parts = priced(cdr), priced(cut)

    assert whole.rounded.total_cost == parts.rounded.total_cost
    assert whole.exact.total_cost == parts.exact.total_cost


@given(sessions(is_restricted=False), decimals(10, 3), st.integers(0, 3))
@settings(max_examples=80, deadline=None)
def test_more_energy_never_costs_less(cdr: Cdr, more: Decimal, place: int) -> None:
    periods = list(cdr.charging_periods)
    place = min(place, len(periods) - 1)
    extra = CdrDimension("ENERGY", more)
    rules = msgspec.structs.replace(DEFAULT, negative_energy="exact", step_size="off")
    grown = [
        msgspec.structs.replace(p, dimensions=(*p.dimensions, extra)) if i == place else p
        for i, p in enumerate(periods)
    ]

    before = priced(cdr, rules=rules).exact.total_cost
    after = priced(
        msgspec.structs.replace(cdr, charging_periods=tuple(grown)), rules=rules
    ).exact.total_cost

    assert before is not None
    assert after is not None
    if before.after_taxes is not None and after.after_taxes is not None:
        assert before.after_taxes <= after.after_taxes


@given(sessions(), zones)
@settings(max_examples=80, deadline=None)
def test_a_total_keeps_within_its_limits(cdr: Cdr, zone: str) -> None:
    used = {period.tariff_id for period in cdr.charging_periods}
    if len(used) > 1:
        return  # each tariff bounds its own share
    (tariff,) = [tariff for tariff in cdr.tariffs if tariff.id in used]

    total = priced(cdr, zone).exact.total_cost

    assert total is not None
    for side in SIDES:
        amount = getattr(total, side)
        low = getattr(tariff.min_price, side, None)
        high = getattr(tariff.max_price, side, None)
        if amount is None:
            continue
        if low is not None and (high is None or low <= high) and not _scaled(tariff):
            assert amount >= low
        if high is not None and not _scaled(tariff):
            assert amount <= high


def _scaled(tariff: Tariff) -> bool:
    """Tell whether a limit of one side may move the other past its own."""
    limits = [limit for limit in (tariff.min_price, tariff.max_price) if limit is not None]
    return any(None in (limit.before_taxes, limit.after_taxes) for limit in limits)


@given(prices, decimals(100, 4), st.integers(1, 2000))
@settings(max_examples=80, deadline=None)
def test_billed_energy_is_the_least_multiple_of_its_step(
    unit: Decimal, kwh: Decimal, step: int
) -> None:
    component = PriceComponent(type="ENERGY", price=unit, vat=Decimal(0), step_size=step)
    tariff = Tariff(
        ocpi_version="2.2.1",
        id="T1",
        currency="EUR",
        elements=(TariffElement(price_components=(component,)),),
    )
    cdr = Cdr(
        ocpi_version="2.2.1",
        start_date_time=FIRST,
        end_date_time=FIRST + timedelta(hours=1),
        currency="EUR",
        tariffs=(tariff,),
        charging_periods=(ChargingPeriod(FIRST, (CdrDimension("ENERGY", kwh),), "T1"),),
    )

    result = priced(cdr)

    billed = sum((s.billed_volume for s in result.segments), Decimal(0)) * 1000
    assert billed % step == 0
    assert -DEFAULT.energy_noise_wh <= billed - kwh * 1000 < step
