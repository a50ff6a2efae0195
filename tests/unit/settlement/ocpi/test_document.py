"""Bytes to one JSON object: depth is counted exactly, whatever stands inside texts."""

import pytest

from settlement.ocpi.document import DEEPEST, NotJson, checked, load_json


def nested(levels: int, inside: bytes = b"1") -> bytes:
    return b'{"a":' * levels + inside + b"}" * levels


def test_the_deepest_allowed_document_is_read() -> None:
    assert load_json(nested(DEEPEST)) is not None


@pytest.mark.parametrize(
    "data",
    [
        nested(DEEPEST + 1),
        b"[" * (DEEPEST + 1),
        b'["]",' * 300 + b"1" + b',"["]' * 300,
        b'["\\"]",' * 300 + b"1" + b',"["]' * 300,
        b'["]\\\\",' * 300 + b"1" + b',"["]' * 300,
    ],
)
def test_a_deeper_one_is_refused_whatever_its_texts_feign(data: bytes) -> None:
    with pytest.raises(NotJson, match="nested deeper"):
        checked(data)


@pytest.mark.parametrize("text", [b"{[" * 500, b'\\"{' * 500, b"\\\\", b"{" * 500 + b"\\\\"])
def test_brackets_inside_texts_are_no_nesting(text: bytes) -> None:
    data = b'{"a": "' + text + b'"}'

    assert checked(data) == data


def test_half_a_surrogate_pair_is_replaced_and_a_whole_one_kept() -> None:
    halves = b'{"a":"\\ud83d","b":"\\ud83d\\ude00","c":"\\\\ud83d","d":"\\uDE00x"}'

    read = load_json(halves)

    assert read == {"a": "\ufffd", "b": "\U0001f600", "c": "\\ud83d", "d": "\ufffdx"}
