"""`settle lint` as it is called."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.builders import a_tariff_document

Run = Callable[..., tuple[int, str, str]]


def spoiled(step_size: int = 0, **changes: Any) -> dict[str, Any]:
    component = {"type": "ENERGY", "price": 0.25, "vat": 21.0, "step_size": step_size}
    return a_tariff_document(elements=[{"price_components": [component]}], **changes)


def test_a_tariff_without_fault_ends_with_0(settle: Run, written: Any) -> None:
    code, out, err = settle("lint", written(a_tariff_document(), "t.json"))

    assert (code, err) == (0, "")
    assert "tariff T1: nothing odd. An ordinary session" in out


def test_a_warning_has_its_place_and_ends_with_1(settle: Run, written: Any) -> None:
    code, out, _ = settle("lint", written(spoiled(), "t.json"))

    assert code == 1
    assert ":1:" in out
    assert ": warning step_size_zero: " in out


def test_a_null_in_an_array_is_unreadable_and_says_where(settle: Run) -> None:
    text = b"[%s,\n  null]" % json.dumps(a_tariff_document()).encode()

    code, out, _ = settle("lint", "-", "--json", stdin=text)

    first, second = (json.loads(line) for line in out.splitlines())
    assert code == 2
    assert (first["pointer"], first["findings"]) == ("/0", [])
    (finding,) = second["findings"]
    assert (finding["code"], finding["pointer"]) == ("unreadable", "/1")
    assert (finding["line"], finding["column"]) == (2, 3)


def test_a_tariff_without_a_currency_leaves_no_gap(settle: Run) -> None:
    element = {"price_components": [{"type": "ENERGY", "price": -1, "step_size": 1000}]}
    tariff = a_tariff_document(currency="", elements=[element])

    _, out, _ = settle("lint", "-", stdin=json.dumps(tariff).encode())

    assert "price_negative: -1 per kWh for ENERGY" in out
    assert "    An ordinary session costs -30.00 either way." in out
    assert "costs -30.00 before taxes." in out


def test_what_is_missing_is_named(settle: Run) -> None:
    code, out, _ = settle("lint", "-", stdin=b'{"hello": 1}')

    assert code == 2
    assert "stdin:1:1: error unreadable: $.elements: nothing: is required." in out


@pytest.mark.parametrize("command", ["lint", "explain"])
def test_where_there_is_none_that_is_said(settle: Run, command: str) -> None:
    assert settle(command, "-", stdin=b"[]")[:2] == (0, "")
    assert "settle: stdin: holds no" in settle(command, "-", stdin=b"[]")[2]


def test_places_count_characters_behind_marks_tabs_and_long_line_ends(settle: Run) -> None:
    element = '\t\t{"price_components": [{"ü😀": 1, "type": "ENERGY", "price": 1, "step_size": 0}]}'
    lines = ['{"id": "Ä",', '\t"currency": "EUR",', '\t"elements": [', element, "\t],"]
    text = "\r\n".join([*lines, '"last_updated": "2024-01-01T00:00:00Z"}', ""])

    code, out, _ = settle("lint", "-", stdin=text.encode("utf-8-sig"))

    assert code == 1
    assert f"stdin:4:{element.index('1,') + 1}: notice unknown_field: " in out
    assert f"stdin:4:{element.index('0}') + 1}: warning step_size_zero: " in out


def test_several_files_go_on_behind_one_that_cannot_be_read(settle: Run, written: Any) -> None:
    broken, good = written(b"{", "broken.json"), written(a_tariff_document(), "good.json")

    code, out, _ = settle("lint", broken, good)

    assert code == 2
    assert f"{broken}:1:2: error unreadable: not JSON at line 1, column 2.\n" in out
    assert f"{good}: tariff T1: nothing odd." in out


def test_a_corrected_copy_stands_beside_its_source(settle: Run, written: Any) -> None:
    name = written(spoiled(), "t.json")
    source = Path(name).read_bytes()

    code, out, err = settle("lint", "--fix", name)

    assert (code, err) == (0, "")
    assert Path(name).read_bytes() == source
    copy = Path(name).with_name("t.fixed.json")
    assert copy.read_bytes() == source.replace(b'"step_size":0', b'"step_size":1')
    assert ": mended step_size_zero: step_size 0 is now 1, as it counted." in out
    assert out.endswith(f"{name}: the corrected copy is {copy}\n")
    assert settle("lint", str(copy))[0] == 0


def test_what_is_left_says_why_and_sets_the_exit_code(settle: Run, written: Any) -> None:
    name = written(spoiled(1000), "t.json")

    code, out, _ = settle("lint", "--fix", name)

    assert code == 1
    assert "    Left: 1 would charge less.\n" in out
    assert out.endswith(f"{name}: nothing to mend\n")
    assert not Path(name).with_name("t.fixed.json").exists()


def test_a_copy_may_go_to_a_file_over_the_source_or_to_stdout(
    settle: Run, written: Any, tmp_path: Path
) -> None:
    name, other = written(spoiled(), "t.json"), str(tmp_path / "other.json")

    settle("lint", "--fix", name, "--output", other)
    _, _, err = settle("lint", "--fix", name, "--output", name)

    assert err == ""
    assert Path(other).read_bytes() == Path(name).read_bytes()
    assert b'"step_size":1' in Path(name).read_bytes()
    _, _, err = settle("lint", "--fix", "-", "--output", "-", stdin=json.dumps(spoiled()).encode())
    assert "stdin:1:" in err


def test_json_of_a_copy_tells_what_is_mended_and_what_is_left(settle: Run, written: Any) -> None:
    name = written([spoiled(), spoiled(1000)], "t.jsonl")

    code, out, _ = settle("lint", "--fix", "--json", name)

    first, second = (json.loads(line) for line in out.splitlines())
    assert code == 1
    assert first["copy"] == str(Path(name).with_name("t.fixed.jsonl"))
    (done,) = first["mended"]
    assert (done["code"], done["pointer"]) == (
        "step_size_zero",
        "/0/elements/0/price_components/0/step_size",
    )
    assert (second["mended"], second["findings"][0]["left"]) == ([], "1 would charge less.")


def test_a_tariff_in_a_cdr_is_left_as_it_was_sent(settle: Run) -> None:
    text = json.dumps({"charging_periods": [], "tariffs": [spoiled()]}).encode()

    _, out, _ = settle("lint", "--fix", "-", "--output", "-", stdin=text)

    assert "step_size_zero" not in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("lint",), "name a file of tariffs"),
        (("lint", "--output", "x.json", "-"), "--output is for the copy that --fix writes"),
        (("lint", "--fix", "-"), "--fix of stdin needs --output FILE"),
        (("lint", "--fix", "--output", "x.json", "-", "-"), "--output is for one source"),
        (("lint", "--fix", "--json", "--output", "-", "-"), "both want stdout"),
        (("lint", "--ocpi", "9", "-"), "--ocpi 9: one of"),
        (("lint", "nowhere.json"), "nowhere.json: No such file"),
        (("lint", "--fix", "--output", "/nowhere/x.json", "-"), "/nowhere/x.json: "),
    ],
)
def test_unusable_calls_end_with_2(settle: Run, arguments: tuple[str, ...], told: str) -> None:
    code, out, err = settle(*arguments, stdin=json.dumps(spoiled()).encode())

    assert (code, out) == (2, "")
    assert told in err


def test_what_is_no_json_has_no_copy(settle: Run, written: Any) -> None:
    name = written(b'{"elements": [}', "t.json")

    code, out, _ = settle("lint", "--fix", name)

    assert code == 2
    assert f"{name}:1:15: error unreadable" in out
