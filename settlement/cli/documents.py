"""The documents of a file or of stdin, one after the other.

Rule: finds where each document begins and ends and nothing more; JSON lines are read as a
stream, so that a file of any length takes little memory.
"""

import re
import sys
from collections.abc import Iterator
from json import JSONDecoder
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from settlement.cli.exit import Unusable

_BLANK = b" \t\r\n"
_DECODER = JSONDecoder()
_SPACE = re.compile(r"\s*")
_array = msgspec.json.Decoder(list[msgspec.Raw]).decode
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
        first = self._first.data.strip(_BLANK)
        is_array = first.startswith(b"[")
        self._next = None if is_array else self._following()
        # A first line that is cut must not hide the lines after it.
        self._is_lines = not is_array and (
            _is_whole(first) or (self._next is not None and _is_object(self._next.data))
        )
        if self._is_lines:
            self.is_batch = self._next is not None
        else:
            self._parts, is_array = _parts_of(self._rest(), self._first.line)
            self.is_batch = is_array or len(self._parts) > 1

    def __enter__(self) -> Self:
        """Use it as a context manager: the file is closed at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not sys.stdin.buffer:
            self._file.close()

    def __iter__(self) -> Iterator[Document]:
        """Give the documents in order."""
        if not self._is_lines:
            yield from self._parts
            return
        yield self._first
        following = self._next
        while following is not None:
            yield following
            following = self._following()

    def _skip_blank(self) -> Document:
        self._line = 0
        for data in self._file:
            self._line += 1
            line = data.removeprefix(_MARK) if self._line == 1 else data
            if line.strip(_BLANK):
                return Document(self._line, line)
        raise Unusable(f"{self.name}: is empty")

    def _following(self) -> Document | None:
        for data in self._file:
            self._line += 1
            if data.strip(_BLANK):
                return Document(self._line, data)
        return None

    def _rest(self) -> bytes:
        """Give everything from the first line on."""
        data = self._first.data
        if self._next is not None:
            data += b"\n" * (self._next.line - self._first.line - 1) + self._next.data
        return data + self._file.read()


def _parts_of(data: bytes, line: int) -> tuple[list[Document], bool]:
    """Split an array, or documents of several lines that follow on each other.

    What cannot be split is one document: the door says what is wrong with it.
    """
    try:
        return [Document(n, bytes(p)) for n, p in enumerate(_array(data), start=1)], True
    except (msgspec.DecodeError, RecursionError):
        pass
    parts: list[Document] = []
    begin = 0
    try:
        text = data.decode()
        while begin < len(text):
            start = begin
            _, end = _DECODER.raw_decode(text, begin)
            parts.append(Document(line, text[begin:end].encode()))
            _, begin = _SPACE.match(text, end).span()  # type: ignore[union-attr]
            line += text.count("\n", start, begin)
    except UnicodeDecodeError:
        return [Document(line, data)], False
    except (ValueError, RecursionError):
        parts.append(Document(line, text[begin:].encode()))
    return parts, False


def _is_object(line: bytes) -> bool:
    return line.startswith(b"{") and _is_whole(line)


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
