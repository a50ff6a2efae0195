"""Who may import whom (README, Rooms).

Rule: data moves right only: ingest -> streams -> settlement, dashboards -> settlement and two
modules of streams.
"""

import ast
from functools import cache
from pathlib import Path

import pytest

import ingest
import settlement
import streams

ROOT = Path(__file__).parent.parent
ROOMS = ("ingest", "streams", "settlement", "dashboards")
ALLOWED = {
    "settlement": {"settlement"},
    "streams": {"streams", "settlement"},
    "ingest": {"ingest", "streams", "settlement"},
    "dashboards": {"dashboards", "settlement", "streams.lag", "streams.publisher"},
}
# (folder, what it must not import, why)
BANS = (
    ("ingest/demo", "settlement.pricing", "its claims come from its own arithmetic"),
    ("ingest/demo", "settlement.reconciliation", "its claims come from its own arithmetic"),
    ("settlement/pricing", "settlement.reconciliation", "a price knows no claim"),
    ("settlement/pricing", "settlement.ledger", "a price knows no account"),
    ("settlement/ledger", "settlement.ocpi", "the books know no OCPI version"),
    ("streams/steps", "aiokafka", "steps are pure"),
    ("streams/steps", "faust", "steps are pure"),
    ("streams/steps", "asyncio", "steps are pure"),
    ("settlement/pricing", "os", "no environment in pricing"),
    ("settlement/pricing", "random", "no randomness in pricing"),
)
SOURCES = sorted(
    path
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if "__pycache__" not in path.parts
)


@cache
def imports_of(path: Path) -> frozenset[str]:
    """Give every module that a file imports, also inside functions and type checking."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {node.module or ""} | {f"{node.module}.{a.name}" for a in node.names}
    return frozenset(found)


def is_inside(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


@pytest.mark.parametrize("room", sorted(ALLOWED))
def test_imports_go_right_only(room: str) -> None:
    strangers = {
        f"{path.relative_to(ROOT)}: {module}"
        for path in SOURCES
        if path.relative_to(ROOT).parts[0] == room
        for module in imports_of(path)
        if any(is_inside(module, other) for other in ROOMS)
        and not any(is_inside(module, allowed) for allowed in ALLOWED[room])
    }

    assert strangers == set(), f"{room} may import {sorted(ALLOWED[room])} only"


@pytest.mark.parametrize(("folder", "module", "why"), BANS)
def test_banned_imports_do_not_occur(folder: str, module: str, why: str) -> None:
    offenders = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if str(path.relative_to(ROOT)).startswith(folder + "/")
        and any(is_inside(one, module) for one in imports_of(path))
    ]

    assert offenders == [], why


def test_verify_shares_no_code_with_what_it_checks() -> None:
    strangers = {
        f"{path.relative_to(ROOT)}: {module}"
        for path in SOURCES
        if str(path.relative_to(ROOT)).startswith("settlement/verify/")
        for module in imports_of(path)
        if any(is_inside(module, room) for room in ROOMS)
        and not is_inside(module, "settlement.verify")
    }

    assert strangers == set(), "written again, or a mistake would check itself"


def test_only_cli_modules_import_the_command_line() -> None:
    shared = {"settlement.cli.services", "settlement.cli.exit"}

    offenders = [
        str(path.relative_to(ROOT))
        for path in SOURCES
        if "cli" not in path.relative_to(ROOT).with_suffix("").parts
        and path.name != "__main__.py"
        and any(
            is_inside(one, "settlement.cli")
            and one != "settlement.cli"
            and not any(is_inside(one, allowed) for allowed in shared)
            for one in imports_of(path)
        )
    ]

    assert offenders == []


def test_rooms_are_the_real_ones_and_not_folders_of_tests() -> None:
    found = {
        room.__name__: Path(room.__file__ or "").parent for room in (ingest, settlement, streams)
    }

    assert {name: ROOT / name for name in found} == found
