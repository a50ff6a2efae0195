"""Which tests run, and what the summary says of those that do not.

Rule: what needs a Debian package or only measures is deselected unless asked for with -m, and
is named at the end of the run; nothing else is ever left out.
"""

import pytest
from hypothesis import HealthCheck, settings

# Laws are about results; how long one example takes says how busy the machine is.
settings.register_profile(
    "laws", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=False
)
settings.load_profile("laws")

# Seconds a test may take where it says nothing itself (the others: pyproject.toml).
SLOW_FOLDERS = {"properties": 180, "integration": 300}
LEFT_OUT = {
    "debian": "need a Debian package, run them with -m debian",
    "bench": "only measure, run them with -m bench",
}
_named = pytest.StashKey[dict[str, list[str]]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    asked = config.option.markexpr
    left_out: dict[str, list[str]] = {}
    kept = []
    for item in items:
        for folder, seconds in SLOW_FOLDERS.items():
            if f"/{folder}/" in item.path.as_posix() and not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(seconds))
        marks = [mark for mark in LEFT_OUT if item.get_closest_marker(mark) and mark not in asked]
        if marks:
            left_out.setdefault(marks[0], []).append(item.nodeid)
        else:
            kept.append(item)
    config.stash[_named] = left_out
    deselected = [item for item in items if item not in kept]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = kept


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for mark, names in config.stash.get(_named, {}).items():
        terminalreporter.section(f"deselected: {len(names)} tests {LEFT_OUT[mark]}")
        for name in sorted(names):
            terminalreporter.line(name)
