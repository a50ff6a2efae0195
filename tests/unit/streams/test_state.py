"""Staged changes, their undoing, and the index over the objects."""

from datetime import date

from streams.state import CdrState, State, decode, encode, key_of

KEY = key_of("cdr", "NL*TNM", "C1")
TARIFF = key_of("tariff", "NL*TNM", "T1")


def a_cdr_state(*touched_by: str) -> CdrState:
    return CdrState(cpo="NL*TNM", key="C1", month=date(2025, 3, 1), touched_by=touched_by)


def test_a_staged_change_is_not_part_of_a_flush_before_it_is_sealed() -> None:
    state = State()

    state.put(KEY, a_cdr_state())

    assert state.take_changed() == {}
    state.seal()
    assert state.take_changed() == {KEY: a_cdr_state()}
    assert state.take_changed() == {}


def test_rollback_restores_objects_and_index() -> None:
    state = State()
    state.put(KEY, a_cdr_state(TARIFF))
    state.seal()

    state.put(KEY, a_cdr_state())
    state.put(KEY + "2", a_cdr_state(TARIFF))
    state.rollback()

    assert state.get(KEY) == a_cdr_state(TARIFF)
    assert state.get(KEY + "2") is None
    assert state.touched(TARIFF) == [KEY]
    state.seal()
    assert state.take_changed() == {KEY: a_cdr_state(TARIFF)}


def test_the_index_is_rebuilt_from_the_objects() -> None:
    state = State()

    state.load([(KEY, decode(encode(a_cdr_state(TARIFF))))])

    assert state.touched(TARIFF) == [KEY]
    assert state.take_changed() == {}
