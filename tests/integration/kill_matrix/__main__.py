"""The full matrix: `python -m tests.integration.kill_matrix --seeds 10` prints a line a round.

Rule: exit 0 where the law held in every round, 1 where it did not.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tests.integration.kill_matrix.arena import Arena, an_arena
from tests.integration.kill_matrix.points import BY_NAME, POINTS, Point
from tests.integration.kill_matrix.verdict import Round, run_round

COLUMNS = ("point", "seed", "acknowledged", "rows", "lost", "doubled", "unanswered", "copies")
LAYOUT = "{:<28}{:>5}{:>14}{:>7}{:>6}{:>9}{:>12}{:>8}  {}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.integration.kill_matrix")
    parser.add_argument("--seeds", type=int, default=10, help="rounds of each point")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--points", nargs="+", choices=sorted(BY_NAME), help="these alone")
    parser.add_argument("--least", type=int, default=20, help="documents of each partner")
    wanted = parser.parse_args()
    points = [BY_NAME[name] for name in wanted.points] if wanted.points else POINTS
    print(LAYOUT.format(*COLUMNS, "ended"), flush=True)
    seeds = range(wanted.first, wanted.first + wanted.seeds)
    failed = sum(_seed(points, seed, wanted.least) for seed in seeds)
    print(f"{len(points) * wanted.seeds} rounds, {failed} failed.")
    return 1 if failed else 0


def _seed(points: Sequence[Point], seed: int, least: int) -> int:
    """Do the points of a seed on a stack of its own; tell how many failed.

    A stack that does not come to rest is left, and the points that remain get a new one.
    """
    failed, left = 0, list(points)
    while left:
        with tempfile.TemporaryDirectory() as folder, an_arena(Path(folder)) as arena:
            try:
                while left:
                    point = left.pop(0)
                    failed += _shown(arena, run_round(arena, point, seed=seed, least=least))
                if differences := arena.rig.differences():
                    failed += 1
                    print("\n".join(differences), flush=True)
            except AssertionError as stuck:
                failed += 1
                print(LAYOUT.format(point.name, seed, *["-"] * 6, "did not come to rest"))
                print(stuck, file=sys.stderr, flush=True)
    return failed


def _shown(arena: Arena, done: Round) -> int:
    """Print a round; tell whether it failed."""
    cells = [getattr(done, name) for name in COLUMNS]
    ended = ", ".join(f"{name} {code}" for name, code in done.ended) or "-"
    print(LAYOUT.format(*cells, ended), flush=True)
    for problem in done.problems:
        print(f"    {problem}", flush=True)
    if done.problems:
        print(arena.logs(), file=sys.stderr, flush=True)
    return 1 if done.problems else 0


if __name__ == "__main__":
    sys.exit(main())
