"""Which version of a tariff is the base, one situation a row."""

from datetime import UTC, datetime, timedelta

import pytest

from settlement.reconciliation.tariff_choice import TariffVersion, base_choice, late_choices
from tests.builders import a_tariff

START = datetime(2025, 3, 1, 10, tzinfo=UTC)
EMBEDDED = (a_tariff(), "embedded")


def a_version(digest: str, updated_hours: int, received_hours: int) -> TariffVersion:
    return TariffVersion(
        tariff=a_tariff(),
        digest=digest,
        last_updated=START + timedelta(hours=updated_hours),
        received=START + timedelta(hours=received_hours),
    )


# digest, last_updated and receipt in hours from the session's start
CASES = [
    ("a timely one", [("a", -9, -8)], True, "a"),
    ("the newest of two", [("a", -9, -8), ("b", -5, -4)], True, "b"),
    ("received within the notice", [("a", -9, 24)], True, "a"),
    ("received after the notice: embedded", [("a", -9, 25)], True, "embedded"),
    ("updated after the start: embedded", [("a", 1, 2)], True, "embedded"),
    ("updated at the start", [("a", 0, 2)], True, "a"),
    ("nothing known", [], False, None),
    ("late, nothing embedded: the first received", [("b", -9, 50), ("a", -9, 40)], False, "a"),
    ("a tie: the greater digest", [("a", -9, -8), ("b", -9, -3)], True, "b"),
]


@pytest.mark.parametrize(
    ("versions", "is_embedded", "expected"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_the_base_is_chosen_by_data(
    versions: list[tuple[str, int, int]], is_embedded: bool, expected: str | None
) -> None:
    for order in (versions, versions[::-1]):
        found = base_choice(
            versions=[a_version(*one) for one in order],
            embedded=EMBEDDED if is_embedded else None,
            start=START,
        )

        assert expected == (None if found is None else found.digest)


def test_a_late_version_competes_only_where_it_says_it_was_in_force() -> None:
    versions = [
        a_version("base", -9, -8),
        a_version("late", -5, 30),
        a_version("later", -3, 40),
        a_version("afterwards", 1, 30),
    ]
    base = base_choice(versions=versions, embedded=None, start=START)
    assert base is not None

    late = late_choices(versions=versions, base=base, start=START)

    assert [choice.digest for choice in late] == ["later", "late"]


def test_a_tie_is_told() -> None:
    versions = [a_version("a", -9, -8), a_version("b", -9, -8)]

    found = base_choice(versions=versions, embedded=None, start=START)

    assert found is not None
    assert found.is_tied
