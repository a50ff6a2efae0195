"""The documents of a file or of stdin, one after the other.

Rule: finds where each document begins and ends and nothing more; JSON lines and arrays are read
as a stream, so that a file of any length takes little memory. An answer of OCPI is what it holds.
"""

import io
import re
import sys
from collections.abc import Iterable, Iterator
from json import JSONDecoder
from pathlib import Path
from typing import Self

import msgspec

from settlement.cli.array import Elements
from settlement.cli.envelope import content_of
from settlement.cli.exit import Unusable

_BLANK = b" \t\r\n"
_DECODER = JSONDecoder()
_SPACE = re.compile(r"\s*")
_MARK = b"\xef\xbb\xbf"  # of UTF-8, which some programs write first


class Document(msgspec.Struct, frozen=True):
    """One document: its line (in an array or an answer, its place from 1) and its bytes."""

    line: int
    data: bytes


class Documents:
    """What a source holds; `is_batch` says whether it may be more than one document."""

    def __init__(self, source: str) -> None:
        self._is_stdin = source == "-"
        self.name = "stdin" if self._is_stdin else source
        self._file = _opened(source)
        self._line = 1
        self._parts: Iterable[Document] | None = None
        try:
            if self._skip_blank() == b"[":
                self._file.read(1)
                self.is_batch = True
                numbered = enumerate(Elements(self._file), start=1)
                self._parts = (Document(place, element) for place, element in numbered)
            else:
                self._look_at_lines()
        except Unusable:
            self.__exit__()
            raise

    def _look_at_lines(self) -> None:
        """Tell JSON lines from documents of several lines, which are read whole."""
        self._line -= 1
        self._first = self._following()
        assert self._first is not None  # there is something that is not blank
        first = self._first.data.strip(_BLANK)
        self._next = self._following()
        # A first line that is cut must not hide the lines after it.
        is_lines = _is_whole(first) or (self._next is not None and _is_object(self._next.data))
        if is_lines:
            self.is_batch = self._next is not None or _holds_several(self._first)
        else:
            parts = _parts_of(self._rest(self._first), self._first.line)
            self._parts = parts
            self.is_batch = len(parts) > 1 or _holds_several(parts[0])

    def __enter__(self) -> Self:
        """Use it as a context manager: the file is closed at its end."""
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_stdin:
            self._file.detach()  # stdin stays open
        else:
            self._file.close()

    def __iter__(self) -> Iterator[Document]:
        """Give the documents in order, those in an answer of OCPI one by one."""
        for document in self._as_written():
            content = content_of(document.data)
            if content is None:
                yield document
            elif isinstance(content, bytes):
                yield Document(document.line, content)
            else:
                numbered = enumerate(content, start=1)
                yield from (Document(place, entry) for place, entry in numbered)

    def _as_written(self) -> Iterator[Document]:
        if self._parts is not None:
            yield from self._parts
            return
        following = self._first
        while following is not None:
            yield following
            following, self._next = self._next or self._following(), None

    def _skip_blank(self) -> bytes:
        """Go to the first sign, which is given and not yet read."""
        if self._file.peek(len(_MARK)).startswith(_MARK):
            self._file.read(len(_MARK))
        while sign := self._file.peek(1)[:1]:
            if sign not in _BLANK:
                return sign
            self._line += self._file.read(1) == b"\n"
        raise Unusable(f"{self.name}: is empty")

    def _following(self) -> Document | None:
        for data in self._file:
            self._line += 1
            if data.strip(_BLANK):
                return Document(self._line, data)
        return None

    def _rest(self, first: Document) -> bytes:
        """Give everything from the first line on."""
        data = first.data
        if self._next is not None:
            data += b"\n" * (self._next.line - first.line - 1) + self._next.data
        return data + self._file.read()


def _holds_several(document: Document) -> bool:
    """Tell whether a document is an answer around a list, of however many entries."""
    return isinstance(content_of(document.data), list)


def _parts_of(data: bytes, line: int) -> list[Document]:
    """Split documents of several lines that follow on each other.

    What cannot be split is one document: the door says what is wrong with it.
    """
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
        return [Document(line, data)]
    except (ValueError, RecursionError):
        parts.append(Document(line, text[begin:].encode()))
    return parts


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


def _opened(source: str) -> io.BufferedReader:
    if source == "-":
        return io.BufferedReader(sys.stdin.buffer)  # type: ignore[arg-type]  # it reads into too
    try:
        return Path(source).open("rb")
    except OSError as error:
        raise Unusable(f"{source}: {error.strerror}") from error
