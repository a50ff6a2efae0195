"""Embedded tariffs repeat: equal bytes are one object, and reading never depends on the past."""

from settlement.ocpi.door import parse_cdr
from settlement.ocpi.embedded import read_tariff
from tests.builders import a_cdr_document, a_tariff_document, as_bytes


def test_equal_bytes_give_the_identical_tariff_in_both_readings() -> None:
    first = parse_cdr(as_bytes(a_cdr_document(id="A")), ocpi_version="2.2.1").value
    other = parse_cdr(as_bytes(a_cdr_document(id="B", total_time="2")), ocpi_version="2.2.1").value

    assert first.tariffs[0] is other.tariffs[0]


def test_a_tariff_without_a_currency_takes_that_of_each_cdr() -> None:
    raw = as_bytes(a_tariff_document(currency=None))

    currencies = [
        read.currency
        for currency in ("EUR", "SEK", "EUR")
        if (read := read_tariff(raw, "2.2.1", currency).value)
    ]

    assert currencies == ["EUR", "SEK", "EUR"]


def test_a_huge_tariff_is_read_and_not_remembered() -> None:
    raw = as_bytes(a_tariff_document(tariff_alt_text=["x" * 20_000]))

    first, second = read_tariff(raw, "2.2.1", "EUR"), read_tariff(raw, "2.2.1", "EUR")

    assert first == second
    assert first.value is not second.value
