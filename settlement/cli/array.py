"""The elements of a JSON array, read as a stream.

Rule: finds where each element ends and nothing more; whoever reads an element says what is wrong
with it. Memory holds one element and what is read at a time.
"""

import re
from collections.abc import Iterator
from typing import IO

READ_BYTES = 1024 * 1024
# Up to the next sign that opens, closes or parts; strings are passed over whole. Possessive:
# what was passed over is never tried again.
_TO_NEXT = re.compile(rb'(?:[^"{}\[\],]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_TO_BRACKET = re.compile(rb'(?:[^"{}\[\]]++|"(?:[^"\\]++|\\.)*+")*+', re.DOTALL)
_BLANK = b" \t\r\n"


class Elements:
    """The elements of an array whose `[` was read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._data = b""
        self._start = 0  # of the element in the data
        self._is_ended = False

    def __iter__(self) -> Iterator[bytes]:
        """Give each element as it stands between its commas.

        What follows the array is given too, and an empty element where its end is missing: that
        is no less wrong than a bad element.
        """
        count = 0
        while True:
            end, is_whole = self._end_of_element()
            element = self._data[self._start : end].strip(_BLANK)
            sign = self._data[end : end + 1]
            self._start = end + 1
            if element or sign != b"]" or count:
                yield element
                count += 1
            if not sign:
                if is_whole and element:
                    yield b""
                return
            if sign == b"]":
                rest = (self._data[self._start :] + self._file.read()).strip(_BLANK)
                if rest:
                    yield rest
                return

    def _end_of_element(self) -> tuple[int, bool]:
        """Find the comma or bracket after an element, or the end of the text.

        Tells too whether everything is closed that was opened before it.
        """
        depth, at = 0, self._start
        while True:
            pattern = _TO_BRACKET if depth else _TO_NEXT
            match = pattern.match(self._data, at)
            assert match is not None  # it may match nothing
            at = match.end()
            sign = self._data[at : at + 1]
            if not sign or sign == b'"':  # the text ends here, or within a string
                at -= self._start
                is_more = self._read_on()
                if not is_more:
                    return len(self._data), not depth and not sign
            elif sign in (b"{", b"["):
                depth += 1
                at += 1
            elif depth:
                depth -= 1
                at += 1
            elif sign == b"}":
                at += 1
            else:
                return at, True

    def _read_on(self) -> bool:
        """Read more, the element first in what is held; False at the end of the file."""
        more = b"" if self._is_ended else self._file.read(READ_BYTES)
        self._is_ended = not more
        self._data, self._start = self._data[self._start :] + more, 0
        return bool(more)
