"""Any tariff is told: as Markdown, for a screen, as JSON and as a picture, in both languages.

`TOLD_TARIFFS=500 pytest tests/properties/test_told_tariff.py` tells more of them.
"""

import os
from decimal import Decimal
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from settlement.cli import tariff_words
from settlement.tariff import PriceComponent, Tariff
from settlement.tariff_tools.plain.language import LANGUAGES, Language
from settlement.tariff_tools.plain.prices import is_told_by_minute
from settlement.tariff_tools.plain.rows import rows_of
from settlement.tariff_tools.plain.sentences import sentences_of
from settlement.tariff_tools.plain.told import Told, told
from tests.properties.sessions import tariffs

EXAMPLES = int(os.environ.get("TOLD_TARIFFS", "6"))


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    """A JSON object that has these fields and no others."""


class Price(Strict):
    before_taxes: Decimal | None
    after_taxes: Decimal | None


class Row(Strict):
    element: int
    type: str
    price: Decimal
    vat: Decimal | None
    step_size: int
    is_reached: bool
    words: dict[str, str]


class Point(Strict):
    at: int
    before_taxes: Decimal | None
    after_taxes: Decimal | None


class Curve(Strict):
    unit: str
    is_exact: bool
    points: list[Point]


class Curves(Strict):
    energy: Curve | None
    time: Curve | None


class Session(Strict):
    cost: Price | None
    sentence: str


class Document(Strict):
    """What `settle explain --json` writes of a tariff."""

    tariff_id: str
    ocpi_version: str
    language: str
    currency: str
    sentences: list[str]
    rows: list[Row]
    ordinary_session: Session
    curves: Curves


# Steps of 7 s make curves of hundreds of points, which take seconds and show nothing new.
STEPS = st.sampled_from([-1, 0, 1, 300, 900])


@pytest.mark.timeout(3600)
@given(tariff=tariffs(steps=STEPS))
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
def test_any_tariff_is_told_with_all_its_prices(tariff: Tariff) -> None:
    english = told(tariff, language=LANGUAGES["en"])
    check(english, LANGUAGES["en"])

    german = LANGUAGES["de"]
    said = msgspec.structs.replace(  # the curves are the same in each language
        english,
        language=german,
        sentences=tuple(sentences_of(tariff, german)),
        rows=tuple(rows_of(tariff, german)),
    )
    check(said, german)


def check(said: Told, language: Language) -> None:
    document = msgspec.json.decode(tariff_words.as_json(said), type=Document)
    assert (document.language, document.sentences) == (language.code, list(said.sentences))
    components = [one for element in said.tariff.elements for one in element.price_components]
    assert [row.price for row in document.rows] == [one.price for one in components]
    ET.fromstring(said.svg())  # noqa: S314 - our own text
    texts = [tariff_words.markdown(said), tariff_words.screen(said, width=80)]
    for row in said.rows:
        written = language.money(row.component.price, said.tariff.currency)
        assert all(written in text for text in texts)
    for text in (*texts, *said.sentences):
        assert "{" not in text
        assert "None" not in text
    sentences = " ".join(said.sentences)
    for row in said.rows:
        if row.is_reached and row.component.price:
            assert any(price in sentences for price in spelled(row.component, language))


def spelled(component: PriceComponent, language: Language) -> list[str]:
    """Give a price as a sentence may say it: as written, or by the minute where that is even."""
    prices = [component.price]
    if is_told_by_minute([component], "EUR"):
        prices.append(component.price / 60)
    return [language.money(price.copy_abs(), "EUR") for price in prices]
