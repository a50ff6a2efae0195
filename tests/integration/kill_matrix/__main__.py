"""The full matrix: `python -m tests.integration.kill_matrix --seeds 10` prints a line a round.

Rule: exit 0 where the law held in every round, 1 where it did not.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.integration.kill_matrix.arena import Arena, an_arena
from tests.integration.kill_matrix.points import BY_NAME, POINTS
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
    failed = 0
    print(LAYOUT.format(*COLUMNS, "ended"), flush=True)
    with tempfile.TemporaryDirectory() as folder, an_arena(Path(folder)) as arena:
        for point in points:
            for seed in range(wanted.first, wanted.first + wanted.seeds):
                done = run_round(arena, point, seed=seed, least=wanted.least)
                failed += _shown(arena, done)
        differences = arena.rig.differences()
    print("\n".join(differences) or "All rows of all rounds equal those of an undisturbed run.")
    print(f"{failed} rounds failed.")
    return 1 if failed or differences else 0


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
