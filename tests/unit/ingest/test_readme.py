"""The README's tables say what the gateway does."""

import re
from pathlib import Path

import ingest
from ingest.gateway import MODULES
from ingest.settings import Settings

README = (Path(ingest.__file__ or "").parent / "README.md").read_text()
SEGMENTS = ("country_code", "party_id", "id", "evse_uid", "connector_id")


def section(title: str) -> str:
    return README.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_the_endpoint_table_is_the_modules_tables() -> None:
    written = dict(
        re.findall(r"^\| `([^`]+)` \| ([A-Z ]+) \|$", section("Endpoints"), re.MULTILINE)
    )

    served = {"versions": "GET", "2.2.1": "GET"}
    for name, module in MODULES.items():
        for depth, methods in module.methods.items():
            path = "/".join([f"2.2.1/{name}", *(f"{{{part}}}" for part in SEGMENTS[:depth])])
            served[path] = " ".join(sorted(methods))

    assert written == served


def test_every_reason_to_refuse_is_listed() -> None:
    room = Path(ingest.__file__ or "").parent
    code = "".join(path.read_text() for path in room.glob("*.py"))
    raised = set(re.findall(r'Refusal\(\s*"([a-z_]+)"', code))
    raised |= set(re.findall(r'reason = "([a-z_]+)" if', code))
    raised |= set(re.findall(r'reason = .* else "([a-z_]+)"', code))

    listed = set(re.findall(r"`([a-z_]+)`", section("What is refused")))

    assert raised - {"unknown_token", "body_timeout"} <= listed


def test_every_setting_is_listed() -> None:
    listed = re.findall(r"^\| `([A-Z_]+)` \|", section("Settings"), re.MULTILINE)

    assert sorted(listed) == sorted(name.upper() for name in Settings.model_fields)
