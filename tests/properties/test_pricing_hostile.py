"""Whatever JSON comes in: an answer, or the one exception."""

import json
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from settlement.answer import Answer, price_cdr
from settlement.answer_json import json_line
from settlement.ocpi.problem import UnreadableDocument
from tests.builders import a_cdr_document

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=12) | st.sampled_from(
    ["", "#NA", "ENERGY", "TIME", "1e999", "-1", "2024-01-01T00:00:00Z", "24:00", "MONDAY", "T1"]
)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path] if path else []
    if isinstance(value, dict | list):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            found += paths(inner, (*path, key))
    return found


def replaced(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    copy = json.loads(json.dumps(document))
    place = copy
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return copy


PATHS = paths(a_cdr_document())


def answered(data: bytes) -> Answer | None:
    try:
        return price_cdr(data)
    except UnreadableDocument:
        return None


@given(values)
@settings(max_examples=100, deadline=None)
def test_any_json_is_answered_or_unreadable(value: Any) -> None:
    answer = answered(json.dumps(value).encode())

    assert answer is None or json_line(answer)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_answered_or_unreadable(data: bytes) -> None:
    assert answered(data) is None


@given(st.lists(st.tuples(st.sampled_from(PATHS), values), min_size=1, max_size=3))
@settings(max_examples=100, deadline=None)
def test_a_cdr_with_anything_in_its_place_is_answered_or_unreadable(
    changes: list[tuple[tuple[Any, ...], Any]],
) -> None:
    document: Any = a_cdr_document()
    for path, value in changes:
        try:
            document = replaced(document, path, value)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away

    answer = answered(json.dumps(document).encode())

    assert answer is None or json_line(answer)


@given(
    st.sampled_from(
        [path for path in PATHS if path[-1] in {"volume", "price", "vat", "step_size"}]
    ),
    st.sampled_from(["1e9", "1e999", "-1e999", "1e-999", "9" * 900, "0", "-0", "-0.0", "1e40"]),
)
@settings(max_examples=100, deadline=None)
def test_an_absurd_number_is_answered_or_unreadable(path: tuple[Any, ...], number: str) -> None:
    text = json.dumps(replaced(a_cdr_document(), path, "@@")).replace('"@@"', number)

    answer = answered(text.encode())

    assert answer is None or json_line(answer)


@given(st.integers(0, 10**12), st.integers(0, 4))
@settings(max_examples=100, deadline=None)
def test_every_digit_of_a_claim_survives(units: int, places: int) -> None:
    number = f"{units}.{'0' * places}7"
    text = json.dumps(a_cdr_document(total_energy="@@")).replace('"@@"', number)

    answer = answered(text.encode())

    assert answer is not None
    assert Decimal(number) == answer.claimed.total_energy
    assert number in json_line(answer).decode()
