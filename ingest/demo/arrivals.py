"""Cars that arrive, charge, stand and leave, from a seed; the shape of real charging sessions.

Rule: the charge of a seed and number is always the same, however many are asked for, so that a
longer run with the same seed sends the documents of a shorter one again and then some.
"""

import random
from datetime import timedelta
from decimal import Decimal

import msgspec

from ingest.demo.catalogue import EMSPS, month_of
from ingest.demo.charge import Charge
from ingest.demo.places import PLACES, Place

WATT_HOUR = Decimal("0.001")


class Habit(msgspec.Struct, frozen=True, kw_only=True):
    """How people charge at a kind of place; pairs are mean and spread of a normal draw."""

    arrivals: tuple[tuple[float, float], ...]  # UTC hour of the day; one pair is drawn
    kwh: tuple[float, float]
    power_kw: tuple[float, float]
    idle_hours: float  # mean of an exponential draw
    idle_share: float  # of the sessions that stay after charging


HABITS = {
    "street": Habit(
        arrivals=((17.0, 1.8), (20.0, 1.5), (8.5, 1.5)),
        kwh=(22.0, 12.0),
        power_kw=(9.0, 2.0),
        idle_hours=5.0,
        idle_share=0.85,
    ),
    "work": Habit(
        arrivals=((7.3, 0.8), (8.2, 1.0), (12.5, 1.2)),
        kwh=(14.0, 8.0),
        power_kw=(5.5, 1.8),
        idle_hours=3.0,
        idle_share=0.8,
    ),
    "fast": Habit(
        arrivals=((11.0, 2.5), (16.0, 2.5), (19.5, 2.0)),
        kwh=(34.0, 14.0),
        power_kw=(75.0, 25.0),
        idle_hours=0.15,
        idle_share=0.4,
    ),
}
USERS_AN_EMSP = 400


def charge_of(seed: int, number: int, attempt: int = 0) -> Charge:
    """Give charge `number` of a seed; another attempt is another draw for the same number."""
    chance = random.Random(f"{seed}:{number}:{attempt}")  # noqa: S311 - a reproducible scenario
    place = chance.choice(PLACES)
    evse = chance.choice(place.evses)
    habit = HABITS[place.habit]
    start = month_of(seed) + timedelta(days=_day(chance, place), seconds=_arrival(chance, habit))
    energy = _draw(chance, *habit.kwh, least=0.6)
    power = _draw(chance, *habit.power_kw, least=2.0)
    charging = int(energy / power * 3600)
    idle = 0
    if chance.random() < habit.idle_share:
        idle = min(int(chance.expovariate(1 / habit.idle_hours) * 3600), 14 * 3600)
    charging_end = start + timedelta(seconds=charging)
    emsp = chance.choice(EMSPS)
    return Charge(
        id=f"{place.cpo[:2]}-{seed}-{number:06d}",
        connection_start=start,
        charging_start=start,
        charging_end=charging_end,
        connection_end=charging_end + timedelta(seconds=idle),
        energy_kwh=Decimal(str(energy)).quantize(WATT_HOUR),
        place=place,
        evse=evse,
        emsp=emsp,
        user=f"{emsp[3:]}{chance.randrange(USERS_AN_EMSP):05d}",
    )


def _day(chance: random.Random, place: Place) -> int:
    """Draw a day of the month (28 are enough); work places are quiet at the weekend."""
    days = [chance.randrange(28), chance.randrange(28)]
    return min(days, key=lambda day: day % 7 >= 5) if place.habit == "work" else days[0]


def _arrival(chance: random.Random, habit: Habit) -> int:
    hour, spread = chance.choice(habit.arrivals)
    return int(chance.gauss(hour, spread) % 24 * 3600)


def _draw(chance: random.Random, mean: float, spread: float, least: float) -> float:
    return max(chance.gauss(mean, spread), least)
