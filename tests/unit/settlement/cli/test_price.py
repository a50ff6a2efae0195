"""`settle price` as it is called."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from settlement.answer_json import JsonAnswer
from tests.builders import a_cdr_document, a_tariff_document

Run = Callable[..., tuple[int, str, str]]


def overcharged(**changes: Any) -> dict[str, Any]:
    return a_cdr_document(total_cost={"excl_vat": 9, "incl_vat": 10.89}, **changes)


def test_a_matched_cdr_prints_its_working_and_ends_with_0(settle: Run, written: Any) -> None:
    code, out, err = settle("price", written(a_cdr_document()))

    assert (code, err) == (0, "")
    assert "20.5 kWh" in out
    assert "0.25 EUR/kWh" in out
    assert "Verdict: matched" in out


def test_an_overcharged_cdr_ends_with_1(settle: Run, written: Any) -> None:
    code, out, _ = settle("price", written(overcharged()))

    assert code == 1
    assert "claimed_above_priced" in out


def test_a_document_that_is_no_cdr_ends_with_2_and_one_line_a_problem(
    settle: Run, written: Any
) -> None:
    code, out, err = settle("price", written(b'{"id": "X", "currency": 5}'))

    assert (code, out) == (2, "")
    lines = err.splitlines()
    assert any("cdr.json:1: $.start_date_time: nothing: is required" in line for line in lines)
    assert any("cdr.json:1: $.currency: 5: " in line for line in lines)


def test_json_of_one_cdr_is_one_line_that_the_schema_describes(settle: Run, written: Any) -> None:
    code, out, err = settle("price", "--json", written(a_cdr_document()))

    assert (code, err) == (0, "")
    (line,) = out.splitlines()
    answer = msgspec.json.decode(line, type=JsonAnswer)
    assert answer.cdr_id == "CDR-1"
    assert answer.priced.total_cost is not None
    assert answer.priced.total_cost.before_taxes == "5.13"
    assert answer.priced_exact.total_cost is not None
    assert answer.priced_exact.total_cost.before_taxes == "5.125"
    assert answer.time_zone == "Europe/Amsterdam"
    assert answer.profile == "default@1"
    assert answer.price_basis == "embedded"


def test_the_schema_is_printed(settle: Run) -> None:
    code, out, _ = settle("price", "--schema")

    schema = json.loads(out)
    assert code == 0
    assert [one["$ref"] for one in schema["anyOf"]] == [
        "#/$defs/JsonAnswer",
        "#/$defs/JsonUnusable",
    ]
    fields = schema["$defs"]["JsonAnswer"]["required"]
    assert list(JsonAnswer.__struct_fields__) == fields


def test_of_several_versions_of_a_tariff_the_newest_before_the_start_prices(
    settle: Run, written: Any
) -> None:
    versions = []
    for day, price in (("2024-02-01", 0.1), ("2024-02-20", 0.2), ("2024-06-01", 0.3)):
        tariff = a_tariff_document(last_updated=f"{day}T00:00:00Z")
        tariff["elements"][0]["price_components"][0]["price"] = price
        versions.append(tariff)
    cdr = written(a_cdr_document(start_date_time="2024-03-01T09:00:00Z"))

    def priced(name: str, given: list[dict[str, Any]]) -> tuple[str | None, list[str]]:
        path = written(given, f"{name}.json")
        answer = json.loads(settle("price", "--json", "--tariff", path, cdr)[1])
        total = answer["priced"]["total_cost"]
        return total and total["before_taxes"], [note["code"] for note in answer["notes"]]

    total, notes = priced("versions", versions)
    assert (total, "tariff_version_chosen" in notes) == ("4.10", True)
    total, notes = priced(
        "later", [versions[2], versions[2] | {"last_updated": "2024-07-01T00:00:00Z"}]
    )
    assert (total, "tariff_version_chosen" in notes) == ("6.15", True)
    total, notes = priced(
        "tied", [versions[0], versions[1] | {"last_updated": "2024-02-01T00:00:00Z"}]
    )
    assert (total, "tariff_version_chosen" in notes) == (None, False)


def test_what_would_make_a_price_possible_is_said(settle: Run, written: Any) -> None:
    code, out, _ = settle("price", written(a_cdr_document(tariffs=[])))

    assert code == 1
    assert "Give the tariff with --tariff FILE." in out
    assert "--tariff FILE" in settle("explain", written(a_cdr_document(tariffs=[])))[1]


def test_a_given_tariff_wins_over_the_embedded_one(settle: Run, written: Any) -> None:
    given = a_tariff_document()
    given["elements"][0]["price_components"][0]["price"] = 0.2
    tariff = written(given, "tariff.json")

    code, out, _ = settle("price", "--json", "--tariff", tariff, written(a_cdr_document()))

    answer = json.loads(out)
    assert code == 1
    assert answer["price_basis"] == "published"
    assert answer["priced"]["total_cost"]["before_taxes"] == "4.10"
    codes = {finding["code"]: finding for finding in answer["findings"]}
    assert codes["embedded_tariff_differs"]["difference"] == "1.03"
    assert codes["claimed_above_priced"]["difference"] == "1.025"


def test_a_given_tariff_of_the_same_content_is_no_finding(settle: Run, written: Any) -> None:
    tariff = written(a_tariff_document(), "tariff.json")

    code, out, _ = settle("price", "--json", "--tariff", tariff, written(a_cdr_document()))

    assert code == 0
    assert json.loads(out)["findings"] == []


def test_a_single_given_tariff_that_the_cdr_does_not_name_prices_all_of_it(
    settle: Run, written: Any
) -> None:
    tariff = written(a_tariff_document(id="OTHER"), "tariff.json")

    code, out, _ = settle("price", "--json", "--tariff", tariff, written(a_cdr_document()))

    answer = json.loads(out)
    assert code == 0
    assert "tariff_given_for_all" in {note["code"] for note in answer["notes"]}
    assert {segment["tariff_id"] for segment in answer["segments"]} == {"OTHER"}


def test_a_cdr_without_a_tariff_is_unverifiable_and_all_its_fields_are_there(
    settle: Run, written: Any
) -> None:
    code, out, _ = settle("price", "--json", written(a_cdr_document(tariffs=[])))

    answer = msgspec.json.decode(out, type=JsonAnswer)
    assert code == 1
    assert answer.verdict == "unverifiable"
    assert answer.priced.total_cost is None
    assert [finding.code for finding in answer.findings] == ["tariff_missing"]


def test_a_cdr_of_start_end_currency_and_energy_is_priced(settle: Run, written: Any) -> None:
    document = {
        "start_date_time": "2024-03-01T10:00:00Z",
        "end_date_time": "2024-03-01T12:00:00Z",
        "currency": "EUR",
        "total_energy": 20,
    }
    tariff = written(a_tariff_document(), "tariff.json")

    code, out, _ = settle("price", "--json", "--tariff", tariff, written(document))

    answer = json.loads(out)
    assert code == 0
    assert answer["cdr_id"] is None
    assert answer["priced"]["total_cost"]["before_taxes"] == "5.00"
    assert answer["priced"]["total_energy"] == "20"


def test_the_time_zone_is_asked_for_where_it_is_needed(settle: Run, written: Any) -> None:
    document = a_cdr_document()
    document["cdr_location"]["country"] = "USA"
    document["tariffs"][0]["elements"][0]["restrictions"] = {"start_time": "08:00"}
    path = written(document)

    without = settle("price", "--json", path)
    given = settle("price", "--json", "--time-zone", "America/New_York", path)

    assert without[0] == 1
    assert json.loads(without[1])["findings"][0]["code"] == "time_zone_missing"
    assert json.loads(given[1])["segments"][0]["element"] is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--time-zone", "Mars/Olympus"), "no IANA time zone"),
        (("--ocpi", "1.0"), "--ocpi 1.0: one of 2.1.1, 2.2.1, 2.3.0"),
        (("--profile", "nowhere"), "neither a file nor one of"),
        (("--tariff", "nowhere.json"), "No such file"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_2(
    settle: Run, written: Any, arguments: tuple[str, ...], told: str
) -> None:
    code, out, err = settle("price", *arguments, written(a_cdr_document()))

    assert (code, out) == (2, "")
    assert told in err
    assert len(err.splitlines()) == 1


def test_a_file_that_is_not_there_and_no_file_at_all_are_unusable(settle: Run) -> None:
    assert settle("price", "nowhere.json")[0] == 2
    assert "name a file" in settle("price")[2]


def test_a_tariff_that_is_none_is_unusable(settle: Run, written: Any) -> None:
    code, _, err = settle("price", "--tariff", written(b"{}", "t.json"), written(a_cdr_document()))

    assert code == 2
    assert "$.id" in err


def test_a_file_may_hold_several_tariffs(settle: Run, written: Any) -> None:
    tariffs = written([a_tariff_document(id="OTHER"), a_tariff_document()], "tariffs.json")

    code, out, _ = settle("price", "--json", "--tariff", tariffs, written(a_cdr_document()))

    assert code == 0
    assert json.loads(out)["segments"][0]["tariff_id"] == "T1"


def test_a_profile_changes_the_price_and_is_named(
    settle: Run, written: Any, tmp_path: Path
) -> None:
    profile = tmp_path / "ours.toml"
    profile.write_text('name = "ours"\nversion = 7\nrounding_mode = "down"\n')

    _, out, _ = settle("price", "--json", "--profile", str(profile), written(a_cdr_document()))

    answer = json.loads(out)
    assert answer["profile"] == "ours@7"
    assert answer["priced"]["total_cost"]["before_taxes"] == "5.12"
