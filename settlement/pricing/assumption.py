"""What a price rests on: notes on every assumption, with the cost of the other reading.

Rule: a note never changes a price. Another reading is priced only where there is one to tell of,
so that an ordinary CDR pays nothing for it.
"""

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from settlement.cdr import Cdr, CdrDimension
from settlement.finding import Note
from settlement.pricing.exact import WATT_HOURS, ZERO, divide, shown
from settlement.pricing.notes import limit_notes, note_of
from settlement.pricing.profile import Profile
from settlement.pricing.reading import Reading, read_cdr
from settlement.pricing.references import Assigned
from settlement.pricing.volumes import Odd
from settlement.pricing.wording import number

_NEVER = Decimal("1E+30")  # a factor that no volume reaches


class Assumptions(msgspec.Struct, frozen=True, gc=False):
    """What was read, and how to read it otherwise."""

    cdr: Cdr
    assigned: Assigned
    zone: str | None
    rules: Profile
    reading: Reading

    def notes(self, before: list[Odd]) -> tuple[Note, ...]:
        """Write all notes; `before` was found before the reading."""
        reading = self.reading
        walk, hits = reading.walk, reading.totals.hits
        notes: list[Note] = []
        if before or reading.odd:
            notes += [self._note(odd) for odd in [*before, *reading.odd]]
        if walk.missing:
            notes += self._missing_evidence()
        if walk.straddling:
            notes += self._straddling()
        if self.assigned.traits.lacks_rate or walk.is_fed_back:
            notes += [note_of(odd) for odd in _odd_lines(reading, self.rules)]
        if hits:
            notes += limit_notes(hits, reading.plans)
        return tuple(notes)

    def _note(self, odd: Odd) -> Note:
        if odd.code == "time_unit_suspected":
            rules = msgspec.structs.replace(self.rules, time_unit_factor=_NEVER)
            return note_of(odd, self._total(self.cdr, rules))
        if odd.code == "energy_unit_suspected":
            return note_of(odd, self._total(_in_watt_hours(self.cdr), self.rules))
        return note_of(odd)

    def _missing_evidence(self) -> list[Note]:
        is_match = self.rules.missing_evidence == "match"
        other = "no_match" if is_match else "match"
        rules = msgspec.structs.replace(self.rules, missing_evidence=other)
        total = self._total(self.cdr, rules)
        answer = "met" if is_match else "not met"
        return [
            note_of(Odd("evidence_missing", period, {"element": element, "answer": answer}), total)
            for period, element in sorted(self.reading.walk.missing)
        ]

    def _straddling(self) -> list[Note]:
        is_split = self.rules.straddling == "split"
        other = "priced_at_start" if is_split else "split"
        rules = msgspec.structs.replace(self.rules, straddling=other)
        total = self._total(self.cdr, rules)
        facts = {
            "answer": "it is split pro rata" if is_split else "it is priced as at its start",
            "otherwise": "Priced as at its start" if is_split else "Split pro rata",
        }
        return [note_of(Odd("period_straddles", p, facts), total) for p in self._periods()]

    def _periods(self) -> list[int]:
        return sorted(set(self.reading.walk.straddling))

    def _total(self, cdr: Cdr, rules: Profile) -> str:
        """Tell the total under another reading, before taxes where that side is known.

        Of prices with and without unknown taxes neither side is.
        """
        reading = read_cdr(cdr=cdr, assigned=self.assigned, zone=self.zone, rules=rules)
        before, after = reading.totals.total
        if before is not None:
            return f"{number(shown(before))} {cdr.currency} before taxes"
        if after is not None:
            return f"{number(shown(after))} {cdr.currency} after taxes"
        return "unknown before and after taxes"


def _in_watt_hours(cdr: Cdr) -> Cdr:
    """Give the CDR as if its energy had been written in Wh."""

    def scaled(dimension: CdrDimension) -> CdrDimension:
        if dimension.type != "ENERGY":
            return dimension
        return CdrDimension("ENERGY", divide(dimension.volume, WATT_HOURS))

    periods = tuple(
        msgspec.structs.replace(period, dimensions=tuple(map(scaled, period.dimensions)))
        for period in cdr.charging_periods
    )
    total = None if cdr.total_energy is None else divide(cdr.total_energy, WATT_HOURS)
    return msgspec.structs.replace(cdr, charging_periods=periods, total_energy=total)


def _odd_lines(reading: Reading, rules: Profile) -> Iterator[Odd]:
    """Find what is odd about lines: energy fed back, taxes that are not known; once each."""
    seen: set[tuple[str, int, int]] = set()
    unsplit = "tax_split_unknown" if reading.totals.untaxed is None else "tax_split_claimed"
    for line in reading.walk.lines:
        if line.billed < ZERO and line.dimension == "ENERGY":
            answer = "not priced" if line.component is None else "priced at the same price"
            yield Odd("energy_negative", line.period, {"kwh": line.volume, "answer": answer})
        component = line.component
        if component is None or not component.price or component.tax.rate is not None:
            continue
        assert line.plan is not None
        key = (line.plan.key, component.element, component.index)
        if key in seen or component.tax.mode == "N/A":
            continue
        seen.add(key)
        if component.tax.mode == "YES":
            yield Odd(unsplit, None, {"tariff": line.plan.tariff.id})
        else:
            code = "vat_missing" if rules.missing_vat == "no_tax" else "vat_unknown"
            facts = {"component": component.index, "element": component.element}
            yield Odd(code, None, facts)
