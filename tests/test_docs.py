"""Names in the READMEs exist, and what exists is named there."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from settlement.cli import COMMANDS
from streams.topics import TOPICS

ROOT = Path(__file__).parent.parent
READMES = sorted(
    path
    for path in ROOT.rglob("README.md")
    if not any(part.startswith(".") or part == "build" for part in path.relative_to(ROOT).parts)
)
NAMED = re.compile(r"`((?:settlement|streams|ingest|tests|dashboards)/[\w./-]+)`")
ROOMS = ("settlement", "streams", "ingest", "tests", "dashboards")


@pytest.mark.parametrize("path", READMES, ids=lambda p: str(p.relative_to(ROOT)))
def test_paths_in_a_readme_exist(path: Path) -> None:
    named = NAMED.findall(path.read_text())

    missing = [
        name
        for name in named
        if "NNNN" not in name and not (ROOT / name).exists() and not (ROOT / f"{name}.py").exists()
    ]

    assert missing == []


@pytest.mark.parametrize("path", READMES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_in_a_readme_lead_somewhere(path: Path) -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", path.read_text())

    assert [link for link in links if not (path.parent / link).exists()] == []


def test_commands_in_the_readme_exist() -> None:
    called = set(re.findall(r"settle ([a-z][a-z-]+)", (ROOT / "README.md").read_text()))

    assert called - set(COMMANDS) <= {"demo"}
    assert called & set(COMMANDS)


def test_every_room_is_linked_from_the_readme() -> None:
    text = (ROOT / "README.md").read_text()

    present = [room for room in ROOMS if (ROOT / room / "README.md").exists()]

    assert [room for room in present if f"]({room}/README.md)" not in text] == []


def test_every_topic_says_what_it_holds() -> None:
    assert all(topic.holds and topic.key for topic in TOPICS)
    assert len({topic.name for topic in TOPICS}) == len(TOPICS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_can_be_loaded(name: str) -> None:
    module, attribute, text = COMMANDS[name]

    assert text.endswith(".")
    assert callable(getattr(import_module(module), attribute))
