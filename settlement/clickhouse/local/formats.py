"""Which output formats can be sent piece by piece.

Rule: chDB encodes each block as a document of its own. Blocks may be joined only where that
gives one valid document; all other formats are made in one piece.
"""

# Blocks of these follow each other without anything around them.
_JOINABLE = {
    "Native", "TabSeparated", "TSV", "TabSeparatedRaw", "TSVRaw", "TSKV", "CSV", "RowBinary",
    "JSONEachRow", "JSONLines", "NDJSON", "JSONCompactEachRow", "JSONStringsEachRow",
    "JSONCompactStringsEachRow",
}  # fmt: skip

# These repeat so many header lines with each block; all but the first are cut off.
_HEADER_LINES = {
    "CSVWithNames": 1, "CSVWithNamesAndTypes": 2,
    "TabSeparatedWithNames": 1, "TSVWithNames": 1,
    "TabSeparatedWithNamesAndTypes": 2, "TSVWithNamesAndTypes": 2,
    "JSONCompactEachRowWithNames": 1, "JSONCompactEachRowWithNamesAndTypes": 2,
}  # fmt: skip


def is_streamable(output_format: str) -> bool:
    """Tell whether blocks of the format can be joined."""
    return output_format in _JOINABLE or output_format in _HEADER_LINES


class BlockJoiner:
    """Joins the blocks of one result: the header of the first stays, the others lose theirs."""

    def __init__(self, output_format: str) -> None:
        self._lines = _HEADER_LINES.get(output_format, 0)
        self._quoted = output_format.startswith("CSV")
        self._header: bytes | None = None

    def join(self, block: bytes) -> bytes:
        """Give what of this block belongs into the result."""
        if not self._lines:
            return block
        if self._header is None:
            self._header = block[: self._header_end(block)]
            return block
        assert block.startswith(self._header), "a block came with another header"
        return block[len(self._header) :]

    def _header_end(self, block: bytes) -> int:
        """Find the end of the header lines; a quoted CSV name may hold a line end."""
        at, lines, inside = 0, 0, False
        while lines < self._lines:
            char = block[at : at + 1]
            if self._quoted and char == b'"':
                inside = not inside
            elif char == b"\n" and not inside:
                lines += 1
            at += 1
        return at
