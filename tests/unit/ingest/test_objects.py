"""Sessions, tariffs and locations: PUT, PATCH, GET and DELETE at their owner's URL."""

from typing import Any

import pytest

from tests.builders import a_session_document, a_tariff_document, as_bytes
from tests.unit.ingest.doubles import House

SESSION = "/ocpi/2.2.1/sessions/NL/TNM/S-1"
TARIFF = "/ocpi/2.2.1/tariffs/NL/TNM/T1"
LOCATION = "/ocpi/2.2.1/locations/NL/TNM/LOC1"

A_LOCATION: dict[str, Any] = {
    "country_code": "NL",
    "party_id": "TNM",
    "id": "LOC1",
    "country": "NLD",
    "time_zone": "Europe/Amsterdam",
    "evses": [
        {
            "uid": "3256",
            "status": "AVAILABLE",
            "connectors": [{"id": "1", "tariff_ids": ["T1"]}],
            "last_updated": "2024-01-01T00:00:00Z",
        }
    ],
    "last_updated": "2024-01-01T00:00:00Z",
}


@pytest.mark.parametrize(
    ("method", "path", "body", "event"),
    [
        ("PUT", SESSION, a_session_document(), "SessionReceived"),
        ("PATCH", SESSION, {"kwh": 3, "last_updated": "2024-03-01T11:00:00Z"}, "SessionPatch"),
        ("PATCH", SESSION, {"kwh": 3}, "SessionPatchReceived"),
        ("PUT", TARIFF, a_tariff_document(), "TariffReceived"),
        ("DELETE", TARIFF, b"", "TariffDeleted"),
        ("PUT", LOCATION, A_LOCATION, "LocationReceived"),
        ("PATCH", f"{LOCATION}/3256/1", {"tariff_ids": ["T2"]}, "LocationPatchReceived"),
    ],
)
def test_each_change_is_one_event(method: str, path: str, body: Any, event: str) -> None:
    house = House()
    house.parts.known.add(module=path.split("/")[3], cpo="NL*TNM", object_key="S-1")
    house.parts.known.add(module=path.split("/")[3], cpo="NL*TNM", object_key="LOC1")

    answer = house.ask(method, path, body)

    assert answer.statuses == (200, 1000)
    assert house.inbox[0].envelope.ce_type.startswith(event)
    assert house.inbox[0].key == "NL*TNM"


def test_a_part_of_a_location_is_named_in_the_envelope() -> None:
    house = House()

    house.ask("PUT", f"{LOCATION}/ev%2F1/c%201", {"id": "c 1"})

    envelope = house.inbox[0].envelope
    assert (
        envelope.object_id,
        envelope.evse_uid,
        envelope.connector_id,
    ) == ("LOC1", "ev/1", "c 1")


def test_a_session_is_read_back_as_its_documents_make_it() -> None:
    house = House()
    house.ask("PUT", SESSION, a_session_document(kwh=1.10))
    house.ask("PATCH", SESSION, {"kwh": 2.50, "last_updated": "2030-01-01T00:00:00Z"})

    answer = house.ask("GET", SESSION.replace("S-1", "s-1"))

    assert answer.statuses == (200, 1000)
    assert answer.envelope["data"]["kwh"] == 2.5
    assert answer.envelope["data"]["id"] == "S-1"


def test_a_tariff_is_read_back_in_its_newest_version_byte_for_byte() -> None:
    house = House()
    newest = as_bytes(a_tariff_document(last_updated="2024-02-01T00:00:00Z"))
    house.ask("PUT", TARIFF, newest)
    house.ask("PUT", TARIFF, a_tariff_document(last_updated="2024-01-15T00:00:00Z"))

    assert house.ask("GET", TARIFF).body.startswith(b'{"data":' + newest + b",")


def test_a_deleted_tariff_is_404_until_it_comes_again() -> None:
    house = House()
    house.ask("PUT", TARIFF, a_tariff_document())
    house.ask("DELETE", TARIFF)
    deleted = house.ask("GET", TARIFF)
    house.ask("PUT", TARIFF, a_tariff_document())

    assert deleted.statuses == (404, 2001)
    assert house.ask("GET", TARIFF).statuses == (200, 1000)


def test_a_location_is_read_back_at_each_level() -> None:
    house = House()
    house.ask("PUT", LOCATION, A_LOCATION)
    house.ask(
        "PATCH",
        f"{LOCATION}/3256/1",
        {"tariff_ids": ["T2"], "last_updated": "2024-02-01T00:00:00Z"},
    )

    location = house.ask("GET", LOCATION).envelope["data"]
    evse = house.ask("GET", f"{LOCATION}/3256").envelope["data"]
    connector = house.ask("GET", f"{LOCATION}/3256/1").envelope["data"]

    assert (location["id"], evse["uid"], connector["tariff_ids"]) == ("LOC1", "3256", ["T2"])
    assert location["evses"] == [evse]
    assert evse["connectors"] == [connector]


@pytest.mark.parametrize("part", ["/nothing", "/3256/9", "/nothing/1"])
def test_a_part_that_a_location_does_not_have_is_404(part: str) -> None:
    house = House()
    house.ask("PUT", LOCATION, A_LOCATION)

    assert house.ask("GET", LOCATION + part).statuses == (404, 2001)


@pytest.mark.parametrize("path", [SESSION, TARIFF, LOCATION])
def test_what_never_came_is_404_and_what_cannot_be_proven_3000(path: str) -> None:
    house = House()
    missing = house.ask("GET", path)
    house.ask("PUT", path, {"id": "1"})
    house.store.stored = 0

    assert missing.statuses == (404, 2001)
    assert house.ask("GET", path).statuses == (503, 3000)


def test_a_patch_of_nothing_is_404_and_kept_all_the_same() -> None:
    house = House()

    answer = house.ask("PATCH", SESSION, {"kwh": 1})

    assert answer.statuses == (404, 2001)
    assert [one.envelope.http_method for one in house.inbox] == ["PATCH"]
    assert house.rejected == []


def test_a_patch_is_accepted_where_the_session_may_exist() -> None:
    house = House()
    house.ask("PUT", "/ocpi/2.2.1/sessions/NL/TNM/other", a_session_document())
    house.store.stored = 0
    behind = house.ask("PATCH", SESSION, {"kwh": 1})
    house.store.is_away = True

    assert behind.statuses == (200, 1000)
    assert house.ask("PATCH", SESSION, {"kwh": 2}).statuses == (200, 1000)
    assert len(house.inbox) == 3


def test_a_patch_after_its_put_is_accepted_by_another_process() -> None:
    house = House()
    house.ask("PUT", SESSION, a_session_document())
    house.parts.known._keys.clear()

    assert house.ask("PATCH", SESSION, {"kwh": 1}).statuses == (200, 1000)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_another_partys_url_is_404_and_the_document_kept(method: str) -> None:
    house = House()
    module = "tariffs" if method == "DELETE" else "sessions"

    answer = house.ask(method, f"/ocpi/2.2.1/{module}/DE/ABC/S-1", {"id": "S-1"})

    assert answer.statuses == (404, 2001)
    assert house.inbox == []
    assert house.rejected[0].headers["reason_code"] == "party_not_the_partners"
    assert house.rejected[0].envelope.cpo == "DE*ABC"


def test_another_partys_document_under_an_own_url_is_refused() -> None:
    house = House()

    answer = house.ask("PUT", SESSION, a_session_document(party_id="ABC"))

    assert answer.statuses == (200, 2001)
    assert house.rejected[0].headers["paths"] == '["$.party_id"]'


@pytest.mark.parametrize(
    "path",
    [
        "/ocpi/2.2.1/sessions/NL/TNM/%20",
        "/ocpi/2.2.1/sessions/NL/TNM/a%00b",
        "/ocpi/2.2.1/sessions/NL/TNM/%ff%fe",
        "/ocpi/2.2.1/sessions/NL/TNM/" + "x" * 256,
        "/ocpi/2.2.1/sessions/NL/TNM",
        "/ocpi/2.2.1/locations/NL/TNM/LOC1/%0a",
    ],
)
def test_a_url_without_usable_id_is_refused(path: str) -> None:
    house = House()

    answer = house.ask("PUT", path, {"id": "1", "uid": "1"})

    assert answer.statuses == (200, 2001)
    assert "the URL names no object; $.id: " in answer.envelope["status_message"]
    assert house.rejected[0].headers["reason_code"] == "no_usable_id"


@pytest.mark.parametrize("path", [SESSION, TARIFF, LOCATION])
def test_a_put_that_is_no_json_object_is_400(path: str) -> None:
    house = House()

    assert house.ask("PUT", path, b"[1]").statuses == (400, 2001)
    assert house.rejected[0].headers["reason_code"] == "not_json"


def test_a_url_deeper_than_the_module_is_404_and_kept() -> None:
    house = House()

    assert house.ask("PUT", f"{SESSION}/more", {"id": "1"}).statuses == (404, 2001)
    assert [one.value for one in house.rejected] == [b'{"id": "1"}']
