"""What the reader's statements may cost, and which settings a reader may send.

Rule: the server sets the limits after the client's settings and forbids changes with
`readonly`; a setting that is not named here is refused, as a server with `readonly=1` does.
"""

import re
from collections.abc import Mapping

import msgspec

from settlement.cli.exit import Unusable

PREFIX = "CLICKHOUSE_READER_LIMIT_"


class ReaderLimits(msgspec.Struct, frozen=True):
    """The limits of one statement of the reader, and how many may run at once.

    Each has its setting: CLICKHOUSE_READER_LIMIT_ROWS and so on.
    """

    rows: int = 10_000_000
    seconds: int = 120
    memory_bytes: int = 2 * 1024**3
    temporary_bytes: int = 4 * 1024**3
    buffered_bytes: int = 512 * 1024**2  # of a result that cannot be sent piece by piece
    statements: int = 4

    def settings(self) -> dict[str, str]:
        """Give the engine's settings; `readonly` last, so that nothing after it counts."""
        return {
            "max_result_rows": str(self.rows),
            "result_overflow_mode": "throw",
            "max_execution_time": str(self.seconds),
            "timeout_overflow_mode": "throw",
            "max_memory_usage": str(self.memory_bytes),
            "max_temporary_data_on_disk_size_for_query": str(self.temporary_bytes),
            "max_query_size": "262144",
            "allow_ddl": "0",
            "readonly": "1",
        }


def reader_limits(environment: Mapping[str, str]) -> ReaderLimits:
    """Read the limits from the environment; raises Unusable where one is no positive number."""
    named = {
        name: environment[PREFIX + name.upper()]
        for name in ReaderLimits.__struct_fields__
        if PREFIX + name.upper() in environment
    }
    for name, text in named.items():
        if not text.isdecimal() or int(text) == 0:
            raise Unusable(f"{PREFIX}{name.upper()} is not a positive whole number: {text}")
    return ReaderLimits(**{name: int(text) for name, text in named.items()})


# Settings that change how a result is written or what a query means, but not what it may do.
# `output_format_schema`, which writes a file, shows why this is no rule like output_format_*.
_HARMLESS = re.compile(
    r"output_format_(json|csv|tsv|pretty|arrow|parquet)_\w+"
    r"|output_format_(decimal_trailing_zeros|write_statistics)"
    r"|date_time_(in|out)put_format|session_timezone|join_use_nulls|log_comment|max_block_size"
    r"|cast_string_to_dynamic_use_inference|enable_http_compression|final"
    r"|do_not_merge_across_partitions_select_final|union_default_mode|extremes"
    r"|http_headers_progress_interval_ms|send_progress_in_http_headers"
    r"|cancel_http_readonly_queries_on_client_close|http_write_exception_in_output_format"
)


def is_harmless(setting: str) -> bool:
    """Tell whether a reader may send this setting."""
    return _HARMLESS.fullmatch(setting) is not None
