"""PUT and PATCH make one object, whatever order they arrive in."""

from decimal import Decimal
from itertools import permutations
from typing import Any

import msgspec
import pytest

from settlement.fold import Change, dump_json, fold_location, fold_session, read_change
from settlement.ocpi.document import NotJson
from settlement.ocpi.moment import parse_time
from tests.builders import (
    a_charging_period_document,
    a_connector_document,
    a_location_document,
    a_session_document,
    an_evse_document,
    as_bytes,
)

JsonObject = dict[str, Any]


def change(method: str, body: JsonObject, offset: int, *path: str, **given: Any) -> Change:
    return read_change(as_bytes(body), method=method, offset=offset, path=path, **given)


def at(minute: int) -> str:
    return f"2024-03-01T10:{minute:02}:00Z"


def a_put(minute: int, offset: int = 0, **fields: Any) -> Change:
    return change("PUT", a_session_document(last_updated=at(minute), **fields), offset)


def a_patch(minute: int | None, offset: int = 1, **fields: Any) -> Change:
    dated = {} if minute is None else {"last_updated": at(minute)}
    return change("PATCH", {**fields, **dated}, offset)


def a_period(minute: int, volume: float = 1) -> JsonObject:
    dimensions = [{"type": "ENERGY", "volume": volume}]
    return a_charging_period_document(start_date_time=at(minute), dimensions=dimensions)


def folded_session(*changes: Change) -> JsonObject:
    session = fold_session(changes)
    assert session is not None
    return session


def test_without_a_put_there_is_no_session() -> None:
    assert fold_session([a_patch(1, kwh=1)]) is None


def test_a_change_knows_its_time_and_content() -> None:
    spaced = read_change(
        b'{"last_updated": "2024-03-01 10:01:00", "kwh": 1}', method="PATCH", offset=1
    )
    turned = read_change(
        b'{"kwh":1,"last_updated":"2024-03-01 10:01:00"}', method="PATCH", offset=2
    )

    assert spaced.last_updated == a_patch(1).last_updated
    assert spaced.digest == turned.digest
    assert len(spaced.digest) == 32


@pytest.mark.parametrize("data", [b"", b"[]", b'{"a": 1e99999999999999999999}'])
def test_what_is_no_object_is_no_change(data: bytes) -> None:
    with pytest.raises(NotJson):
        read_change(data, method="PUT", offset=0)


def test_the_newest_put_counts_and_newer_patches_on_top_in_any_order_of_arrival() -> None:
    changes = [
        a_put(1, kwh=1),
        a_put(5, kwh=5, meter_id="M"),
        a_patch(3, kwh=3, meter_id="old"),
        a_patch(6, kwh=6),
        a_patch(7, kwh=7, status="COMPLETED"),
    ]

    folds = [fold_session(order) for order in permutations(changes)]

    assert folds.count(folds[0]) == len(folds)
    assert folds[0] is not None
    assert (folds[0]["kwh"], folds[0]["meter_id"]) == (7, "M")
    assert (folds[0]["status"], folds[0]["last_updated"]) == ("COMPLETED", at(7))


def test_a_tie_goes_to_the_greater_digest() -> None:
    one, other = a_put(1, kwh=1), a_put(1, kwh=2)
    winner = max(one, other, key=lambda put: put.digest)

    assert fold_session([one, other]) == fold_session([other, one]) == winner.body


def test_an_undated_patch_counts_when_it_came_after_the_put() -> None:
    session = folded_session(
        a_patch(None, 1, kwh=1), a_put(1, 2, kwh=2), a_patch(None, 3, meter_id="M")
    )

    assert (session["kwh"], session["meter_id"]) == (2, "M")


def test_an_undated_patch_survives_a_repeated_put() -> None:
    session = folded_session(a_put(1, 1, kwh=1), a_patch(None, 2, kwh=2), a_put(1, 3, kwh=1))

    assert session["kwh"] == 2


def test_undated_patches_follow_the_dated_ones_in_order_of_offset() -> None:
    session = folded_session(
        a_put(1, 1), a_patch(None, 4, kwh=4), a_patch(None, 3, kwh=3), a_patch(9, 5, kwh=9)
    )

    assert session["kwh"] == 4


def test_charging_periods_of_a_patch_are_appended_once() -> None:
    first, second = a_period(1), a_period(2)
    put = a_put(1, charging_periods=[first])

    session = folded_session(
        put,
        a_patch(2, charging_periods=[second]),
        a_patch(3, charging_periods=[second], kwh=3),
        a_patch(4, charging_periods=[]),
        a_patch(5, charging_periods=None),
    )

    assert session["charging_periods"] == [first, second]


def test_another_period_with_the_same_start_is_kept() -> None:
    session = folded_session(
        a_put(1, charging_periods=[a_period(1)]), a_patch(2, charging_periods=[a_period(1, 2)])
    )

    assert session["charging_periods"] == [a_period(1), a_period(1, 2)]


def test_a_period_spelled_otherwise_is_the_same_period() -> None:
    put = read_change(
        as_bytes(a_session_document(charging_periods=[a_period(1, 1)])), method="PUT", offset=0
    )
    patch = read_change(
        as_bytes({"charging_periods": [a_period(1, 1.0)], "last_updated": at(2)}),
        method="PATCH",
        offset=1,
    )

    assert len(folded_session(put, patch)["charging_periods"]) == 1


def test_charging_periods_of_a_patch_replace_in_2_1_1() -> None:
    document = a_session_document(last_updated=at(1), charging_periods=[a_period(1)])
    put = change("PUT", document, 0, ocpi_version="2.1.1")
    patch = change("PATCH", {"charging_periods": [a_period(2)]}, 1, ocpi_version="2.1.1")

    assert folded_session(put, patch)["charging_periods"] == [a_period(2)]


def test_a_patch_through_another_version_of_ocpi_does_not_apply() -> None:
    patch = change("PATCH", {"total_cost": 7.5}, 1, ocpi_version="2.1.1")

    assert folded_session(a_put(1), patch) == folded_session(a_put(1))


def test_a_patch_cannot_give_another_id() -> None:
    assert folded_session(a_put(1), a_patch(2, id="OTHER"))["id"] == a_session_document()["id"]


def test_a_put_without_periods_removes_them() -> None:
    session = folded_session(a_put(1, charging_periods=[a_period(1)]), a_put(2))

    assert "charging_periods" not in session


def test_a_null_in_a_patch_removes_nothing() -> None:
    session = folded_session(a_put(1, meter_id="M"), a_patch(2, meter_id=None))

    assert session["meter_id"] == "M"


def test_a_fold_changes_none_of_its_input() -> None:
    put = a_put(1, charging_periods=[a_period(1)])
    before = dump_json(put.body)

    folded_session(put, a_patch(2, charging_periods=[a_period(2)], kwh=2))

    assert dump_json(put.body) == before


def test_numbers_leave_as_they_came() -> None:
    data = b'{"kwh":1.500,"x":12345678901234567890.123456789,"y":1E+3,"z":123456789012345678901}'

    body = read_change(data, method="PUT", offset=0).body

    assert body["kwh"] == Decimal("1.500")
    assert dump_json(body) == data


def a_location_change(method: str, minute: int | None, body: JsonObject, *path: str) -> Change:
    dated = {} if minute is None else {"last_updated": at(minute)}
    return change(method, {**body, **dated}, minute or 99, *path)


def folded_at(minute: int | None, *changes: Change) -> JsonObject:
    moment = None if minute is None else parse_time(at(minute))
    location = fold_location(changes, at=None if moment is None else moment[0])
    assert location is not None
    return location


def tariffs_of(location: JsonObject) -> list[str]:
    tariff_ids: list[str] = location["evses"][0]["connectors"][0]["tariff_ids"]
    return tariff_ids


def test_without_a_put_of_the_whole_there_is_no_location() -> None:
    assert fold_location([a_location_change("PUT", 1, an_evse_document(), "3256")]) is None


def test_a_location_is_told_as_it_was() -> None:
    changes = [
        a_location_change("PUT", minute, a_location_document(time_zone=zone))
        for minute, zone in ((10, "Europe/Paris"), (20, "Europe/Rome"), (30, "Europe/Kyiv"))
    ]

    zones = [folded_at(minute, *changes)["time_zone"] for minute in (5, 10, 25, 30, None)]

    assert zones == [
        *("Europe/Paris", "Europe/Paris", "Europe/Rome", "Europe/Kyiv", "Europe/Kyiv"),
    ]


def test_a_patch_counts_from_its_time_on_at_every_level() -> None:
    changes = [
        a_location_change("PUT", 10, a_location_document()),
        a_location_change("PATCH", 20, {"time_zone": "Europe/Rome"}),
        a_location_change("PATCH", 30, {"evse_id": "NEW"}, "3256"),
        a_location_change("PATCH", 40, {"tariff_ids": ["T2"]}, "3256", "1"),
    ]

    at_25, at_35, latest = (folded_at(minute, *changes) for minute in (25, 35, None))

    assert (at_25["time_zone"], at_25["evses"][0]["evse_id"]) == ("Europe/Rome", "NL*TNM*E3256")
    assert (at_35["evses"][0]["evse_id"], tariffs_of(at_35)) == ("NEW", ["T1"])
    assert tariffs_of(latest) == ["T2"]
    evse = latest["evses"][0]
    assert latest["last_updated"] == evse["last_updated"] == at(40)
    assert evse["connectors"][0]["last_updated"] == at(40)


def test_a_put_of_a_part_replaces_or_adds_it() -> None:
    changes = [
        a_location_change(
            "PUT", 10, a_location_document(evses=[an_evse_document(), an_evse_document(uid="B")])
        ),
        a_location_change("PUT", 20, an_evse_document(connectors=[]), "3256"),
        a_location_change("PUT", 30, an_evse_document(uid="C"), "C"),
        a_location_change("PUT", 40, a_connector_document(id="9", tariff_ids=["T9"]), "c", "9"),
    ]

    location = folded_at(None, *changes)

    assert [evse["uid"] for evse in location["evses"]] == ["3256", "B", "C"]
    assert location["evses"][0]["connectors"] == []
    assert [item["id"] for item in location["evses"][2]["connectors"]] == ["1", "9"]


def test_parts_are_found_without_regard_to_case() -> None:
    evse = an_evse_document(uid="abc")
    changes = [
        a_location_change("PUT", 10, a_location_document(evses=[evse])),
        a_location_change("PATCH", 20, {"evse_id": "NEW"}, "ABC"),
    ]

    location = folded_at(None, *changes)

    assert [(item["uid"], item["evse_id"]) for item in location["evses"]] == [("abc", "NEW")]


def test_a_patch_of_a_part_that_nobody_sent_changes_nothing() -> None:
    put = a_location_change("PUT", 10, a_location_document())
    evse = a_location_change("PATCH", 20, {"evse_id": "NEW"}, "other")
    connector = a_location_change("PATCH", 30, {"tariff_ids": ["T2"]}, "3256", "other")

    assert folded_at(None, put, evse, connector) == put.body


def test_an_undated_patch_counts_at_every_moment() -> None:
    put = a_location_change("PUT", 10, a_location_document())
    patch = a_location_change("PATCH", None, {"tariff_ids": ["T2"]}, "3256", "1")

    assert (
        tariffs_of(folded_at(10, put, patch)) == tariffs_of(folded_at(None, patch, put)) == ["T2"]
    )


def test_a_location_fold_changes_none_of_its_input() -> None:
    put = a_location_change("PUT", 10, a_location_document())
    before = msgspec.json.encode(put.body)

    folded_at(None, put, a_location_change("PATCH", 20, {"tariff_ids": ["T2"]}, "3256", "1"))

    assert msgspec.json.encode(put.body) == before
