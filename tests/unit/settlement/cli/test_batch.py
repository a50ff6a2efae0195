"""Many CDRs of a file or of stdin: order, what is unusable, lines of problems."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from settlement.answer_json import JsonUnusable
from tests.builders import a_cdr_document, as_bytes

Run = Callable[..., tuple[int, str, str]]


def overcharged(**changes: Any) -> dict[str, Any]:
    return a_cdr_document(total_cost={"excl_vat": 9, "incl_vat": 10.89}, **changes)


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


def test_an_array_that_is_cut_or_has_a_bad_element_still_gives_the_others(
    settle: Run, written: Any
) -> None:
    good = as_bytes(a_cdr_document(id="A"))

    code, out, err = settle("price", "--json", written(b'[%b, {"id": 1,}, null, %b' % (good, good)))

    printed = [json.loads(line) for line in out.splitlines()]
    assert code == 2
    assert [one.get("cdr_id") for one in printed] == ["A", None, None, "A", None]
    assert [one["line"] for one in printed if "error" in one] == [2, 3, 5]
    assert "5 CDRs: 2 matched" in err


def test_stdin_is_read(settle: Run) -> None:
    code, out, _ = settle("price", "--json", "-", stdin=as_bytes(a_cdr_document()))

    assert code == 0
    assert json.loads(out)["cdr_id"] == "CDR-1"


def test_a_document_over_several_lines_is_one(settle: Run, written: Any) -> None:
    text = json.dumps(a_cdr_document(), indent=2).encode()

    code, out, _ = settle("price", "--json", written(b"\xef\xbb\xbf\n\n" + text))

    assert code == 0
    assert len(out.splitlines()) == 1


def test_documents_of_several_lines_may_follow_on_each_other(settle: Run, written: Any) -> None:
    one, other = (json.dumps(a_cdr_document(id=name), indent=2) for name in "AB")
    broken = '\n{"id": 1\n'

    code, out, err = settle("price", "--json", written(f"{one}\n\n{other}{broken}".encode()))

    assert code == 2
    assert [json.loads(line).get("cdr_id") for line in out.splitlines()] == ["A", "B", None]
    place = len(f"{one}\n\n{other}\n".splitlines()) + 1
    assert f"cdr.json:{place}: $: " in err


def test_a_first_line_that_is_cut_does_not_hide_the_others(settle: Run, written: Any) -> None:
    lines = b"\n".join([b'{"id": "cut', b"", as_bytes(a_cdr_document()), as_bytes(overcharged())])

    code, out, err = settle("price", "--json", written(lines, "many.jsonl"))

    assert code == 2
    answers = [json.loads(line) for line in out.splitlines()]
    assert [one.get("verdict") for one in answers] == [None, "matched", "disputed"]
    assert "many.jsonl:1: $: " in err


def test_a_problem_is_one_line_whatever_is_in_the_document(settle: Run, written: Any) -> None:
    document = b'{"id": "a\\u001b[31m\\n", "currency": "\\u001b[1m\\n"}'

    code, _, err = settle("price", written(document))

    assert code == 2
    assert "\x1b" not in err
    assert all(line.startswith("/") for line in err.splitlines()), err


def test_an_id_cannot_command_the_terminal(settle: Run, written: Any) -> None:
    document = a_cdr_document(id="a\x1b[2J\n")

    assert "\x1b" not in settle("price", written(document))[1]
    assert "\x1b" not in settle("price", written([document]))[1]


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
