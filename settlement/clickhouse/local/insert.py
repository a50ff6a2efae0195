"""An INSERT whose data follow its FORMAT, taken apart: statement here, data there.

Rule: only finds the place; nothing is sent, nothing is decoded.
"""

from collections.abc import Iterator

import msgspec

from settlement.clickhouse.sql_tokens import Kind, Token, UnreadableSql, tokens


class InsertHead(msgspec.Struct, frozen=True):
    """What stands before the data: the target, the settings, the format, where data start."""

    target: str
    settings: str
    format: str
    data_start: int

    def from_file(self, path: str) -> str:
        """Give the statement that reads the same data from a file."""
        quoted = path.replace("\\", "\\\\").replace("'", "\\'")
        return f"{self.target} FROM INFILE '{quoted}' {self.settings} FORMAT {self.format}"


def read_insert_head(head: str) -> InsertHead | None:
    """Read the beginning of a request; None where it is not INSERT ... FORMAT name <data>.

    `head` is Latin-1 text: one character a byte, so `data_start` counts bytes.
    INSERT ... VALUES, INSERT ... SELECT and INSERT INTO FUNCTION are ordinary statements.
    """
    try:
        return _read(head, (t for t in tokens(head) if t.kind is not Kind.SPACE))
    except (StopIteration, UnreadableSql):
        return None


def _read(head: str, stream: Iterator[Token]) -> InsertHead | None:
    first = next(stream)
    if not first.is_word("INSERT") or not next(stream).is_word("INTO"):
        return None
    token = next(stream)
    if token.is_word("TABLE"):
        token = next(stream)
    if token.is_word("FUNCTION"):
        return None
    token = next(stream)
    while token.is_sign("."):
        next(stream)
        token = next(stream)
    if token.is_sign("("):
        depth = 1
        while depth:
            token = next(stream)
            depth += token.is_sign("(") - token.is_sign(")")
        token = next(stream)
    target_end = token.start
    if token.is_word("SETTINGS"):
        while not token.is_word("FORMAT", "VALUES", "SELECT", "WITH"):
            token = next(stream)
    if not token.is_word("FORMAT"):
        return None
    name = next(stream)
    return InsertHead(
        target=head[first.start : target_end].strip().encode("latin-1").decode(),
        settings=head[target_end : token.start].strip().encode("latin-1").decode(),
        format=name.name,
        data_start=_data_start(head, name.end),
    )


def _data_start(head: str, at: int) -> int:
    """Skip what ClickHouse skips: blanks of the line and one line end."""
    while head[at : at + 1] in {" ", "\t", "\f"}:
        at += 1
    at += head.startswith("\r", at)
    return at + head.startswith("\n", at)
