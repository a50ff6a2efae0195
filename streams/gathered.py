"""What the sink has read and not yet accounted for.

Rule: `reached` says how far everything was read whose rows are here, in the tables or refused;
nobody may write it down while rows are still here.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from aiokafka import ConsumerRecord

from streams.rows import FEEDS
from streams.store import (
    REFUSED_ROWS,
    Pair,
    Place,
    RefusedRow,
    Tables,
    TooManyRefusedRows,
)


class Gathered:
    """Rows by table, those that were refused, and the offsets that are reached with them."""

    def __init__(self, *, topics: Mapping[str, str]) -> None:
        """`topics` maps a topic's name in the generation to its name in the table of topics."""
        self._topics = topics
        self._rows: dict[str, list[Pair]] = {}
        self.clear()

    def clear(self) -> None:
        """Forget everything: it is accounted for, or will be read again."""
        self._rows = defaultdict(list)
        self.refused: list[RefusedRow] = []
        self.reached: dict[Place, int] = {}
        self.records = 0

    def add(self, batch: Mapping[Place, Sequence[ConsumerRecord]]) -> None:
        """Take the rows of messages, in their order."""
        for place, records in batch.items():
            for feed in FEEDS:
                if feed.topic.name == self._topics[place[0]]:
                    pairs = self._rows[feed.table]
                    for record in records:
                        pairs += [(row, record) for row in feed.rows(record)]
            self.reached[place] = records[-1].offset + 1
            self.records += len(records)

    def rows(self, tables: Collection[str] | None = None) -> Tables:
        """Give the rows that are not inserted yet, of all tables or of these."""
        return {
            table: pairs
            for table, pairs in self._rows.items()
            if pairs and (tables is None or table in tables)
        }

    def inserted(self, tables: Tables, refused: Sequence[RefusedRow]) -> None:
        """Take away rows that are in the tables now, but for those that were refused.

        Raises TooManyRefusedRows where so many are that the program is wrong, not the rows.
        """
        for table in tables:
            del self._rows[table]
        self.refused += refused
        if len(self.refused) > REFUSED_ROWS:
            last = self.refused[-1]
            raise TooManyRefusedRows(
                f"more than {REFUSED_ROWS} rows are refused, the last one: {last.reason}"
            )
