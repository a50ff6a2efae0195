"""Which generation may be switched to and compared, and what is said of one that may not."""

import pytest

import settlement.clickhouse.migrate
import streams.generation
from settlement.cli.exit import Unusable
from streams import cli_generation

LIVE = 3


@pytest.fixture(autouse=True)
def database(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand for a database with a complete generation, a live one that is older, a cut off one."""
    lacks = {2: [], LIVE: ["0005_newer"], 4: ["0001_documents", "0002_cdr"]}
    monkeypatch.setattr(streams.generation, "generations", lambda _: sorted(lacks))
    monkeypatch.setattr(settlement.clickhouse.migrate, "live_generation", lambda _: LIVE)
    monkeypatch.setattr(
        settlement.clickhouse.migrate, "pending", lambda _, *, generation: lacks[generation]
    )


def test_a_complete_generation_passes() -> None:
    cli_generation._complete(None, 2, 2)


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (
            4,
            (
                "generation 4 is incomplete, it lacks 0001_documents: go on with "
                "`settle replay --generation 4`, or delete it with `settle generation drop 4`"
            ),
        ),
        (LIVE, "generation 3 is incomplete, it lacks 0005_newer: run `settle migrate`"),
        (9, "there is no generation 9: there are 2, 3, 4"),
    ],
)
def test_what_is_not_whole_is_refused_with_what_mends_it(number: int, sentence: str) -> None:
    with pytest.raises(Unusable) as refused:
        cli_generation._complete(None, 2, number)

    assert str(refused.value) == sentence
