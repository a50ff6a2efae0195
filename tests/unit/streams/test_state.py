"""Staged changes, their undoing, and the index over the objects."""

from datetime import date

from streams.state import CdrState, State, encode, key_of

KEY = key_of("cdr", "NL*TNM", "C1")
TARIFF = key_of("tariff", "NL*TNM", "T1")


def a_cdr_state(*touched_by: str) -> CdrState:
    return CdrState(cpo="NL*TNM", key="C1", month=date(2025, 3, 1), touched_by=touched_by)


def test_a_staged_change_is_not_part_of_a_flush_before_it_is_sealed() -> None:
    state = State()

    state.put(KEY, a_cdr_state())

    assert state.take_changed() == {}
    state.seal()
    assert state.take_changed() == {KEY: encode(a_cdr_state())}
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
    assert state.take_changed() == {KEY: encode(a_cdr_state(TARIFF))}


def test_the_index_is_rebuilt_from_the_objects() -> None:
    state = State()

    state.load([(KEY, encode(a_cdr_state(TARIFF)))])

    assert state.touched(TARIFF) == [KEY]
    assert state.take_changed() == {}


def test_of_several_cdrs_under_one_cause_each_is_found_until_it_leaves() -> None:
    state = State()
    keys = [KEY + text for text in ("", "2", "3")]

    for key in keys:
        state.put(key, a_cdr_state(TARIFF))
    state.seal()
    state.put(keys[1], a_cdr_state())
    state.seal()

    assert state.touched(TARIFF) == [keys[0], keys[2]]
    for key in keys:
        state.put(key, a_cdr_state())
    state.seal()
    assert state.touched(TARIFF) == []


def test_a_cdr_that_was_loaded_is_undone_to_what_it_was() -> None:
    state = State()
    state.load([(KEY, encode(a_cdr_state(TARIFF)))])

    state.put(KEY, a_cdr_state(TARIFF + "2"))
    state.rollback()

    assert state.cdr(KEY) == a_cdr_state(TARIFF)
    assert state.touched(TARIFF) == [KEY]
    assert state.touched(TARIFF + "2") == []
