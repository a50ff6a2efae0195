"""An insert that is refused for its content is halved down to the row; any other failure is not."""

from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any, cast

import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, DataError, OperationalError

from streams.store import (
    CONTENT_CODES,
    MONTHS_AN_INSERT,
    REFUSED_ROWS,
    RefusedRow,
    Store,
    TooManyRefusedRows,
    is_content,
    split_by_month,
)

CHECK_FAILED = 469
TOO_MANY_PARTS = 252


class Table:
    """Stands for ClickHouse: keeps the rows of an insert, all or none."""

    def __init__(self, refuse: Callable[[list[int]], Exception | None]) -> None:
        self.stored: list[int] = []
        self.inserts = 0
        self._refuse = refuse

    def create_insert_context(self, table: str, **_: Any) -> SimpleNamespace:
        return SimpleNamespace(table=table, data=None)

    def insert(self, *, context: SimpleNamespace) -> SimpleNamespace:
        self.inserts += 1
        (numbers,) = context.data
        error = self._refuse(numbers)
        if error is not None:
            raise error
        self.stored += numbers
        return SimpleNamespace(written_rows=len(numbers))


def failure(code: int) -> DatabaseError:
    error = DatabaseError(f"Code: {code}")
    error.code = code
    return error


def insert(table: Table, numbers: range) -> list[RefusedRow]:
    """Insert rows that hold one number each, the message of each is its name."""
    store = Store(client=cast("Client", table), database="settlement_g1", topics=[])
    refused: list[RefusedRow] = []
    pairs = [({"number": number}, cast("Any", f"message {number}")) for number in numbers]
    store._insert_halving("cdr_settled", pairs, refused)
    return refused


@pytest.mark.parametrize("bad", [{0}, {999}, {500}, {3, 4, 700}, set(range(0, 1000, 11))])
def test_the_rows_in_the_way_are_found_and_all_others_stored_once(bad: set[int]) -> None:
    table = Table(lambda numbers: failure(CHECK_FAILED) if bad & set(numbers) else None)

    refused = insert(table, range(1000))

    assert sorted(bad) == sorted(int(row.record.split()[1]) for row in refused)
    assert [number for number in range(1000) if number not in bad] == sorted(table.stored)
    assert table.inserts <= 1 + len(bad) * 2 * 11


def test_a_value_that_the_driver_cannot_write_is_content_too() -> None:
    table = Table(lambda numbers: DataError("no such value") if 7 in numbers else None)

    (refused,) = insert(table, range(16))

    assert refused.record == "message 7"
    assert refused.table == "cdr_settled"
    assert "no such value" in refused.reason


@pytest.mark.parametrize(
    "error", [failure(TOO_MANY_PARTS), failure(241), OperationalError("away"), OSError("reset")]
)
def test_what_is_not_the_rows_fault_is_raised_and_never_halved(error: Exception) -> None:
    table = Table(lambda _: error)

    with pytest.raises(type(error)):
        insert(table, range(1000))

    assert table.inserts == 1
    assert table.stored == []


def test_a_batch_in_which_too_many_rows_are_refused_stops() -> None:
    table = Table(lambda _: failure(CHECK_FAILED))

    with pytest.raises(TooManyRefusedRows, match=f"more than {REFUSED_ROWS} rows"):
        insert(table, range(1000))


def test_nothing_is_inserted_where_there_is_nothing() -> None:
    table = Table(lambda _: None)

    assert insert(table, range(0)) == []
    assert table.inserts == 0


@pytest.mark.parametrize("code", sorted(CONTENT_CODES))
def test_codes_of_content_are_known(code: int) -> None:
    assert is_content(failure(code))


def test_no_part_of_an_insert_reaches_more_months_than_it_may_and_none_is_lost() -> None:
    months = [date(2015 + number // 12, number % 12 + 1, 1) for number in range(130)]
    pairs = [({"month": month, "n": n}, None) for n, month in enumerate(months * 3)]

    parts = split_by_month(pairs)

    assert len(parts) == 3
    assert all(len({row["month"] for row, _ in part}) <= MONTHS_AN_INSERT for part in parts)
    assert sorted(row["n"] for part in parts for row, _ in part) == list(range(390))


def test_rows_without_a_month_stay_together() -> None:
    pairs = [({"topic": "inbox"}, None)] * 3

    assert split_by_month(pairs) == [pairs]
