"""Where the stack is killed: one row a point.

Rule: a point only harms; what must hold afterwards is the same for all and stands in `verdict`.
Moments are drawn from the seed, so a round can be repeated as far as processes can.
"""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from tests.integration.kill_matrix.arena import (
    CLICKHOUSE,
    GATEWAYS,
    KAFKA,
    SINK,
    WORKERS,
    Arena,
)
from tests.integration.rig import wait_until

# The group forgets a worker after 10 s (streams.agents).
FROZEN_SECONDS = 13.0
LONGEST_MOMENT_SECONDS = 2.0
REACHED_SECONDS = 90.0
KILLED = -9

Harm = Callable[[Arena, Random], None]


@dataclass(frozen=True)
class Point:
    """A place or a moment, who is killed there, and who may end itself because of it."""

    name: str
    harm: Harm
    killed: tuple[str, ...]
    may_fail: tuple[str, ...] = ()


def at(role: str, place: str, *, times: int) -> Point:
    """Kill a role where its own code says `place`, one of the first `times` passes."""

    def harm(arena: Arena, random: Random) -> None:
        process = arena.start(role, kill_point=f"{place}:{random.randint(1, times)}")
        wait_until(lambda: process.poll() is not None, seconds=REACHED_SECONDS, told=arena.logs)

    return Point(name=place, harm=harm, killed=(role,))


def at_once(name: str, *places: tuple[str, str, int]) -> Point:
    """Kill several roles in one round, each where its own code says so: (role, place, times)."""

    def harm(arena: Arena, random: Random) -> None:
        armed = [
            arena.start(role, kill_point=f"{place}:{random.randint(1, times)}")
            for role, place, times in places
        ]

        def all_are_dead() -> bool:
            arena.tend()  # what is dead already is started again: the others need it
            return all(process.poll() is not None for process in armed)

        wait_until(all_are_dead, seconds=REACHED_SECONDS, told=arena.logs)

    return Point(name=name, harm=harm, killed=tuple(role for role, _, _ in places))


def _moment(random: Random) -> None:
    time.sleep(random.uniform(0.1, LONGEST_MOMENT_SECONDS))


def _kill_in_turn(*roles: str) -> Harm:
    def harm(arena: Arena, random: Random) -> None:
        for role in roles:
            _moment(random)
            process = arena.process(role)
            process.send_signal(signal.SIGKILL)
            process.wait(timeout=20)
            arena.tend()

    return harm


def _freeze_and_wake(arena: Arena, random: Random) -> None:
    """Stop a worker for longer than its session lasts, let another take over, wake it."""
    _moment(random)
    frozen = arena.process(WORKERS[0])
    frozen.send_signal(signal.SIGSTOP)
    asleep = time.monotonic()
    _join(arena)
    _moment(random)
    time.sleep(max(0.0, FROZEN_SECONDS - (time.monotonic() - asleep)))
    frozen.send_signal(signal.SIGCONT)
    _moment(random)


def _join_and_leave(arena: Arena, random: Random) -> None:
    """Let a second worker join under load, and leave again."""
    _join(arena)
    _moment(random)
    arena.stop(WORKERS[1])


def _join_and_die(arena: Arena, random: Random) -> None:
    """Let a second worker join under load, and kill it."""
    _join(arena)
    _moment(random)
    arena.kill(WORKERS[1])


def _join(arena: Arena) -> None:
    """Start the second worker and wait until it has taken a partition over."""
    log = arena.folder / f"{WORKERS[1]}.log"
    before = log.stat().st_size if log.exists() else 0
    arena.start(WORKERS[1])
    wait_until(
        lambda: b"applied up to" in log.read_bytes()[before:],
        seconds=REACHED_SECONDS,
        told=arena.logs,
    )


def _kill_kafka(arena: Arena, random: Random) -> None:
    _moment(random)
    arena.kill_kafka(away_seconds=random.uniform(0, LONGEST_MOMENT_SECONDS))


def _kill_clickhouse(arena: Arena, random: Random) -> None:
    _moment(random)
    arena.kill_clickhouse(away_seconds=random.uniform(0, LONGEST_MOMENT_SECONDS))


def _kill_all_in_turn(arena: Arena, random: Random) -> None:
    """Kill each of ours and the database once, in an order of the seed."""
    roles = [*GATEWAYS, WORKERS[0], SINK, CLICKHOUSE]
    random.shuffle(roles)
    for role in roles:
        if role == CLICKHOUSE:
            _kill_clickhouse(arena, random)
        else:
            _kill_in_turn(role)(arena, random)


POINTS = (
    at(GATEWAYS[0], "gateway_before_publish", times=20),
    at(GATEWAYS[0], "gateway_after_ack", times=20),
    Point("gateway_any_moment", _kill_in_turn(GATEWAYS[0]), (GATEWAYS[0],)),
    Point("both_gateways_in_turn", _kill_in_turn(*GATEWAYS), GATEWAYS),
    at(WORKERS[0], "streams_before_transaction", times=6),
    at(WORKERS[0], "streams_in_transaction", times=6),
    at(WORKERS[0], "streams_after_transaction", times=6),
    Point("streams_any_moment", _kill_in_turn(WORKERS[0]), (WORKERS[0],)),
    Point("streams_frozen_and_woken", _freeze_and_wake, (), may_fail=WORKERS),
    Point("streams_rebalance", _join_and_leave, (), may_fail=WORKERS),
    Point("streams_rebalance_killed", _join_and_die, (WORKERS[1],), may_fail=WORKERS),
    at(SINK, "sink_before_rest", times=4),
    at(SINK, "sink_before_offset", times=4),
    at(SINK, "sink_after_offset", times=4),
    Point("sink_any_moment", _kill_in_turn(SINK), (SINK,)),
    Point("clickhouse_any_moment", _kill_clickhouse, (CLICKHOUSE,)),
    Point("kafka_any_moment", _kill_kafka, (KAFKA,), may_fail=(*WORKERS, SINK)),
    at_once(
        "before_each_write",
        (GATEWAYS[0], "gateway_before_publish", 10),
        (WORKERS[0], "streams_before_transaction", 4),
        (SINK, "sink_before_offset", 3),
    ),
    at_once(
        "within_each_write",
        (GATEWAYS[0], "gateway_after_ack", 10),
        (WORKERS[0], "streams_in_transaction", 4),
        (SINK, "sink_after_offset", 3),
    ),
    Point("all_in_turn", _kill_all_in_turn, (*GATEWAYS, WORKERS[0], SINK, CLICKHOUSE)),
)
# What the ordinary run does, one seed each: together they pass all that is killed.
ORDINARY = (
    "before_each_write",
    "streams_frozen_and_woken",
    "streams_rebalance_killed",
    "kafka_any_moment",
    "all_in_turn",
)
BY_NAME = {point.name: point for point in POINTS}
