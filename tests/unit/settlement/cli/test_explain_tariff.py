"""`settle explain TARIFF.json`: words, table, curves, picture, and what it refuses."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.builders import a_cdr_document, a_tariff_document, as_bytes

Run = Callable[..., tuple[int, str, str]]


def test_a_tariff_is_told_as_markdown(settle: Run, written: Any) -> None:
    code, out, err = settle("explain", written(a_tariff_document()))

    assert (code, err) == (0, "")
    assert "* EUR 0.25 per kWh." in out
    assert "| 0 | always | energy | EUR 0.25 | kWh |" in out
    assert "costs EUR 9.08 including VAT" in out
    assert "energy in kWh" in out


def test_a_tariff_is_told_for_a_screen_in_german(settle: Run, written: Any) -> None:
    options = ("--lang", "de", "--format", "table")

    code, out, _ = settle("explain", written(a_tariff_document()), *options)

    assert code == 0
    assert "- 0,25 € pro kWh." in out
    assert "Zeit in Stunden" in out


def test_a_tariff_is_told_as_json_with_decimal_strings(settle: Run, written: Any) -> None:
    code, out, _ = settle("explain", "--json", written([a_tariff_document()] * 2))

    first, second = map(json.loads, out.splitlines())
    assert code == 0
    assert first == second
    assert first["sentences"][0] == "EUR 0.25 per kWh."
    assert first["rows"][0]["price"] == "0.25"
    assert first["ordinary_session"]["cost"] == {"before_taxes": "7.50", "after_taxes": "9.08"}
    assert first["curves"]["energy"]["points"][-1] == {
        "at": 30000,
        "before_taxes": "7.50",
        "after_taxes": "9.0750",
    }


def test_tariffs_come_from_stdin_and_as_lines(settle: Run, written: Any) -> None:
    tariffs = [a_tariff_document(id=name) for name in ("A", "B")]
    lines = b"\xef\xbb\xbf" + b"\r\n".join(map(as_bytes, tariffs)) + b"\n"

    spread = settle("explain", "-", "--json", stdin=lines)
    _, listed, _ = settle("explain", "--json", written(tariffs))

    assert spread == (0, listed, "")
    assert [json.loads(line)["tariff_id"] for line in listed.splitlines()] == ["A", "B"]


def test_the_curves_are_drawn_into_a_file(settle: Run, written: Any, tmp_path: Path) -> None:
    picture = tmp_path / "curves.svg"

    code, _, _ = settle("explain", written(a_tariff_document()), "--svg", str(picture))

    assert code == 0
    assert ET.parse(picture).getroot().tag.endswith("svg")  # noqa: S314 - our own text


def test_the_curves_of_several_tariffs_are_drawn_into_a_file_each(
    settle: Run, written: Any, tmp_path: Path
) -> None:
    names = ["A", "b/../c", "a", "B_.._C"]
    tariffs = written([a_tariff_document(id=name) for name in names])
    pictures = tmp_path / "pictures"
    pictures.mkdir()

    code, _, err = settle("explain", tariffs, "--svg", str(pictures / "curves.svg"))

    assert code == 0
    # alike on a disk that knows no case
    drawn = ["curves-A.svg", "curves-B____C-2.svg", "curves-a-2.svg", "curves-b____c.svg"]
    assert sorted(path.name for path in pictures.iterdir()) == drawn
    picture = ET.parse(pictures / "curves-b____c.svg")  # noqa: S314 - our own text
    assert picture.getroot()[0].text == "Tariff b/../c: what an ordinary session costs"
    assert f"settle: 'A' is drawn in {pictures / 'curves-A.svg'}" in err


def test_what_a_tariff_is_not_priced_with_is_refused_and_not_ignored(
    settle: Run, written: Any
) -> None:
    tariff = written(a_tariff_document(), "tariff.json")
    profile = written(b'name = "mine"\nversion = 1\nstep_size = "off"\n', "mine.toml")

    code, out, err = settle("explain", tariff, "--tariff", tariff, "--profile", profile)

    assert (code, out) == (2, "")
    assert "--tariff and --profile: for CDRs. A tariff is told as it stands" in err


@pytest.mark.parametrize(
    ("document", "options", "said"),
    [
        (a_cdr_document(), ("--json",), "are for tariffs"),
        (a_cdr_document(), ("--svg", "x.svg"), "are for tariffs"),
        (a_cdr_document(), ("--lang", "de"), "are for tariffs"),
        (a_tariff_document(), ("--time-zone", "UTC"), "--time-zone: for CDRs."),
        ([a_tariff_document()], ("--time-zone", "UTC"), "--time-zone: for CDRs."),
        (a_tariff_document(), ("--svg", "no/such/folder/x.svg"), "cannot be written"),
        (a_tariff_document(elements=[]), (), "$.elements: []: needs at least one entry"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    settle: Run, written: Any, document: Any, options: tuple[str, ...], said: str
) -> None:
    code, out, err = settle("explain", written(document), *options)

    assert (code, out) == (2, "")
    assert said in err


def test_cdrs_and_tariffs_may_stand_in_one_file(settle: Run, written: Any) -> None:
    code, out, _ = settle("explain", written([a_tariff_document(), a_cdr_document()]))

    assert code == 0
    assert "# Tariff T1" in out
    assert "**Verdict: matched.**" in out


def test_a_tariff_that_says_since_when_it_is_valid_is_a_tariff(settle: Run, written: Any) -> None:
    tariff = a_tariff_document(
        start_date_time="2024-01-01T00:00:00Z", end_date_time="2025-01-01T00:00:00Z"
    )

    code, out, err = settle("explain", written(tariff))

    assert (code, err) == (0, "")
    assert "* For sessions that start at or after 1 January 2024, 00:00 UTC and before" in out


def test_what_is_neither_does_not_stop_the_tariffs_after_it(settle: Run, written: Any) -> None:
    mixed = written([a_tariff_document(), {"hello": 1}, a_tariff_document()])

    code, out, err = settle("explain", "--json", mixed)

    assert code == 2
    assert len(out.splitlines()) == 2
    assert ":2: $: {" in err
    assert "neither a tariff (it has no elements) nor a CDR" in err


@pytest.mark.parametrize("form", ["table", "markdown"])
def test_what_an_operator_writes_commands_no_terminal(settle: Run, written: Any, form: str) -> None:
    alt_text = [{"language": "en", "text": "a\x1b[2J\nb"}]
    tariff = written(a_tariff_document(id="\x1b[31mT", tariff_alt_text=alt_text))

    _, out, _ = settle("explain", tariff, "--format", form)

    assert "\x1b" not in out
    assert "\\x1b[2J" in out


@pytest.mark.parametrize(("lang", "never"), [("en", "never: OCPI has no"), ("de", "nie: OCPI")])
def test_a_component_of_an_unknown_type_is_told_as_sent(
    settle: Run, written: Any, tmp_path: Path, lang: str, never: str
) -> None:
    components = [{"type": kind, "price": 3, "step_size": 60} for kind in ("TYME", "ENERGY")]
    tariff = written(a_tariff_document(elements=[{"price_components": components}]))
    picture = tmp_path / "a.svg"

    _, text, _ = settle("explain", tariff, "--lang", lang, "--svg", str(picture))
    code, out, err = settle("explain", tariff, "--lang", lang, "--json")

    row = json.loads(out)["rows"][0]
    assert (code, err) == (0, "")
    assert (row["type"], row["words"]["dimension"], row["is_reached"]) == ("TYME", "TYME", False)
    assert row["words"]["when"].startswith(never)
    assert "| TYME |" in text
    assert "TYME" in picture.read_text(encoding="utf-8")
