"""What a corrected copy mends, how, and what it leaves."""

import json
from pathlib import Path
from typing import Any

import pytest

from settlement.ocpi.document import NotJson
from settlement.tariff_tools.lint.code import CODES
from settlement.tariff_tools.lint.fix import FIXABLE, Fixed, fix
from settlement.tariff_tools.lint.linter import lint
from tests.builders import a_tariff_document

CASES = Path(__file__).parents[3] / "lint_cases"
# Their cases hold what no price may hang on: energy that is fed back. See below for what is mended.
LEFT_IN_ITS_CASE = {"restriction_impossible", "restriction_whole_range"}

ENERGY = {"type": "ENERGY", "price": 0.45, "step_size": 1}
TIME = {"type": "TIME", "price": 1, "step_size": 1}
CHEAPER = {"type": "ENERGY", "price": 0.3, "step_size": 1}


def element(*components: Any, **restrictions: Any) -> dict[str, Any]:
    return {"price_components": list(components)} | (
        {"restrictions": restrictions} if restrictions else {}
    )


def mended(*elements: Any, **changes: Any) -> tuple[Any, Fixed]:
    text = json.dumps(a_tariff_document(elements=list(elements), **changes)).encode()
    data, (fixed,) = fix(text)
    return json.loads(data), fixed


def codes(fixed: Fixed) -> tuple[list[str], list[str]]:
    return [one.code for one in fixed.done], [one.code for one in fixed.left.findings]


@pytest.mark.parametrize("code", sorted(FIXABLE - LEFT_IN_ITS_CASE))
def test_what_can_be_mended_is_gone_and_the_ordinary_session_costs_the_same(code: str) -> None:
    data = (CASES / code / "fires.json").read_bytes()

    copy, (fixed,) = fix(data)

    assert code in codes(fixed)[0]
    assert code not in codes(fixed)[1]
    (before,), (after,) = lint(data), lint(copy)
    assert before.cost == after.cost


@pytest.mark.parametrize("code", sorted(CODES.keys() - FIXABLE | LEFT_IN_ITS_CASE - {"not_swept"}))
def test_what_would_change_a_price_is_left_and_says_why(code: str) -> None:
    case = CASES / code / "fires.json"
    if code != "not_swept":
        _, (fixed,) = fix(case.read_bytes())
        assert code in codes(fixed)[1]

    assert CODES[code].left.endswith((".", "?"))


def test_each_code_says_what_is_done_or_why_it_is_left() -> None:
    assert {name for name, code in CODES.items() if code.fixed} == FIXABLE
    assert all(code.fixed or code.left for code in CODES.values())


def test_all_bytes_that_are_not_mended_stay() -> None:
    text = (
        b'{ "id" : "T1",\r\n\t"currency": "eur", "elements":[\r\n'
        b'\t{"price_components" : [ {"type":"ENERGY","price":0.4500,"step_size":0} ] },\r\n'
        b'\t{"price_components" : [ {"type":"ENERGY","price":1e-1,"step_size":1} ] }\r\n'
        b'\t], "x_ours": {"b":1, "a" : [ ] }, "last_updated": "2024-01-01T00:00:00Z" }\r\n'
    )

    data, _ = fix(text)

    assert data == (
        b'{ "id" : "T1",\r\n\t"currency": "EUR", "elements":[\r\n'
        b'\t{"price_components" : [ {"type":"ENERGY","price":0.4500,"step_size":1} ] }\r\n'
        b'\t], "x_ours": {"b":1, "a" : [ ] }, "last_updated": "2024-01-01T00:00:00Z" }\r\n'
    )


def test_what_was_done_stands_at_its_place_in_the_source() -> None:
    text = b"""[{"id": "A", "currency": "EUR", "last_updated": "2024-01-01T00:00:00Z", "elements": [
{"price_components": [{"type": "ENERGY", "price": 1, "step_size": 1}]},
{"price_components": [{"type": "ENERGY", "price": 2, "step_size": 1}]},
{"price_components": [{"type": "TIME", "price": 2, "step_size": 1},
  {"type": "ENERGY", "price": 3, "step_size": 1},
  {"type": "FLAT", "price": 3, "step_size": 60}]}]}]"""

    _, (fixed,) = fix(text)

    assert [(one.code, one.pointer, one.line) for one in fixed.done] == [
        ("step_size_flat", "/0/elements/2/price_components/2/step_size", 6),
        ("element_unreachable", "/0/elements/2/price_components/1", 5),
        ("element_unreachable", "/0/elements/1/price_components/0", 3),
    ]


@pytest.mark.parametrize(
    ("sent", "written"),
    [
        ('"price": "0.450"', '"price": 0.450'),
        ('"price": ".5"', '"price": 0.5'),
        ('"type": " energy"', '"type": "ENERGY"'),
        ('"step_size": "300"', '"step_size": 300'),
        ('"step_size": 300.0', '"step_size": 300'),
        ('"start_time": "7:00:00"', '"start_time": "07:00"'),
        ('"start_time": "8:00", "end_time": "24:00"', '"start_time": "08:00", "end_time": "00:00"'),
        ('"start_date": "2024-1-1"', '"start_date": "2024-01-01"'),
        ('"day_of_week": "monday"', '"day_of_week": ["MONDAY"]'),
        ('"min_price": {"excl_vat": "1.00"}', '"min_price": {"excl_vat": 1.00}'),
        ('"last_updated": "2024-01-01 02:00:00+02:00"', '"last_updated": "2024-01-01T00:00:00Z"'),
        ('"id": 16', '"id": "16"'),
    ],
)
def test_a_form_is_written_as_ocpi_asks(sent: str, written: str) -> None:
    name = sent.partition(":")[0].strip('"')
    places = {
        "price": '"type": "ENERGY", %s, "step_size": 1',
        "type": '%s, "price": 1, "step_size": 1',
        "step_size": '"type": "ENERGY", "price": 1, %s',
    }
    component = places.get(name, '"type": "ENERGY", "price": 1, "step_size": 1').replace("%s", sent)
    in_rules = name in {"start_time", "start_date", "day_of_week"}
    rules = sent if in_rules else '"min_kwh": 2'
    top = "" if in_rules or name in places else f"{sent}, "
    rest = {"id": '"id": "T", ', "last_updated": '"last_updated": "2024-01-01T00:00:00Z", '}
    top += "".join(text for key, text in rest.items() if key != name)
    text = (
        f'{{{top}"country_code": "NL", "party_id": "TNM", "currency": "EUR", "elements": '
        f'[{{"price_components": [{{{component}}}], "restrictions": {{{rules}}}}}, '
        f'{{"price_components": [{{"type": "ENERGY", "price": 3, "step_size": 1}}]}}]}}'
    )

    data, (fixed,) = fix(text.encode())

    assert data.decode() == text.replace(sent, written)
    assert {*codes(fixed)[0]} <= {"form", "wrong_case"}


def test_an_element_goes_with_its_last_component_and_restrictions_with_their_last() -> None:
    copy, fixed = mended(
        element(ENERGY, start_time="00:00", end_time="00:00"),
        element(CHEAPER, TIME, day_of_week=["MONDAY"], end_time="00:00"),
        element(CHEAPER, min_kwh=5),
    )

    assert copy["elements"] == [
        {"price_components": [ENERGY]},
        {"price_components": [TIME], "restrictions": {"day_of_week": ["MONDAY"]}},
    ]
    assert codes(fixed)[0].count("restriction_whole_range") == 3


def test_what_holds_where_energy_is_fed_back_stays() -> None:
    _, below = mended(element(ENERGY, max_kwh=0), element(CHEAPER))
    _, above = mended(element(ENERGY, min_kwh=0))
    _, hidden = mended(element(ENERGY, min_kwh=0), element(CHEAPER, max_kwh=5))

    assert codes(below) == ([], ["restriction_impossible"])
    assert codes(above) == ([], ["restriction_whole_range"])
    assert codes(hidden)[0] == []


def test_a_bound_that_two_readings_of_a_period_meet_stays() -> None:
    _, crossed = mended(element(ENERGY, min_power=20, max_power=10), element(CHEAPER))
    _, energy = mended(element(ENERGY, min_kwh=20, max_kwh=10), element(CHEAPER))

    assert "bounds_crossed" in codes(crossed)[1]
    assert codes(energy) == (["bounds_crossed"], [])


def test_what_prices_without_a_reading_stays() -> None:
    copy, fixed = mended(
        element(ENERGY, max_power=11), element(ENERGY, min_power=11), element(CHEAPER)
    )

    assert len(copy["elements"]) == 3
    assert codes(fixed)[0] == []


def test_before_a_misspelling_is_mended_nothing_is_taken_out() -> None:
    rules = {"price_components": [ENERGY], "restrictions": {"max_kw": 5}}
    zero = CHEAPER | {"step_size": 0}

    copy, fixed = mended(rules, element(zero))

    assert len(copy["elements"]) == 2
    assert codes(fixed)[0] == ["step_size_zero"]
    assert {"misspelt_field", "element_unreachable"} <= {*codes(fixed)[1]}


def test_the_only_element_stays() -> None:
    copy, fixed = mended(element(ENERGY, start_date="2024-05-02", end_date="2024-05-01"))

    assert len(copy["elements"]) == 1
    assert "dates_crossed" in codes(fixed)[1]


def test_a_fee_of_parking_stays_one() -> None:
    fee = {"type": "FLAT", "price": 1, "step_size": 1}
    parking = {"type": "PARKING_TIME", "price": 1, "step_size": 1}

    copy, fixed = mended(
        element(ENERGY, TIME, parking), element(fee, parking | {"price": 2}), element(fee | TIME)
    )

    assert copy["elements"][1]["price_components"] == [fee, parking | {"price": 2}]
    assert "element_unreachable" in codes(fixed)[1]


def test_a_copy_is_of_the_same_version_or_is_not_made() -> None:
    taxed = element(CHEAPER | {"vat": 21})
    document = {"id": "T", "currency": "EUR", "last_updated": "2024-01-01T00:00:00Z"}
    text = json.dumps(document | {"elements": [element(ENERGY), taxed]}).encode()

    data, (fixed,) = fix(text)

    assert data == text
    assert fixed.left.tariff is not None
    assert fixed.left.tariff.ocpi_version == "2.2.1"


def test_keys_that_are_there_twice_go_at_every_depth() -> None:
    text = b"""{"id": "A", "id": "B", "currency": "EUR", "last_updated": "2024-01-01T00:00:00Z",
 "elements": [{"price_components": [{"price": 9, "type": "ENERGY", "price": 8, "step_size": 1,
 "price": 1}]}]}"""

    data, (fixed,) = fix(text)

    assert (
        data
        == b"""{"id": "B", "currency": "EUR", "last_updated": "2024-01-01T00:00:00Z",
 "elements": [{"price_components": [{"type": "ENERGY", "step_size": 1,
 "price": 1}]}]}"""
    )
    assert codes(fixed) == (["key_twice"] * 3, [])


def test_each_tariff_of_a_text_is_mended_by_itself_and_one_in_a_cdr_stays() -> None:
    good, bad = element(ENERGY), element(ENERGY | {"step_size": 0})
    texts = [json.dumps(a_tariff_document(elements=[one])).encode() for one in (good, bad)]

    lines, in_lines = fix(b"%s\n%s\n" % (texts[0], texts[1]))
    answer, _ = fix(b'{"status_code": 1000, "data": [%s,null]}' % texts[1])
    cdr, in_cdr = fix(b'{"charging_periods": [], "tariffs": [%s]}' % texts[1])

    assert lines.splitlines()[0] == texts[0]
    assert [codes(one)[0] for one in in_lines] == [[], ["step_size_zero"]]
    assert json.loads(answer)["data"][0]["elements"][0]["price_components"][0]["step_size"] == 1
    assert cdr == b'{"charging_periods": [], "tariffs": [%s]}' % texts[1]
    assert codes(in_cdr[0]) == ([], ["step_size_zero"])


def test_what_is_no_tariff_stays_and_what_is_no_json_is_refused() -> None:
    data, (fixed,) = fix(b'{"id": "T"}')

    assert (data, codes(fixed)) == (b'{"id": "T"}', ([], ["unreadable"]))
    with pytest.raises(NotJson):
        fix(b"{")
