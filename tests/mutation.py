"""What mutmut loads beside the tests (`[tool.mutmut]` in pyproject.toml).

Rule: only what makes its run quick and keeps one test from answering for another; no other run
loads this.
"""

import os
from functools import cache

import pytest

from settlement.pricing import clock, plan
from tests.naive import agree, oracle
from tests.naive.worlds import a_world
from tests.unit.settlement.pricing import test_cases

# What the oracle answers is known before a mutant is switched on.
oracle.price = cache(oracle.price)
WORLDS = [a_world(seed) for seed in range(1, 401)]
for world in WORLDS:
    agree.outcome(world)


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Price the golden cases and worlds first, which need not be collected: most mutants die."""
    if not os.environ.get("MUTANT_UNDER_TEST", "").startswith("settlement."):
        return None
    try:
        for name in test_cases.NAMES:
            test_cases.test_a_case_prices_as_its_folder_says(name)
        if any(agree.differences(world) for world in WORLDS):
            return 1
    except Exception:  # noqa: BLE001 - however a mutant fails, it is found
        return 1
    config.args[:] = [name for name in config.args if "/test_cases.py::" not in name]
    return None if config.args else 0


def pytest_runtest_setup(item: pytest.Item) -> None:  # noqa: ARG001 - the hook's name
    """Forget compiled tariffs, so that each test is known to reach what compiles its own."""
    plan._plans.clear()
    plan._plans_by_object.clear()
    clock.steady_offset.cache_clear()
