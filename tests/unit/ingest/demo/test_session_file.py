"""Reading real sessions, and saying what is wrong with a file."""

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from ingest.demo.session_file import COLUMNS, read_sessions
from settlement.cli.exit import Unusable

HEADER = (
    "session,connection_start,connection_end,charging_start,charging_end,power_kw,energy_kwh,"
    "connection_hours,charging_hours,idle_hours,station,user"
)
GOOD = (
    "S1,2018-10-08 13:25:00,2018-10-09 00:06:00,2018-10-08 13:25:00,2018-10-09 00:00:00,"
    "0.6,6.31,10.68,10.58,0.1,1-1-193-816,000000365"
)


def test_a_row_becomes_a_charge(tmp_path: Path) -> None:
    path = tmp_path / "sessions.csv"
    path.write_text(f"{HEADER}\n{GOOD}\n")

    (charge,) = read_sessions(path)

    assert charge.id == "S1"
    assert Decimal("6.31") == charge.energy_kwh
    assert datetime(2018, 10, 8, 13, 25, tzinfo=UTC) == charge.connection_start
    assert datetime(2018, 10, 9, 0, 6, tzinfo=UTC) == charge.connection_end


def test_a_gzip_file_is_read_alike(tmp_path: Path) -> None:
    plain, packed = tmp_path / "sessions.csv", tmp_path / "sessions.csv.gz"
    plain.write_text(f"{HEADER}\n{GOOD}\n")
    packed.write_bytes(gzip.compress(plain.read_bytes()))

    assert read_sessions(plain) == read_sessions(packed)


def test_only_so_many_rows_are_read_as_are_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "sessions.csv"
    path.write_text("\n".join([HEADER, *(GOOD.replace("S1", f"S{n}") for n in range(9))]))

    assert [charge.id for charge in read_sessions(path, 3)] == ["S0", "S1", "S2"]


def test_two_files_with_one_station_agree_on_its_place(tmp_path: Path) -> None:
    first, second = tmp_path / "a.csv", tmp_path / "b.csv"
    first.write_text(f"{HEADER}\n{GOOD}\n")
    second.write_text(f"{HEADER}\n{GOOD.replace('S1', 'S2')}\n{GOOD.replace('193', '194')}\n")

    assert read_sessions(first)[0].place == read_sessions(second)[0].place


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("6.31", "six", "column energy_kwh: 'six': must be a number of kWh"),
        ("6.31", "-1", "column energy_kwh: '-1': must be a number of kWh"),
        ("6.31", "NaN", "column energy_kwh: 'NaN': must be a number of kWh"),
        ("6.31", "", "column energy_kwh: '': must be a number of kWh"),
        ("S1", "", "column session: '': must be an id"),
        ("S1", "S" * 33, "column session: "),
        ("2018-10-08 13:25:00,2018-10-09 00:06", "yesterday,2018-10-09 00:06", "'yesterday'"),
        ("2018-10-09 00:06:00", "2018-10-08 23:00:00", "column connection_end: "),
        ("13:25:00,2018-10-09 00:00:00", "13:25:00,2018-10-08 13:25:00", "column charging_end: "),
        (
            "2018-10-08 13:25:00,2018-10-09 00:00",
            "2018-10-08 13:24:00,2018-10-09 00:00",
            "column charging_start: ",
        ),
        (",000000365", "", "column user: missing: must be 1 to 200 printable characters"),
    ],
)
def test_a_wrong_value_is_named_with_its_line_and_rule(
    tmp_path: Path, before: str, after: str, said: str
) -> None:
    path = tmp_path / "sessions.csv"
    assert before in GOOD
    path.write_text(f"{HEADER}\n{GOOD.replace('S1', 'S0')}\n{GOOD.replace(before, after, 1)}\n")

    with pytest.raises(Unusable) as caught:
        read_sessions(path)

    assert f"{path}: line 3: " in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_missing_column_is_named(tmp_path: Path, column: str) -> None:
    path = tmp_path / "sessions.csv"
    path.write_text(f"{HEADER.replace(column, 'other', 1)}\n{GOOD}\n")

    with pytest.raises(Unusable, match=f"line 1: column {column}: missing"):
        read_sessions(path)


def test_a_session_that_comes_twice_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sessions.csv"
    path.write_text(f"{HEADER}\n{GOOD}\n{GOOD}\n")

    with pytest.raises(Unusable, match="line 3: column session: 'S1': must be unique"):
        read_sessions(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "line 1: column session: missing"),
        (HEADER.encode(), "line 2: no session"),
        (b"\xff\xfe\x00", "must be text in UTF-8"),
        (b"\x1f\x8bno gzip", "must be readable"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "sessions.csv"
    path.write_bytes(content)

    with pytest.raises(Unusable, match=said):
        read_sessions(path)
