"""The demo's README says what the code injects."""

from pathlib import Path

import ingest.demo
from ingest.demo.injected import CYCLE, KINDS, kind_at

README = (Path(ingest.demo.__file__).parent / "README.md").read_text()


def test_the_readme_lists_every_kind_as_the_table_has_it() -> None:
    rows = [line for line in README.splitlines() if line.startswith("| `")]

    assert rows == [f"| `{kind.name}` | {kind.sends} | {kind.shows} |" for kind in KINDS]


def test_no_charge_is_hit_twice() -> None:
    places = [place for kind in KINDS for place in kind.at]

    assert len(places) == len(set(places))
    assert all(0 <= place < CYCLE for place in places)


def test_the_first_fifteen_charges_have_every_kind() -> None:
    assert {kind.name for kind in KINDS} <= {kind_at(number) for number in range(15)}
