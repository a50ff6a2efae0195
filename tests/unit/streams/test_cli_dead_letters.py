"""`settle dead-letters`: what its options take, before any service is asked."""

import inspect
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from settlement.cli import app
from settlement.cli.exit import Unusable
from settlement.cli.services import ServiceMissing
from streams import dead_letter, sink
from streams.cli_dead_letters import CODES
from streams.state import STEP_FAILED

COMMANDS = [["list"], ["retry", "--all"], ["drop", "--all", "--reason", "x"]]
NOWHERE = {"KAFKA_BROKERS": "", "CLICKHOUSE_URL": ""}


def refused(data: Path, *arguments: str) -> BaseException | None:
    command = ["dead-letters", *arguments, "--data", str(data)]
    return CliRunner().invoke(app, command, env=NOWHERE).exception


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_a_filter_that_no_dead_letter_can_have_is_refused(
    tmp_path: Path, command: list[str]
) -> None:
    code = refused(tmp_path, *command, "--code", "foo")
    cpo = refused(tmp_path, *command, "--cpo", "foo")

    assert isinstance(code, Unusable)
    assert str(code) == (
        "--code 'foo': must be one of unreadable, step_failed, too_large, row_refused"
    )
    assert isinstance(cpo, Unusable)
    assert str(cpo) == (
        "--cpo: party 'foo': two letters, '*', three letters or digits, such as NL*TNM"
    )


@pytest.mark.parametrize("options", [["--code", "too_large"], ["--cpo", " nl*tnm "], ["--cpo", ""]])
def test_a_filter_that_one_can_have_goes_on_to_the_services(
    tmp_path: Path, options: list[str]
) -> None:
    assert isinstance(refused(tmp_path, "list", *options), ServiceMissing)


def test_the_codes_are_those_that_dead_letters_get() -> None:
    source = inspect.getsource(dead_letter.reason_of)
    given = {*re.findall(r'"([a-z_]+)"', source), STEP_FAILED}
    given |= set(re.findall(r'reason="([a-z_]+)"', inspect.getsource(sink)))

    assert set(CODES) == given
