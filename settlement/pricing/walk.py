"""The walk over a session: every stretch becomes lines of the working.

Rule: who prices what, once a phase or each time; volumes are copied, amounts are not computed.
"""

from settlement.pricing.choice import Choice, choose
from settlement.pricing.exact import ONE, ZERO
from settlement.pricing.line import (
    ENERGY_COST,
    FIXED,
    PARKING_COST,
    RESERVATION_COST,
    TIME_COST,
    Line,
    Walked,
)
from settlement.pricing.plan import Component, Plan, Row
from settlement.pricing.profile import Profile
from settlement.pricing.split import may_change, pieces_of
from settlement.pricing.stretch import ENERGY, FLAT, PARKING, TIME, Stretch, tell_time


class Walk:
    """A walk under one profile."""

    __slots__ = (
        "_charged",
        "_is_expired",
        "_is_fee_paid",
        "_is_fee_per_tariff",
        "_rules",
        "_seen",
        "_straddling",
        "_walked",
        "lines",
        "missing",
        "priced",
    )

    def __init__(self, rules: Profile, *, is_expired: bool) -> None:
        self.lines: list[Line] = []
        self.priced: list[Line] = []
        self.missing: set[tuple[int, int]] = set()
        self._straddling: list[int] = []
        self._walked = Walked(
            self.lines, self.priced, missing=self.missing, straddling=self._straddling
        )
        self._rules = rules
        self._is_expired = is_expired
        self._is_fee_per_tariff = rules.flat_fee == "once_per_tariff"
        self._charged: set[bool | tuple[bool, str]] = set()  # FLAT fees: phase, or that and tariff
        self._is_fee_paid = False  # the session owes no FLAT any more
        self._seen: set[bool] = set()  # phases that have begun

    def over(self, stretches: list[Stretch], *, has_clock: bool) -> Walked:
        """Walk all stretches in order; ZoneMissing where the clock decides and no zone is known."""
        is_steady = not has_clock or tell_time(stretches)
        for stretch in stretches:
            plan = stretch.plan
            if plan is None:
                self._write(stretch, None, {}, stretch.mask)
            else:
                self._price_at_bounds(stretch, plan, is_steady=is_steady)
        return self._walked

    def _price_at_bounds(self, stretch: Stretch, plan: Plan, *, is_steady: bool) -> None:
        """Price a stretch of any kind, in pieces where the profile wants it split at bounds."""
        if plan.is_bounded and may_change(stretch, plan, is_steady=is_steady):
            pieces = self._pieces(stretch, plan)
            if pieces:
                self._straddling.append(stretch.period)
                if self._rules.straddling == "split":
                    for piece in pieces:
                        self._price(piece, plan)
                    return
        self._price(stretch, plan)

    def _price(self, stretch: Stretch, plan: Plan) -> None:
        if stretch.reservation:
            self._reserve(stretch, plan)
            if stretch.is_reservation:
                return
        mask, offers = stretch.mask, plan.offers
        need = mask & offers
        if not self._is_fee_paid:
            need |= self._fee_due(plan, is_reservation=False) & offers
        chosen = choose(plan.session, need, stretch, self._rules, self.missing)
        if need & FLAT:
            self._fee(stretch, plan, chosen.get(FLAT), is_reservation=False)
        self._write(stretch, plan, chosen, mask)

    def _reserve(self, stretch: Stretch, plan: Plan) -> None:
        """Price the reserved time of a stretch (OCPI mod_tariffs, reservations)."""
        need = TIME | self._fee_due(plan, is_reservation=True)
        chosen = choose(self._reserved_rows(plan), need, stretch, self._rules, self.missing)
        if need & FLAT:
            self._fee(stretch, plan, chosen.get(FLAT), is_reservation=True)
        self._write_reservation(stretch, plan, chosen.get(TIME))

    def _reserved_rows(self, plan: Plan) -> tuple[Row, ...]:
        return plan.expired if self._is_expired else plan.reserved

    def _pieces(self, stretch: Stretch, plan: Plan) -> list[Stretch]:
        is_reservation = stretch.is_reservation
        dimensions = TIME if is_reservation else stretch.mask
        return pieces_of(
            stretch,
            plan,
            rows=self._reserved_rows(plan) if is_reservation else plan.session,
            need=dimensions | self._fee_due(plan, is_reservation=is_reservation, peek=True),
            rules=self._rules,
        )

    def _fee_due(self, plan: Plan, *, is_reservation: bool, peek: bool = False) -> int:
        """Give FLAT where the phase may still owe its fee, else 0."""
        if self._is_expired and not is_reservation:
            return 0  # no session came of it, so none pays its fee
        if self._rules.flat_fee == "phase_start_only":
            if is_reservation in self._seen:
                return 0
            if not peek:
                self._seen.add(is_reservation)
            return FLAT
        return 0 if self._fee_key(plan, is_reservation) in self._charged else FLAT

    def _fee_key(self, plan: Plan, is_reservation: bool) -> bool | tuple[bool, str]:
        return (is_reservation, plan.key) if self._is_fee_per_tariff else is_reservation

    def _fee(
        self, stretch: Stretch, plan: Plan, component: Component | None, *, is_reservation: bool
    ) -> None:
        if component is None:
            return
        self._charged.add(self._fee_key(plan, is_reservation))
        if not is_reservation and self._rules.flat_fee == "once_per_phase":
            self._is_fee_paid = True
        family = RESERVATION_COST if is_reservation else FIXED
        if (
            not is_reservation
            and component.is_parking_fee
            and self._rules.flat_fee_of_parking == "parking"
        ):
            family = PARKING_COST
        line = Line(stretch.period, plan, component, "FLAT", family, ONE, ONE)
        line.is_reservation = is_reservation
        self.lines.append(line)
        self.priced.append(line)

    def _write(self, stretch: Stretch, plan: Plan | None, chosen: Choice, mask: int) -> None:
        """Write the lines of what was measured in a stretch of the session."""
        period, lines, priced = stretch.period, self.lines, self.priced
        if mask & ENERGY:
            kwh = stretch.energy
            component = chosen.get(ENERGY)
            if kwh < ZERO:
                self._walked.is_fed_back = True
                if self._rules.negative_energy == "not_priced":
                    component = None
            line = Line(period, plan, component, "ENERGY", ENERGY_COST, kwh, kwh)
            lines.append(line)
            if component is not None:
                priced.append(line)
        if mask & TIME:
            hours, seconds = stretch.time_hours, stretch.time
            component = chosen.get(TIME)
            line = Line(period, plan, component, "TIME", TIME_COST, hours, seconds, True)
            lines.append(line)
            if component is not None:
                priced.append(line)
        if mask & PARKING:
            hours, seconds = stretch.parking_hours, stretch.parking
            component = chosen.get(PARKING)
            line = Line(period, plan, component, "PARKING_TIME", PARKING_COST, hours, seconds, True)
            lines.append(line)
            if component is not None:
                priced.append(line)
        if plan is None and stretch.reservation:
            self._write_reservation(stretch, None, None)

    def _write_reservation(
        self, stretch: Stretch, plan: Plan | None, component: Component | None
    ) -> None:
        hours, seconds = stretch.reservation_hours, stretch.reservation
        line = Line(
            stretch.period, plan, component, "TIME", RESERVATION_COST, hours, seconds, True, True
        )
        self.lines.append(line)
        if component is not None:
            self.priced.append(line)
