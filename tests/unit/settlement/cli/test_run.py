"""`settle run ROLE`: what the process of a role is prepared with."""

import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
import typer

from settlement.cli.run import ROLES, Role, run


@pytest.fixture
def role(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Give a module that stands where a role's would, and undo what only a process may do."""
    module = ModuleType("a_role")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(ROLES, "streams", module.__name__)
    monkeypatch.setenv("KAFKA_BROKERS", "127.0.0.1:1")
    yield module
    gc.unfreeze()


def test_what_a_role_has_imported_is_not_walked_at_each_collection(
    role: ModuleType, tmp_path: Path
) -> None:
    kept: list[int] = []

    def main() -> int:
        kept.append(gc.get_freeze_count())
        return 7

    role.main = main  # type: ignore[attr-defined]

    with pytest.raises(typer.Exit) as ended:
        run(Role("streams"), tmp_path)

    assert ended.value.exit_code == 7
    assert kept[0] > 10_000
