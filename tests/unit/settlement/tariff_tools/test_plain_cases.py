"""Tariffs in plain words: a folder a case, with what an English and a German reader gets.

To write the texts anew after a wording was changed, and then read them:
`python -m tests.unit.settlement.tariff_tools.test_plain_cases`
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Formatter

import msgspec
import pytest

from settlement.tariff_tools.plain import told as told_module
from settlement.tariff_tools.plain.curve import curve_over_energy, curve_over_time
from settlement.tariff_tools.plain.language import LANGUAGES, Language
from settlement.tariff_tools.plain.rows import heads
from settlement.tariff_tools.plain.told import Told, told_document

CASES = Path(__file__).parents[3] / "plain_cases"
NAMES = sorted(path.name for path in CASES.iterdir())


ENERGY, TIME = cache(curve_over_energy), cache(curve_over_time)


@pytest.fixture(autouse=True)
def curves_are_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep curves from test to test: they take the time, and no word depends on them."""
    monkeypatch.setattr(told_module, "curve_over_energy", ENERGY)
    monkeypatch.setattr(told_module, "curve_over_time", TIME)


class Used(Mapping[str, str]):
    """Wordings that remember which of them were asked for."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.words = words
        self.keys_used: set[str] = set()

    def __getitem__(self, key: str) -> str:
        self.keys_used.add(key)
        return self.words[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def __len__(self) -> int:
        return len(self.words)


def told_of(name: str, language: Language) -> Told:
    data = (CASES / name / "tariff.json").read_bytes()
    version = re.search(r"ocpi-(\d\.\d\.\d)", name)
    return told_document(data, language=language, ocpi_version=version[1] if version else None)


def text_of(told: Told) -> str:
    """Write all words that a reader may get, a line each."""
    rows = [" | ".join(cells) for cells in (heads(told.language), *(r.words for r in told.rows))]
    drawn = [f"{d.title} | {d.x_label} | {d.y_label}" for d in told.drawings]
    lines = [told.title, "", *told.sentences, "", *rows, "", told.cost_sentence, *drawn]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_tariff_is_told_in_these_words(name: str, code: str) -> None:
    expected = (CASES / name / f"{code}.txt").read_text(encoding="utf-8")

    assert text_of(told_of(name, LANGUAGES[code])) == expected


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_wording_is_shown_by_a_case(code: str) -> None:
    used = Used(LANGUAGES[code].words)
    language = msgspec.structs.replace(LANGUAGES[code], words=used)

    for name in NAMES:
        told = told_of(name, language)
        text_of(told)
        told.svg()

    assert set(used) - used.keys_used == set()


def test_all_languages_have_the_same_wordings_with_the_same_values() -> None:
    english, german = (LANGUAGES[code].words for code in ("en", "de"))

    assert {key: _values(text) for key, text in english.items()} == {
        key: _values(text) for key, text in german.items()
    }


def _values(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


if __name__ == "__main__":
    for case in NAMES:
        for code, language in LANGUAGES.items():
            (CASES / case / f"{code}.txt").write_text(
                text_of(told_of(case, language)), encoding="utf-8"
            )
