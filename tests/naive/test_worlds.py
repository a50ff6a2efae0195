"""The worlds are worth comparing on: each mistake of `mutants.py` changes a price in them."""

import ast
from pathlib import Path

import pytest

from tests.naive import oracle
from tests.naive.mutants import MUTANTS
from tests.naive.worlds import World, a_world

HERE = Path(__file__).parent
SEEDS = range(1, 2001)


def total(world: World) -> oracle.Amount | str:
    try:
        return oracle.price(world.document, world.version, world.zone).total_cost
    except oracle.NoPriceError as reason:
        return str(reason)


@pytest.fixture(scope="module")
def totals() -> dict[World, oracle.Amount | str]:
    return {world: total(world) for world in map(a_world, SEEDS)}


@pytest.mark.parametrize("name", MUTANTS)
def test_the_worlds_tell_each_mistake(
    name: str, totals: dict[World, oracle.Amount | str], monkeypatch: pytest.MonkeyPatch
) -> None:
    MUTANTS[name](monkeypatch)

    assert any(total(world) != right for world, right in totals.items())


def test_a_seed_makes_the_same_world_each_time() -> None:
    once, again = a_world(7), a_world(7)

    assert once == again
    assert once != a_world(8)


@pytest.mark.parametrize("name", ["reading", "moment", "limits", "oracle", "tariffs", "worlds"])
def test_the_oracle_imports_nothing_of_ours(name: str) -> None:
    tree = ast.parse((HERE / f"{name}.py").read_text())
    imported = {
        module.split(".")[0]
        for node in ast.walk(tree)
        for module in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }

    assert imported.isdisjoint({"settlement", "streams", "ingest", "dashboards"})
