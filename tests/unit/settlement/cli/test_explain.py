"""`settle explain` and `settle profile` as they are called."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.builders import a_cdr_document

Run = Callable[..., tuple[int, str, str]]


def overcharged(**changes: Any) -> dict[str, Any]:
    return a_cdr_document(total_cost={"excl_vat": 9, "incl_vat": 10.89}, **changes)


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
    assert "$: {}: neither a tariff (it has no elements) nor a CDR" in err


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
