"""The elements of a JSON array as a stream: where they end, wherever a read ends."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from settlement.cli import array
from settlement.cli.array import Elements

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def elements(text: str) -> list[bytes]:
    assert text[0] == "["
    return list(Elements(io.BytesIO(text[1:].encode())))


@given(values=st.lists(JSON), read_bytes=st.integers(1, 40), indent=st.sampled_from([None, 2]))
def test_every_element_is_found_wherever_a_read_ends(
    values: list[object], read_bytes: int, indent: int | None
) -> None:
    text = json.dumps(values, ensure_ascii=False, indent=indent)

    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(array, "READ_BYTES", read_bytes)
        found = elements(text)

    assert [json.loads(one) for one in found] == values


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[ ]", []),
        ("[1,]", [b"1", b""]),
        ("[,1]", [b"", b"1"]),
        ("[{} {}]", [b"{} {}"]),
        ("[1] x", [b"1", b"x"]),
        ("[1]]", [b"1", b"]"]),
        ("[}]", [b"}"]),
        # The end is missing: what is cut stands alone, what is whole is followed by nothing.
        ("[", [b""]),
        ('[{"a": 1}', [b'{"a": 1}', b""]),
        ('[{"a": 1', [b'{"a": 1']),
        ('["a', [b'"a']),
        ('["\\', [b'"\\']),
    ],
)
def test_what_is_wrong_is_an_element_of_its_own(text: str, found: list[bytes]) -> None:
    assert elements(text) == found
