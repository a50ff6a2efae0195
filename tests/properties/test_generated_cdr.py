"""What is generated from a tariff matches it, whatever the tariff.

`GENERATED_CDRS=5000 pytest tests/properties/test_generated_cdr.py` makes more of them.
"""

import os
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from settlement.answer import price_cdr
from settlement.ocpi.door import parse_cdr
from settlement.tariff_tools.generate.generator import generate_cdr
from settlement.tariff_tools.generate.wanted import PaysTheDriver, TaxNotDetermined, Wanted
from tests.naive.agree import differences
from tests.naive.tariffs import a_tariff
from tests.naive.worlds import VERSIONS, ZONES, World

EXAMPLES = int(os.environ.get("GENERATED_CDRS", "60"))
# Clocks of Europe and of Chatham are moved in these nights of 2024.
MOMENTS = (datetime(2024, 3, 31, tzinfo=UTC), datetime(2024, 9, 28, 14, tzinfo=UTC))
_IN_THE_TARIFF = re.compile(r"(min|max)_price|(min|max)_current|reservation")
_encoder = msgspec.json.Encoder(decimal_format="number")

hours = st.integers(1, 8 * 3600)
powers = st.none() | st.integers(0, 400)


@st.composite
def sessions(draw: st.DrawFn) -> Wanted:
    charging = draw(st.just(0) | hours)
    kwh = Decimal(draw(st.integers(0, charging * 300 * 10 // 36))).scaleb(-4) if charging else 0
    least = Decimal(kwh) * 3600 / charging if charging else Decimal(1)
    above = draw(powers)
    base = draw(st.sampled_from(MOMENTS)) + timedelta(hours=draw(st.integers(-30, 400)))
    return Wanted(
        start=base + timedelta(seconds=draw(st.sampled_from((0, 900, 1)) | st.integers(0, 3599))),
        charging=charging,
        parking=draw(st.just(0) | hours) if charging else draw(hours),
        kwh=Decimal(kwh),
        max_power_kw=None if above is None else (least + above + 1).quantize(Decimal("0.1")),
        time_zone=draw(st.sampled_from(ZONES)),
    )


def a_tariff_for(wanted: Wanted, seed: int) -> dict[str, Any]:
    """Give a tariff whose bounds lie in the session."""
    chance = Random(seed)
    version = chance.choice(VERSIONS)
    assert wanted.time_zone is not None
    return a_tariff(
        chance,
        version=version,
        name="T1",
        start=wanted.start.astimezone(ZoneInfo(wanted.time_zone)),
        seconds=max(wanted.length, 2),
        has_reservations=chance.random() < 0.1,
        is_rateless=version == "2.3.0" and chance.random() < 0.15,
    )


@pytest.mark.timeout(3600)
@given(wanted=sessions(), seed=st.integers(0, 2**32))
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_what_is_generated_matches_without_a_finding(wanted: Wanted, seed: int) -> None:
    tariff = _encoder.encode(a_tariff_for(wanted, seed))
    with suppress(PaysTheDriver, TaxNotDetermined):
        check(generate_cdr(tariff, wanted=wanted).text, wanted, seed)


def check(text: bytes, wanted: Wanted, seed: int) -> None:
    answer = price_cdr(text, time_zone=wanted.time_zone)

    version = answer.cdr.ocpi_version
    event(version)
    assert (answer.verdict, answer.findings) == ("matched", ())
    assert "period_straddles" not in {note.code for note in answer.notes}
    remarks = parse_cdr(text, ocpi_version=version).remarks
    # what is no form of this version in the tariff itself: of it alone, and kept for its price
    assert [one for one in remarks if not _IN_THE_TARIFF.search(one.path)] == []
    world = World(seed, version, wanted.time_zone or "UTC", text)
    assert differences(world) == []


@pytest.mark.timeout(3600)
@given(wanted=sessions(), seed=st.integers(0, 2**32))
@settings(max_examples=EXAMPLES // 2, suppress_health_check=list(HealthCheck))
def test_no_bound_of_the_tariff_lies_inside_a_period(wanted: Wanted, seed: int) -> None:
    tariff = a_tariff_for(wanted, seed)
    cdr = None
    with suppress(PaysTheDriver, TaxNotDetermined):
        cdr = price_cdr(generate_cdr(_encoder.encode(tariff), wanted=wanted).text).cdr
    assume(cdr is not None)
    assert cdr is not None
    rules = [element.get("restrictions") or {} for element in tariff["elements"]]
    durations = {
        wanted.start + timedelta(seconds=rule[name])
        for rule in rules
        for name in ("min_duration", "max_duration")
        if rule.get(name) is not None
    }
    assert wanted.time_zone is not None
    place = ZoneInfo(wanted.time_zone)
    windows = [(rule.get("start_time"), rule.get("end_time")) for rule in rules]
    windows = [both for both in windows if not {*both} <= {None, "00:00"}]  # the whole day
    clocks = {clock or "00:00" for both in windows for clock in both}
    clocks |= {"00:00"} if any("day_of_week" in r or "start_date" in r for r in rules) else set()
    starts = [period.start_date_time for period in cdr.charging_periods]
    minutes = {
        moment
        for second in range(0, wanted.length, 60)
        if (moment := wanted.start.replace(second=0) + timedelta(seconds=second)) > wanted.start
        and f"{moment.astimezone(place):%H:%M}" in clocks
    }
    inside = {at for at in durations | minutes if wanted.start < at < cdr.end_date_time}

    assert inside - set(starts) == set()
    assert starts == sorted(set(starts))
