"""A second pair for each code, made with other eyes: one that fires, one that must not.

Rule: a line a pair; what is said and where is held by `tests/lint_cases`.
"""

from typing import Any

import pytest

from settlement.tariff_tools.lint.code import CODES
from settlement.tariff_tools.lint.linter import lint
from tests.builders import a_tariff_document, as_bytes

Json = dict[str, Any]

DAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]


def c(kind: str, price: object, vat: float | None = 21, step: int = 1, **more: Any) -> Json:
    rate = {} if vat is None else {"vat": vat}
    return {"type": kind, "price": price, "step_size": step, **rate, **more}


def energy(price: object = 0.45, **more: Any) -> Json:
    return c("ENERGY", price, **more)


def hour(price: object = 3, **more: Any) -> Json:
    return c("TIME", price, **more)


def parking(price: object = 6, **more: Any) -> Json:
    return c("PARKING_TIME", price, **more)


def fee(price: object = 1, **more: Any) -> Json:
    return c("FLAT", price, **more)


def el(*components: Json, **restrictions: Any) -> Json:
    element: Json = {"price_components": list(components)}
    return element | ({"restrictions": restrictions} if restrictions else {})


def t(*elements: Json, **changes: Any) -> Json:
    return a_tariff_document(elements=list(elements), **changes)


def old(*elements: Json) -> Json:
    """Give a tariff of OCPI 2.1.1, which knows no party and no VAT."""
    document = t(*elements)
    return {name: document[name] for name in ("id", "currency", "elements", "last_updated")}


# code; a tariff in which it is found; one in which it is not
PAIRS: tuple[tuple[str, Json, Json], ...] = (
    ("unreadable", t(el(energy("abc"))), t(el(energy()))),
    ("unreadable", t(), t(el(fee(0)))),
    (
        "unknown_field",
        t(el({**energy(), "colour": 1})),
        t(el(energy()), tariff_alt_text=[{"language": "en", "text": "x"}]),
    ),
    (
        "unknown_field",
        t(el(energy()), x_custom={"elements": 1}),
        t(el(energy()), energy_mix={"is_green_energy": True}),
    ),
    (
        "misspelt_field",
        t(el(energy(), start_tme="08:00", end_time="20:00")),
        t(el(energy(), start_time="08:00", end_time="20:00")),
    ),
    (
        "misspelt_field",
        t(el(energy(), dayofweek=["MONDAY"])),
        t(el(energy(), day_of_week=["MONDAY"])),
    ),
    ("misspelt_field", t(el(energy(), max_kWh=10)), t(el(energy(), max_kwh=10))),
    (
        "wrong_case",
        t(el(energy(), day_of_week=["Monday"]), el(energy(0.3))),
        t(el(energy(), day_of_week=["MONDAY"]), el(energy(0.3))),
    ),
    ("wrong_case", t(el(energy()), currency="eur"), t(el(energy()), currency="SEK")),
    (
        "wrong_case",
        t(el(hour(), reservation="reservation"), el(energy())),
        t(el(hour(), reservation="RESERVATION"), el(energy())),
    ),
    ("form", t(el(energy(), start_time="8:00")), t(el(energy(), start_time="08:00"))),
    ("form", t(el(energy(), min_kwh="20")), t(el(energy(), min_kwh=20.0))),
    (
        "element_unreachable",
        t(el(energy()), el(energy(0.2), start_time="08:00", end_time="20:00")),
        t(el(energy(), max_kwh=10), el(energy(0.2), start_time="08:00", end_time="20:00")),
    ),
    (
        "element_unreachable",
        t(
            el(energy(0.5), day_of_week=DAYS[5:]),
            el(energy(), day_of_week=DAYS[:5]),
            el(energy(0.1)),
        ),
        t(
            el(energy(0.5), day_of_week=DAYS[5:]),
            el(energy(), day_of_week=DAYS[:4]),
            el(energy(0.1)),
        ),
    ),
    (
        "element_overlaps",
        t(el(energy(0.5), max_kwh=20), el(energy(0.3), min_kwh=10)),
        t(el(energy(0.5), max_kwh=20), el(energy(0.3), min_kwh=20)),
    ),
    (
        "element_overlaps",
        t(
            el(energy(0.5), day_of_week=["FRIDAY", "SATURDAY"]),
            el(energy(0.3), day_of_week=DAYS[5:]),
            el(energy()),
        ),
        t(
            el(energy(0.5), day_of_week=["SATURDAY"]),
            el(energy(0.3), day_of_week=DAYS[5:]),
            el(energy()),
        ),
    ),
    (
        "element_shadowed_in_part",
        t(el(energy(0.5), day_of_week=["MONDAY"]), el(energy(0.2), max_kwh=10), el(energy())),
        t(el(energy(0.5), day_of_week=["MONDAY"]), el(hour(), max_kwh=10), el(energy())),
    ),
    (
        "charging_hole",
        t(el(energy(), max_kwh=40)),
        t(el(energy(), max_kwh=40), el(hour(), min_kwh=40)),
    ),
    ("charging_hole", t(el(hour(), day_of_week=["MONDAY"])), t(el(fee(5)))),
    (
        "charging_hole",
        t(el(energy(), min_power=11), el(energy(0.3), max_power=10)),
        t(el(energy(), min_power=11), el(energy(0.3), max_power=11)),
    ),
    (
        "coverage_hole",
        t(el(energy()), el(parking(), start_time="08:00", end_time="20:00")),
        t(el(energy()), el(parking(), start_time="08:00", end_time="20:00"), el(parking(0))),
    ),
    (
        "component_redundant",
        t(el(energy(), hour(), min_kwh=5), el(energy())),
        t(el(energy(vat=19), min_kwh=5), el(energy())),
    ),
    (
        "component_redundant",
        t(el(energy(0), max_kwh=5), el(energy(0))),
        t(el(energy(0.3, step=100), max_kwh=5), el(energy(0.3))),
    ),
    (
        "duplicate_dimension",
        t(el(fee(1), fee(1), energy())),
        t(el(fee(1), energy()), el(fee(2), hour(), min_kwh=1)),
    ),
    (
        "restriction_whole_range",
        t(el(energy(), start_time="00:00", end_time="00:00")),
        t(el(energy(), start_time="00:00", end_time="23:00"), el(energy(0.3))),
    ),
    (
        "restriction_whole_range",
        t(el(energy(), day_of_week=DAYS)),
        t(el(energy(), day_of_week=DAYS[:6]), el(energy(0.3))),
    ),
    (
        "restriction_whole_range",
        t(el(energy(), min_duration=0)),
        t(el(energy(), min_power=0), el(energy(0.4))),
    ),
    (
        "restriction_impossible",
        t(el(parking(), max_duration=0), el(energy())),
        t(el(parking(), max_duration=1), el(energy())),
    ),
    (
        "restriction_impossible",
        t(el(energy(), max_power=-3), el(energy(0.1))),
        t(el(energy(), max_power=3), el(energy(0.1))),
    ),
    (
        "bounds_crossed",
        t(el(energy(), min_power=22, max_power=11), el(energy(0.3))),
        t(el(energy(), min_power=11, max_power=22), el(energy(0.3))),
    ),
    (
        "bounds_crossed",
        t(el(hour(), min_duration=7200, max_duration=3600), el(energy(0.3))),
        t(el(hour(), min_duration=3600, max_duration=7200), el(energy(0.3))),
    ),
    (
        "bounds_crossed",
        t(el(energy(), min_kwh=20, max_kwh=10), el(energy(0.3))),
        t(el(energy(), min_kwh=10, max_kwh=20), el(energy(0.3), min_kwh=20), el(energy(0.2))),
    ),
    (
        "dates_crossed",
        t(el(energy(), start_date="2026-06-01", end_date="2025-06-01"), el(energy(0.3))),
        t(
            el(energy(), end_date="2025-06-01"),
            el(energy(0.3), start_date="2026-06-01"),
            el(energy(0.2)),
        ),
    ),
    (
        "never_together",
        t(
            el(energy(), start_date="2026-05-04", end_date="2026-05-09", day_of_week=["SUNDAY"]),
            el(energy(0.3)),
        ),
        t(
            el(energy(), start_date="2026-05-04", end_date="2026-05-11", day_of_week=["SUNDAY"]),
            el(energy(0.3)),
        ),
    ),
    (
        "clock_equal",
        t(
            el(energy(), start_time="22:00", end_time="22:00", day_of_week=["MONDAY"]),
            el(energy(0.3)),
        ),
        t(el(energy(), start_time="22:00", end_time="22:01"), el(energy(0.3))),
    ),
    (
        "end_before_midnight",
        t(el(energy(), end_time="23:59"), el(energy(0.3))),
        t(el(energy(), start_time="22:00", end_time="23:30"), el(energy(0.3))),
    ),
    (
        "end_before_midnight",
        t(el(energy(), start_time="00:00", end_time="23:59")),
        t(
            el(energy(), start_time="20:00", end_time="23:59"),
            el(energy(0.3), start_time="23:59", end_time="20:00"),
        ),
    ),
    (
        "never_active",
        t(
            el(energy()),
            start_date_time="2026-01-02T00:00:00Z",
            end_date_time="2026-01-01T00:00:00Z",
        ),
        t(
            el(energy()),
            start_date_time="2026-01-01T00:00:00Z",
            end_date_time="2026-01-02T00:00:00Z",
        ),
    ),
    (
        "never_active",
        t(
            el(energy(), end_date="2025-01-01"),
            el(energy(0.3)),
            start_date_time="2026-01-02T00:00:00Z",
        ),
        t(
            el(energy(), end_date="2027-01-01"),
            el(energy(0.3)),
            start_date_time="2026-01-02T00:00:00Z",
        ),
    ),
    (
        "ends_before_elements",
        t(
            el(energy(), start_date="2025-01-01", end_date="2026-01-01"),
            el(energy(0.3)),
            end_date_time="2025-06-01T00:00:00Z",
        ),
        t(
            el(energy(), end_date="2025-01-01"),
            el(energy(0.3)),
            end_date_time="2025-06-01T00:00:00Z",
        ),
    ),
    ("step_size_zero", t(el(hour(step=-60))), t(el(hour(step=1)))),
    ("step_size_flat", t(el(fee(step=60))), t(el(fee(step=0)))),
    (
        "step_size_inert",
        t(el(hour(step=900)), el(parking(), min_duration=7200)),
        t(el(hour(step=900)), el(parking(), reservation="RESERVATION")),
    ),
    (
        "step_size_inert",
        t(el(hour(step=60)), el(parking(0))),
        t(el(hour(step=1), parking(step=900))),
    ),
    ("step_size_like_unit", t(el(parking(step=3600))), t(el(parking(step=1800)))),
    ("step_size_like_unit", t(el(hour(step=3600))), t(el(energy(step=3600)))),
    ("step_size_like_unit", t(el(energy(step=1000))), t(el(hour(step=1000)))),
    (
        "evidence_impossible",
        old(el(c("TIME", 2, None), max_power=3.7), el(c("TIME", 1, None))),
        old(el(c("TIME", 2, None), max_kwh=3), el(c("TIME", 1, None))),
    ),
    (
        "evidence_optional",
        t(el(hour(), max_current=16), el(hour(1))),
        t(el(hour(), max_duration=16000), el(hour(1))),
    ),
    (
        "grace_as_min_duration",
        t(el(energy()), el(parking(), fee(2), min_duration=900)),
        t(el(energy()), el(parking(0), min_duration=900)),
    ),
    (
        "grace_as_min_duration",
        t(el(energy()), el(parking(), min_duration=3600)),
        t(el(energy()), el(hour(), parking(), min_duration=3600)),
    ),
    (
        "reservation_dimension",
        t(el(parking(), reservation="RESERVATION_EXPIRES"), el(energy())),
        t(el(fee(), reservation="RESERVATION_EXPIRES"), el(energy())),
    ),
    ("vat_implausible", t(el(energy(vat=-5))), t(el(energy(vat=27)))),
    ("vat_implausible", t(el(energy(vat=210))), t(el(energy(vat=2.5)))),
    (
        "price_negative",
        t(el(energy()), min_price={"excl_vat": -1}),
        t(el(energy()), min_price={"excl_vat": 0}),
    ),
    ("price_negative", t(el(fee(-1)), el(energy())), t(el(fee(0)), el(energy()))),
    ("price_per_small_unit", t(el(hour(0.0005))), t(el(hour(0.6)))),
    ("price_per_small_unit", t(el(energy()), el(parking(0.1))), t(el(energy(0.1)))),
    ("price_in_minor_units", t(el(energy(29))), t(el(fee(29)), el(energy()))),
    (
        "power_in_watts",
        t(el(energy(), max_power=22000), el(energy(0.3), min_power=22000)),
        t(el(energy(), max_power=9999), el(energy(0.3))),
    ),
    (
        "current_as_power",
        t(el(hour(), min_power=16), el(hour(1))),
        t(el(hour(), min_power=22), el(hour(1))),
    ),
    (
        "energy_in_watt_hours",
        t(el(energy(), max_kwh=50000), el(energy(0.3))),
        t(el(energy(), max_kwh=99999), el(energy(0.3))),
    ),
    (
        "duration_in_minutes",
        t(el(hour(), max_duration=45), el(hour(1))),
        t(el(hour(), max_duration=60), el(hour(1))),
    ),
    (
        "limits_crossed",
        t(
            el(energy()),
            min_price={"excl_vat": 1, "incl_vat": 2},
            max_price={"excl_vat": 3, "incl_vat": 1},
        ),
        t(
            el(energy()),
            min_price={"excl_vat": 1, "incl_vat": 2},
            max_price={"excl_vat": 1, "incl_vat": 2},
        ),
    ),
    ("element_unreachable", t(el(fee()), el(fee(2))), t(el(fee()), el(energy()))),
    ("step_size_like_unit", t(el(energy(step=2000))), t(el(energy(step=1500)))),
    (
        "fee_never_due",
        t(el(fee(9), min_kwh=20), el(fee())),
        t(el(fee(9), min_kwh=20), el(energy())),
    ),
    (
        "fee_never_due",
        t(el(fee(9), min_duration=60), el(fee(0))),
        t(el(fee(9), min_duration=0), el(fee(), min_duration=9), el(energy())),
    ),
)


def codes(document: Json) -> set[str]:
    (linted,) = lint(as_bytes(document))
    return {finding.code for finding in linted.findings}


@pytest.mark.parametrize(("code", "fires", "quiet"), PAIRS)
def test_a_code_tells_a_tariff_from_its_look_alike(code: str, fires: Json, quiet: Json) -> None:
    assert code in codes(fires)
    assert code not in codes(quiet)


def test_each_code_has_a_second_pair() -> None:
    # a key is there twice in a text alone, and what is too wide takes thousands of lines
    assert {code for code, _, _ in PAIRS} == CODES.keys() - {"key_twice", "not_swept"}
