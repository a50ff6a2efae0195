"""The sentences that say what a tariff charges.

Rule: one sentence a dimension, its elements in the engine's order; then steps, limits, VAT, for
whom and for how long the tariff is. Facts come from `offers`, words from the language.
"""

from collections.abc import Iterator, Sequence

from settlement.tariff import Tariff
from settlement.tariff_tools.plain.conditions import when
from settlement.tariff_tools.plain.language import Language
from settlement.tariff_tools.plain.offers import (
    NONE,
    SESSION,
    SOME,
    WHERE_UNKNOWN,
    Case,
    Offer,
    offers_of,
)
from settlement.tariff_tools.plain.prices import (
    Manner,
    has_step,
    is_told_by_minute,
    price_in_words,
    step_in_words,
)
from settlement.tariff_tools.plain.terms import evidence, limits, scope, vat, vat_of_each

_RESERVED = {
    ("RESERVATION", "FLAT"): "reserved_FLAT",
    ("RESERVATION", "TIME"): "reserved_TIME",
    ("RESERVATION_EXPIRES", "FLAT"): "expired_FLAT",
    ("RESERVATION_EXPIRES", "TIME"): "expired_TIME",
}


def sentences_of(tariff: Tariff, language: Language) -> list[str]:
    """Tell a tariff in sentences; what the operator says in his own words is not among them."""
    offers = offers_of(tariff)
    told = [
        *([] if tariff.currency else [language.say("no_currency")]),
        *_session([offer for offer in offers if not offer.kind], tariff, language),
        *_reservations([offer for offer in offers if offer.kind], tariff, language),
        *_not_priced(tariff, language),
        *_steps(offers, language),
        *evidence(tariff, language),
        *limits(tariff, language),
        *vat(tariff, language),
        *scope(tariff, language),
    ]
    return [_finished(text) for text in told]


def _session(offers: Sequence[Offer], tariff: Tariff, language: Language) -> Iterator[str]:
    paid = [offer for offer in offers if not offer.is_free]
    if not paid:
        yield language.say("all_free")
        return
    for offer in paid:
        yield _cases(offer, tariff, language)
        if offer.dimension == "FLAT" and len(offer.cases) > 1:
            yield language.say("one_fee")
    known = {offer.dimension for offer in paid}
    free = [language.say(f"name_{name}") for name in SESSION if name not in known]
    if free:
        yield language.say("nothing_for", dimensions=language.listed(free, last="or"))


def _reservations(offers: Sequence[Offer], tariff: Tariff, language: Language) -> Iterator[str]:
    for offer in offers:
        if offer.cases:
            key = _RESERVED[offer.kind, offer.dimension]
            yield language.say(key, cases=_cases(offer, tariff, language))


def _not_priced(tariff: Tariff, language: Language) -> Iterator[str]:
    """Name the types of components that OCPI does not know, and that nothing is charged for."""
    types = [one.type for element in tariff.elements for one in element.price_components]
    unknown = [name for name in dict.fromkeys(types) if name not in SESSION]
    if unknown:
        yield language.say("not_priced_types", types=language.listed(unknown, last="or"))


def _cases(offer: Offer, tariff: Tariff, language: Language) -> str:
    """Tell one dimension: `Mon-Fri 08:00-20:00: EUR 0.45 per kWh; otherwise EUR 0.30 per kWh`."""
    if offer.is_free:
        return language.say(_free(offer))
    components = [case.component for case in offer.cases if case.component.price]
    stepped = components[0] if components and has_step(components[0]) else None
    if len({component.step_size for component in components}) > 1 or len(components) == 1:
        stepped = None  # each price tells its own
    manner = Manner(
        offer.dimension,
        tariff.currency,
        bool(offer.kind),
        is_told_by_minute(components, tariff.currency),
        stepped is not None,
        vat_of_each(tariff),
    )
    parts = []
    is_first = True
    for case in _told_one_by_one(offer, language):
        parts.append(_case(case, offer, manner, language, is_first=is_first))
        is_first = is_first and not case.component.price
    if offer.gap == WHERE_UNKNOWN:
        parts.append(language.say("no_reading"))
    elif offer.gap != NONE:
        parts.append(language.say(f"otherwise_{_free(offer)}"))
    told = "; ".join(parts)
    if stepped is None:
        return told
    return language.say("all_with_step", cases=told, step=step_in_words(stepped, language))


def _told_one_by_one(offer: Offer, language: Language) -> Sequence[Case]:
    """Leave out what is free where all that comes after it is free as well.

    Not of a FLAT: one of 0 is the only one of its session.
    """
    cases = offer.cases
    if offer.dimension == "FLAT":
        return cases
    rest: Sequence[Case] = ()
    if offer.gap != SOME:
        last = cases[-1]
        if last.component.price or when(last.restrictions, language):
            return cases
        cases, rest = cases[:-1], cases[-1:]
    while not cases[-1].component.price:
        cases = cases[:-1]
    return [*cases, *rest]


def _case(case: Case, offer: Offer, manner: Manner, language: Language, *, is_first: bool) -> str:
    condition = when(case.restrictions, language)
    if not case.component.price:
        if case.is_otherwise and not condition:
            return language.say(f"otherwise_{_free(offer)}")
        price = language.say(_free(offer))
    else:
        price = price_in_words(case.component, manner, language, is_first=is_first)
    if case.is_otherwise:
        if condition:
            return language.say("otherwise_case", when=condition, price=price)
        return language.say("otherwise", price=price)
    return language.say("case", when=condition, price=price) if condition else price


def _free(offer: Offer) -> str:
    return "free" if offer.kind else f"free_{offer.dimension}"


def _steps(offers: Sequence[Offer], language: Language) -> Iterator[str]:
    """Tell how steps round: the session's volume, once, by the step of the last price."""
    sizes = {
        offer.dimension: {max(case.component.step_size, 1) for case in offer.cases}
        for offer in offers
        if not offer.kind and offer.dimension != "FLAT"
    }
    if all(each <= {1} for each in sizes.values()):
        return
    yield language.say("steps_total")
    if any(len(each) > 1 for each in sizes.values()):
        yield language.say("steps_last")
    if "PARKING_TIME" in sizes and sizes.get("TIME", {1}) != {1}:
        yield language.say("steps_parking")


def _finished(text: str) -> str:
    """Make a sentence: a capital at the beginning, a full stop at the end."""
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
