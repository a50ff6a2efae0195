"""Numbers as their columns hold them: the quick way is the slow way."""

from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from settlement.bounds import fits_number, stored
from streams.steps.columns import computed_column, number_column

numbers = st.builds(
    lambda digits, zeros, places, is_negative: Decimal(
        (int(is_negative), tuple(map(int, str(digits))) + (0,) * zeros, -places)
    ),
    st.integers(0, 10**14),
    st.integers(0, 8),
    st.integers(-6, 24),
    st.booleans(),
)


@given(numbers)
@example(Decimal("-0"))
@example(Decimal("0.00"))
@example(Decimal("-0.0"))
@example(Decimal("1E+5"))
@example(Decimal("10000000000.0"))
@example(Decimal("9999999999.500000000000000000"))
@example(Decimal("0.1234567890123456789"))
def test_a_number_is_held_as_its_bounds_say(value: Decimal) -> None:
    expected = stored(value) if fits_number(value) else None
    rounded = stored(value)

    assert repr(expected) == repr(number_column(value))
    assert repr(rounded if fits_number(rounded) else None) == repr(computed_column(value))


def test_what_is_no_number_fits_no_column() -> None:
    for text in ("NaN", "sNaN", "NaN123", "Infinity", "-Infinity"):
        assert number_column(Decimal(text)) is None
