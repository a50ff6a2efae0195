"""A language: its wordings, and how it writes numbers, money, days, dates and times.

Rule: spells values; knows nothing of tariffs. Numbers keep their digits.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

import msgspec

from settlement.money import minor_unit
from settlement.pricing.wording import number
from settlement.tariff_tools.plain import words_de, words_en

_MINUTE, _HOUR = 60, 3600
_LONG_RUN = 3  # days that are written as a range


class Language(msgspec.Struct, frozen=True):
    """One language."""

    code: str
    words: Mapping[str, str]
    point: str  # between whole and fraction
    group: str  # between thousands
    to: str  # between the first and the last of several days
    symbols: Mapping[str, str]  # of currencies; others are written as their code
    days: tuple[str, ...]  # Monday first
    months: tuple[str, ...]  # empty: dates are written in figures
    ordinals: tuple[str, ...]  # from the second on

    def say(self, key: str, **values: str) -> str:
        """Write a wording with its values."""
        return self.words[key].format(**values)

    def number(self, value: Decimal | int, *, least: int = 0) -> str:
        """Write a number with all its digits and no fewer than `least` decimals."""
        text = number(Decimal(value))
        if "E" in text:
            return text
        whole, _, decimals = text.partition(".")
        decimals = decimals.ljust(least, "0")
        sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
        head = len(digits) % 3
        groups = [digits[:head]] if head else []
        groups += [digits[i : i + 3] for i in range(head, len(digits), 3)]
        whole = sign + self.group.join(groups)
        return whole + (self.point + decimals if decimals else "")

    def money(self, amount: Decimal, currency: str) -> str:
        """Write an amount with its currency; decimals as the currency has, or more."""
        text = self.amount(amount, currency)
        if not currency:
            return self.say("money_bare", amount=text)
        return self.say("money", amount=text, currency=self.symbol(currency))

    def amount(self, amount: Decimal, currency: str) -> str:
        """Write an amount without its currency."""
        exponent = minor_unit(currency).as_tuple().exponent
        assert isinstance(exponent, int)
        return self.number(amount, least=-exponent)

    def symbol(self, currency: str) -> str:
        """Write a currency."""
        return self.symbols.get(currency, currency)

    def percent(self, rate: Decimal) -> str:
        """Write a rate."""
        return f"{self.number(rate)} %"

    def weekdays(self, days: Sequence[int]) -> str:
        """Write days of the week, sorted, Monday is 0: `Mon-Fri, Sun`."""
        runs: list[list[int]] = []
        for day in days:
            if runs and runs[-1][-1] == day - 1:
                runs[-1].append(day)
            else:
                runs.append([day])
        parts = []
        for run in runs:
            if len(run) >= _LONG_RUN:
                parts.append(f"{self.days[run[0]]}{self.to}{self.days[run[-1]]}")
            else:
                parts += [self.days[day] for day in run]
        return ", ".join(parts)

    def date(self, day: date) -> str:
        """Write a date."""
        if not self.months:
            return f"{day.day:02}.{day.month:02}.{day.year:04}"
        return f"{day.day} {self.months[day.month - 1]} {day.year}"

    def instant(self, moment: datetime) -> str:
        """Write a moment, which is in UTC."""
        return self.say("instant", date=self.date(moment.date()), clock=f"{moment:%H:%M}")

    def duration(self, seconds: int) -> str:
        """Write a duration in the largest whole unit of which it has more than one."""
        for unit, name in ((_HOUR, "hours"), (_MINUTE, "minutes")):
            if seconds % unit == 0 and seconds // unit > 1:
                return self.say(name, number=self.number(seconds // unit))
        return self.say("seconds", number=self.number(seconds))

    def listed(self, parts: Sequence[str], *, last: str) -> str:
        """Write a list: `a, b and c`; `last` is the wording that joins the last one."""
        if len(parts) == 1:
            return parts[0]
        return self.say(last, first=", ".join(parts[:-1]), last=parts[-1])


def short_duration(seconds: int) -> str:
    """Write a duration in the largest whole unit, which is the same in every language."""
    for unit, name in ((_HOUR, "h"), (_MINUTE, "min")):
        if seconds and seconds % unit == 0:
            return f"{seconds // unit} {name}"
    return f"{seconds} s"


ENGLISH = Language(
    code="en",
    words=words_en.WORDS,
    point=".",
    group=",",
    to="-",
    symbols={},
    days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    months=(
        *("January", "February", "March", "April", "May", "June", "July", "August"),
        *("September", "October", "November", "December"),
    ),
    ordinals=(
        *("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"),
        *("eleventh", "twelfth"),
    ),
)
GERMAN = Language(
    code="de",
    words=words_de.WORDS,
    point=",",
    group=".",
    to="\N{EN DASH}",
    symbols={"EUR": "€"},
    days=("Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"),
    months=(),
    ordinals=(
        *("zweiten", "dritten", "vierten", "fünften", "sechsten", "siebten", "achten"),
        *("neunten", "zehnten", "elften", "zwölften"),
    ),
)
LANGUAGES = {language.code: language for language in (ENGLISH, GERMAN)}
