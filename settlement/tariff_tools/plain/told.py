"""A tariff, told: its sentences, its table and both curves, in one language.

Rule: puts together what the other files of this folder say, and reads what the tariff says in
its operator's own words, which no price depends on.
"""

from typing import Any

import msgspec

from settlement.ocpi.door import detect_version, parse_object, parse_tariff
from settlement.tariff import Price, Tariff
from settlement.tariff_tools.ordinary import priced_session
from settlement.tariff_tools.plain.curve import Curve, curve_over_energy, curve_over_time
from settlement.tariff_tools.plain.drawing import Drawing, drawing_of
from settlement.tariff_tools.plain.language import Language
from settlement.tariff_tools.plain.rows import Row, rows_of
from settlement.tariff_tools.plain.sentences import sentences_of
from settlement.tariff_tools.plain.svg import picture
from settlement.tariff_tools.plain.terms import has_taxes


class Told(msgspec.Struct, frozen=True):
    """One tariff in plain words."""

    tariff: Tariff
    language: Language
    title: str
    sentences: tuple[str, ...]
    rows: tuple[Row, ...]
    cost: Price | None  # of an ordinary session, rounded
    cost_sentence: str
    energy: Curve | None
    time: Curve | None

    @property
    def drawings(self) -> list[Drawing]:
        """Give the curves as they are to be drawn."""
        curves = (("energy", self.energy), ("time", self.time))
        return [
            drawing_of(name, curve, self.tariff, self.language)
            for name, curve in curves
            if curve is not None
        ]

    def svg(self) -> str:
        """Give both curves as a picture."""
        return picture(
            self.drawings,
            title=self.language.say("figure", title=self.title),
            subtitle=self.cost_sentence,
            description=" ".join([*self.sentences, self.cost_sentence]),
            language=self.language.code,
        )


def told_document(data: bytes, *, language: Language, ocpi_version: str | None = None) -> Told:
    """Tell a tariff given as JSON, in the version given or as it looks; UnreadableDocument."""
    tariff = parse_tariff(data, ocpi_version=ocpi_version or detect_version(data)).value
    return told(tariff, language=language, own_words=_own_words(parse_object(data), language))


def told(tariff: Tariff, *, language: Language, own_words: tuple[str, ...] = ()) -> Told:
    """Tell a tariff."""
    priced = priced_session(tariff)
    cost = None if priced is None else priced.rounded.total_cost
    return Told(
        tariff=tariff,
        language=language,
        title=language.say("title", name=tariff.id),
        sentences=(*sentences_of(tariff, language), *own_words),
        rows=tuple(rows_of(tariff, language)),
        cost=cost,
        cost_sentence=_cost_sentence(tariff, cost, language),
        energy=None if priced is None else curve_over_energy(tariff),
        time=None if priced is None else curve_over_time(tariff),
    )


def _cost_sentence(tariff: Tariff, cost: Price | None, language: Language) -> str:
    if cost is None or cost.before_taxes is cost.after_taxes is None:
        return language.say("costs_nothing_known") + "."
    amount = cost.before_taxes if cost.after_taxes is None else cost.after_taxes
    assert amount is not None
    with_vat = cost.after_taxes is not None and has_taxes(tariff)
    key = "costs_with_vat" if with_vat else "costs"
    return language.say(key, money=language.money(amount, tariff.currency)) + "."


def _own_words(document: dict[str, Any], language: Language) -> tuple[str, ...]:
    """Give what the operator says: the text in the language, else the first, and the address."""
    texts = document.get("tariff_alt_text")
    told: dict[str, str] = {}
    for one in texts if isinstance(texts, list) else [texts]:
        if isinstance(one, dict) and isinstance(one.get("text"), str) and one["text"].strip():
            told.setdefault(str(one.get("language", "")).lower()[:2], one["text"].strip())
    parts = []
    if told:
        text = told.get(language.code, next(iter(told.values())))
        parts.append(language.say("operator_says", text=text))
    url = document.get("tariff_alt_url")
    if isinstance(url, str) and url.strip():
        parts.append(language.say("more_at", url=url.strip()))
    return tuple(parts)
