"""Wrong readings of OCPI, each a small change to the oracle: the worlds must tell them apart.

Rule: one mutant is one mistake that an engine could make, or another value of the profile.
"""

from collections.abc import Callable
from datetime import UTC, date, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.naive import limits, moment, oracle, reading
from tests.naive.reading import Json, exact

Mutate = Callable[[pytest.MonkeyPatch], None]
MUTANTS: dict[str, Mutate] = {}


def mutant(change: Mutate) -> Mutate:
    MUTANTS[change.__name__] = change
    return change


@mutant
def clock_is_utc(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(oracle, "ZoneInfo", lambda _: UTC)


@mutant
def clock_of_the_winter(patch: pytest.MonkeyPatch) -> None:
    whole = ZoneInfo

    class Winter(whole):  # type: ignore[misc, valid-type]
        def fromutc(self, moment: Any) -> Any:
            local = super().fromutc(moment)
            return local - (whole.dst(self, local) or timedelta(0))

    patch.setattr(oracle, "ZoneInfo", Winter)


def _clock_like(rule: Callable[[time, time, time], bool]) -> Mutate:
    def change(patch: pytest.MonkeyPatch) -> None:
        def clock(rules: dict[str, Any], now: time) -> bool:
            if not rules.get("start_time") and not rules.get("end_time"):
                return True
            opens, closes = (
                time.fromisoformat(rules.get(name) or "00:00")
                for name in ("start_time", "end_time")
            )
            return rule(opens, closes, now)

        patch.setattr(moment, "_clock", clock)

    return change


def _usual(opens: time, closes: time, now: time) -> bool:
    if opens == closes:
        return True
    if closes == time(0):
        return now >= opens
    return opens <= now < closes if opens < closes else now >= opens or now < closes


MUTANTS |= {
    "end_time_inclusive": _clock_like(lambda o, c, now: _usual(o, c, now) or now == c),
    "start_time_exclusive": _clock_like(lambda o, c, now: _usual(o, c, now) and now != o),
    "equal_clock_times_never": _clock_like(lambda o, c, now: _usual(o, c, now) and o != c),
    "no_wrap_over_midnight": _clock_like(
        lambda o, c, now: _usual(o, c, now) and (o <= c or c == time(0))
    ),
    "midnight_is_no_end": _clock_like(
        lambda o, c, now: _usual(o, c, now) and (c != time(0) or o == c)
    ),
}


@mutant
def end_date_inclusive(patch: pytest.MonkeyPatch) -> None:
    right = moment._calendar

    def calendar(rules: dict[str, Any], today: date) -> bool:
        return right(rules, today) or (
            rules.get("end_date") == today.isoformat() and right(rules, today - timedelta(days=1))
        )

    patch.setattr(moment, "_calendar", calendar)


@mutant
def weekday_is_ignored(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(moment, "_weekday", lambda _, __: True)


def _between_like(name: str, shift: Fraction) -> Mutate:
    def change(patch: pytest.MonkeyPatch) -> None:
        right = moment._between

        def between(rules: dict[str, Any], asked: str, so_far: Fraction) -> bool:
            bound = rules.get(name)
            is_on = name.endswith(asked) and bound is not None and so_far == exact(bound)
            return right(rules, asked, so_far + (shift if is_on else 0))

        patch.setattr(moment, "_between", between)

    return change


TINY = Fraction(1, 10**9)
MUTANTS |= {
    "max_kwh_inclusive": _between_like("max_kwh", -TINY),
    "min_kwh_exclusive": _between_like("min_kwh", -TINY),
    "max_duration_inclusive": _between_like("max_duration", -TINY),
    "min_duration_exclusive": _between_like("min_duration", -TINY),
}


def _evidence_like(change_readings: Callable[[Json], Json]) -> Mutate:
    def change(patch: pytest.MonkeyPatch) -> None:
        right = moment._evidence

        def evidence(rules: dict[str, Any], name: str, readings: Json) -> bool:
            return right(rules, name, change_readings(readings))

        patch.setattr(moment, "_evidence", evidence)

    return change


KINDS = ("CURRENT", "POWER")
SWAPPED = {f"{a}_{k}": f"{b}_{k}" for k in KINDS for a, b in (("MIN", "MAX"), ("MAX", "MIN"))}
MUTANTS |= {
    "power_of_the_whole_period": _evidence_like(
        lambda readings: {name: readings[other] for name, other in SWAPPED.items()}
    ),
    "lowest_only": _evidence_like(
        lambda readings: {n: readings[n if n < "MI" else SWAPPED[n]] for n in SWAPPED}
    ),
}


@mutant
def missing_evidence_matches(patch: pytest.MonkeyPatch) -> None:
    right = moment._evidence

    def evidence(rules: dict[str, Any], name: str, readings: Json) -> bool:
        stated = [readings[f"{end}_{name.upper()}"] for end in ("MIN", "MAX")]
        return stated == [None, None] or right(rules, name, readings)

    patch.setattr(moment, "_evidence", evidence)


@mutant
def flat_fee_of_the_session_is_due_in_a_reservation_too(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(oracle, "_phases", lambda period: ["FLAT"] if period else [])


@mutant
def flat_fees_are_due_in_each_period(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(oracle, "_fees_once", list)


@mutant
def flat_fees_are_due_once_a_tariff(patch: pytest.MonkeyPatch) -> None:
    right = oracle._fees_once

    def once(stretches: list[oracle.Stretch]) -> list[oracle.Stretch]:
        names = dict.fromkeys(s.tariff["id"] for s in stretches)
        return [s for n in names for s in right([s for s in stretches if s.tariff["id"] == n])]

    patch.setattr(oracle, "_fees_once", once)


@mutant
def periods_in_the_order_of_sending(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reading, "in_time_order", list)


@mutant
def reservations_never_expire(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(oracle, "_is_expired", lambda _, __, ___: False)


@mutant
def every_reservation_expires(patch: pytest.MonkeyPatch) -> None:
    right = oracle._is_expired
    patch.setattr(
        oracle, "_is_expired", lambda cdr, *rest: right(cdr | {"session_id": None}, *rest)
    )


@mutant
def no_fallback_of_an_expired_reservation(patch: pytest.MonkeyPatch) -> None:
    right = oracle._phase_kinds
    patch.setattr(oracle, "_phase_kinds", lambda kind, expired: right(kind, expired=expired)[:1])


@mutant
def no_steps(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(oracle, "_fill_steps", lambda _: None)


@mutant
def steps_of_each_stretch(patch: pytest.MonkeyPatch) -> None:
    right = oracle._fill_steps
    patch.setattr(oracle, "_fill_steps", lambda stretches: [right([s]) for s in stretches])


@mutant
def steps_of_the_first_component(patch: pytest.MonkeyPatch) -> None:
    right = oracle._fill_steps
    patch.setattr(oracle, "_fill_steps", lambda stretches: right(stretches[::-1]))


@mutant
def steps_of_each_tariff(patch: pytest.MonkeyPatch) -> None:
    right = oracle._fill_steps

    def fill(stretches: list[oracle.Stretch]) -> None:
        for name in {s.tariff["id"] for s in stretches}:
            right([s for s in stretches if s.tariff["id"] == name])

    patch.setattr(oracle, "_fill_steps", fill)


@mutant
def charging_time_is_rounded_beside_parking(patch: pytest.MonkeyPatch) -> None:
    right = oracle._fill_steps

    def fill(stretches: list[oracle.Stretch]) -> None:
        right([s for s in stretches if s.kind != "PARKING_TIME"])
        right([s for s in stretches if s.kind == "PARKING_TIME"])

    patch.setattr(oracle, "_fill_steps", fill)


@mutant
def the_last_of_time_and_parking_is_rounded(patch: pytest.MonkeyPatch) -> None:
    right = oracle._fill_steps

    def fill(stretches: list[oracle.Stretch]) -> None:
        last = [s.kind for s in stretches if s.kind in {"TIME", "PARKING_TIME"}][-1:]
        other = {"TIME", "PARKING_TIME"} - set(last)
        right([s for s in stretches if s.kind not in other])

    patch.setattr(oracle, "_fill_steps", fill)


@mutant
def free_components_have_no_steps(patch: pytest.MonkeyPatch) -> None:
    right = oracle._fill_steps
    patch.setattr(
        oracle,
        "_fill_steps",
        lambda stretches: right([s for s in stretches if exact(s.component["price"])]),
    )


@mutant
def no_noise_of_the_last_digit(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(oracle, "NOISE_WH", Fraction(0))


@mutant
def seconds_are_cut_off(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reading, "nearest", lambda value: value.__floor__())


@mutant
def seconds_as_written(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reading, "nearest", lambda value: value)


@mutant
def limits_of_the_other_side_are_free(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(limits, "_follow", lambda other, _, __: other)


@mutant
def no_limits(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(oracle, "clamped", lambda amount, _, __: amount)


@mutant
def no_split_by_listed_taxes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(oracle, "claimed_share_before_taxes", lambda _, __: None)


@mutant
def prices_never_contain_taxes(patch: pytest.MonkeyPatch) -> None:
    right = oracle._cost
    patch.setattr(oracle, "_cost", lambda stretch, _: right(stretch, "2.2.1"))


@mutant
def the_last_element_wins(patch: pytest.MonkeyPatch) -> None:
    right = oracle._active

    def active(tariff: Json, *rest: Any) -> Json | None:
        return right(tariff | {"elements": tariff["elements"][::-1]}, *rest)

    patch.setattr(oracle, "_active", active)


@mutant
def a_period_without_tariff_has_the_first(patch: pytest.MonkeyPatch) -> None:
    right = oracle._tariffs_by_period

    def chosen(cdr: Json, periods: list[Json]) -> list[Json | None]:
        return [tariff or cdr["tariffs"][0] for tariff in right(cdr, periods)]

    patch.setattr(oracle, "_tariffs_by_period", chosen)


@mutant
def limits_bound_the_session_not_the_tariff(patch: pytest.MonkeyPatch) -> None:
    right = oracle.price

    def alone(document: bytes, version: str, zone: str) -> oracle.Answer:
        answer = right(document, version, zone)
        last = answer.stretches[-1].tariff if answer.stretches else {}
        total = oracle.NOTHING
        for part in answer.parts.values():
            total = oracle._plus(total, part)
        answer.total_cost = limits.clamped(total, last, version)
        return answer

    patch.setattr(oracle, "price", alone)


@mutant
def a_time_in_another_unit_counts_as_written(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reading, "OTHER_UNIT", 10**9)


@mutant
def credits_are_not_negative(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(oracle, "_negative", lambda side: side)
