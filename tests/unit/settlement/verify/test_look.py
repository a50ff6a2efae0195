"""What `settle verify` says where it cannot look, and that it can say anything."""

from typing import Any

import pytest
from typer.testing import CliRunner

import settlement.verify.look
from settlement.cli import app
from settlement.verify.clickhouse import Tables
from settlement.verify.difference import CannotLook, Difference
from settlement.verify.look import Report, check_known

ADDRESSES = {"KAFKA_BROKERS": "127.0.0.1:1", "CLICKHOUSE_URL": "http://writer:x@127.0.0.1:1"}


class Databases(Tables):
    """A ClickHouse that has these databases and nothing else."""

    def __init__(self, *names: str) -> None:
        self.names = names

    def rows(self, query: str, **_: str | int) -> list[dict[str, Any]]:
        assert query == "SELECT name FROM system.databases"
        return [{"name": name} for name in self.names]


@pytest.mark.parametrize(
    ("names", "listed"),
    [
        (["default", "settlement_g10", "settlement", "settlement_g2"], "2, 10"),
        (["default", "settlement_g7_kept", "my_settlement_g7"], "none"),
    ],
)
def test_of_a_generation_that_is_not_there_it_says_which_there_are(
    names: list[str], listed: str
) -> None:
    with pytest.raises(CannotLook) as reason:
        check_known(Databases(*names), 7)

    assert str(reason.value) == f"there is no generation 7: there are {listed}"


def test_a_generation_that_is_there_is_looked_at() -> None:
    check_known(Databases("settlement_g7"), 7)


@pytest.mark.parametrize("asked", [["verify"], ["verify", "--json"]])
def test_what_a_stream_cannot_write_is_written_as_an_escape(
    monkeypatch: pytest.MonkeyPatch, asked: list[str]
) -> None:
    found = Difference("recount", "CDR SNAKE-\N{SNAKE}", expected="E\ud800", found="E\ufffd")

    def told(**_: object) -> Report:
        return Report(1, {}, {}, differences=[found], total=1)

    monkeypatch.setattr(settlement.verify.look, "verify", told)

    result = CliRunner(charset="ascii").invoke(app, asked, env=ADDRESSES)

    assert result.exit_code == 1, result.exception
    assert "E\\ud800" in result.stdout
    assert "E\\ufffd" in result.stdout
