"""Sizes, openings and banned tokens.

Rule: a rule that matters is a failing test with a message that helps.
"""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("ingest", "streams", "settlement", "dashboards", "tests")
SOURCES = sorted(
    path
    for room in ROOMS
    for path in (ROOT / room).rglob("*.py")
    if "__pycache__" not in path.parts
)
CODE = [path for path in SOURCES if path.relative_to(ROOT).parts[0] != "tests"]
MODULES = [path for path in CODE if path.name != "__init__.py"]
LINES_A_FILE = 400
LINES_A_FUNCTION = 70
COLUMNS = 100
TOP_LEVEL = {
    "LICENSE",
    "README.md",
    "dashboards",
    "docker-compose.yml",
    "ingest",
    "pyproject.toml",
    "settlement",
    "streams",
    "tests",
}
BANNED_NAMES = {"utils.py", "helpers.py", "common.py", "misc.py", "manage.py"}

# (token, what to use instead, where it is allowed)
BANS: tuple[tuple[str, str, str], ...] = (
    (r"\bfloat\(", "Decimal", r"^(?!settlement/(?!cli/|clickhouse/))"),
    (r"\bDecimal\(0\.", "a string", r"^$"),
    (
        r"datetime\.(now|utcnow)\(|date\.today\(",
        "an argument",
        r"cli|^ingest/|^streams/(publisher|clock|life|local/)|^settlement/clickhouse/",
    ),
    (r"\buuid4\b", "uuid5", r"^ingest/"),
    (r"\bprint\(", "a logger", r"cli"),
    (
        r"except Exception",
        "the exception that can happen",
        r"^streams/(apply|agents|partition)\.py$|^ingest/gateway\.py$",
    ),
    (r"\bround\(", "money.rounded", r"^$"),
    (r"\bFIXME\b|\bTODO\b", "do it", r"^$"),
    (r"# type: ignore(?!\[)", "the error's code", r"^$"),
    (r"except:", "the exception that can happen", r"^$"),
)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_files_fit_in_the_head() -> None:
    texts = {relative(path): path.read_text().splitlines() for path in SOURCES}

    assert {name: len(lines) for name, lines in texts.items() if len(lines) > LINES_A_FILE} == {}
    wide = [
        f"{name}:{number}"
        for name, lines in texts.items()
        for number, line in enumerate(lines, 1)
        if len(line) > COLUMNS
    ]
    assert wide == []


def test_functions_fit_on_a_screen() -> None:
    long = {
        f"{relative(path)}:{node.name}": node.end_lineno - node.lineno + 1
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > LINES_A_FUNCTION
    }

    assert long == {}


def test_modules_open_with_what_lives_here() -> None:
    silent = [
        relative(path) for path in MODULES if not ast.get_docstring(ast.parse(path.read_text()))
    ]

    assert silent == [], "say what lives here, and the rule"


@pytest.mark.parametrize(("token", "instead", "allowed"), BANS)
def test_banned_tokens_do_not_occur(token: str, instead: str, allowed: str) -> None:
    offenders = [
        f"{relative(path)}:{number}"
        for path in CODE
        if not re.search(allowed, relative(path))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(token, line)
    ]

    assert offenders == [], f"use {instead}"


def test_sql_names_its_columns() -> None:
    offenders = [
        relative(path)
        for path in (ROOT / "settlement").rglob("*.sql")
        if re.search(r"select\s+\*", path.read_text(), re.IGNORECASE)
    ]

    assert offenders == []


def test_file_names_say_what_is_inside() -> None:
    assert [relative(path) for path in SOURCES if path.name in BANNED_NAMES] == []


def test_the_top_level_is_fixed() -> None:
    visible = {
        path.name
        for path in ROOT.iterdir()
        if not path.name.startswith(".") and not path.name.endswith(".egg-info")
    }

    assert visible - TOP_LEVEL <= {"build", "dist", "__pycache__"}


@pytest.mark.parametrize("room", [room for room in ROOMS if (ROOT / room).is_dir()])
def test_every_room_has_a_readme_and_every_test_folder_a_package(room: str) -> None:
    folders = {path.parent for path in (ROOT / room).rglob("test_*.py")}

    assert (ROOT / room / "README.md").is_file()
    assert [relative(folder) for folder in folders if not (folder / "__init__.py").is_file()] == []
