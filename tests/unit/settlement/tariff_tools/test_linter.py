import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from settlement.tariff_tools.lint.linter import Linted, lint
from settlement.tariff_tools.lint.source import Place
from tests.builders import a_tariff_document

EXAMPLES = sorted((Path(__file__).parents[3] / "cases" / "spec-2.2.1").glob("*/tariff.json"))


def element(price: str, **restrictions: Any) -> dict[str, Any]:
    component = {"type": "ENERGY", "price": Decimal(price), "vat": 21, "step_size": 1}
    return {"price_components": [component], "restrictions": restrictions}


def one(data: bytes) -> Linted:
    (linted,) = lint(data)
    return linted


def codes(linted: Linted) -> list[str]:
    return [finding.code for finding in linted.findings]


def tariff_text(*elements: dict[str, Any]) -> bytes:
    document = {**a_tariff_document(), "elements": list(elements)}
    return json.dumps(document, default=float).encode()


def test_an_ordinary_tariff_is_not_odd() -> None:
    linted = one(tariff_text(element("0.45", start_time="08:00", end_time="20:00"), element("0.3")))

    assert [code for code in codes(linted) if code != "restriction_whole_range"] == []
    assert linted.cost is not None
    assert linted.cost.as_written == Decimal("13.50")


def test_what_is_unreachable_names_what_covers_it_and_what_it_costs() -> None:
    linted = one(
        tariff_text(
            element("0.45", start_time="08:00", end_time="20:00"),
            element("0.30", start_time="20:00", end_time="08:00"),
            element("0.20", min_kwh=15),
        )
    )

    (finding,) = linted.findings
    assert finding.message.startswith(
        "Element 2 never prices ENERGY: elements 0 and 1 together hold"
    )
    assert finding.cost is not None
    assert (Decimal("13.50"), Decimal("9.75")) == (finding.cost.as_written, finding.cost.as_meant)


def test_a_hole_says_when() -> None:
    linted = one(tariff_text(element("0.45", start_time="06:00", end_time="22:00", max_kwh=50)))

    (finding,) = linted.findings
    assert finding.message == (
        "Charging is free 22:00-06:00; 06:00-22:00, from 50 kWh: no element prices ENERGY there."
    )


def test_a_night_of_some_days_has_two_ends_on_the_same_day() -> None:
    saturday = element("0.45", start_time="10:00", end_time="17:00", day_of_week=["SATURDAY"])

    (finding,) = one(tariff_text(saturday, element("0.3", day_of_week=["SUNDAY"]))).findings

    assert finding.message == (
        "Charging is free Mon-Fri; Sat 00:00-10:00 and 17:00-24:00: no element prices ENERGY there."
    )


def test_arrays_lines_answers_and_cdrs_are_linted_one_by_one() -> None:
    tariff = tariff_text(element("0.45", min_kwh=1))

    found = {
        "array": lint(b"[%s,\n%s]" % (tariff, tariff)),
        "lines": lint(b"%s\n%s\n" % (tariff, tariff)),
        "answer": lint(b'{"status_code": 1000, "data": [%s]}' % tariff),
        "cdr": lint(b'{"charging_periods": [], "tariffs": [%s]}' % tariff),
    }

    assert {name: [one.pointer for one in given] for name, given in found.items()} == {
        "array": ["/0", "/1"],
        "lines": ["/0", "/1"],
        "answer": ["/data/0"],
        "cdr": ["/tariffs/0"],
    }
    last = found["lines"][1].findings[0]
    assert (last.pointer, last.line) == ("/1/elements", 2)


def test_what_is_no_json_is_unreadable_and_says_where() -> None:
    (finding,) = one(b'{"elements": [}').findings

    assert finding.code == "unreadable"
    assert "line 1, column 15" in finding.message
    assert Place(finding.line, finding.column) == Place(1, 15)


def test_what_is_no_tariff_is_unreadable() -> None:
    assert codes(one(b"[1]")) == ["unreadable"]
    assert codes(one(b'{"id": "T"}')) == ["unreadable"]


def test_what_cannot_be_swept_is_said_and_not_guessed() -> None:
    elements = [
        element(
            "0.4",
            start_time=f"{n % 24:02}:{n:02}",
            min_kwh=n * 7 % 59,
            min_duration=60 + n * 11 % 53,
            min_power=n * 13 % 47,
            min_current=n * 17 % 43,
        )
        for n in range(60)
    ]

    linted = one(tariff_text(*elements))

    assert codes(linted) == ["not_swept"]


def test_a_finding_in_a_later_document_has_its_own_place() -> None:
    good = tariff_text(element("0.45"))
    bad = tariff_text(element("0.45"), element("0.30"))

    _, second = lint(b"[%s,\n  %s]" % (good, bad))

    found = next(one for one in second.findings if one.code == "element_unreachable")
    assert found.pointer == "/1/elements/1/price_components/0"
    assert found.line == 2
    assert found.column == 3 + bad.rindex(b'{"type"')


def test_a_null_in_an_array_is_an_unreadable_document_at_its_place() -> None:
    good = tariff_text(element("0.45"))

    first, second, third = lint(b"[%s,\n  null,\n%s]" % (good, good))

    (finding,) = second.findings
    assert (finding.code, finding.pointer) == ("unreadable", "/1")
    assert Place(finding.line, finding.column) == Place(2, 3)
    assert "unreadable" not in codes(first) + codes(third)


def test_the_examples_of_ocpi_itself_have_no_warning() -> None:
    found = {
        (path.parent.name, finding.code)
        for path in EXAMPLES
        for linted in lint(path.read_bytes())
        for finding in linted.findings
        if finding.severity != "notice"
    }

    assert len(EXAMPLES) > 10
    assert found == set()
