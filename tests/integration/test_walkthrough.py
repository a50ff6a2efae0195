"""The README's first real partner, pasted in order, with curl as a partner would use it.

Rule: what runs is what the README says, in bash and in Python; only ports and the password are
put in. curl is a Debian package, so this is marked.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from streams.local.port import free_port
from streams.local.stack import stop_stack
from tests.integration.rig import wait_until

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.clickhouse,
    pytest.mark.debian,
    pytest.mark.timeout(240),
]
ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^ *```\n(.*?)^ *```\n", re.MULTILINE | re.DOTALL)
ELSEWHERE = ("KAFKA_BROKERS", "CLICKHOUSE_URL", "CLICKHOUSE_READER_URL")


def section() -> str:
    text = (ROOT / "README.md").read_text()
    return text.partition("## Your first real partner\n")[2].partition("\n## ")[0]


class Terminal:
    """The two terminals of a person: `settle up` in the first one, the rest in the second."""

    def __init__(self, folder: Path) -> None:
        self.ports = {"INGEST_PORT": free_port(), "CLICKHOUSE_PORT": free_port()}
        ours = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
        self.environment = {
            **ours,
            "PATH": f"{Path(sys.executable).parent}:{ours['PATH']}",
            "XDG_DATA_HOME": str(folder),
            "KAFKA_PORT": str(free_port()),
            **{name: str(port) for name, port in self.ports.items()},
        }
        self._said = folder / "said"
        with self._said.open("wb") as said:
            self.up = subprocess.Popen(
                ["settle", "up"], env=self.environment, stdout=said, stderr=subprocess.STDOUT
            )

    def said(self) -> str:
        return self._said.read_text()

    def paste(self, text: str, *, program: str = "bash -e") -> str:
        """Paste commands of the README; the defaults are only other ports."""
        text = text.replace(":8000/", f":{self.ports['INGEST_PORT']}/")
        text = text.replace("port=8123", f"port={self.ports['CLICKHOUSE_PORT']}")
        done = subprocess.run(
            program.split(),
            input=text,
            env=self.environment,
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=False,
        )
        assert done.returncode == 0, (text, done.stdout, done.stderr)
        return done.stdout


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    assert shutil.which("curl"), "install the Debian package curl"
    running = Terminal(tmp_path)
    try:
        wait_until(lambda: bool(re.search(r"password \S+\s", running.said())), told=running.said)
        yield running
        running.up.send_signal(signal.SIGINT)
        assert running.up.wait(60) == 0
    finally:
        running.up.kill()
        stop_stack(tmp_path / "ocpi-settlement")


def test_all_of_the_first_partner_works_as_it_is_pasted(terminal: Terminal) -> None:
    register, send, read, python = (textwrap.dedent(block) for block in BLOCK.findall(section()))
    (password,) = re.findall(r"password (\S+)", terminal.said())
    queries = read.strip().splitlines()

    sent, _, token = terminal.paste(f'{register}\n{send}\necho "\n$TOKEN"').strip().rpartition("\n")
    wait_until(lambda: "CDR-EXAMPLE" in terminal.paste(queries[0]), told=terminal.said)
    settled, segments, findings = (terminal.paste(query) for query in queries)
    table = terminal.paste(python.replace('"..."', f'"{password}"'), program=f"{sys.executable} -")

    location = re.search(r"(?i)^location: (\S+)", sent, re.MULTILINE)
    assert location is not None, sent
    assert '"status_code":1000' in sent
    assert settled.split()[-8:] == [
        *("BE*BEC", "NL*TNM", "CDR-EXAMPLE"),
        *("4", "4", "4", "0", "matched"),
    ]
    assert re.search(r"TIME +2 +2 +4 ", segments), segments
    assert "BE*BEC" not in findings
    assert findings.count("\n") <= 2, findings  # names of columns alone
    assert re.search(r"BE\*BEC +NL\*TNM +EUR +4", table), table
    token_header = {"Authorization": f"Token {token}"}
    got = httpx.get(location[1], headers=token_header, trust_env=False)
    assert got.json()["data"]["id"] == "CDR-EXAMPLE"
    other = json.dumps({**got.json()["data"], "party_id": "XYZ"})
    refused = httpx.post(
        f"http://127.0.0.1:{terminal.ports['INGEST_PORT']}/ocpi/2.2.1/cdrs",
        content=other,
        headers={**token_header, "Content-Type": "application/json"},
        trust_env=False,
    )
    assert refused.json()["status_code"] == 2001
