"""Compares the engine with the oracle: `python -m tests.naive.agree --count 50000 --seed 1`.

Rule: the engine is asked through its public door alone. Exit 1 where any answer differs.
"""

import argparse
import sys
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal, localcontext
from fractions import Fraction
from multiprocessing import Pool

from settlement.ocpi.door import parse_cdr
from settlement.pricing.engine import price as engine_price
from settlement.pricing.priced import Costs, Unpriceable
from settlement.pricing.profile import DEFAULT
from settlement.tariff import Price
from tests.naive import oracle
from tests.naive.worlds import World, a_world

PARTS = (
    "total_fixed_cost",
    "total_energy_cost",
    "total_time_cost",
    "total_parking_cost",
    "total_reservation_cost",
)
# Quotients that do not end are shown to 18 decimals.
SHOWN = Fraction(1, 10**18)
CENT = Decimal("0.01")


def differences(world: World) -> list[str]:
    """Price a world twice; list what differs, one line each."""
    cdr = parse_cdr(world.document, ocpi_version=world.version).value
    engine = engine_price(cdr=cdr, tariffs=cdr.tariffs, zone=world.zone, profile=DEFAULT)
    try:
        naive = oracle.price(world.document, world.version, world.zone)
    except oracle.NoPriceError as reason:
        if isinstance(engine, Unpriceable) and str(reason) in engine.code:
            return []
        return [f"unpriceable: oracle {reason}, engine {engine}"]
    if isinstance(engine, Unpriceable):
        return [f"unpriceable: oracle {naive.total_cost}, engine {engine.code}"]
    return [*_totals(engine.exact, engine.rounded, naive), *_parts(engine.exact, naive)]


def outcome(world: World) -> str:
    """Say in one word what the oracle makes of a world."""
    try:
        return "priced" if oracle.price(world.document, world.version, world.zone) else ""
    except oracle.NoPriceError as reason:
        return f"unpriceable: {reason}"


def _totals(exact: Costs, rounded: Costs, naive: oracle.Answer) -> list[str]:
    lines = []
    for name, place in (("before_taxes", 0), ("after_taxes", 1)):
        wanted = naive.total_cost[place]
        lines += _line(f"total_cost.{name}", wanted, _side(exact.total_cost, name))
        cents = None if wanted is None else _cents(wanted)
        found = _side(rounded.total_cost, name)
        if cents != found:
            lines.append(f"rounded total_cost.{name}: oracle {cents}, engine {found}")
    return lines


def _parts(exact: Costs, naive: oracle.Answer) -> list[str]:
    lines = []
    for part in PARTS:
        wanted = naive.parts.get(part, oracle.NOTHING)
        given: Price | None = getattr(exact, part)
        for name, place in (("before_taxes", 0), ("after_taxes", 1)):
            found = Decimal(0) if given is None else _side(given, name)
            lines += _line(f"{part}.{name}", wanted[place], found)
    return lines


def _line(name: str, wanted: Fraction | None, found: Decimal | None) -> list[str]:
    if wanted is None or found is None:
        same = wanted is None and found is None
    else:
        same = abs(wanted - Fraction(found)) <= SHOWN
    shown = None if wanted is None else f"{wanted} ~ {wanted.numerator / wanted.denominator:.9f}"
    return [] if same else [f"{name}: oracle {shown}, engine {found}"]


def _side(price: Price | None, name: str) -> Decimal | None:
    side: Decimal | None = None if price is None else getattr(price, name)
    return side


def _cents(amount: Fraction) -> Decimal:
    with localcontext(prec=200):
        hundredths = (abs(amount) * 100 + Fraction(1, 2)).__floor__()
        cents = (Decimal(hundredths) * CENT).quantize(CENT, ROUND_HALF_UP)
        return -cents if amount < 0 else cents


def _compared(seed: int) -> tuple[int, str, list[str]]:
    world = a_world(seed)
    return seed, outcome(world), differences(world)


def main() -> int:
    """Compare `--count` worlds from `--seed` on and print a summary."""
    parser = argparse.ArgumentParser(description="Compare the engine with the naive oracle.")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--show", type=int, default=3, help="differing cases to print in full")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.count)
    outcomes: Counter[str] = Counter()
    differing: list[int] = []
    if options.jobs > 1:
        with Pool(options.jobs) as pool:
            results = list(pool.imap(_compared, seeds, chunksize=50))
    else:
        results = map(_compared, seeds)  # type: ignore[assignment]
    for seed, word, lines in results:
        outcomes[word] += 1
        if not lines:
            continue
        differing.append(seed)
        if len(differing) <= options.show:
            world = a_world(seed)
            print(f"seed {seed}: OCPI {world.version}, {world.zone}", *lines, sep="\n  ")
            print(world.document.decode())
    print(f"worlds: {options.count}, seeds {seeds.start} to {seeds.stop - 1}")
    print("oracle:", ", ".join(f"{word} {count}" for word, count in sorted(outcomes.items())))
    print(f"differences: {len(differing)}", differing[:50] if differing else "")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
