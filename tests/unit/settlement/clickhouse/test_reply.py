import pytest

from settlement.clickhouse.local.reply import (
    Summary,
    engine_error,
    error_body,
    http_status,
    late_error,
    our_error,
)


@pytest.mark.parametrize(
    ("raised", "code", "text"),
    [
        (
            "Code: 60. DB::Exception: Table a does not exist. (UNKNOWN_TABLE)",
            60,
            "Code: 60. DB::Exception: Table a does not exist. (UNKNOWN_TABLE)",
        ),
        (
            "Streaming query failed: Code: 47. DB::Exception: No b. (UNKNOWN_IDENTIFIER)",
            47,
            "Code: 47. DB::Exception: No b. (UNKNOWN_IDENTIFIER)",
        ),
        (
            (
                "Code: 107. DB::Exception: Code: 107. DB::Exception: No file. (FILE_DOESNT_EXIST)"
                " (version 26.9.2.1). (FILE_DOESNT_EXIST)"
            ),
            107,
            "Code: 107. DB::Exception: No file. (FILE_DOESNT_EXIST)",
        ),
        ("no code at all", 1002, "no code at all"),
    ],
)
def test_the_engines_text_gives_code_and_message(raised: str, code: int, text: str) -> None:
    error = engine_error(raised)

    assert code == error.code
    assert text == str(error)


def test_an_error_of_ours_looks_like_clickhouses() -> None:
    body = error_body(our_error(164, "No"), "26.9")

    assert body == b"Code: 164. DB::Exception: No. (READONLY) (version 26.9)\n"


@pytest.mark.parametrize(
    ("code", "status"), [(516, 401), (497, 403), (62, 400), (60, 404), (159, 408), (469, 500)]
)
def test_a_code_has_clickhouses_status(code: int, status: int) -> None:
    assert status == http_status(code)


def test_a_late_error_says_its_own_length() -> None:
    sent = late_error(our_error(497, "No"), "26.9", "tag")

    message = b"Code: 497. DB::Exception: No. (ACCESS_DENIED) (version 26.9)\n"
    assert sent.startswith(b"\r\n__exception__\r\ntag\r\n" + message)
    assert sent.endswith(f"\n{len(message)} tag\r\n__exception__\r\n".encode())


def test_the_summary_has_its_numbers_as_text() -> None:
    assert '"written_rows": "7"' in Summary(written_rows=7).header()
