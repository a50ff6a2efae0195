"""The README's first real partner, with curl as a partner would use it.

Rule: the commands are those of the README; curl is a Debian package, so this is marked.
"""

import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.local.stack import ensure_stack, stop_stack
from tests.integration.rig import wait_until

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.clickhouse,
    pytest.mark.debian,
    pytest.mark.timeout(240),
]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    running = ensure_stack(tmp_path / "data", any_port=True)
    yield tmp_path / "data", str(running.ingest_url)
    stop_stack(tmp_path / "data")


def settle(*arguments: str, data: Path) -> str:
    command = [sys.executable, "-m", "settlement", *arguments, "--data", str(data)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    return done.stdout


def readme_command(start: str) -> str:
    """Give the command of the README that starts so, its lines joined."""
    text = (ROOT / "README.md").read_text().replace("\\\n", " ")
    (line,) = [one.strip() for one in text.splitlines() if one.strip().startswith(start)]
    return line


def test_the_first_partner_of_the_readme_gets_its_cdr_settled(stack: tuple[Path, str]) -> None:
    assert shutil.which("curl"), "install the Debian package curl"
    data, url = stack
    party = re.search(r"--party (\S+)", readme_command("TOKEN="))
    assert party is not None
    token = settle("partner", "add", "--party", party[1], "--role", "CPO", data=data).strip()
    curl = readme_command("curl -X POST").replace("http://127.0.0.1:8000", url)
    arguments = [one.replace("$TOKEN", token) for one in shlex.split(curl)]

    sent = subprocess.run(
        [*arguments, "-s", "-i"], check=True, capture_output=True, text=True, cwd=ROOT
    )
    location = re.search(r"(?i)^location: (\S+)", sent.stdout, re.MULTILINE)
    assert location is not None, sent.stdout
    got = subprocess.run(
        ["curl", "-s", location[1], "-H", f"Authorization: Token {token}"],
        check=True,
        capture_output=True,
        text=True,
    )
    query = shlex.split(readme_command('settle sql "SELECT cpo, emsp'))[2]

    def row() -> str:
        return settle("sql", query, "--format", "csv", data=data)

    wait_until(lambda: "CDR-EXAMPLE" in row(), told=row)
    assert '"status_code":1000' in sent.stdout
    assert '"id": "CDR-EXAMPLE"' in got.stdout
    assert "matched" in row()
