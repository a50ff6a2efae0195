"""ClickHouse's errors and answer headers in HTTP.

Rule: what a client can see of an answer (status, headers, error text) is decided here.
"""

import json
import re

import msgspec

TIMEZONE = "UTC"  # of this server; `__main__` sets it before the engine starts


class EngineError(Exception):
    """A statement failed; `code` is ClickHouse's, the text is what a client is shown."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code


# The codes that we raise ourselves, with ClickHouse's names.
NAMES = {
    48: "NOT_IMPLEMENTED",
    62: "SYNTAX_ERROR",
    81: "UNKNOWN_DATABASE",
    115: "UNKNOWN_SETTING",
    164: "READONLY",
    202: "TOO_MANY_SIMULTANEOUS_QUERIES",
    210: "NETWORK_ERROR",
    307: "TOO_MANY_BYTES",
    358: "INTO_OUTFILE_NOT_ALLOWED",
    394: "QUERY_WAS_CANCELLED",
    497: "ACCESS_DENIED",
    516: "AUTHENTICATION_FAILED",
}

# HTTP status by error code, as ClickHouse's HTTP interface has it; all others are 500.
_STATUS = (
    dict.fromkeys((6, 26, 27, 33, 38, 41, 43, 44, 46, 53, 62, 69, 72, 73, 117, 131, 457), 400)
    | dict.fromkeys((16, 47, 50, 60, 81, 115), 404)
    | {516: 401, 164: 403, 497: 403, 159: 408, 307: 413, 48: 501}
)

_CODE = re.compile(r"Code: (\d+)\. DB::Exception: ")
_TRAILER = re.compile(r"(?: \(version [^)]*\)\.?)? \([A-Z_0-9]+\)\.?$")


def our_error(code: int, sentence: str) -> EngineError:
    """Make an error of this server look like ClickHouse's."""
    return EngineError(code, f"Code: {code}. DB::Exception: {sentence}. ({NAMES[code]})")


def engine_error(raised: str) -> EngineError:
    """Read the engine's text: its code, and the message without what chDB wraps around it."""
    start = raised.find("Code: ")
    text = raised[start:].strip() if start >= 0 else raised
    inner = text
    while (outer := _CODE.match(inner)) and _CODE.match(inner, outer.end()):
        inner = _TRAILER.sub("", inner[outer.end() :])
    code = _CODE.match(inner)
    return EngineError(int(code[1]) if code else 1002, inner)  # 1002: UNKNOWN_EXCEPTION


def http_status(code: int) -> int:
    """Give the HTTP status of an error code."""
    return _STATUS.get(code, 500)


def error_body(error: EngineError, version: str) -> bytes:
    """Write the error as ClickHouse does, version last."""
    text = str(error)
    suffix = "" if "(version " in text else f" (version {version})"
    return f"{text}{suffix}\n".encode()


def late_error(error: EngineError, version: str, tag: str) -> bytes:
    """Write an error that came after the first rows; clients find it by its tag."""
    message = error_body(error, version)
    return (
        b"\r\n__exception__\r\n"
        + tag.encode()
        + b"\r\n"
        + message
        + f"{len(message)} {tag}\r\n__exception__\r\n".encode()
    )


class Summary(msgspec.Struct, frozen=True):
    """What a finished statement did."""

    read_rows: int = 0
    read_bytes: int = 0
    written_rows: int = 0
    written_bytes: int = 0
    result_rows: int = 0
    result_bytes: int = 0
    elapsed_ns: int = 0

    def header(self) -> str:
        """Give the value of X-ClickHouse-Summary: all numbers as strings."""
        return json.dumps(
            {name: str(value) for name, value in msgspec.structs.asdict(self).items()}
        )


_CONTENT_TYPES = {
    "CSV": "text/csv; charset=UTF-8; header=absent",
    "CSVWithNames": "text/csv; charset=UTF-8; header=present",
    "JSON": "application/json; charset=UTF-8",
    "JSONCompact": "application/json; charset=UTF-8",
    "JSONEachRow": "application/x-ndjson; charset=UTF-8",
    "Native": "application/octet-stream",
    "Parquet": "application/octet-stream",
    "ArrowStream": "application/octet-stream",
    "RowBinary": "application/octet-stream",
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
}


def content_type(output_format: str) -> str:
    """Give the Content-Type of a format."""
    return _CONTENT_TYPES.get(output_format, "text/plain; charset=UTF-8")
