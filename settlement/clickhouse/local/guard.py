"""The reader's wall: one SELECT, SHOW, DESCRIBE or EXPLAIN that only computes and reads.

Rule: deny by default, on tokens. The engine's `readonly` is the second wall and is not enough:
under it INTO OUTFILE writes and the scalar file() reads any file.
"""

import msgspec

from settlement.clickhouse.local.vocabulary import (
    FORBIDDEN_WORDS,
    SHOWN,
    SYNTAX_WORDS,
    SYSTEM_TABLES,
    Vocabulary,
)
from settlement.clickhouse.sql_tokens import Kind, Token, UnreadableSql, tokens

MAX_STATEMENT = 256 * 1024  # ClickHouse's max_query_size

# What a statement of ClickHouse may begin with: it only chooses the words of a refusal.
STATEMENTS = frozenset({
    "ALTER", "ATTACH", "BACKUP", "BEGIN", "CHECK", "COMMIT", "CREATE", "DELETE", "DESC",
    "DESCRIBE", "DETACH", "DROP", "EXCHANGE", "EXECUTE", "EXISTS", "EXPLAIN", "FROM", "GRANT",
    "INSERT", "KILL", "MOVE", "OPTIMIZE", "RENAME", "REPLACE", "RESTORE", "REVOKE", "ROLLBACK",
    "SELECT", "SET", "SHOW", "START", "SYSTEM", "TRUNCATE", "UNDROP", "UPDATE", "USE", "WATCH",
    "WITH",
})  # fmt: skip
_SHOWN_CHARACTERS = 40  # of a word

_OPENERS, _CLOSERS = ("(", "[", "{"), (")", "]", "}")


class Refused(Exception):  # noqa: N818 - a decision, not an error
    """The reader may not run this statement; the text says why."""


class ReaderStatement(msgspec.Struct, frozen=True):
    """A statement that passed: comments and semicolon gone, its FORMAT read."""

    text: str
    verb: str
    format: str | None


def guard(text: str, vocabulary: Vocabulary) -> ReaderStatement:
    """Check a reader's statement. Raises Refused."""
    if len(text) > MAX_STATEMENT:
        raise Refused(f"a statement may have {MAX_STATEMENT} characters")
    if not is_utf8(text):
        raise Refused("the statement is not UTF-8")
    try:
        significant = [t for t in tokens(text) if t.kind is not Kind.SPACE]
    except UnreadableSql as unreadable:
        raise Refused(str(unreadable)) from unreadable
    while significant and significant[-1].is_sign(";"):
        significant.pop()
    if not significant:
        raise Refused("there is no statement")
    verb = _verb(significant)
    _check_words(significant, verb)
    _check_names(significant)
    _check_calls(significant, vocabulary)
    return ReaderStatement(
        text=_without_comments(significant), verb=verb, format=_format(significant)
    )


def is_utf8(text: str) -> bool:
    """Tell whether the text was UTF-8: what was not has been read as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _verb(significant: list[Token]) -> str:
    first = next((t for t in significant if not t.is_sign("(")), significant[0])
    allowed = ("SELECT", "WITH") if significant[0].is_sign("(") else (
        "SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN"
    )  # fmt: skip
    if not first.is_word(*allowed):
        rule = "the reader may run SELECT, SHOW, DESCRIBE and EXPLAIN, nothing else"
        if first.kind is Kind.WORD and not first.is_word(*STATEMENTS):
            rule = f"{first.name[:_SHOWN_CHARACTERS]} begins no statement of ClickHouse: {rule}"
        raise Refused(rule)
    verb = first.name.upper()
    if verb == "SHOW":
        second = significant[1] if len(significant) > 1 else first
        if not second.is_word(*SHOWN):
            raise Refused(f"SHOW {second.text} is not for the reader")
    return verb


def _check_words(significant: list[Token], verb: str) -> None:
    for index, token in enumerate(significant):
        if token.is_sign(";"):
            raise Refused("one statement at a time")
        if not token.is_word(*FORBIDDEN_WORDS):
            continue
        if token.is_word("CREATE") and verb == "SHOW" and index == 1:
            continue
        if token.is_word("SETTINGS") and _is_system_settings(significant, index):
            continue
        raise Refused(f"{token.name.upper()} is not for the reader (a name can be quoted)")


def _is_system_settings(significant: list[Token], index: int) -> bool:
    """Tell `system.settings` from a SETTINGS clause."""
    before = significant[max(0, index - 2) : index]
    return len(before) == 2 and before[0].name == "system" and before[1].is_sign(".")


def _check_names(significant: list[Token]) -> None:
    """Check the names with a dot, the tables given as text, and parameters that name things."""
    ahead = [*significant[1:], None]
    for index, (token, after) in enumerate(zip(significant, ahead, strict=True)):
        if token.is_sign("{") and not (after and after.kind is Kind.WORD):
            raise Refused("a brace that opens no {parameter:Type}")
        if token.is_word("IDENTIFIER") and index and significant[index - 1].is_sign(":"):
            raise Refused("a parameter of type Identifier is not for the reader")
        if token.kind in {Kind.WORD, Kind.QUOTED} and after and after.is_sign("."):
            _check_database(token, significant[index + 2 : index + 3])
        if token.is_word("FROM", "JOIN", "TABLE"):
            _check_table(after)


def _check_database(database: Token, rest: list[Token]) -> None:
    name = database.name.lower()
    if name == "default":  # chDB lays the file system under it: default.`/etc/passwd` is a file
        raise Refused("the database default is not for the reader")
    if name == "system" and (not rest or rest[0].name.lower() not in SYSTEM_TABLES):
        raise Refused(f"system.{rest[0].name if rest else ''} is not for the reader")


def _check_table(token: Token | None) -> None:
    if token and token.kind is Kind.QUOTED and ("/" in token.name or ":" in token.name):
        raise Refused(f"a table is not named {token.text}")


def _check_calls(significant: list[Token], vocabulary: Vocabulary) -> None:
    """Check every name before a bracket, and names of functions handed to functions."""
    enclosing: list[bool] = []  # per open bracket: may a function be handed over in it?
    for index, token in enumerate(significant):
        before = significant[index - 1] if index else None
        after = significant[index + 1] if index + 1 < len(significant) else None
        if token.is_sign(*_CLOSERS):
            if not enclosing:
                raise Refused("a bracket closes that was not opened")
            enclosing.pop()
        elif token.is_sign(*_OPENERS):
            enclosing.append(_takes_functions(before, after, enclosing, vocabulary))
        elif token.kind in {Kind.WORD, Kind.QUOTED}:
            if after and after.is_sign("("):
                _check_call(token, vocabulary)
            elif _is_applied(significant, index) and not vocabulary.may_call(token.name):
                raise Refused(f"the function {token.name} is not for the reader")
            elif enclosing and enclosing[-1] and _is_alone(before, after):
                _check_reference(token, vocabulary)


def _takes_functions(
    before: Token | None, after: Token | None, enclosing: list[bool], vocabulary: Vocabulary
) -> bool:
    """Tell whether a function's name in this bracket could be taken for the function."""
    if after and after.is_word("SELECT", "WITH"):
        return False
    if before and before.kind in {Kind.WORD, Kind.QUOTED}:
        if before.is_word(*SYNTAX_WORDS):
            return bool(enclosing and enclosing[-1])
        return not vocabulary.is_aggregate(before.name)
    return bool(enclosing and enclosing[-1])


def _check_call(token: Token, vocabulary: Vocabulary) -> None:
    if token.is_word(*SYNTAX_WORDS) or vocabulary.may_call(token.name):
        return
    raise Refused(f"the function {token.name} is not for the reader")


def _is_applied(significant: list[Token], index: int) -> bool:
    """Tell whether the name follows APPLY, with or without a bracket, and opens no lambda."""
    before = significant[max(0, index - 2) : index]
    if index + 1 < len(significant) and significant[index + 1].is_sign("->"):
        return False
    if before and before[-1].is_sign("("):
        before.pop()
    return bool(before) and before[-1].is_word("APPLY")


def _is_alone(before: Token | None, after: Token | None) -> bool:
    """Tell whether a name has no dot on either side."""
    return not (before and before.is_sign(".")) and not (after and after.is_sign("."))


def _check_reference(token: Token, vocabulary: Vocabulary) -> None:
    if token.name.lower() in vocabulary.refused:
        raise Refused(
            f"{token.name} could be the function of that name: "
            f"write a column of that name with its table, such as t.{token.name}"
        )


def _format(significant: list[Token]) -> str | None:
    """Read the FORMAT at the end."""
    if len(significant) > 2 and significant[-2].is_word("FORMAT"):
        if significant[-1].kind is not Kind.WORD:
            raise Refused("FORMAT is followed by the name of a format")
        return significant[-1].name
    return None


def _without_comments(significant: list[Token]) -> str:
    """Write the statement again, so that the engine reads the tokens that were checked."""
    parts: list[str] = []
    end = significant[0].start
    for token in significant:
        if token.start > end:
            parts.append(" ")
        parts.append(token.text)
        end = token.end
    return "".join(parts)
