"""A document in, an answer out; and the answer as JSON."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest

from settlement import load_tariff, price_cdr
from settlement.answer import Answer
from settlement.answer_json import JsonAnswer, json_line
from settlement.ocpi.problem import UnreadableDocument
from settlement.pricing.priced import PricedCdr
from settlement.pricing.profile import DEFAULT
from tests.builders import a_cdr_document, a_tariff_document, as_bytes, in_2_1_1, in_2_3_0


@pytest.mark.parametrize("kind", ["dict", "bytes", "path", "text"])
def test_a_cdr_comes_as_a_dict_bytes_or_a_file(kind: str, tmp_path: Path) -> None:
    document = a_cdr_document()
    path = tmp_path / "cdr.json"
    path.write_bytes(as_bytes(document))
    sources: dict[str, Any] = {
        "dict": document,
        "bytes": as_bytes(document),
        "path": path,
        "text": str(path),
    }

    answer = price_cdr(sources[kind])

    assert isinstance(answer, Answer)
    assert answer.verdict == "matched"


@pytest.mark.parametrize("as_dict", [True, False])
@pytest.mark.parametrize(
    ("shape", "version"),
    [(lambda d: d, "2.2.1"), (in_2_1_1, "2.1.1"), (in_2_3_0, "2.3.0")],
)
def test_the_version_is_inferred(shape: Any, version: str, as_dict: bool) -> None:
    document = shape(a_cdr_document())

    answer = price_cdr(document if as_dict else as_bytes(document))

    assert version == answer.cdr.ocpi_version
    assert isinstance(answer.priced, PricedCdr)


def test_a_given_version_is_not_inferred() -> None:
    assert price_cdr(a_cdr_document(), ocpi_version="2.3.0").cdr.ocpi_version == "2.3.0"


def test_what_is_no_cdr_is_told_with_all_its_problems() -> None:
    with pytest.raises(UnreadableDocument) as error:
        price_cdr(b"{}")

    assert {problem.path for problem in error.value.problems} >= {"$.start_date_time", "$.currency"}


def test_what_was_tolerated_is_a_note() -> None:
    answer = price_cdr(a_cdr_document(total_energy="20.5"))

    assert "$.total_energy" in {note.path for note in answer.notes}
    assert answer.verdict == "matched"


def test_the_zone_of_the_document_counts_before_that_of_the_country() -> None:
    document = in_2_1_1(a_cdr_document())
    document["location"]["time_zone"] = "Europe/Brussels"

    assert price_cdr(document).time_zone == "Europe/Brussels"


def test_a_zone_that_does_not_exist_gives_way_to_that_of_the_country() -> None:
    document = in_2_1_1(a_cdr_document())
    document["location"]["time_zone"] = "Mars/Olympus"

    answer = price_cdr(document)

    assert answer.time_zone == "Europe/Amsterdam"
    assert "time_zone_from_country" in {note.code for note in answer.notes}


def test_without_a_location_there_is_no_zone() -> None:
    document = a_cdr_document()
    del document["cdr_location"]

    assert price_cdr(document).time_zone is None


def a_dearer_tariff(**changes: Any) -> Any:
    document = a_tariff_document(**changes)
    document["elements"][0]["price_components"][0]["price"] = 0.5
    return load_tariff(document)


def test_of_several_given_tariffs_those_that_the_cdr_names_count() -> None:
    given = [a_dearer_tariff(id="t1"), a_dearer_tariff(id="OTHER")]

    answer = price_cdr(a_cdr_document(), tariffs=given)

    assert (answer.price_basis, [tariff.id for tariff in answer.tariffs]) == ("published", ["t1"])


def test_of_several_given_tariffs_that_the_cdr_does_not_name_none_counts() -> None:
    given = [a_dearer_tariff(id="A"), a_dearer_tariff(id="B")]

    answer = price_cdr(a_cdr_document(), tariffs=given)

    assert (answer.price_basis, answer.verdict) == ("embedded", "matched")


def test_a_given_tariff_goes_with_the_embedded_ones_that_are_not_given() -> None:
    document = a_cdr_document(tariffs=[a_tariff_document(), a_tariff_document(id="T2")])
    period = document["charging_periods"][0]
    document["charging_periods"] = [
        period,
        {**period, "start_date_time": "2024-03-01T11:00:00Z", "tariff_id": "T2"},
    ]

    answer = price_cdr(document, tariffs=[a_dearer_tariff()])

    assert [tariff.id for tariff in answer.tariffs] == ["T1", "T2"]
    assert "embedded_tariff_differs" in {finding.code for finding in answer.findings}


def test_a_given_tariff_for_a_cdr_without_any_is_taken_without_a_word() -> None:
    document = a_cdr_document(tariffs=[])
    del document["charging_periods"][0]["tariff_id"]

    answer = price_cdr(document, tariffs=[a_dearer_tariff(id="X")])

    assert answer.notes[-1].code == "time_zone_from_country"
    assert [finding.code for finding in answer.findings] == [
        "claimed_below_priced",
        "total_energy_cost_differs",
    ]


def test_embedded_tariffs_that_give_no_price_are_not_compared() -> None:
    document = a_cdr_document(tariffs=[a_tariff_document(currency="SEK")])

    answer = price_cdr(document, tariffs=[a_dearer_tariff()])

    assert "embedded_tariff_differs" not in {finding.code for finding in answer.findings}


def test_embedded_prices_of_another_side_of_taxes_are_a_difference_of_no_amount() -> None:
    embedded = a_tariff_document(tax_included="YES")
    del embedded["elements"][0]["price_components"][0]["vat"]
    document = a_cdr_document(tariffs=[embedded], total_cost={"before_taxes": 5.13})

    answer = price_cdr(document, tariffs=[a_dearer_tariff()])

    (finding,) = [f for f in answer.findings if f.code == "embedded_tariff_differs"]
    assert (finding.claimed, finding.computed, finding.difference) == ("5.13", "10.25", None)


def test_embedded_prices_of_which_no_side_is_known_are_a_difference_without_amounts() -> None:
    document = a_cdr_document(tariffs=[])
    start = document["charging_periods"][0]
    for name, mode, begin in (("T1", "NO", "10"), ("T2", "YES", "11")):
        tariff = a_tariff_document(id=name, tax_included=mode)
        del tariff["elements"][0]["price_components"][0]["vat"]
        document["tariffs"].append(tariff)
        period = {"tariff_id": name, "start_date_time": f"2024-03-01T{begin}:00:00Z"}
        document["charging_periods"].append({**start, **period})
    del document["charging_periods"][0]
    given = [a_dearer_tariff(), a_dearer_tariff(id="T2")]
    unknown = msgspec.structs.replace(DEFAULT, missing_vat="unknown")

    answer = price_cdr(document, tariffs=given, profile=unknown)

    (finding,) = [f for f in answer.findings if f.code == "embedded_tariff_differs"]
    assert (finding.claimed, finding.computed, finding.difference) == (None, "20.50", None)


@pytest.mark.parametrize("volume", ["0.0000001", "1e-7", "20.5"])
def test_no_number_of_the_json_has_an_exponent(volume: str) -> None:
    text = as_bytes(a_cdr_document(total_energy="@")).replace(b'"@"', volume.encode())
    text = text.replace(b'"volume":20.5', b'"volume":' + volume.encode())

    line = json_line(price_cdr(text))

    answer = msgspec.json.decode(line, type=JsonAnswer)
    assert Decimal(volume) == Decimal(answer.segments[0].volume)
    assert "E" not in answer.segments[0].volume + answer.segments[0].billed_volume
    assert answer.claimed.total_energy == format(Decimal(volume), "f")


def test_both_ways_of_writing_json_agree() -> None:
    document = a_cdr_document(id="1E+5", total_cost={"excl_vat": 9, "incl_vat": 10})

    spelled = json_line(price_cdr(document))
    quick = json_line(price_cdr({**document, "id": "1E5"}))

    assert spelled.replace(b"1E+5", b"1E5") == quick


def test_the_package_names_what_it_exports_and_nothing_else() -> None:
    import settlement  # noqa: PLC0415 - the package itself

    with pytest.raises(AttributeError, match="nothing"):
        _ = settlement.nothing

    assert settlement.price_cdr is price_cdr


def test_a_claim_in_rounded_amounts_is_matched_without_a_finding() -> None:
    cost = {"excl_vat": 5.13, "incl_vat": 6.2}

    answer = price_cdr(a_cdr_document(total_cost=cost, total_energy_cost=cost))

    assert (answer.verdict, answer.findings) == ("matched", ())
