"""The command's options and its words when a service goes away."""

import io
import sys

import httpx
import pytest
from aiokafka.errors import KafkaConnectionError
from clickhouse_connect.driver.exceptions import OperationalError
from rich.console import Console

from ingest.demo import cli
from ingest.demo.play import Stage
from ingest.demo.progress import Board
from settlement.cli import main
from settlement.cli.services import ServiceMissing
from streams.publisher import NotPublished


@pytest.mark.parametrize(
    ("error", "service"),
    [
        (OperationalError("refused"), "ClickHouse"),
        (httpx.ConnectError("refused"), "the gateway"),
        (KafkaConnectionError(), "Kafka"),
        (NotPublished("no acknowledgement"), "Kafka"),
    ],
)
def test_a_service_that_goes_away_is_named(error: Exception, service: str) -> None:
    with (
        pytest.raises(ServiceMissing, match=f"{service} does not answer any more"),
        cli._services_named(),
    ):
        raise error


@pytest.mark.parametrize("option", [("--cdrs", "0"), ("--seed", "-1"), ("--cdrs", "many")])
def test_an_unusable_option_ends_with_2(
    option: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["settle", "demo", *option])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2


def test_a_seeded_month_has_its_default_and_its_given_length() -> None:
    assert cli._scenario(None, 1, None).cdrs == cli.DEFAULT_CDRS
    assert cli._scenario(7, 1, None).cdrs == 7


def test_the_board_shows_counts_and_rates() -> None:
    console = Console(file=io.StringIO(), width=132)

    with Board(console=console, cdrs=100) as board:
        for done in (0, 1500):
            board.look(Stage(name="charging", sent=done, accepted=done, settled=done // 20))

    text = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
    assert "charging" in text
    assert "sent 1,500 (1,500/s)" in text
    assert "settled 75 (75/s)" in text
