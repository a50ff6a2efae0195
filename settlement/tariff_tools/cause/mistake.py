"""A mistake that senders make, and how attempts are made of changes.

Rule: builds attempts; which mistakes there are stands in `table`.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal

import msgspec

from settlement.cdr import Cdr
from settlement.pricing.line import Line
from settlement.pricing.plan import Plan
from settlement.pricing.reading import Reading
from settlement.tariff import Price, Tariff
from settlement.tariff_tools.cause.case import Attempt, Case, compiled


class Form(msgspec.Struct, frozen=True):
    """One form of a mistake, in a sentence of its own, and how to price it.

    Two of one sentence are one form to a reader: they differ in what else the sender did.
    """

    sentence: str
    attempt: Attempt


class Mistake(msgspec.Struct, frozen=True):
    """A mistake: its code, what the sender did in one sentence, and the forms that it has."""

    code: str
    sentence: str
    forms: tuple[Form, ...]


def mistake(code: str, sentence: str, forms: Attempt | Mapping[str, Sequence[Attempt]]) -> Mistake:
    """Give a mistake: of one form, or of several, each with the attempts that price it."""
    if callable(forms):
        return Mistake(code, sentence, (Form(sentence, forms),))
    told = tuple(Form(text, attempt) for text, attempts in forms.items() for attempt in attempts)
    return Mistake(code, sentence, told)


def under(**rules: str | Decimal) -> Attempt:
    """Price under a profile that differs in these fields."""

    def attempt(case: Case) -> Iterator[Price]:
        if any(getattr(case.rules, name) != value for name, value in rules.items()):
            yield case.under(**rules).price()

    return attempt


def in_zone(name: str) -> Attempt:
    """Price as if the location lay in another time zone."""

    def attempt(case: Case) -> Iterator[Price]:
        if case.assigned.traits.has_clock and case.zone != name:
            yield case.changed(zone=name).price()

    return attempt


def with_tariff(change: Callable[[Tariff], Tariff]) -> Attempt:
    """Price under changed tariffs."""

    def of_plan(plan: Plan) -> Plan:
        return compiled(change, plan.tariff) or plan

    def attempt(case: Case) -> Iterator[Price]:
        other = case.with_plans(of_plan)
        if other is not case:
            yield other.price()

    return attempt


def with_cdr(change: Callable[[Cdr], Cdr]) -> Attempt:
    """Price a changed CDR."""

    def attempt(case: Case) -> Iterator[Price]:
        other = change(case.cdr)
        if other is not case.cdr:
            yield case.changed(cdr=other).price()

    return attempt


def with_reading(change: Callable[[Reading], list[Line] | None]) -> Attempt:
    """Price other lines than those of the right reading; None where there is nothing to change."""
    return with_lines(lambda _, reading: change(reading))


def with_lines(change: Callable[[Case, Reading], list[Line] | None], **rules: str) -> Attempt:
    """Price other lines than those of the reading, which is made under other rules if named.

    The change gives the lines that are priced, or None where it has nothing to change.
    """

    def attempt(case: Case) -> Iterator[Price]:
        reading = (case.under(**rules) if rules else case).read()
        lines = change(case, reading)
        if lines is not None:
            yield case.price_of(lines, reading)

    return attempt
