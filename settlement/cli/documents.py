"""The documents of a file or of stdin, one after the other.

Rule: finds where each document begins and ends and nothing more; JSON lines are read as a
stream, so that a file of any length takes little memory.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from settlement.cli.exit import Unusable

_BLANK = b" \t\r\n"
_MARK = b"\xef\xbb\xbf"  # of UTF-8, which some programs write first


class Document(msgspec.Struct, frozen=True):
    """One document: its line (in an array, its place from 1) and its bytes."""

    line: int
    data: bytes


class Documents:
    """What a source holds; `is_batch` says whether it may be more than one document."""

    def __init__(self, source: str) -> None:
        self.name = "stdin" if source == "-" else source
        self._file = _opened(source)
        try:
            self._first = self._skip_blank()
        except Unusable:
            self.__exit__()
            raise
        stripped = self._first[1].strip(_BLANK)
        self.is_array = stripped.startswith(b"[")
        self._is_lines = not self.is_array and _is_whole(stripped)
        self._next = self._following() if self._is_lines else None
        self.is_batch = self.is_array or self._next is not None

    def __enter__(self) -> Self:
        """Use it as a context manager: the file is closed at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not sys.stdin.buffer:
            self._file.close()

    def __iter__(self) -> Iterator[Document]:
        """Give the documents in order."""
        line, first = self._first
        if self._is_lines:
            yield Document(line, first)
            following = self._next
            while following is not None:
                yield following
                following = self._following()
            return
        data = first + self._file.read()
        if not self.is_array:
            yield Document(1, data)
            return
        try:
            parts = msgspec.json.decode(data, type=list[msgspec.Raw])
        except (msgspec.DecodeError, RecursionError):
            yield Document(1, data)  # the door says what is wrong with it
            return
        for place, part in enumerate(parts, start=1):
            yield Document(place, bytes(part))

    def _skip_blank(self) -> tuple[int, bytes]:
        self._line = 0
        for data in self._file:
            self._line += 1
            line = data.removeprefix(_MARK) if self._line == 1 else data
            if line.strip(_BLANK):
                return self._line, line
        raise Unusable(f"{self.name}: is empty")

    def _following(self) -> Document | None:
        for data in self._file:
            self._line += 1
            if data.strip(_BLANK):
                return Document(self._line, data)
        return None


def _is_whole(line: bytes) -> bool:
    """Tell whether a line is a JSON document by itself."""
    if not line.startswith(b"{"):
        return True  # no JSON object: each line is a document that the door refuses
    try:
        msgspec.json.decode(line, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _opened(source: str) -> BinaryIO:
    if source == "-":
        return sys.stdin.buffer
    try:
        return Path(source).open("rb")
    except OSError as error:
        raise Unusable(f"{source}: {error.strerror}") from error
