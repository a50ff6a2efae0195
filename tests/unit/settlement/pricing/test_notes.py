"""What a note says: the place, the sentence, and what the other reading would cost."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec
import pytest

from settlement.pricing.profile import DEFAULT
from settlement.tariff import Price, Tariff
from tests.builders import END, START, a_cdr, a_price_component, a_tariff
from tests.unit.settlement.pricing.records import HOUR, D, a_period, an_element, priced


def notes_of(*, rules: dict[str, Any] | None = None, **changes: Any) -> list[tuple[str, str, str]]:
    cdr = a_cdr(**{"total_cost": None} | changes)
    result = priced(cdr, profile=msgspec.structs.replace(DEFAULT, **rules or {}))
    return [(note.code, note.path, note.message) for note in result.notes]


def a_tariff_of(*components: Any, **changes: Any) -> Tariff:
    return a_tariff(elements=(an_element(*components),), **changes)


def by_time() -> Tariff:
    return a_tariff_of(a_price_component(type="TIME", price=D(1)))


# until 12:00 local 1 a kWh, then 2: the session begins at 11:00 local
AT_NOON = a_tariff(
    elements=(
        an_element(a_price_component(price=D(1)), end_time=time(12)),
        an_element(a_price_component(price=D(2))),
    )
)
BY_POWER = a_tariff(
    elements=(
        an_element(a_price_component(price=D("0.2")), max_power=D(16)),
        an_element(a_price_component()),
    )
)
NO_RATE = a_price_component(vat=None)
ENDED = a_tariff(start_date_time=START - HOUR, end_date_time=START + HOUR)
TWO_HOURS = (a_period(ENERGY=1), a_period(1, ENERGY=1))


@pytest.mark.parametrize(
    ("hours", "unit"),
    [
        ("7200", "seconds"),
        ("7920", "seconds"),
        ("6480", "seconds"),
        ("7921", None),
        ("6479", None),
        ("120", "minutes"),
        ("131.9", "minutes"),
        ("108.1", "minutes"),
        ("132.1", None),
        ("107.9", None),
    ],
)
def test_a_time_that_cannot_be_is_told_with_its_likely_unit(hours: str, unit: str | None) -> None:
    notes = notes_of(tariffs=(by_time(),), charging_periods=(a_period(TIME=hours),))

    guess = "" if unit is None else f"Likely {unit} written as hours. "
    says = (
        f"TIME {hours} h cannot be: its period lasts 7200 s, which is priced. {guess}"
        f"As written the total would be {hours} EUR before taxes."
    )
    assert notes == [("time_unit_suspected", "$.charging_periods[0]", says)]


def test_energy_that_cannot_be_is_told_with_its_price_in_watt_hours() -> None:
    notes = notes_of(charging_periods=(a_period(ENERGY=5000, TIME=2),))

    says = (
        "5000 kWh in this time is beyond any charge point: priced as written. "
        "Likely Wh; then the total would be 1.25 EUR before taxes."
    )
    assert notes == [("energy_unit_suspected", "$", says)]


def test_totals_without_periods_that_cannot_be_are_told_in_watt_hours() -> None:
    notes = notes_of(charging_periods=(), total_energy=D(5000), total_time=D(2))

    codes = {code: says for code, _, says in notes}

    assert codes["energy_unit_suspected"].endswith("the total would be 1.25 EUR before taxes.")
    assert set(codes) == {"energy_unit_suspected", "periods_missing", "tariff_not_named"}


@pytest.mark.parametrize(
    ("rule", "answer", "other"),
    [("no_match", "not met", "4.1"), ("match", "met", "5.125")],
)
def test_a_missing_reading_is_told_once_a_period_and_element(
    rule: str, answer: str, other: str
) -> None:
    periods = (a_period(ENERGY="10.25"), a_period(1, ENERGY="10.25"))

    notes = notes_of(
        rules={"missing_evidence": rule}, tariffs=(BY_POWER,), charging_periods=periods
    )

    says = (
        "Element 0 asks for a current or power that the period does not state: "
        f"counted as {answer}. Otherwise the total would be {other} EUR before taxes."
    )
    assert notes == [
        ("evidence_missing", f"$.charging_periods[{period}]", says) for period in (0, 1)
    ]


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        (
            "priced_at_start",
            "it is priced as at its start. Split pro rata the total would be 15 EUR",
        ),
        ("split", "it is split pro rata. Priced as at its start the total would be 10 EUR"),
    ],
)
def test_a_period_that_straddles_is_told_with_the_other_way_to_price_it(
    rule: str, says: str
) -> None:
    notes = notes_of(
        rules={"straddling": rule}, tariffs=(AT_NOON,), charging_periods=(a_period(ENERGY=10),)
    )

    assert notes == [
        (
            "period_straddles",
            "$.charging_periods[0]",
            f"Another price applies from a moment inside the period: {says} before taxes.",
        )
    ]


@pytest.mark.parametrize(
    ("rule", "answer"),
    [("ignored", "it is priced all the same"), ("free_after", "the period is free")],
)
def test_a_tariff_whose_time_is_over_is_told_where_it_is(rule: str, answer: str) -> None:
    notes = notes_of(rules={"tariff_expiry": rule}, tariffs=(ENDED,), charging_periods=TWO_HOURS)

    assert notes == [
        (
            "tariff_not_valid",
            "$.charging_periods[1]",
            f"Tariff T1 is not valid at the start of the period: {answer}.",
        )
    ]


def test_a_tariff_is_valid_from_its_first_moment_on() -> None:
    starting = a_tariff(start_date_time=START)
    later = a_tariff(start_date_time=START + timedelta(seconds=1))

    assert notes_of(tariffs=(starting,)) == []
    assert [code for code, _, _ in notes_of(tariffs=(later,))] == ["tariff_not_valid"]


def test_without_periods_the_start_of_the_session_tells_whether_a_tariff_is_valid() -> None:
    over = a_tariff(end_date_time=START)

    notes = notes_of(tariffs=(over,), charging_periods=(), total_energy=D(1))

    assert [(code, path) for code, path, _ in notes] == [
        ("tariff_not_named", "$"),
        ("tariff_not_valid", "$.charging_periods[0]"),
        ("periods_missing", "$"),
    ]


@pytest.mark.parametrize(
    ("rule", "answer"), [("exact", "priced at the same price"), ("not_priced", "not priced")]
)
def test_energy_that_is_fed_back_is_told(rule: str, answer: str) -> None:
    notes = notes_of(rules={"negative_energy": rule}, charging_periods=(a_period(ENERGY="-1.5"),))

    assert notes == [
        ("energy_negative", "$.charging_periods[0]", f"-1.5 kWh were fed back: {answer}.")
    ]


@pytest.mark.parametrize(
    ("rule", "code", "says"),
    [
        ("no_tax", "vat_missing", "counted as no tax"),
        ("unknown", "vat_unknown", "tax is not known"),
    ],
)
def test_a_rate_that_is_missing_is_told_once_a_component(rule: str, code: str, says: str) -> None:
    tariff = a_tariff_of(
        a_price_component(type="TIME"), a_price_component(vat=None), a_price_component(type="FLAT")
    )

    notes = notes_of(rules={"missing_vat": rule}, tariffs=(tariff,), charging_periods=TWO_HOURS)

    assert notes == [(code, "$", f"Component 1 of element 0 has no vat: {says}.")]


def test_a_rate_is_not_missed_where_there_is_nothing_to_tax() -> None:
    free = a_tariff_of(a_price_component(price=D(0), vat=None))
    untaxed = a_tariff_of(NO_RATE, ocpi_version="2.3.0", tax_included="N/A")

    assert notes_of(tariffs=(free,)) == []
    assert notes_of(tariffs=(untaxed,)) == []


@pytest.mark.parametrize(
    ("claim", "code", "says"),
    [
        (None, "tax_split_unknown", "is not known"),
        (Price(D(4), D(5)), "tax_split_claimed", "follows the taxes that the CDR lists"),
    ],
)
def test_taxes_that_are_contained_without_a_rate_are_told(
    claim: Price | None, code: str, says: str
) -> None:
    tariff = a_tariff_of(NO_RATE, ocpi_version="2.3.0", tax_included="YES")

    notes = notes_of(tariffs=(tariff,), total_cost=claim)

    assert notes == [
        (
            code,
            "$",
            f"Prices of tariff T1 include taxes and name no rate: the amount before taxes {says}.",
        )
    ]


def test_a_limit_that_takes_hold_is_told() -> None:
    limited = a_tariff(max_price=Price(None, D(5)), min_price=None)

    assert notes_of(tariffs=(limited,)) == [
        ("max_price", "$", "max_price of tariff T1 cuts the total."),
        (
            "tax_scaled",
            "$",
            "The limit of tariff T1 is given on one side only: the other side is scaled.",
        ),
    ]


def test_the_notes_of_one_cdr_come_in_the_order_of_their_kinds() -> None:
    tariff = a_tariff(
        elements=(
            an_element(a_price_component(price=D(1), vat=None), max_power=D(16)),
            an_element(a_price_component(price=D(2), vat=None)),
        ),
        min_price=Price(D(90), D(90)),
    )

    notes = notes_of(
        tariffs=(tariff,),
        charging_periods=(a_period(ENERGY=1, TIME=-1), a_period(1, tariff=None, POWER=1)),
    )

    assert [(code, path, says) for code, path, says in notes if code != "evidence_missing"] == [
        (
            "period_without_tariff",
            "$.charging_periods[1]",
            "The period names no tariff while others do: it is free.",
        ),
        (
            "time_negative",
            "$.charging_periods[0]",
            "TIME is -1 h: a negative time is not priced.",
        ),
        (
            "dimension_not_priced",
            "$.charging_periods[1]",
            "POWER is for sessions and is not priced in a CDR.",
        ),
        ("vat_missing", "$", "Component 0 of element 1 has no vat: counted as no tax."),
        ("min_price", "$", "min_price of tariff T1 lifts the total."),
    ]


@pytest.mark.parametrize("unknown", ["start_date_time", "end_date_time"])
def test_a_start_or_end_that_nobody_knows_is_told(unknown: str) -> None:
    nobody_knows: dict[str, Any] = {unknown: datetime(1970, 1, 1, tzinfo=UTC)}

    codes = [code for code, _, _ in notes_of(**nobody_knows)]

    assert "time_not_known" in codes
    assert "time_not_known" not in [code for code, _, _ in notes_of(end_date_time=END)]
