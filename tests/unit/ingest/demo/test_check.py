"""What the clients were told against what the tables hold."""

import asyncio
from typing import cast

import pytest
from clickhouse_connect.driver.client import Client

from ingest.demo.play import Player, Run, differences
from ingest.demo.scenario import month
from ingest.demo.tally import Tally
from settlement.cli.services import ServiceMissing
from settlement.clickhouse.report import Answered


def a_run(*, accepted: int = 10, refused: int = 2, unanswered: int = 0, **fields: object) -> Run:
    tally = Tally()
    tally.cdrs_accepted, tally.cdrs_refused = accepted, refused
    tally.cdrs_unanswered = unanswered
    values: dict[str, object] = {
        "tally": tally,
        "seconds_sending": 2.0,
        "seconds": 4.0,
        "settled": 8,
        "has_passed": True,
        "stored": Answered(accepted=10, rejected=2),
    }
    return Run(**(values | fields))  # type: ignore[arg-type]  # as named above


def test_what_was_answered_1000_is_there() -> None:
    assert differences(a_run(), 0) == []


def test_a_try_without_an_answer_may_have_been_stored() -> None:
    stored = Answered(accepted=12, rejected=2)

    assert differences(a_run(unanswered=2, stored=stored), 0) == []


@pytest.mark.parametrize(
    ("run", "unexplained", "said"),
    [
        (a_run(accepted=11), 0, "11 CDR documents were answered 1000, the tables hold 10"),
        (a_run(accepted=9), 0, "hold 10 CDR documents of this run, only 9 were answered 1000"),
        (a_run(refused=3), 0, "3 CDR documents were refused, the tables hold 2 refused ones"),
        (a_run(has_passed=False), 0, "not everything that was accepted has reached the tables"),
        (a_run(), 4, "4 CDR documents are in no bucket of the account"),
    ],
)
def test_a_difference_is_said_in_a_sentence(run: Run, unexplained: int, said: str) -> None:
    (sentence,) = differences(run, unexplained)

    assert said in sentence


def test_documents_that_do_not_come_through_are_a_missing_service(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def nothing_moves(**_: object) -> bool:
        return False

    monkeypatch.setattr("ingest.demo.play.wait_until_passed", nothing_moves)
    player = Player(brokers="", gateway_url="", reader=cast("Client", None), look=lambda _: None)

    with pytest.raises(ServiceMissing, match="settle status"):
        asyncio.run(player.play(month(seed=1, cdrs=1), {}))
