"""What the sink has read: which rows go where, and how far they reach."""

from typing import Any

from streams.gathered import Gathered
from streams.rows import FEEDS
from streams.store import RefusedRow
from streams.topics import SETTLEMENT_CDR, SETTLEMENT_DOCUMENT
from tests.pipeline.documents import awkward_documents
from tests.pipeline.inbox import Inbox

CDR = ("settlement.cdr.g7", 3)
DOCUMENT = ("settlement.document.g7", 3)
TOPICS = {CDR[0]: SETTLEMENT_CDR.name, DOCUMENT[0]: SETTLEMENT_DOCUMENT.name}


def messages(topic: str) -> list[Any]:
    return Inbox().receive(*awkward_documents()).messages[TOPICS[topic]]


def test_each_message_becomes_the_rows_of_every_table_that_its_topic_feeds() -> None:
    gathered = Gathered(topics=TOPICS)
    cdrs, documents = messages(CDR[0]), messages(DOCUMENT[0])

    gathered.add({CDR: cdrs[:2], DOCUMENT: documents})
    gathered.add({CDR: cdrs[2:]})

    found = gathered.rows()
    for feed in FEEDS:
        fed = {SETTLEMENT_CDR.name: cdrs, SETTLEMENT_DOCUMENT.name: documents}
        expected = [(row, one) for one in fed.get(feed.topic.name, []) for row in feed.rows(one)]
        assert list(found.get(feed.table, [])) == expected
    assert set(found) == {"cdr_settled", "cdr_outcome", "document_outcome"}
    assert gathered.reached == {CDR: cdrs[-1].offset + 1, DOCUMENT: documents[-1].offset + 1}
    assert gathered.records == len(cdrs) + len(documents)


def test_rows_that_were_inserted_are_not_given_again_and_offsets_stay() -> None:
    gathered = Gathered(topics=TOPICS)
    cdrs = messages(CDR[0])
    gathered.add({CDR: cdrs})
    prompt = gathered.rows(("cdr_settled",))
    refused = RefusedRow("cdr_settled", cdrs[0], "because")

    gathered.inserted(prompt, [refused])

    assert set(prompt) == {"cdr_settled"}
    assert set(gathered.rows()) == {"cdr_outcome"}
    assert gathered.rows(("cdr_settled",)) == {}
    assert gathered.reached == {CDR: cdrs[-1].offset + 1}
    assert gathered.refused == [refused]


def test_what_comes_after_an_insert_is_gathered_anew() -> None:
    gathered = Gathered(topics=TOPICS)
    first, *others = messages(CDR[0])
    gathered.add({CDR: [first]})
    gathered.inserted(gathered.rows(("cdr_settled",)), [])

    gathered.add({CDR: others})

    assert [one for _, one in gathered.rows()["cdr_settled"]] == others
    assert [one for _, one in gathered.rows()["cdr_outcome"]] == [first, *others]


def test_what_is_forgotten_leaves_nothing() -> None:
    gathered = Gathered(topics=TOPICS)
    cdrs = messages(CDR[0])
    gathered.add({CDR: cdrs})
    gathered.inserted({}, [RefusedRow("cdr_settled", cdrs[0], "because")])

    gathered.clear()

    assert (gathered.rows(), gathered.refused, gathered.reached, gathered.records) == (
        {},
        [],
        {},
        0,
    )
