"""`settle price`, `settle explain` and `settle profile` as they are called."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from settlement.answer_json import JsonAnswer, JsonUnusable
from settlement.cli import main
from tests.builders import a_cdr_document, a_tariff_document, as_bytes

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def settle(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str, stdin: bytes = b"") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["settle", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        with pytest.raises(SystemExit) as ended:
            main()
        printed = capsys.readouterr()
        code = ended.value.code or 0
        assert isinstance(code, int)
        return code, printed.out, printed.err

    return run


@pytest.fixture
def written(tmp_path: Path) -> Callable[..., str]:
    def write(content: Any, name: str = "cdr.json") -> str:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else as_bytes(content))
        return str(path)

    return write


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


def test_a_batch_keeps_its_order_and_one_bad_document_stops_no_other(
    settle: Run, written: Any
) -> None:
    lines = [as_bytes(a_cdr_document(id=f"C{i}")) for i in range(3)]
    lines.insert(1, b'{"id": "broken"}')
    lines.insert(2, b"no json")

    code, out, err = settle("price", "--json", written(b"\n".join(lines), "many.jsonl"))

    printed = [json.loads(line) for line in out.splitlines()]
    assert code == 2
    assert [one.get("cdr_id") for one in printed] == ["C0", None, None, "C1", "C2"]
    unusable = [msgspec.convert(one, JsonUnusable) for one in printed if "error" in one]
    assert [one.line for one in unusable] == [2, 3]
    assert "many.jsonl:2: $.start_date_time" in err
    assert "5 CDRs: 3 matched, 0 with findings, 2 unusable" in err


def test_findings_do_not_hide_what_is_unusable(settle: Run, written: Any) -> None:
    lines = b"\n".join([b"{}", as_bytes(overcharged())])

    assert settle("price", written(lines))[0] == 2


def test_an_array_is_a_batch(settle: Run, written: Any) -> None:
    documents = [a_cdr_document(id="A"), overcharged(id="B")]

    code, out, err = settle("price", written(documents))

    assert code == 1
    assert out.splitlines() == [
        "A: matched, claimed 5.125, priced 5.13 EUR",
        "B: disputed, claimed 9, priced 5.13 EUR (cost_sum_differs, claimed_above_priced)",
    ]
    assert "2 CDRs" in err


def test_stdin_is_read(settle: Run) -> None:
    code, out, _ = settle("price", "--json", "-", stdin=as_bytes(a_cdr_document()))

    assert code == 0
    assert json.loads(out)["cdr_id"] == "CDR-1"


def test_a_document_over_several_lines_is_one(settle: Run, written: Any) -> None:
    text = json.dumps(a_cdr_document(), indent=2).encode()

    code, out, _ = settle("price", "--json", written(b"\xef\xbb\xbf\n\n" + text))

    assert code == 0
    assert len(out.splitlines()) == 1


def test_an_empty_file_is_unusable(settle: Run, written: Any) -> None:
    code, _, err = settle("price", written(b" \n"))

    assert code == 2
    assert "is empty" in err


@pytest.mark.parametrize("data", [b"[1, 2", b"[[]]", b'"text"', b"[]"])
def test_json_that_holds_no_cdr_is_unusable_or_an_empty_batch(
    settle: Run, written: Any, data: bytes
) -> None:
    code, _, _ = settle("price", "--json", written(data))

    assert code == (0 if data == b"[]" else 2)


def test_several_processes_print_the_same_in_the_same_order(settle: Run, written: Any) -> None:
    lines = b"\n".join(as_bytes(a_cdr_document(id=f"C{i}")) for i in range(450))
    path = written(lines, "many.jsonl")

    alone = settle("price", "--json", path)
    together = settle("price", "--json", "--jobs", "2", path)

    assert alone[:2] == together[:2]
    assert len(alone[1].splitlines()) == 450


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


def test_explain_tells_every_number_as_markdown(settle: Run, written: Any) -> None:
    code, out, _ = settle("explain", written(a_cdr_document()))

    assert code == 0
    assert "energy: 20.5 kWh x 0.25 EUR/kWh = 5.125 EUR, and 1.07625 tax (21 %)" in out
    assert "| total | 5.125 | 5.13 | 6.20125 | 6.20 | 5.125 |" in out
    assert "**Verdict: matched.**" in out


def test_explain_gives_a_table_where_asked(settle: Run, written: Any) -> None:
    code, out, _ = settle("explain", "--format", "table", written(overcharged()))

    assert code == 1
    assert "unit price" in out


def test_explain_says_why_there_is_no_price(settle: Run, written: Any) -> None:
    code, out, _ = settle("explain", written(a_cdr_document(tariffs=[])))

    assert code == 1
    assert "## No price" in out
    assert "Tariff not known: T1." in out


def test_explain_of_what_is_no_cdr_ends_with_2(settle: Run, written: Any) -> None:
    code, out, err = settle("explain", written(b"{}"))

    assert (code, out) == (2, "")
    assert "$.currency" in err


def test_profiles_are_listed_shown_and_compared(settle: Run, tmp_path: Path) -> None:
    ours = tmp_path / "ours.toml"
    ours.write_text('name = "ours"\nstep_size = "off"\n')

    listed = settle("profile", "list")
    shown = settle("profile", "show", str(ours))
    compared = settle("profile", "diff", str(ours), "default")
    as_json = settle("profile", "diff", "--json", str(ours))

    assert listed == (0, "default@1\n", "")
    assert "off  (default: on)" in shown[1]
    assert compared[0] == 1
    assert f"step_size: off in {ours}, on in default" in compared[1]
    assert json.loads(as_json[1]) == {"step_size": ["off", "on"]}
    assert settle("profile", "diff", "default")[0] == 0
    assert settle("profile", "show", "nowhere")[0] == 2
    assert json.loads(settle("profile", "show", "--json")[1])["flat_fee"] == "once_per_phase"
    assert json.loads(settle("profile", "list", "--json")[1]) == [{"name": "default", "version": 1}]
