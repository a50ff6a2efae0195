"""ClickHouse's lexical rules, as far as a guard and a splitter of statements need them.

Rule: nothing is guessed. What this lexer would read otherwise than the engine (control
characters, text outside quotes that is not ASCII, heredocs, comments in comments) is refused.
"""

import re
from collections.abc import Iterator
from enum import Enum

import msgspec


class UnreadableSql(ValueError):  # noqa: N818 - the text's fault, named for the reader
    """The text holds something this lexer refuses to read; the text says what and where."""


class Kind(Enum):
    """What a token is."""

    SPACE = "white space or a comment"
    WORD = "a bare word: keyword, function or name"
    QUOTED = "a quoted identifier"
    STRING = "a string literal"
    NUMBER = "a number"
    SIGN = "an operator or bracket"


class Token(msgspec.Struct, frozen=True):
    """One token: its kind, its text as written, where it starts, and the name it means.

    `name` is the bare word itself or what stands in a quoted identifier; empty otherwise.
    """

    kind: Kind
    text: str
    start: int
    name: str = ""

    @property
    def end(self) -> int:
        """Give the offset just behind the token."""
        return self.start + len(self.text)

    def is_word(self, *words: str) -> bool:
        """Tell whether this is one of these bare words; quoted names never are."""
        return self.kind is Kind.WORD and self.name.upper() in words

    def is_sign(self, *signs: str) -> bool:
        """Tell whether this is one of these operators or brackets."""
        return self.kind is Kind.SIGN and self.text in signs


_SPACE = re.compile(r"[ \t\r\n]+")
_LINE_COMMENT = re.compile(r"--[^\n]*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|0[bB][01]+|(?:\d[\d_]*(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
# Longest first. Not among them: @ $ \ # and a lone | & ^ ~ !
_SIGN = re.compile(r"<=>|::|->|\|\||==|!=|<>|<=|>=|[-+*/%=<>(),.;:?\[\]{}]")
_WORD_FOLLOWS = re.compile(r"[A-Za-z0-9_$]")


def tokens(text: str) -> Iterator[Token]:
    """Read a text token by token; white space and comments are tokens too.

    Lazy, so that binary data behind an INSERT's FORMAT is never looked at. Raises UnreadableSql.
    """
    at = 0
    while at < len(text):
        token = _read(text, at)
        yield token
        at = token.end


def _read(text: str, at: int) -> Token:
    char = text[at]
    if match := _SPACE.match(text, at):
        return Token(Kind.SPACE, match[0], at)
    if text.startswith("--", at):
        comment = _LINE_COMMENT.match(text, at)
        assert comment is not None
        return Token(Kind.SPACE, comment[0], at)
    if text.startswith("/*", at):
        return _block_comment(text, at)
    if char == "'":
        return Token(Kind.STRING, text[at : _closing_quote(text, at)], at)
    if char in '"`':
        return _quoted(text, at)
    if match := _WORD.match(text, at):
        return _word(text, at, match[0])
    if match := _NUMBER.match(text, at):
        return _number(text, at, match[0])
    if match := _SIGN.match(text, at):
        return Token(Kind.SIGN, match[0], at)
    raise UnreadableSql(f"the character {char!r} at position {at + 1} is not accepted here")


def _block_comment(text: str, at: int) -> Token:
    end = text.find("*/", at + 2)
    if end < 0:
        raise UnreadableSql(f"the comment at position {at + 1} is not closed")
    if "/*" in text[at + 2 : end]:
        raise UnreadableSql(f"a comment inside the comment at position {at + 1}")
    return Token(Kind.SPACE, text[at : end + 2], at)


def _closing_quote(text: str, at: int) -> int:
    """Find the end of the quoted text that starts here; one doubled or escaped goes on."""
    quote = text[at]
    here = at + 1
    while here < len(text):
        if text[here] == "\\":
            here += 2
        elif text[here] != quote:
            here += 1
        elif text.startswith(quote, here + 1):
            here += 2
        else:
            return here + 1
    raise UnreadableSql(f"the quote at position {at + 1} is not closed")


def _quoted(text: str, at: int) -> Token:
    end = _closing_quote(text, at)
    quote, inside = text[at], text[at + 1 : end - 1]
    if "\\" in inside:  # the engine reads \x66 here: "fi\x6ce" is file
        raise UnreadableSql(f"a backslash in the quoted name at position {at + 1}")
    return Token(Kind.QUOTED, text[at:end], at, inside.replace(quote * 2, quote))


def _word(text: str, at: int, word: str) -> Token:
    if text.startswith("$", at + len(word)):
        raise UnreadableSql(f"the character '$' at position {at + len(word) + 1}")
    return Token(Kind.WORD, word, at, word)


def _number(text: str, at: int, number: str) -> Token:
    if _WORD_FOLLOWS.match(text, at + len(number)):
        raise UnreadableSql(f"a number and a word without a space at position {at + 1}")
    return Token(Kind.NUMBER, number, at)


def split_statements(text: str) -> list[str]:
    """Split a script at its semicolons; parts with nothing but comments are dropped."""
    statements, start, has_code = [], 0, False
    for token in tokens(text):
        if token.is_sign(";"):
            if has_code:
                statements.append(text[start : token.start].strip())
            start, has_code = token.end, False
        elif token.kind is not Kind.SPACE:
            has_code = True
    if has_code:
        statements.append(text[start:].strip())
    return statements
