"""What senders do beside the rule: each a small change to a whole CDR.

Rule: the price stays decided by the notes, and no oddity makes a document unreadable.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

Json = dict[str, Any]
Oddity = Callable[[Random, Json, str], None]


def _later(text: str, seconds: int) -> str:
    moment = datetime.fromisoformat(text.removesuffix("Z")) + timedelta(seconds=seconds)
    return moment.replace(microsecond=0).isoformat() + "Z"


def _end(version: str) -> str:
    return "stop_date_time" if version == "2.1.1" else "end_date_time"


def _components(cdr: Json) -> list[Json]:
    elements = [element for tariff in cdr["tariffs"] for element in tariff["elements"]]
    return [component for element in elements for component in element["price_components"]]


def periods_out_of_order(chance: Random, cdr: Json, _: str) -> None:
    chance.shuffle(cdr["charging_periods"])


def no_periods(_: Random, cdr: Json, __: str) -> None:
    cdr["charging_periods"] = []


def no_tariffs(_: Random, cdr: Json, __: str) -> None:
    cdr["tariffs"] = []


def one_tariff_left_out(_: Random, cdr: Json, __: str) -> None:
    cdr["tariffs"].pop()


def other_currency(_: Random, cdr: Json, __: str) -> None:
    cdr["tariffs"][0]["currency"] = "SEK"


def tariff_twice(chance: Random, cdr: Json, _: str) -> None:
    first = cdr["tariffs"][0]
    text = [{"language": "en", "text": "once more"}]
    touched = {"last_updated": "2024-01-02T00:00:00Z"}
    cdr["tariffs"].append(first | chance.choice(({}, {"tariff_alt_text": text}, touched)))


def tariff_twice_differently(_: Random, cdr: Json, __: str) -> None:
    first = cdr["tariffs"][0]
    again = {"price_components": [{"type": "FLAT", "price": Decimal(1), "step_size": 1}]}
    cdr["tariffs"].append(first | {"elements": [*first["elements"], again]})


def tariff_ids_in_another_case(chance: Random, cdr: Json, _: str) -> None:
    for thing in (*cdr["tariffs"], *cdr["charging_periods"]):
        name = "id" if "elements" in thing else "tariff_id"
        if thing.get(name) and chance.random() < 0.5:
            thing[name] = thing[name].lower()


def tariff_not_valid_any_more(_: Random, cdr: Json, version: str) -> None:
    if version != "2.1.1" and any(period.get("tariff_id") for period in cdr["charging_periods"]):
        for tariff in cdr["tariffs"]:
            tariff["end_date_time"] = cdr["start_date_time"]


def prices_as_text(_: Random, cdr: Json, __: str) -> None:
    for component in _components(cdr):
        component["price"] = str(component["price"])


def negative_prices(chance: Random, cdr: Json, _: str) -> None:
    for component in _components(cdr):
        component["price"] *= chance.choice((1, -1))


def half_cents(chance: Random, cdr: Json, version: str) -> None:
    """Choose prices, rates and limits whose quotients often end on half a cent."""
    prices = {"ENERGY": ("0", "0.5"), "FLAT": ("0.005", "1")}
    rate = Decimal(chance.choice(("20", "7.7", "5", "25")))
    for component in _components(cdr):
        kind = component["type"]
        component["price"] = Decimal(chance.choice(prices.get(kind, ("6", "3", "0.06", "0.8"))))
        if "vat" in component:
            component["vat"] = rate
    before = "excl_vat" if version == "2.2.1" else "before_taxes"
    for tariff in cdr["tariffs"]:
        for name in ("min_price", "max_price"):
            if name in tariff:
                tariff[name] = {before: Decimal(chance.choice(("0.5", "5", "5.005", "1.1")))}


def many_digits(chance: Random, cdr: Json, _: str) -> None:
    for component in _components(cdr):
        component["price"] += Decimal(chance.randrange(10**9)).scaleb(-12)
    for period in cdr["charging_periods"]:
        for dimension in period["dimensions"]:
            if dimension["volume"]:
                dimension["volume"] += Decimal(chance.randrange(10**6)).scaleb(-9)


def noise_of_energy(chance: Random, cdr: Json, _: str) -> None:
    for period in cdr["charging_periods"]:
        for dimension in period["dimensions"]:
            if dimension["type"] == "ENERGY":
                noise = chance.choice(("0.00001", "0.00004", "0.00005", "0.00006", "-0.00004"))
                dimension["volume"] = abs(dimension["volume"].quantize(Decimal(1)) + Decimal(noise))


def energy_mostly_fed_back(chance: Random, cdr: Json, _: str) -> None:
    for period in cdr["charging_periods"]:
        for dimension in period["dimensions"]:
            if dimension["type"] == "ENERGY":
                dimension["volume"] *= chance.choice((1, -1, -1))


def a_dimension_twice(chance: Random, cdr: Json, _: str) -> None:
    dimensions = chance.choice(cdr["charging_periods"])["dimensions"]
    dimensions.append(dict(chance.choice(dimensions)))


def zeros_beside_what_was_used(_: Random, cdr: Json, version: str) -> None:
    kinds = ("ENERGY", "TIME", "PARKING_TIME", *(("RESERVATION_TIME",) * (version != "2.1.1")))
    for period in cdr["charging_periods"]:
        stated = {dimension["type"] for dimension in period["dimensions"]}
        missing = [kind for kind in kinds if kind not in stated]
        period["dimensions"] += [{"type": kind, "volume": 0} for kind in missing]


def a_last_period_of_nothing(chance: Random, cdr: Json, version: str) -> None:
    last = max(cdr["charging_periods"], key=lambda period: str(period["start_date_time"]))
    kind = chance.choice(("ENERGY", "TIME", "PARKING_TIME"))
    nothing = {"dimensions": [{"type": kind, "volume": 0}]}
    cdr["charging_periods"].append(last | nothing | {"start_date_time": cdr[_end(version)]})


def flat_stated_as_a_dimension(_: Random, cdr: Json, __: str) -> None:
    for period in cdr["charging_periods"]:
        period["dimensions"].append({"type": "FLAT", "volume": 1})


def reserved_time_in_the_session(chance: Random, cdr: Json, version: str) -> None:
    if version != "2.1.1":
        hours = Decimal(chance.randrange(500)).scaleb(-4)
        chance.choice(cdr["charging_periods"])["dimensions"].append(
            {"type": "RESERVATION_TIME", "volume": hours}
        )


def fractions_of_a_second(chance: Random, cdr: Json, _: str) -> None:
    for period in cdr["charging_periods"][1:]:
        whole = period["start_date_time"].split(".")[0].removesuffix("Z")
        period["start_date_time"] = f"{whole}.{chance.randrange(1000):03}Z"


def first_period_before_the_session(chance: Random, cdr: Json, _: str) -> None:
    first = cdr["charging_periods"][0]
    first["start_date_time"] = _later(cdr["start_date_time"], -chance.randrange(1, 36000))


def end_at_the_start(_: Random, cdr: Json, version: str) -> None:
    cdr[_end(version)] = cdr["start_date_time"]


def all_signs_of_a_credit_turned(_: Random, cdr: Json, version: str) -> None:
    if version == "2.1.1":
        return
    cdr |= {"credit": True, "credit_reference_id": "ORIGINAL"}
    for period in cdr["charging_periods"]:
        for dimension in period["dimensions"]:
            dimension["volume"] = -abs(dimension["volume"])
    for name in ("total_energy", "total_time", "total_parking_time"):
        cdr[name] = -abs(cdr[name])


ODDITIES: tuple[Oddity, ...] = (
    periods_out_of_order,
    no_periods,
    no_tariffs,
    one_tariff_left_out,
    other_currency,
    tariff_twice,
    tariff_twice_differently,
    tariff_ids_in_another_case,
    tariff_not_valid_any_more,
    prices_as_text,
    negative_prices,
    half_cents,
    many_digits,
    noise_of_energy,
    energy_mostly_fed_back,
    a_dimension_twice,
    zeros_beside_what_was_used,
    a_last_period_of_nothing,
    flat_stated_as_a_dimension,
    reserved_time_in_the_session,
    fractions_of_a_second,
    first_period_before_the_session,
    end_at_the_start,
    all_signs_of_a_credit_turned,
)
