"""One CDR that is to be priced again under mistakes, and how it is priced again.

Rule: the engine's own reading, lines and totals; a mistake changes what goes in or the lines that
come out, never the way they are summed, limited and rounded. Computes in the engine's context.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache

import msgspec

from settlement.cdr import Cdr
from settlement.pricing.costs import rounded_costs, total_costs
from settlement.pricing.line import Line
from settlement.pricing.plan import Plan, compile_plan
from settlement.pricing.profile import Profile
from settlement.pricing.reading import Reading, read_cdr
from settlement.pricing.references import Assigned, assigned_of
from settlement.tariff import Price, Tariff


class Case(msgspec.Struct, frozen=True, gc=False):
    """A CDR with all that its right price rests on; `others` are tariffs that did not price it."""

    cdr: Cdr
    assigned: Assigned
    zone: str | None
    rules: Profile
    others: tuple[Tariff, ...] = ()

    def changed(self, **changes: object) -> "Case":
        """Give the case with other fields."""
        return msgspec.structs.replace(self, **changes)

    def under(self, **rules: object) -> "Case":
        """Give the case under a profile that differs in these fields."""
        return self.changed(rules=msgspec.structs.replace(self.rules, **rules))

    def with_plans(self, change: Callable[[Plan], Plan]) -> "Case":
        """Give the case with other compiled tariffs, each in the place of its own."""
        by_key = {plan.key: change(plan) for plan in self.assigned.plans}
        if all(by_key[plan.key] is plan for plan in self.assigned.plans):
            return self
        plans = [None if plan is None else by_key[plan.key] for plan in self.assigned.by_period]
        return self.changed(assigned=assigned_of(plans))

    def read(self) -> Reading:
        """Read the CDR: its lines are new ones, to be changed at will. Raises ZoneMissing."""
        return read_cdr(cdr=self.cdr, assigned=self.assigned, zone=self.zone, rules=self.rules)

    def price(self) -> Price:
        """Give the rounded total cost."""
        reading = self.read()
        return self.price_of(reading.walk.priced, reading)

    def price_of(self, lines: list[Line], reading: Reading) -> Price:
        """Give the rounded total cost of other priced lines of a reading."""
        measured = reading.walk.lines
        totals = total_costs(
            lines,
            self.assigned,
            self.rules,
            claimed=self.cdr.total_cost,
            is_reservation_only=all(line.is_reservation for line in measured) and bool(measured),
        )
        costs = rounded_costs(
            totals,
            lines,
            reading.volumes,
            currency=self.cdr.currency,
            rules=self.rules,
            is_credit=self.cdr.credit,
        )
        assert costs.total_cost is not None
        return costs.total_cost


class Used(msgspec.Struct, frozen=True, gc=False):
    """A price under another tariff, and which one that is, in words."""

    price: Price
    tariff: str


# Prices a case under one form of a mistake, once for each tariff or change that it can be.
Attempt = Callable[[Case], Iterator[Price | Used]]


@lru_cache(maxsize=2048)
def compiled(change: Callable[[Tariff], Tariff], tariff: Tariff) -> Plan | None:
    """Compile a changed tariff beside the engine's cache, which mistakes are not to fill.

    None where the change changes nothing.
    """
    other = change(tariff)
    return None if other is tariff or other == tariff else compile_plan(other)
