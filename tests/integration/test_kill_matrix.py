"""The kill matrix with one seed of some points; tests/README.md says how all of it is run.

Rule: nothing is asserted here but the verdict of the round.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.kill_matrix.arena import Arena, an_arena
from tests.integration.kill_matrix.points import BY_NAME, ORDINARY, POINTS
from tests.integration.kill_matrix.verdict import run_round

pytestmark = [pytest.mark.kafka, pytest.mark.clickhouse, pytest.mark.timeout(400)]
SEED = 0
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def arena(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Arena]:
    with an_arena(tmp_path_factory.mktemp("arena")) as running:
        yield running


@pytest.mark.parametrize("name", ORDINARY)
def test_whatever_is_killed_nothing_is_lost_and_nothing_doubled(arena: Arena, name: str) -> None:
    done = run_round(arena, BY_NAME[name], seed=SEED, least=10)

    assert done.problems == [], arena.logs()
    assert done.acknowledged > 0
    assert done.rows == done.acknowledged


def test_the_ordinary_points_kill_everything_that_any_point_kills() -> None:
    everything = {role for point in POINTS for role in point.killed}

    assert everything == {role for name in ORDINARY for role in BY_NAME[name].killed}


def test_every_point_shows_a_row_of_what_is_survived() -> None:
    told = (ROOT / "streams" / "README.md").read_text()

    assert [point.name for point in POINTS if f"`{point.name}`" not in told] == []
