"""A CDR against itself: one row a situation."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from settlement.cdr import Cdr, CdrDimension, ChargingPeriod
from settlement.finding import Finding
from settlement.reconciliation.sums import reconcile_sums
from settlement.tariff import Price
from tests.builders import END, START, a_cdr, a_tariff

HOUR = timedelta(hours=1)
NAMES = {
    "E": "ENERGY",
    "T": "TIME",
    "P": "PARKING_TIME",
    "R": "RESERVATION_TIME",
}


def a_period(at: timedelta = timedelta(0), tariff: str | None = "T1", **volumes: str) -> Any:
    dimensions = tuple(CdrDimension(NAMES.get(k, k), Decimal(v)) for k, v in volumes.items())
    return ChargingPeriod(START + at, dimensions, tariff)


def a_consistent_cdr(**changes: Any) -> Cdr:
    told: dict[str, Any] = {
        "charging_periods": (a_period(E="20.5", T="1"), a_period(HOUR, P="1")),
        "total_energy": Decimal("20.5"),
        "total_time": Decimal(2),
        "total_parking_time": Decimal(1),
    }
    return a_cdr(**told | changes)


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


def test_a_cdr_of_one_piece_has_no_finding() -> None:
    assert reconcile_sums(a_consistent_cdr()) == ()


D = Decimal
SITUATIONS: list[tuple[str, dict[str, Any], list[tuple[str, str]]]] = [
    ("energy differs", {"total_energy": D("20.6")}, [("total_energy_differs", "warning")]),
    ("energy off by its last digit", {"total_energy": D("20.5002")}, []),
    ("energy not stated", {"total_energy": None}, []),
    ("time differs", {"total_time": D("2.1")}, [("total_time_differs", "warning")]),
    ("time off by its last digit", {"total_time": D("2.0002")}, []),
    ("parking differs", {"total_parking_time": D(0)}, [("total_parking_time_differs", "warning")]),
    (
        "no time in the periods",
        {"charging_periods": (a_period(E="20.5"),), "total_parking_time": None},
        [],
    ),
    (
        "total_time with the reserved time",
        {
            "charging_periods": (a_period(R="1"), a_period(HOUR, E="20.5", T="1")),
            "total_parking_time": None,
        },
        [],
    ),
    (
        "total_time without the reserved time",
        {
            "charging_periods": (a_period(R="1"), a_period(HOUR, E="20.5", T="1")),
            "total_time": D(1),
            "total_parking_time": None,
        },
        [],
    ),
    ("ends before it starts", {"end_date_time": START - HOUR}, [("end_before_start", "error")]),
    (
        "start not known",
        {"start_date_time": datetime(1970, 1, 1, tzinfo=UTC)},
        [("time_not_known", "warning"), ("first_period_not_at_start", "info")],
    ),
    (
        "first period late",
        {"start_date_time": START - HOUR},
        [("first_period_not_at_start", "info")],
    ),
    (
        "periods out of order",
        {"charging_periods": (a_period(HOUR, P="1"), a_period(E="20.5", T="1"))},
        [("periods_out_of_order", "warning")],
    ),
    (
        "a period after the end",
        {"charging_periods": (a_period(E="20.5", T="1"), a_period(3 * HOUR, P="1"))},
        [("period_after_end", "warning")],
    ),
    (
        "no periods",
        {"charging_periods": (), "total_parking_time": None},
        [("periods_missing", "warning")],
    ),
    (
        "dimensions of sessions",
        {
            "charging_periods": (
                a_period(E="20.5", T="1", POWER="11", STATE_OF_CHARGE="80"),
                a_period(HOUR, P="1", MAX_POWER="11"),
            )
        },
        [("session_only_dimension", "info"), ("session_only_dimension", "info")],
    ),
    (
        "negative time",
        {
            "charging_periods": (a_period(E="20.5", T="-1"),),
            "total_time": None,
            "total_parking_time": None,
        },
        [("time_negative", "warning")],
    ),
    (
        "time in seconds",
        {
            "charging_periods": (a_period(E="20.5", T="7200"),),
            "total_time": None,
            "total_parking_time": None,
        },
        [("time_unit_suspected", "warning")],
    ),
    (
        "ten times a length that is no whole hour",
        {
            "charging_periods": (a_period(E="20.5", T="1"), a_period(timedelta(minutes=90), T="5")),
            "total_time": None,
            "total_parking_time": None,
        },
        [("time_unit_suspected", "warning")],
    ),
    (
        "just below ten times the length",
        {
            "charging_periods": (
                a_period(E="20.5", T="1"),
                a_period(timedelta(minutes=90), T="4.9999"),
            ),
            "total_time": None,
            "total_parking_time": None,
        },
        [],
    ),
    (
        "energy in Wh",
        {
            "charging_periods": (a_period(E="20500"), a_period(HOUR, P="1")),
            "total_energy": D(20500),
            "total_time": None,
        },
        [("energy_unit_suspected", "warning")],
    ),
    (
        "energy in Wh without periods",
        {"charging_periods": (), "total_energy": D(20500)},
        [("periods_missing", "warning"), ("energy_unit_suspected", "warning")],
    ),
    (
        "a tariff that is not embedded",
        {"tariffs": (a_tariff(id="OTHER"),)},
        [("tariff_not_embedded", "info")],
    ),
    ("a tariff in another case", {"tariffs": (a_tariff(id="t1"),)}, []),
    ("no tariff embedded", {"tariffs": ()}, []),
    (
        "a negative total",
        {"total_cost": Price(D(-5), D(-6)), "total_energy_cost": None},
        [("total_cost_negative", "error")],
    ),
    (
        "a negative total for energy fed back",
        {
            "charging_periods": (a_period(E="-20.5", T="1"), a_period(HOUR, P="1")),
            "total_energy": D("-20.5"),
            "total_cost": Price(D(-5), D(-6)),
            "total_energy_cost": None,
        },
        [],
    ),
    (
        "a credit",
        {
            "credit": True,
            "credit_reference_id": "CDR-0",
            "total_cost": Price(D("-5.125"), D("-6.20125")),
        },
        [],
    ),
    (
        "a credit with all signs turned",
        {
            "credit": True,
            "credit_reference_id": "CDR-0",
            "charging_periods": (a_period(E="-20.5", T="-1"), a_period(HOUR, P="-1")),
            "total_cost": Price(D("-5.125"), D("-6.20125")),
        },
        [],
    ),
    (
        "a credit of nothing",
        {"credit": True, "credit_reference_id": None},
        [("credit_reference_missing", "warning"), ("credit_not_negative", "warning")],
    ),
]


@pytest.mark.parametrize(
    ("changes", "expected"), [row[1:] for row in SITUATIONS], ids=[row[0] for row in SITUATIONS]
)
def test_what_does_not_add_up_is_found(
    changes: dict[str, Any], expected: list[tuple[str, str]]
) -> None:
    findings = reconcile_sums(a_consistent_cdr(**changes))

    assert expected == [(finding.code, finding.severity) for finding in findings]


@pytest.mark.parametrize(
    ("volume", "unit"), [("7200", "seconds"), ("120", "minutes"), ("30", "seconds or minutes")]
)
def test_the_likely_unit_of_a_time_is_told_with_the_length(volume: str, unit: str) -> None:
    cdr = a_consistent_cdr(
        charging_periods=(a_period(E="20.5", T=volume),), total_time=None, total_parking_time=None
    )

    (finding,) = reconcile_sums(cdr)

    assert f"likely {unit} written as hours" in finding.message
    assert (finding.claimed, finding.computed) == (volume, "2.0000")
    assert finding.path == "$.charging_periods[0].dimensions[1].volume"


def test_energy_in_wh_is_told_with_the_other_figure() -> None:
    cdr = a_consistent_cdr(charging_periods=(), total_energy=D(41000))

    finding = reconcile_sums(cdr)[-1]

    assert (finding.claimed, finding.computed) == ("41000", "41")


def test_energy_up_to_what_the_power_delivers_in_the_exact_time_is_no_finding() -> None:
    second = timedelta(seconds=1)
    changes = {"charging_periods": (a_period(E="0.5"),), "total_energy": D("0.5")}

    assert reconcile_sums(a_cdr(end_date_time=START + second, total_time=None, **changes)) == ()


def test_of_a_cdr_as_priced_only_the_order_is_checked() -> None:
    cdr = a_consistent_cdr(total_energy=D(99), start_date_time=START - HOUR)

    findings = reconcile_sums(cdr, is_as_priced=True)

    assert codes(findings) == ["first_period_not_at_start"]


COSTS = [
    ({"total_fixed_cost": Price(D(1), D("1.21"))}, None),
    ({"total_fixed_cost": Price(D("1.02"), D("1.23"))}, None),  # a cent for each of two parts
    ({"total_fixed_cost": Price(D("1.03"), D("1.25"))}, "$.total_cost.before_taxes"),
    ({"total_fixed_cost": Price(D(1), D("1.30"))}, "$.total_cost.after_taxes"),
    ({"total_fixed_cost": Price(None, D("1.30"))}, "$.total_cost.after_taxes"),
    ({"total_fixed_cost": Price(D(9), None), "tariffs": "limited"}, None),
]


@pytest.mark.parametrize(("changes", "path"), COSTS)
def test_partial_costs_add_up_to_the_total_unless_a_limit_may_have_cut_it(
    changes: dict[str, Any], path: str | None
) -> None:
    if changes.get("tariffs") == "limited":
        changes = changes | {"tariffs": (a_tariff(max_price=Price(D(9), None)),)}
    total = Price(D("6.125"), D("7.41125"))

    findings = reconcile_sums(a_consistent_cdr(total_cost=total, **changes))

    assert [path] * (path is not None) == [finding.path for finding in findings]
    assert all(finding.code == "cost_sum_differs" for finding in findings)


def test_the_difference_of_a_sum_is_the_money_at_stake() -> None:
    cdr = a_consistent_cdr(total_cost=Price(D("9.125"), None))

    (finding,) = reconcile_sums(cdr)

    assert finding.difference == D(4)


def test_the_end_of_the_builder_s_session_is_two_hours_after_its_start() -> None:
    assert END - START == 2 * HOUR  # the rows above count on it
