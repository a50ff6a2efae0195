"""Reading tables as rows of plain JSON with exact numbers.

Rule: ClickHouse's HTTP interface and `json`, no driver; SELECT alone.
"""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx

from settlement.verify.difference import CannotLook

_SETTINGS = {
    "wait_end_of_query": "1",
    "output_format_json_quote_64bit_integers": "0",
    "output_format_json_quote_decimals": "0",
    "output_format_json_escape_forward_slashes": "0",
    "output_format_json_named_tuples_as_objects": "0",
    "date_time_output_format": "iso",
    # A row that stands in two months must show as two.
    "do_not_merge_across_partitions_select_final": "1",
    "session_timezone": "UTC",
}
ANSWER_SECONDS = 300
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
DOCUMENTS = json.JSONDecoder(parse_float=Decimal)


class Tables:
    """The tables of one generation."""

    def __init__(self, *, url: str, database: str) -> None:
        """Take http(s)://user:password@host:port; the database is a generation's."""
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise CannotLook("a ClickHouse address has the form http://user:password@host:8123")
        port = parts.port or (8443 if parts.scheme == "https" else 8123)
        self.database = database
        self._place = f"{parts.scheme}://{parts.hostname}:{port}"
        self._client = httpx.Client(
            base_url=self._place,
            auth=(unquote(parts.username or "default"), unquote(parts.password or "")),
            timeout=ANSWER_SECONDS,
            trust_env=parts.hostname not in LOOPBACK,
        )

    def close(self) -> None:
        """Disconnect."""
        self._client.close()

    def rows(self, query: str, **parameters: str | int) -> list[dict[str, Any]]:
        """Give the rows of a SELECT as objects; `{db}` in it is the database.

        Raises CannotLook where ClickHouse does not answer or refuses.
        """
        return list(self.stream(query, **parameters))

    def stream(self, query: str, **parameters: str | int) -> Iterator[dict[str, Any]]:
        """Give the rows of a SELECT one after the other, as `rows` does."""
        text = f"{query.replace('{db}', self.database)} FORMAT JSONCompactEachRowWithNames"
        asked = {f"param_{name}": str(value) for name, value in parameters.items()}
        read = DOCUMENTS.decode
        names: list[str] = []
        try:
            with self._client.stream(
                "POST", "/", params={**_SETTINGS, **asked}, content=text
            ) as answer:
                if answer.status_code != httpx.codes.OK:
                    said = answer.read().decode(errors="replace").strip() or answer.reason_phrase
                    why = said.splitlines()[0][:300]
                    raise CannotLook(f"ClickHouse at {self._place} refuses a query: {why}")
                for line in _lines(answer.iter_bytes()):
                    if names:
                        yield dict(zip(names, read(line.decode()), strict=True))
                    else:
                        names = read(line.decode())
        except httpx.HTTPError as away:
            raise CannotLook(f"ClickHouse at {self._place} does not answer: {away!r}") from away


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Give the lines that are not empty; only a newline ends one."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from filter(None, lines)
    if rest:
        yield rest
