import pytest

from settlement.ocpi.document import NotJson
from settlement.tariff_tools.lint.source import Place, Source, at_pointer, doubled


def test_a_value_has_its_line_and_column_in_characters() -> None:
    source = Source('{"a": [1,\n  {"ü": "ö", "b": true}]}'.encode())

    node = at_pointer(node=source.values[0], pointer="/a/1/b")

    assert source.text(node) == b"true"
    assert source.place(node.start) == Place(2, 19)


def test_what_is_not_there_has_the_place_of_what_is_around_it() -> None:
    source = Source(b'{"a": {"b": 1}}')

    node = at_pointer(node=source.values[0], pointer="/a/c/d")

    assert source.text(node) == b'{"b": 1}'


def test_a_key_that_is_there_twice_is_found() -> None:
    source = Source(b'{"a": [{"b": 1, "b": 2}]}')

    assert list(doubled(node=source.values[0])) == [("/a/0/b", 16)]


def test_json_lines_are_several_values() -> None:
    source = Source(b'\xef\xbb\xbf{"a": 1}\n\n{"a": 2}\n')

    assert [source.text(node) for node in source.values] == [b'{"a": 1}', b'{"a": 2}']


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b'{"a": 1,}', "line 1, column 9"),
        (b'{"a": 1\n "b": 2}', "line 2, column 2"),
        (b'{"a": nul}', "line 1, column 7"),
        (b"[1 2]", "line 1, column 4"),
        (b'{"a"', "line 1, column 5"),
        (b'{"\\x": 1}', "line 1, column 2"),
        (b"  ", "empty"),
        (b"\xff", "UTF-8"),
        (b"[" * 300, "deeper"),
    ],
)
def test_what_is_no_json_says_where(data: bytes, where: str) -> None:
    with pytest.raises(NotJson, match=where):
        Source(data)
