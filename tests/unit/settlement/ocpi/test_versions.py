"""OCPI 2.1.1 and 2.3.0 become the same records; a version is told from its shape."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from settlement.cdr import CdrLocation, CdrToken
from settlement.ocpi.door import (
    detect_version,
    parse_cdr,
    parse_location,
    parse_session,
    parse_tariff,
)
from settlement.ocpi.problem import UnreadableDocument
from settlement.tariff import Price, Restrictions
from tests.builders import (
    EMSP,
    a_cdr,
    a_cdr_document,
    a_location_document,
    a_session_document,
    a_tariff,
    a_tariff_document,
    a_token_document,
    as_bytes,
    in_2_1_1,
    in_2_3_0,
)

JsonObject = dict[str, Any]


def codes(remarks: Any) -> list[str]:
    return [remark.code for remark in remarks]


def test_a_cdr_of_2_3_0_is_the_same_cdr() -> None:
    data = as_bytes(in_2_3_0(a_cdr_document(total_cost={"excl_vat": 5, "incl_vat": 6})))

    parsed = parse_cdr(data, ocpi_version="2.3.0")

    claim = Price(Decimal(5), Decimal(6))
    tariff = a_tariff(ocpi_version="2.3.0")
    assert parsed.remarks == ()
    assert parsed.value.total_cost == claim
    assert parsed.value == a_cdr(
        ocpi_version="2.3.0",
        tariffs=(tariff,),
        total_cost=claim,
        total_energy_cost=parsed.value.total_energy_cost,
    )


@pytest.mark.parametrize(
    ("price", "read"),
    [
        ({"before_taxes": 5}, Price(Decimal(5))),
        ({"before_taxes": 5, "taxes": []}, Price(Decimal(5))),
        (
            {
                "before_taxes": 5,
                "taxes": [{"name": "GST", "amount": 0.25}, {"name": "QST", "amount": 0.5}],
            },
            Price(Decimal(5), Decimal("5.75")),
        ),
        ({"excl_vat": 5, "incl_vat": 6}, Price(Decimal(5), Decimal(6))),
        (5, Price(Decimal(5))),
    ],
)
def test_a_price_of_2_3_0_is_the_amount_with_its_taxes(price: Any, read: Price) -> None:
    document = {**in_2_3_0(a_cdr_document()), "total_cost": price}

    assert parse_cdr(as_bytes(document), ocpi_version="2.3.0").value.total_cost == read


def test_taxes_are_added_exactly() -> None:
    tiny = Decimal("1E-38")
    taxes = [{"name": "VAT", "amount": tiny}]
    document = in_2_3_0(a_cdr_document(total_cost=None))
    data = msgspec.json.Encoder(decimal_format="number").encode(
        {**document, "total_cost": {"before_taxes": 10**20, "taxes": taxes}}
    )

    cost = parse_cdr(data, ocpi_version="2.3.0").value.total_cost

    assert cost is not None
    assert str(cost.after_taxes) == "1" + "0" * 20 + "." + "0" * 37 + "1"


@pytest.mark.parametrize(
    ("sent", "read", "remarks"),
    [
        ("YES", "YES", []),
        ("N/A", "N/A", []),
        ("no", "NO", ["lower_case_code"]),
        (None, "NO", ["missing_field"]),
    ],
)
def test_tax_included_is_read(sent: str | None, read: str, remarks: list[str]) -> None:
    document = {**in_2_3_0(a_tariff_document()), "tax_included": sent}

    parsed = parse_tariff(as_bytes(document), ocpi_version="2.3.0")

    assert parsed.value.tax_included == read
    assert codes(parsed.remarks) == remarks


def test_price_limits_of_2_3_0_have_both_sides() -> None:
    limit = {"before_taxes": 1, "after_taxes": 1.5}
    document = {**in_2_3_0(a_tariff_document()), "min_price": limit}

    parsed = parse_tariff(as_bytes(document), ocpi_version="2.3.0")

    assert parsed.value.min_price == Price(Decimal(1), Decimal("1.5"))
    assert parsed.remarks == ()


def test_token_types_of_2_3_0_are_open() -> None:
    document = in_2_3_0(a_cdr_document(cdr_token=a_token_document(type="PLATE")))

    assert parse_cdr(as_bytes(document), ocpi_version="2.3.0").remarks == ()


def test_a_cdr_of_2_1_1_has_no_party_and_embeds_its_location() -> None:
    parsed = parse_cdr(as_bytes(in_2_1_1(a_cdr_document())), ocpi_version="2.1.1")

    cdr = parsed.value
    assert parsed.remarks == ()
    assert (cdr.cpo, cdr.end_date_time) == (None, a_cdr().end_date_time)
    assert cdr.cdr_token == CdrToken(contract_id="DE8EMP12E46L89")
    assert cdr.cdr_location == CdrLocation(
        id="LOC1",
        country="NLD",
        evse_uid="3256",
        evse_id="NL*TNM*E3256",
        connector_id="1",
        connector_tariff_ids=("T1",),
        time_zone="Europe/Amsterdam",
    )
    assert cdr.total_cost == Price(Decimal("5.125"))
    assert cdr.tariffs[0].elements[0].price_components[0].vat is None


@pytest.mark.parametrize("cost", [5, "5", {"excl_vat": 5}, {"before_taxes": 5}])
def test_a_cost_of_2_1_1_is_read_in_any_shape(cost: Any) -> None:
    document = {**in_2_1_1(a_cdr_document()), "total_cost": cost}

    assert parse_cdr(as_bytes(document), ocpi_version="2.1.1").value.total_cost == Price(Decimal(5))


def test_a_tax_side_that_2_1_1_has_no_place_for_is_kept() -> None:
    document = {**in_2_1_1(a_cdr_document()), "total_cost": {"excl_vat": 5, "incl_vat": 6}}

    parsed = parse_cdr(as_bytes(document), ocpi_version="2.1.1")

    assert parsed.value.total_cost == Price(Decimal(5), Decimal(6))
    assert codes(parsed.remarks) == ["price_shape"]


@pytest.mark.parametrize("cost", [None, {}])
def test_a_cost_of_2_1_1_may_be_lost(cost: Any) -> None:
    document = {**in_2_1_1(a_cdr_document()), "total_cost": cost}

    parsed = parse_cdr(as_bytes(document), ocpi_version="2.1.1")

    assert parsed.value.total_cost is None
    assert codes(parsed.remarks) == ["missing_field"]


def test_of_several_evses_none_is_taken_for_the_one() -> None:
    document = in_2_1_1(a_cdr_document())
    [evse] = document["location"]["evses"]
    document["location"]["evses"] = [evse, {**evse, "uid": "B"}]

    location = parse_cdr(as_bytes(document), ocpi_version="2.1.1").value.cdr_location

    assert location is not None
    assert (location.evse_uid, location.connector_id) == (None, None)
    assert location.connector_tariff_ids == ("T1",)


def test_a_session_of_2_1_1_is_the_same_session() -> None:
    parsed = parse_session(as_bytes(in_2_1_1(a_session_document())), ocpi_version="2.1.1")

    session = parsed.value
    assert parsed.remarks == ()
    assert (session.id, session.location_id, session.evse_uid) == ("S-1", "LOC1", "3256")
    assert session.start_date_time == a_cdr().start_date_time


def test_a_tariff_and_a_location_of_2_1_1_are_read() -> None:
    tariff = parse_tariff(as_bytes(in_2_1_1(a_tariff_document())), ocpi_version="2.1.1")
    location = parse_location(as_bytes(in_2_1_1(a_location_document())), ocpi_version="2.1.1")

    assert (tariff.value.id, tariff.value.cpo) == ("T1", None)
    assert location.value.evses[0].connectors[0].tariff_ids == ("T1",)
    assert tariff.remarks == location.remarks == ()


def test_a_restriction_of_a_later_version_restricts_in_2_1_1_all_the_same() -> None:
    document = in_2_1_1(a_tariff_document())
    restrictions = {"reservation": "reservation", "min_current": "16", "max_current": None}
    document["elements"][0]["restrictions"] = restrictions

    parsed = parse_tariff(as_bytes(document), ocpi_version="2.1.1")

    read = parsed.value.elements[0].restrictions
    assert read == Restrictions(reservation="RESERVATION", min_current=Decimal(16))
    assert codes(parsed.remarks) == [
        "later_field",
        "number_as_text",
        "later_field",
        "lower_case_code",
        "null_field",
    ]
    assert parsed.unknown_fields == 0


@pytest.mark.parametrize(
    ("document", "version"),
    [
        (a_cdr_document(), "2.2.1"),
        (a_cdr_document(total_cost=5), "2.2.1"),
        (in_2_1_1(a_cdr_document()), "2.1.1"),
        (in_2_3_0(a_cdr_document()), "2.3.0"),
        (a_cdr_document(tariffs=[in_2_3_0(a_tariff_document())]), "2.3.0"),
        (a_tariff_document(), "2.2.1"),
        (in_2_1_1(a_tariff_document()), "2.1.1"),
        (in_2_3_0(a_tariff_document()), "2.3.0"),
        ({"id": "T", "elements": [{"price_components": [{"vat": 1}]}]}, "2.2.1"),
        ({"id": "T", "elements": [None]}, "2.1.1"),
        ({"id": "T", "elements": None, "max_price": {"after_taxes": 1}}, "2.3.0"),
        ({"tariffs": "?", "total_cost": [1]}, "2.2.1"),
    ],
)
def test_the_version_is_told_from_the_shape(document: JsonObject, version: str) -> None:
    assert detect_version(document) == version
    assert detect_version(as_bytes(document)) == version


def test_what_is_no_object_has_no_version() -> None:
    with pytest.raises(UnreadableDocument, match="not a JSON object"):
        detect_version(b"[]")


def test_the_party_of_the_token_is_the_emsp() -> None:
    cdr = parse_cdr(as_bytes(a_cdr_document()), ocpi_version="2.2.1").value

    assert cdr.cdr_token is not None
    assert cdr.cdr_token.party == EMSP
