"""A corrected copy of a tariff prices every session as its source does.

`FIXED_TARIFFS=5000 pytest tests/properties/test_fixed_tariff.py` corrects more of them.
"""

import copy
import json
import os
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st

from settlement.ocpi.door import parse_cdr
from settlement.pricing.engine import price
from settlement.pricing.priced import PricedCdr, Unpriceable
from settlement.pricing.profile import DEFAULT
from settlement.tariff_tools.lint.fix import Fixed, fix
from tests.naive.worlds import a_world

EXAMPLES = int(os.environ.get("FIXED_TARIFFS", "40"))
SESSIONS = 6  # further worlds that a tariff is tried in, where they are of its OCPI version
ALWAYS = {"key_twice", "wrong_case", "duplicate_dimension", "step_size_zero", "step_size_flat"}
_encoder = msgspec.json.Encoder(decimal_format="number")

Json = dict[str, Any]
SPLIT = msgspec.structs.replace(DEFAULT, name="split", straddling="split")


def decoded(data: bytes) -> Any:
    return json.loads(data, parse_float=Decimal)


# restrictions that always hold, never do, or seem to
RULES: tuple[Json, ...] = (
    {"min_duration": 0},
    {"min_kwh": 0},
    {"max_kwh": 0},
    {"max_duration": 0},
    {"start_time": "00:00", "end_time": "00:00"},
    {"start_time": "7:30"},
    {"min_kwh": 7, "max_kwh": 3},
    {"min_power": 20, "max_power": 10},
    {"start_date": "2024-06-01", "end_date": "2024-05-01"},
    {"day_of_week": ["monday"]},
    {"reservation": "reservation"},
)


def spoiled(tariff: Json, chance: Random) -> Json:
    """Give the tariff with more in it that can be mended, and with look-alikes that cannot."""
    tariff = copy.deepcopy(tariff)
    elements = tariff["elements"]
    for _ in range(chance.randrange(4)):
        element = chance.choice(elements)
        component = chance.choice(element["price_components"])
        match chance.randrange(7):
            case 0:
                elements.insert(chance.randrange(len(elements) + 1), copy.deepcopy(element))
            case 1:
                element["price_components"].append(component | {"price": 9})
            case 2:
                component["type"] = component["type"].lower()
            case 3:
                component["price"] = str(component["price"])
            case 4:
                component["step_size"] = chance.choice((0, -5, 1, 60))
            case _:
                element["restrictions"] = element.get("restrictions", {}) | chance.choice(RULES)
    return tariff


def working(document: Json, version: str, zone: str) -> object:
    """Give every line and total of a price, without which element gave it."""
    cdr = parse_cdr(_encoder.encode(document), ocpi_version=version).value
    found: list[object] = []
    for profile in (DEFAULT, SPLIT):
        priced = price(cdr=cdr, tariffs=cdr.tariffs, zone=zone, profile=profile)
        if isinstance(priced, Unpriceable):
            found.append((priced.code,))
            continue
        assert isinstance(priced, PricedCdr)
        found.append((priced.exact, priced.rounded, lines(priced) if profile is DEFAULT else None))
    return found


def lines(priced: PricedCdr) -> list[tuple[object, ...]]:
    return [
        (
            one.period,
            one.dimension,
            one.is_reservation,
            one.volume,
            one.billed_volume,
            one.unit_price,
            one.before_taxes,
            one.after_taxes,
        )
        for one in priced.segments
    ]


@pytest.mark.timeout(3600)
@given(seed=st.integers(0, 2**32))
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_a_corrected_copy_prices_every_session_as_its_source(seed: int) -> None:
    chance = Random(seed)
    world = a_world(seed)
    cdr = decoded(world.document)
    # Copies of one id that differ price nothing, and may be alike once they are mended.
    assume(len({tariff["id"] for tariff in cdr["tariffs"]}) == len(cdr["tariffs"]) > 0)
    tariffs = [spoiled(tariff, chance) for tariff in cdr["tariffs"]]
    text = _encoder.encode(tariffs)

    data, fixed = fix(text, ocpi_version=world.version)

    mended = decoded(data)
    for done in {one.code for given_ in fixed for one in given_.done}:
        event(done)
    assert fix(data, ocpi_version=world.version)[0] == data
    assert all(not_found_again(one) for one in fixed)
    for session in sessions_like(cdr, world.version, chance):
        before, after = named(session, tariffs), named(session, mended)
        assert working(before, world.version, world.zone) == working(
            after, world.version, world.zone
        )


def named(session: Json, tariffs: list[Json]) -> Json:
    """Give a session under these tariffs: periods name the first where they name an unknown one."""
    known = [tariff["id"] for tariff in tariffs]
    session = copy.deepcopy(session) | {"tariffs": tariffs}
    for period in session["charging_periods"]:
        if period.get("tariff_id") not in {None, *known}:
            period["tariff_id"] = known[0]
    return session


def not_found_again(fixed: Fixed) -> bool:
    """Tell whether nothing of a code that can always be mended is left where some was."""
    done = {one.code for one in fixed.done} & ALWAYS
    return not done & {one.code for one in fixed.left.findings}


def sessions_like(cdr: Json, version: str, chance: Random) -> list[Json]:
    """Give the session, and others of its OCPI version."""
    others = [a_world(chance.randrange(2**32)) for _ in range(SESSIONS)]
    return [cdr] + [decoded(other.document) for other in others if other.version == version]
