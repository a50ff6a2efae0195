import pytest

from settlement.clickhouse.sql_tokens import Kind, UnreadableSql, split_statements, tokens


def read(text: str) -> list[tuple[Kind, str]]:
    return [(token.kind, token.text) for token in tokens(text) if token.kind is not Kind.SPACE]


def test_tokens_are_the_whole_text_in_order() -> None:
    text = "SELECT `a``b`, \"c\"\t'd''e\\'f' /* g */ -- h\n FROM x.y WHERE 1.5e3>=.5::Int8"

    assert text == "".join(token.text for token in tokens(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.1", [(Kind.WORD, "a"), (Kind.NUMBER, ".1")]),
        ("1.5e-3", [(Kind.NUMBER, "1.5e-3")]),
        ("'a''b'", [(Kind.STRING, "'a''b'")]),
        ("'a\\''", [(Kind.STRING, "'a\\''")]),
        ("'a' 'b'", [(Kind.STRING, "'a'"), (Kind.STRING, "'b'")]),
        ("a->b", [(Kind.WORD, "a"), (Kind.SIGN, "->"), (Kind.WORD, "b")]),
        ("a--b", [(Kind.WORD, "a")]),
        ("x::y", [(Kind.WORD, "x"), (Kind.SIGN, "::"), (Kind.WORD, "y")]),
        ("_a1", [(Kind.WORD, "_a1")]),
    ],
)
def test_text_is_read_as_clickhouse_reads_it(text: str, expected: list[tuple[Kind, str]]) -> None:
    assert expected == read(text)


def test_a_quoted_name_means_what_stands_in_it() -> None:
    names = [token.name for token in tokens('`a``b` "c""d"') if token.kind is Kind.QUOTED]

    assert names == ["a`b", 'c"d']


def test_a_quoted_name_is_no_keyword() -> None:
    quoted, bare = next(tokens("`SELECT`")), next(tokens("select"))

    assert not quoted.is_word("SELECT")
    assert bare.is_word("SELECT")


@pytest.mark.parametrize(
    "text", ["'a", '"a', "`a", "/* a", "/* /* */", "a$", "@a", "1a", "ä", "\0"]
)
def test_what_the_engine_may_read_otherwise_is_refused(text: str) -> None:
    with pytest.raises(UnreadableSql):
        list(tokens(text))


def test_tokens_do_not_look_behind_what_is_asked_for() -> None:
    stream = tokens("FORMAT Native\n\x01\x00'\xff")

    first = [next(stream).text for _ in range(3)]

    assert first == ["FORMAT", " ", "Native"]


def test_a_script_is_split_at_its_semicolons_alone() -> None:
    script = "-- a; b\nSELECT ';' AS `;`;\n\n/* ; */ ;SELECT 2 -- end;\n;-- last"

    assert split_statements(script) == ["-- a; b\nSELECT ';' AS `;`", "SELECT 2 -- end;"]
