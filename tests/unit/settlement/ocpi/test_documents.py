"""Tariffs, sessions, locations and their parts through the door."""

from datetime import time
from decimal import Decimal
from typing import Any

import pytest

from settlement.location import Connector, Evse
from settlement.ocpi.door import (
    parse_connector,
    parse_evse,
    parse_location,
    parse_session,
    parse_tariff,
)
from settlement.ocpi.parsed import Parsed
from settlement.ocpi.problem import UnreadableDocument
from settlement.tariff import Price
from tests.builders import (
    a_connector_document,
    a_location_document,
    a_session_document,
    a_tariff,
    a_tariff_document,
    an_evse_document,
    as_bytes,
)

JsonObject = dict[str, Any]


def without(document: JsonObject, *names: str) -> JsonObject:
    return {name: value for name, value in document.items() if name not in names}


def codes(parsed: Parsed[Any]) -> list[str]:
    return [remark.code for remark in parsed.remarks]


def component(**changes: Any) -> JsonObject:
    regular = {"type": "ENERGY", "price": 0.25, "vat": 21.0, "step_size": 1}
    return a_tariff_document(elements=[{"price_components": [{**regular, **changes}]}])


def restricted(**restrictions: Any) -> JsonObject:
    element = a_tariff_document()["elements"][0]
    return a_tariff_document(elements=[{**element, "restrictions": restrictions}])


def test_a_tariff_is_read_with_all_it_says() -> None:
    document = restricted(
        start_time="22:00",
        end_time="24:00",
        start_date="2024-01-01",
        min_kwh=1,
        max_power="11.0",
        min_duration=60,
        day_of_week=["SUNDAY", "monday"],
        reservation="RESERVATION",
    )
    limits = {"min_price": {"excl_vat": 1}, "max_price": 9, "type": "REGULAR"}

    parsed = parse_tariff(as_bytes({**document, **limits}), ocpi_version="2.2.1")

    tariff = parsed.value
    restrictions = tariff.elements[0].restrictions
    assert restrictions is not None
    assert (restrictions.start_time, restrictions.end_time) == (time(22), time(0))
    assert restrictions.day_of_week == (0, 6)
    assert (restrictions.min_kwh, restrictions.max_power) == (Decimal(1), Decimal("11.0"))
    assert (restrictions.min_duration, restrictions.reservation) == (60, "RESERVATION")
    assert (tariff.min_price, tariff.max_price) == (Price(Decimal(1)), Price(Decimal(9)))
    assert codes(parsed) == ["lower_case_code", "time_form", "number_as_text", "price_shape"]


@pytest.mark.parametrize(
    "document",
    [
        without(a_tariff_document(), "id"),
        a_tariff_document(elements=[]),
        a_tariff_document(elements=None),
        component(price=None),
        component(type=None),
    ],
)
def test_a_tariff_that_cannot_price_is_unreadable_when_it_stands_alone(
    document: JsonObject,
) -> None:
    with pytest.raises(UnreadableDocument, match=r"is required|needs at least one entry"):
        parse_tariff(as_bytes(document), ocpi_version="2.2.1")


def test_one_price_component_instead_of_a_list_is_a_list_of_one() -> None:
    document = a_tariff_document()
    [only] = document["elements"][0]["price_components"]
    document["elements"] = {"price_components": only}

    parsed = parse_tariff(as_bytes(document), ocpi_version="2.2.1")

    assert parsed.value == a_tariff()
    assert codes(parsed) == ["not_a_list", "not_a_list"]


def test_a_session_is_read() -> None:
    document = a_session_document(status="RESERVED", end_date_time=None, kwh="1.50")

    parsed = parse_session(as_bytes(document), ocpi_version="2.2.1")

    assert (parsed.value.id, parsed.value.kwh) == ("S-1", Decimal("1.50"))
    assert (parsed.value.status, parsed.value.end_date_time) == ("RESERVATION", None)
    assert codes(parsed) == ["number_as_text", "renamed_code", "null_field"]


def test_a_location_is_read_with_its_evses_connectors_and_tariffs() -> None:
    parsed = parse_location(as_bytes(a_location_document()), ocpi_version="2.2.1")

    connector = Connector(id="1", tariff_ids=("T1",))
    assert parsed.value.evses == (
        Evse(uid="3256", evse_id="NL*TNM*E3256", connectors=(connector,)),
    )
    assert (parsed.value.time_zone, parsed.value.country) == ("Europe/Amsterdam", "NLD")
    assert parsed.remarks == ()


def test_a_part_of_a_location_without_its_id_is_left_out_not_the_location() -> None:
    nameless = without(an_evse_document(), "uid")

    parsed = parse_location(as_bytes(a_location_document(evses=[nameless])), ocpi_version="2.2.1")

    assert parsed.value.evses == ()
    assert codes(parsed) == ["missing_field"]


def test_an_evse_and_a_connector_are_read_alone() -> None:
    evse = parse_evse(as_bytes(an_evse_document()), ocpi_version="2.2.1")
    connector = parse_connector(as_bytes(a_connector_document()), ocpi_version="2.2.1")

    assert evse.value.connectors == (connector.value,)
    with pytest.raises(UnreadableDocument, match=r"\$\.uid"):
        parse_evse(as_bytes(without(an_evse_document(), "uid")), ocpi_version="2.2.1")
