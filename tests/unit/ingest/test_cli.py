"""`settle partner`: wrong words are said before Kafka is looked for."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from settlement.cli import app
from settlement.cli.exit import Unusable
from settlement.cli.services import ServiceMissing


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "--party", "NLTNM", "--role", "CPO"], "party 'NLTNM'"),
        (["add", "--party", "NL*TNM", "--role", "CPU"], "role 'CPU'"),
        (["revoke", "--party", "NLTNM"], "party 'NLTNM'"),
    ],
)
@pytest.mark.parametrize("brokers", ["", "127.0.0.1:1"])
def test_wrong_words_are_unusable_whether_kafka_runs_or_not(
    tmp_path: Path, arguments: list[str], said: str, brokers: str
) -> None:
    asked = ["partner", *arguments, "--data", str(tmp_path)]

    done = CliRunner().invoke(app, asked, env={"KAFKA_BROKERS": brokers})

    assert isinstance(done.exception, Unusable)
    assert str(done.exception).startswith(said)
    assert done.stdout == ""


def test_right_words_need_kafka(tmp_path: Path) -> None:
    asked = ["partner", "add", "--party", "NL*TNM", "--role", "cpo", "--data", str(tmp_path)]

    done = CliRunner().invoke(app, asked, env={"KAFKA_BROKERS": ""})

    assert isinstance(done.exception, ServiceMissing)
