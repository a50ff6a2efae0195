"""How fast pricing is, as ratios to a bare typed decode of the same bytes in the same run.

Rule: measures and prints, never gates by absolute time. The CDR is typical: one tariff of three
elements, four periods, 2.7 KB; ids, times and volumes differ, tariffs repeat as in life.
Run it with `python -m tests.bench.bench_pricing`, or `pytest -m bench -s` and this file's name.
"""

import gc
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any

import msgspec
import pytest

from settlement.answer import Desk
from settlement.answer_json import json_line
from settlement.cdr import Cdr
from settlement.ocpi.door import parse_cdr
from settlement.pricing.engine import price
from settlement.pricing.priced import PricedCdr
from tests.bench.typed_cdr import TypedCdr
from tests.builders import a_cdr_document, a_cdr_location_document

DOCUMENTS = 1500
BATCH = 50  # documents timed together; the median of all batches counts
COMMAND_ROUNDS = 5
COMMAND_DOCUMENTS = 60_000  # of a file for the whole command, all distinct as well
TARIFFS = 20
ZONE = "Europe/Berlin"


def a_tariff(number: int) -> dict[str, Any]:
    """Give a day and a night price with a start fee, and a parking fee."""
    cents = 30 + number
    return {
        "country_code": "DE",
        "party_id": "ALL",
        "id": f"DE-ALL-TARIFF-{number:04d}",
        "currency": "EUR",
        "type": "REGULAR",
        "tariff_alt_text": [{"language": "de", "text": f"Tag 0,{cents} und Nacht 0,25 EUR/kWh"}],
        "elements": [
            {
                "price_components": [
                    {"type": "FLAT", "price": 0.5, "vat": 19.0, "step_size": 1},
                    {"type": "ENERGY", "price": cents / 100, "vat": 19.0, "step_size": 1},
                ],
                "restrictions": {"start_time": "07:00", "end_time": "22:00"},
            },
            {
                "price_components": [
                    {"type": "FLAT", "price": 0.4, "vat": 19.0, "step_size": 1},
                    {"type": "ENERGY", "price": 0.25, "vat": 19.0, "step_size": 1},
                ]
            },
            {
                "price_components": [
                    {"type": "PARKING_TIME", "price": 3.0, "vat": 19.0, "step_size": 300}
                ]
            },
        ],
        "last_updated": "2024-01-17T11:16:55Z",
    }


def a_document(number: int, random_: random.Random) -> dict[str, Any]:
    """Give a session of three charging periods and one of parking, which claims its price."""
    start = datetime(2024, 3, 1, 8, tzinfo=UTC) + timedelta(minutes=random_.randrange(400_000))
    start = start.replace(hour=8 + start.hour % 6)
    tariff = a_tariff(number % TARIFFS)
    periods = []
    at = start
    energy = hours = Decimal(0)
    for place in range(4):
        minutes = random_.randrange(10, 60)
        length = (Decimal(minutes) / 60).quantize(Decimal("0.0001"))
        kwh = Decimal(random_.randrange(1000, 9000)).scaleb(-3)
        dimensions: list[dict[str, Any]] = [{"type": "PARKING_TIME", "volume": length}]
        if place < 3:
            dimensions = [
                {"type": "ENERGY", "volume": kwh},
                {"type": "TIME", "volume": length},
                {"type": "MAX_POWER", "volume": 11},
            ]
            energy += kwh
        hours += length
        periods.append(
            {
                "start_date_time": f"{at:%Y-%m-%dT%H:%M:%SZ}",
                "dimensions": dimensions,
                "tariff_id": tariff["id"],
            }
        )
        at += timedelta(minutes=minutes)
    return a_cdr_document(
        id=f"CDR-2024-{number:08d}",
        session_id=f"SESSION-{number:08d}",
        start_date_time=f"{start:%Y-%m-%dT%H:%M:%SZ}",
        end_date_time=f"{at:%Y-%m-%dT%H:%M:%SZ}",
        authorization_reference=f"AUTH-{number:012d}",
        meter_id="1EMH0012345678",
        cdr_location=a_cdr_location_document(
            country="DEU", name="Parkhaus am Hauptbahnhof, Ebene 2", postal_code="10557"
        ),
        tariffs=[tariff],
        charging_periods=periods,
        total_energy=energy,
        total_time=hours,
        total_parking_time=length,
        remark="measured by a calibrated meter; signed values are to be had from the operator",
        last_updated=f"{at:%Y-%m-%dT%H:%M:%SZ}",
    )


def documents(count: int) -> list[bytes]:
    """Give the documents with claims that match, so that no finding slows them down."""
    random_ = random.Random(7)
    encoder = msgspec.json.Encoder(decimal_format="number")
    found = []
    for number in range(count):
        document = a_document(number, random_)
        cdr = parse_cdr(encoder.encode(document), ocpi_version="2.2.1").value
        priced = price(cdr=cdr, tariffs=cdr.tariffs, zone=ZONE)
        assert isinstance(priced, PricedCdr)
        for name in ("total_cost", "total_fixed_cost", "total_energy_cost", "total_parking_cost"):
            cost = getattr(priced.rounded, name)
            document[name] = {"excl_vat": cost.before_taxes, "incl_vat": cost.after_taxes}
        found.append(encoder.encode(document))
    return found


def microseconds(
    works: dict[str, tuple[Callable[[Any], object], Sequence[Any]]],
) -> dict[str, float]:
    """Give the time of one item of each work, in processor time: the median of its batches.

    The works take turns batch by batch, so that a busy machine is busy for all of them.
    """
    found: dict[str, list[float]] = {name: [] for name in works}
    for first in range(0, DOCUMENTS, BATCH):
        for name, (work, items) in works.items():
            batch = items[first : first + BATCH]
            started = time.thread_time()
            for item in batch:
                work(item)
            found[name].append((time.thread_time() - started) / len(batch) * 1e6)
    return {name: median(times) for name, times in found.items()}


def command_microseconds(data: Sequence[bytes]) -> float:
    """Give the processor time of `settle price FILE --json` a CDR, its start among it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "big.jsonl"
        path.write_bytes(b"\n".join(data) + b"\n")
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-m", "settlement", "price", str(path), "--json"],
            stdout=subprocess.PIPE,
            check=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stdout.count(b"\n") == len(data)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used / len(data) * 1e6


def measure() -> dict[str, tuple[float, float]]:
    """Give microseconds a CDR and the ratio to the bare decode, by what is done."""
    every = documents(COMMAND_DOCUMENTS)
    data = every[:DOCUMENTS]
    parsed = [parse_cdr(one, ocpi_version="2.2.1").value for one in data]
    bare = msgspec.json.Decoder(TypedCdr)
    desk = Desk()

    def price_parsed(cdr: Cdr) -> object:
        return price(cdr=cdr, tariffs=cdr.tariffs, zone=ZONE)

    def price_bytes(one: bytes) -> object:
        return price_parsed(parse_cdr(one, ocpi_version="2.2.1").value)

    gc.collect()
    gc.freeze()  # what is measured on is not what is measured
    works: dict[str, tuple[Callable[[Any], object], Sequence[Any]]] = {
        "bare typed decode": (bare.decode, data),
        "price, from parsed types": (price_parsed, parsed),
        "decode and validate": (lambda one: parse_cdr(one, ocpi_version="2.2.1"), data),
        "decode, validate, price": (price_bytes, data),
        "price and compare with the claim": (desk.answer, data),
        "price, compare, write as JSON": (lambda one: json_line(desk.answer(one)), data),
    }
    found = microseconds(works)
    unit = found["bare typed decode"]
    ratios = {name: (each, unit / each) for name, each in found.items()}
    ratios["settle price --json, the whole process"] = whole(bare.decode, data, every)
    gc.unfreeze()
    return ratios


def whole(
    decode: Callable[[bytes], object], data: Sequence[bytes], every: Sequence[bytes]
) -> tuple[float, float]:
    """Give the command's microseconds and its ratio to the decode just before and after it."""
    took = []
    for _ in range(COMMAND_ROUNDS):
        before = microseconds({"decode": (decode, data)})["decode"]
        each = command_microseconds(every)
        after = microseconds({"decode": (decode, data)})["decode"]
        took.append((each, (before + after) / 2 / each))
    return sorted(took, key=lambda one: one[1])[len(took) // 2]


def report(found: dict[str, tuple[float, float]]) -> list[str]:
    """Give one figure a line, with its unit."""
    return [
        f"{name}: {each:.1f} us a CDR, {ratio:.3f} of the bare decode"
        for name, (each, ratio) in found.items()
    ]


@pytest.mark.bench
@pytest.mark.timeout(300)
def test_what_pricing_costs_against_a_bare_decode() -> None:
    found = measure()

    print("\n" + "\n".join(report(found)))
    assert found["price, from parsed types"][1] >= 0.16
    assert found["decode, validate, price"][1] >= 0.10
    assert found["settle price --json, the whole process"][1] >= 0.07


if __name__ == "__main__":
    print(f"{DOCUMENTS} documents of {len(documents(1)[0])} bytes")
    print("\n".join(report(measure())))
