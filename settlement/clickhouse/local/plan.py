"""From a request to a statement for the engine, as the user may have it.

Rule: the writer is trusted and held to what ClickHouse's HTTP interface takes; the reader gets
only what the guard passed, with limits that come after every setting of its own.
"""

import msgspec

from settlement.clickhouse.local.engine import Engine, Statement
from settlement.clickhouse.local.formats import is_streamable
from settlement.clickhouse.local.guard import Refused, guard, is_utf8
from settlement.clickhouse.local.limits import ReaderLimits, is_harmless
from settlement.clickhouse.local.reply import our_error
from settlement.clickhouse.local.request import Asked, Envelope
from settlement.clickhouse.local.vocabulary import Vocabulary
from settlement.clickhouse.sql_tokens import Kind, UnreadableSql, tokens

READER_DATABASE = "settlement"

# chDB is made for the command line; a server has these otherwise. An insert is stored when it
# is answered: this server has no queue that would make waiting worth it.
_AS_A_SERVER = {
    "allow_introspection_functions": "0",
    "async_insert": "0",
    "implicit_select": "0",
}


class Plan(msgspec.Struct, frozen=True):
    """A statement, and how its result is sent."""

    statement: Statement
    format: str
    is_streamed: bool
    is_insert: bool
    has_result: bool


def plan_insert(asked: Asked, envelope: Envelope) -> Plan:
    """Plan an INSERT whose data lie in a file."""
    assert asked.insert is not None
    statement = Statement(
        asked.insert.from_file(asked.data_path),
        envelope.default_format,
        envelope.database,
        _writer_settings(envelope),
        asked.parameters,
    )
    return Plan(statement, asked.insert.format, is_streamed=False, is_insert=True, has_result=False)


def plan_writer(asked: Asked, envelope: Envelope, engine: Engine) -> Plan:
    """Plan any other statement of the writer. Raises EngineError."""
    if not is_utf8(asked.text):
        raise our_error(62, "Syntax error: the statement is not UTF-8")
    kind, count = engine.statement_count(asked.text)
    if count > 1:
        raise our_error(62, "Syntax error: Multi-statements are not allowed")
    words = _words(asked.text)
    if "OUTFILE" in words or "INFILE" in words:
        raise our_error(358, "INTO OUTFILE and FROM INFILE are not allowed over HTTP")
    output_format = _named_format(words) or envelope.default_format
    first = next(iter(words), "")
    statement = Statement(
        asked.text,
        envelope.default_format,
        envelope.database,
        _writer_settings(envelope),
        asked.parameters,
    )
    return Plan(
        statement,
        output_format,
        is_streamed=kind == "READ_ONLY"
        and first in {"SELECT", "WITH", "("}
        and _joins(output_format, words, envelope),
        is_insert=first == "INSERT",
        has_result=kind == "READ_ONLY",
    )


def plan_reader(
    asked: Asked,
    envelope: Envelope,
    *,
    engine: Engine,
    vocabulary: Vocabulary,
    limits: ReaderLimits,
) -> Plan:
    """Plan a statement of the reader. Raises EngineError for what it may not do."""
    for name in envelope.settings:
        if not is_harmless(name):
            raise our_error(164, f"Cannot modify '{name}' setting in readonly mode")
    try:
        passed = guard(asked.text, vocabulary)
    except Refused as refused:
        raise our_error(497, f"reader: Not enough privileges: {refused}") from refused
    if engine.statement_count(passed.text) not in {("READ_ONLY", 1), ("UNKNOWN", 0)}:
        raise our_error(497, "reader: Not enough privileges: not one statement that reads")
    words = _words(passed.text)
    output_format = passed.format or envelope.default_format
    is_streamed = passed.verb in {"SELECT", "WITH"} and _joins(output_format, words, envelope)
    own = {name: value for name, value in envelope.settings.items() if name != "log_comment"}
    buffered = {} if is_streamed else {"max_result_bytes": str(limits.buffered_bytes)}
    statement = Statement(
        passed.text,
        envelope.default_format,
        _reader_database(envelope.database),
        {
            **_AS_A_SERVER,
            **own,
            "log_comment": envelope.tag,
            **buffered,
            **limits.settings(),
        },
        asked.parameters,
    )
    return Plan(statement, output_format, is_streamed, is_insert=False, has_result=True)


def _reader_database(asked: str) -> str:
    """Choose the reader's database: `default` is what clients send who name none."""
    if asked in {"", "default"}:
        return READER_DATABASE
    if asked.lower() == "system":
        raise our_error(497, "reader: Not enough privileges: name a system table with its database")
    return asked


def _writer_settings(envelope: Envelope) -> dict[str, str]:
    settings = {**_AS_A_SERVER, **envelope.settings, "log_comment": envelope.tag}
    if envelope.method == "GET":  # as ClickHouse has it: GET changes nothing
        settings["readonly"] = "2"
    return settings


def _words(text: str) -> list[str]:
    """Give the bare words, upper case, as far as the text can be read; brackets too."""
    found: list[str] = []
    try:
        for token in tokens(text):
            if token.kind is Kind.WORD:
                found.append(token.name if found[-1:] == ["FORMAT"] else token.name.upper())
            elif token.is_sign("("):
                found.append("(")
    except UnreadableSql:
        pass
    return found


def _named_format(words: list[str]) -> str | None:
    return words[-1] if len(words) > 1 and words[-2] == "FORMAT" else None


def _joins(output_format: str, words: list[str], envelope: Envelope) -> bool:
    """Tell whether the blocks of this result may be sent one after the other."""
    return (
        is_streamable(output_format)
        and "TOTALS" not in words  # a stream of blocks leaves totals and extremes out
        and not {"extremes", "output_format_json_array_of_rows"} & envelope.settings.keys()
    )
