"""What one HTTP request asks of ClickHouse, whichever of its many forms it uses.

Rule: only reads the request. Who may do it, and doing it, is decided elsewhere.
"""

import base64
import binascii
import gzip
import secrets
import shutil
import zlib
from collections.abc import Callable, Mapping
from email.parser import BytesParser
from email.policy import HTTP
from typing import IO, cast

import lz4.frame
import msgspec
import zstandard
from starlette.requests import Request

from settlement.clickhouse.local.insert import InsertHead, read_insert_head
from settlement.clickhouse.local.reply import our_error

HEAD_BYTES = 256 * 1024  # an INSERT's statement stands within these; max_query_size
MAX_TEXT_BYTES = 64 * 1024 * 1024  # of a statement with its VALUES

# Request parameters of the HTTP interface that are no settings. Sessions are not kept: a SET, a
# USE and a temporary table last for one request.
_RESERVED = frozenset({
    "buffer_size", "client_protocol_version", "close_session", "compress", "database", "decompress",
    "default_format", "password", "query", "query_id", "quota_key", "role", "session_check",
    "session_id", "session_timeout", "stacktrace", "user", "wait_end_of_query",
})  # fmt: skip


class Envelope(msgspec.Struct, frozen=True):
    """All of a request but its body; `tag` is ours and names its query in the engine."""

    method: str
    user: str
    password: str
    query: str
    database: str
    default_format: str
    query_id: str
    tag: str
    waits_for_end: bool
    settings: Mapping[str, str]
    parameters: Mapping[str, str]
    encoding: str
    content_type: str


def read_envelope(request: Request) -> Envelope:
    """Read headers and query string. Raises EngineError where we do not speak that dialect."""
    asked, headers = dict(request.query_params), request.headers
    if asked.get("compress", "0") != "0" or asked.get("decompress", "0") != "0":
        raise our_error(48, "compress=1 and decompress=1 are not supported: use HTTP compression")
    user, password = _credentials(asked, headers)
    return Envelope(
        method=request.method,
        user=user,
        password=password,
        query=asked.get("query", ""),
        database=asked.get("database") or headers.get("x-clickhouse-database", ""),
        default_format=asked.get("default_format")
        or headers.get("x-clickhouse-format")
        or "TabSeparated",
        query_id=asked.get("query_id") or secrets.token_hex(16),
        tag=secrets.token_hex(16),
        waits_for_end=asked.get("wait_end_of_query", "0") not in {"", "0"},
        settings={
            name: value
            for name, value in asked.items()
            if name not in _RESERVED and not name.startswith("param_")
        },
        parameters=_parameters(asked),
        encoding=headers.get("content-encoding", "identity").lower(),
        content_type=headers.get("content-type", ""),
    )


def _credentials(asked: Mapping[str, str], headers: Mapping[str, str]) -> tuple[str, str]:
    if "x-clickhouse-user" in headers:
        return headers["x-clickhouse-user"], headers.get("x-clickhouse-key", "")
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return "", ""
        return user, password
    return asked.get("user", "default"), asked.get("password", "")


def _parameters(asked: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix("param_"): value
        for name, value in asked.items()
        if name.startswith("param_")
    }


class Asked(msgspec.Struct, frozen=True):
    """The statement of a request: its text, or an INSERT whose data lie in a file."""

    text: str
    insert: InsertHead | None
    parameters: Mapping[str, str]
    data_path: str = ""


def read_statement(
    envelope: Envelope,
    body: IO[bytes],
    *,
    data_file: Callable[[], IO[bytes]] | None,
) -> Asked:
    """Read query and body as one text, as ClickHouse does; an INSERT's data go to a file.

    `data_file` makes it; without one there is no INSERT.

    Raises EngineError where the body is not what its headers say.
    """
    if envelope.content_type.startswith("multipart/form-data"):
        return _read_form(envelope, body)
    start = f"{envelope.query}\n".encode() if envelope.query else b""
    try:
        plain = _decompressed(body, envelope.encoding)
        head = start + plain.read(HEAD_BYTES)
        insert = read_insert_head(head.decode("latin-1")) if data_file else None
        if insert and data_file:
            data = data_file()
            data.write(head[insert.data_start :])
            shutil.copyfileobj(plain, data, 1024 * 1024)
            data.flush()
            return Asked("", insert, envelope.parameters, data.name)
        text = head + plain.read(MAX_TEXT_BYTES)
        if plain.read(1):
            raise our_error(307, f"the statement is longer than {MAX_TEXT_BYTES} bytes")
    except (EOFError, OSError, RuntimeError, zlib.error, zstandard.ZstdError) as broken:
        raise our_error(210, f"the body is not valid {envelope.encoding}: {broken}") from broken
    # What is not UTF-8 stays visible as lone surrogates; `plan` refuses it.
    return Asked(text.decode(errors="surrogateescape"), None, envelope.parameters)


def _decompressed(body: IO[bytes], encoding: str) -> IO[bytes]:
    """Give the body without its Content-Encoding; several frames in a row are one body."""
    if encoding in {"identity", ""}:
        return body
    if encoding == "lz4":
        return cast("IO[bytes]", lz4.frame.LZ4FrameFile(body))
    if encoding == "zstd":
        reader = zstandard.ZstdDecompressor().stream_reader(body, read_across_frames=True)
        return cast("IO[bytes]", _Filled(reader))
    if encoding == "gzip":
        return cast("IO[bytes]", gzip.GzipFile(fileobj=body, mode="rb"))
    raise our_error(48, f"Content-Encoding {encoding} is not supported: use lz4, zstd or gzip")


class _Filled:
    """A zstd reader whose `read(n)` gives n bytes while there are any."""

    def __init__(self, reader: zstandard.ZstdDecompressionReader) -> None:
        self._reader = reader

    def read(self, size: int) -> bytes:
        parts: list[bytes] = []
        while size > 0 and (part := self._reader.read(size)):
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


def _read_form(envelope: Envelope, body: IO[bytes]) -> Asked:
    """Read query and parameters from a form; clients send one where the URL would be too long."""
    header = f"Content-Type: {envelope.content_type}\r\n\r\n".encode()
    form = BytesParser(policy=HTTP).parsebytes(header + body.read(MAX_TEXT_BYTES))
    fields: dict[str, str] = {}
    for part in form.iter_parts():
        if part.get_filename():
            raise our_error(48, "external data are not supported")
        name = part.get_param("name", header="content-disposition")
        payload = cast("bytes", part.get_payload(decode=True))
        fields[str(name)] = payload.decode()
    text = "\n".join(filter(None, (envelope.query, fields.get("query"))))
    return Asked(text, None, {**envelope.parameters, **_parameters(fields)})
