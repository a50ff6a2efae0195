"""Laws of the door: two readings, one result; nothing but one exception; no digit lost.

Documents are drawn from a seed by plain code, which is many times faster than composed
strategies; a failure names the seed.
"""

import copy
from collections.abc import Callable
from decimal import Decimal
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.fold import dump_json
from settlement.ocpi import door
from settlement.ocpi.document import NotJson, load_json
from settlement.ocpi.door import parse_cdr, parse_location, parse_session, parse_tariff
from settlement.ocpi.glance import glance
from settlement.ocpi.parsed import Parsed
from settlement.ocpi.problem import UnreadableDocument
from settlement.ocpi.version import VERSIONS, typed_readings
from tests.builders import (
    a_cdr_document,
    a_charging_period_document,
    a_location_document,
    a_session_document,
    a_tariff_document,
    in_2_1_1,
    in_2_3_0,
)

ENCODER = msgspec.json.Encoder(decimal_format="number")
PARSE: dict[str, Any] = {
    "cdr": parse_cdr,
    "session": parse_session,
    "tariff": parse_tariff,
    "location": parse_location,
}
JsonObject = dict[str, Any]
seeds = st.integers(0, 2**48)

NUMBERS = [
    Decimal(text)
    for text in (
        *("0", "1", "-1", "0.0", "1.00", "0.1", "20.5", "-0.3333", "1E+5", "2E-7", "123456.789"),
        *("0.12345678901234567890123456789012345678", "98765432109876543210987654321.5"),
        *("1" * 50, "0." + "3" * 60, "1E+900", "-0.00", "1E-40"),
    )
]
MOMENTS = [
    "2024-03-01T10:00:00Z",
    "2024-03-01T10:30:00Z",
    "2024-02-29T23:59:59.5Z",
    "2024-03-31T00:59:59.123456Z",
    "2024-12-31T23:59:59",
]
TEXTS = ["1", "T1", "t1", "x" * 36, "NL*TNM*E1", "#NA", "\u00e9\u4e2d", '\\ "quoted"']
LATER = ["reservation", "min_current"]  # restrictions that 2.1.1 does not have
ODD: list[Any] = [
    *(None, True, False, 0, -7, "", "\0", " 2.50", "1e5", "2,5", "NaN", "#NA", "RESERVED"),
    *("monday", "7:00", "24:00", "2024-1-1", "1970-1-1T00:00:00Z", "1970-01-01T00:00:00Z"),
    *("2024-03-01 10:00:00", "2024-03-01T10:00:00+02:00", "2024-03-01T24:00:00Z"),
    *(
        "2024-03-01T23:59:60Z",
        "2024-W09-5T10:00:00Z",
        "0086-07-26T07:40:36Z",
        "9999-12-31T23:59:59-14:00",
    ),
    *("2024-03-01T10:00:00.1234567Z", "2024-03-01", "x" * 300, "eur", "BE", "\U0001f600"),
    *(Decimal("1E+999999999"), Decimal("1E-2000"), 10**1001, 10**4200, 2**70, Decimal("300.0")),
    *([], {}, [None], [[]], [{}], {"before_taxes": 1, "taxes": [{"name": "VAT", "amount": 2}]}),
    *({"excl_vat": "1"}, {"incl_vat": 3}, [{"excl_vat": 1}], {"after_taxes": None}),
]


def a_price(rng: Random) -> JsonObject:
    price = {"excl_vat": rng.choice(NUMBERS)}
    return price if rng.random() < 0.3 else {**price, "incl_vat": rng.choice(NUMBERS)}


def some(rng: Random, fields: JsonObject) -> JsonObject:
    return {name: value for name, value in fields.items() if rng.random() < 0.5}


def an_element(rng: Random) -> JsonObject:
    components = [
        {
            "type": rng.choice(["ENERGY", "FLAT", "PARKING_TIME", "TIME"]),
            "price": rng.choice(NUMBERS),
            **some(rng, {"vat": rng.choice(NUMBERS)}),
            "step_size": rng.choice([0, 1, 300, -1]),
        }
        for _ in range(rng.randint(1, 3))
    ]
    restrictions = {
        "start_time": rng.choice(["00:00", "08:00", "23:59"]),
        "end_date": "2024-02-29",
        "max_kwh": rng.choice(NUMBERS),
        "min_duration": rng.choice([0, 3600]),
        "day_of_week": ["SUNDAY", "MONDAY"],
        "reservation": rng.choice(["RESERVATION", "RESERVATION_EXPIRES"]),
    }
    return {
        "price_components": components,
        **some(rng, {"restrictions": some(rng, restrictions)}),
    }


def a_random_tariff(rng: Random) -> JsonObject:
    elements = [an_element(rng) for _ in range(rng.randint(1, 2))]
    optional = {"min_price": a_price(rng), "type": "REGULAR", "end_date_time": rng.choice(MOMENTS)}
    return a_tariff_document(id=rng.choice(TEXTS), elements=elements, **some(rng, optional))


def a_random_period(rng: Random) -> JsonObject:
    types = ["ENERGY", "TIME", "PARKING_TIME", "MAX_POWER"]
    dimensions = [
        {"type": rng.choice(types), "volume": rng.choice(NUMBERS)} for _ in range(rng.randint(1, 3))
    ]
    return a_charging_period_document(start_date_time=rng.choice(MOMENTS), dimensions=dimensions)


def a_random_cdr(rng: Random) -> JsonObject:
    optional = {
        "total_parking_time": rng.choice(NUMBERS),
        "total_fixed_cost": a_price(rng),
        "credit": True,
        "remark": "a remark",
    }
    return a_cdr_document(
        id=rng.choice(TEXTS),
        start_date_time=rng.choice(MOMENTS),
        charging_periods=[a_random_period(rng) for _ in range(rng.randint(1, 3))],
        tariffs=[a_random_tariff(rng) for _ in range(rng.randint(0, 2))],
        total_cost=a_price(rng),
        total_energy=rng.choice(NUMBERS),
        **some(rng, optional),
    )


def a_random_session(rng: Random) -> JsonObject:
    periods = [a_random_period(rng) for _ in range(rng.randint(0, 2))]
    optional = {"charging_periods": periods, "total_cost": a_price(rng)}
    return a_session_document(kwh=rng.choice(NUMBERS), **some(rng, optional))


def a_random_location(_: Random) -> JsonObject:
    return a_location_document()


DRAW: dict[str, Callable[[Random], JsonObject]] = {
    "cdr": a_random_cdr,
    "session": a_random_session,
    "tariff": a_random_tariff,
    "location": a_random_location,
}


def places(value: Any) -> list[tuple[Any, Any]]:
    """List every (holder, key) in a document."""
    found: list[tuple[Any, Any]] = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(pairs):
        found.append((value, key))
        if isinstance(inner, dict | list):
            found.extend(places(inner))
    return found


def changed(rng: Random, value: Any) -> Any:
    """Write a value in another way, as partners do, or replace it by something odd."""
    way = rng.choice(["null", "null", "spelling", "spelling", "single", "empty", "odd"])
    if way == "null":
        return None
    if way == "spelling" and isinstance(value, str):
        return value.swapcase()
    if way == "spelling" and isinstance(value, int | float | Decimal):
        return str(value)
    if way == "single":
        return value[0] if isinstance(value, list) and value else [value]
    if way == "empty":
        return [] if isinstance(value, list) else ""
    return copy.deepcopy(rng.choice(ODD))


def deviating(rng: Random, document: JsonObject) -> bytes:
    """Change a regular document in a few places."""
    document = copy.deepcopy(document)
    for _ in range(rng.randint(0, 4)):
        holder, key = rng.choice(places(document))
        way = rng.random()
        if way < 0.15:
            del holder[key]
        elif way < 0.25 and isinstance(holder, dict):
            holder[rng.choice([*TEXTS, *LATER])] = copy.deepcopy(rng.choice(ODD))
        else:
            holder[key] = changed(rng, holder[key])
        if not document:
            break
    return ENCODER.encode(document)


def told(parse: Callable[[], Any]) -> Any:
    """Give the result or the problems."""
    try:
        return parse()
    except UnreadableDocument as unreadable:
        return unreadable.problems


def tolerantly(kind: str, version: str, data: bytes) -> Any:
    if kind == "cdr":
        return told(lambda: door._parse_cdr_tolerantly(data, version))
    document = getattr(VERSIONS[version], kind)
    return told(lambda: door._parse_tolerantly(document, data, ocpi_version=version))


IN_VERSION: dict[str, Callable[[JsonObject], JsonObject]] = {
    "2.1.1": in_2_1_1,
    "2.2.1": lambda document: document,
    "2.3.0": in_2_3_0,
}


@pytest.mark.parametrize("version", sorted(IN_VERSION))
@pytest.mark.parametrize("kind", sorted(DRAW))
@settings(max_examples=30)
@given(seed=seeds)
def test_a_regular_document_takes_the_typed_reading_without_a_remark(
    kind: str, version: str, seed: int
) -> None:
    data = ENCODER.encode(IN_VERSION[version](DRAW[kind](Random(seed))))
    document = getattr(VERSIONS[version], kind)
    given_tariffs = {"tariffs": ()} if kind == "cdr" else {}

    parsed = PARSE[kind](data, ocpi_version=version)

    [(wire, nulls)] = typed_readings(document, data)
    assert document.translate(wire, ocpi_version=version, **given_tariffs)
    assert (nulls, parsed.remarks) == ([], ())
    assert tolerantly(kind, version, data) == parsed


@pytest.mark.parametrize("version", sorted(IN_VERSION))
@pytest.mark.parametrize("kind", sorted(DRAW))
@settings(max_examples=60)
@given(seed=seeds)
def test_both_readings_agree(kind: str, version: str, seed: int) -> None:
    rng = Random(seed)
    data = deviating(rng, IN_VERSION[version](DRAW[kind](rng)))

    parsed = told(lambda: PARSE[kind](data, ocpi_version=version))

    assert tolerantly(kind, version, data) == parsed, data


@given(seeds)
def test_no_digit_is_lost(seed: int) -> None:
    document = a_random_cdr(Random(seed))

    cdr = parse_cdr(ENCODER.encode(document), ocpi_version="2.2.1").value

    sent = [
        item["volume"] for period in document["charging_periods"] for item in period["dimensions"]
    ]
    read = [item.volume for period in cdr.charging_periods for item in period.dimensions]
    assert list(map(str, sent)) == list(map(str, read))
    assert cdr.total_cost is not None
    assert str(document["total_cost"]["excl_vat"]) == str(cdr.total_cost.before_taxes)


@given(seeds)
def test_plain_json_keeps_every_number(seed: int) -> None:
    data = ENCODER.encode(a_random_cdr(Random(seed)))

    assert dump_json(load_json(data)) == data


@given(st.one_of(st.binary(), st.text().map(str.encode)))
def test_arbitrary_bytes_raise_nothing_but_the_one_exception(data: bytes) -> None:
    for parse in PARSE.values():
        with pytest.raises(UnreadableDocument):
            parse(data, ocpi_version="2.2.1")


@settings(max_examples=150)
@given(seeds)
def test_a_glance_refuses_nothing_that_can_be_read(seed: int) -> None:
    rng = Random(seed)
    data = deviating(rng, a_random_cdr(rng))

    seen = glance(data, module="cdrs", ocpi_version="2.2.1")

    parsed = told(lambda: parse_cdr(data, ocpi_version="2.2.1"))
    if isinstance(parsed, Parsed):
        assert {problem.path for problem in seen.problems} <= {"$.id"}
        assert seen.cpo == parsed.value.cpo
        assert seen.occurred == parsed.value.end_date_time


@given(st.one_of(st.binary(), st.text().map(str.encode)))
def test_a_glance_at_arbitrary_bytes_says_that_it_is_not_json(data: bytes) -> None:
    with pytest.raises(NotJson):
        glance(data, module="cdrs", ocpi_version="2.2.1")
