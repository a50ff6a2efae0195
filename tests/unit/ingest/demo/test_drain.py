"""What the demo waits for: the topics of the generation that is read."""

import pytest

from ingest.demo.drain import generation_of
from streams.topics import GENERATION


@pytest.mark.parametrize(
    ("topics", "generation"),
    [
        (["inbox", "rejected", "settlement.cdr.g2", "dead-letter.g2"], 2),
        (["inbox", "settlement.document.g14"], 14),
        (["inbox", "rejected"], GENERATION),
        (["inbox", "strange.g7", "settlement.cdr.gx"], GENERATION),
        ([], GENERATION),
    ],
)
def test_the_generation_is_that_of_the_tables_that_are_read(
    topics: list[str], generation: int
) -> None:
    assert generation_of(topics) == generation
