"""The cdrs module: what is accepted, what is refused and kept, what is read back."""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

import pytest

from ingest import archive
from ingest.archive import StoredDocument
from ingest.exchange import MAX_BODY_BYTES
from ingest.registry import Partner, PartnerRole, hashed
from tests.builders import a_cdr_document, as_bytes, in_2_1_1
from tests.unit.ingest.doubles import NOW, PARTNER, STRANGER, TOKEN, House

CDRS = "/ocpi/2.2.1/cdrs"


def test_the_inbox_gets_the_bytes_as_they_were_sent() -> None:
    house = House()
    sent = b'{ "remark":"\xc3\xa4\\u00e4",' + as_bytes(a_cdr_document(total_energy=1.10))[1:]

    answer = house.ask("POST", CDRS, sent)

    assert answer.statuses == (201, 1000)
    assert [("NL*TNM", sent)] == [(one.key, one.value) for one in house.inbox]


def test_the_envelope_freezes_what_the_gateway_resolved() -> None:
    house = House()

    house.ask(
        "POST",
        CDRS,
        a_cdr_document(country_code="nl", party_id="tnm", id="Cdr/1"),
        headers={"x-request-id": "r-1", "x-correlation-id": "c-1"},
    )

    written = house.inbox[0]
    assert len(written.envelope.ce_id) == 36
    assert {
        "ce_specversion": "1.0",
        "ce_datacontenttype": "application/json",
        "ce_id": written.envelope.ce_id,
        "ce_type": "CdrReceived",
        "ce_source": "/ocpi/2.2.1/cdrs",
        "ce_subject": "NL*TNM/Cdr/1",
        "ce_time": "2024-03-01T12:00:00Z",
        "received_time": "2024-03-01T12:30:00.123456Z",
        "partner": "NL*TNM",
        "cpo": "NL*TNM",
        "emsp": "DE*EMP",
        "ocpi_version": "2.2.1",
        "module": "cdrs",
        "http_method": "POST",
        "object_id": "Cdr/1",
        "request_id": "r-1",
        "correlation_id": "c-1",
        "schema_version": "1",
    } == written.headers
    assert written.envelope.received == NOW


def test_the_receiving_party_of_the_headers_is_the_emsp_where_the_token_names_none() -> None:
    house = House()
    to = {"OCPI-to-country-code": "be", "OCPI-to-party-id": "xyz"}

    house.ask("POST", CDRS, a_cdr_document(cdr_token={"uid": "1"}), headers=to)

    assert house.inbox[0].envelope.emsp == "BE*XYZ"


@pytest.mark.parametrize("object_id", ["CDR-1", "a/b c", "ü?#%", "x" * 39])
def test_the_location_leads_back_to_the_cdr(object_id: str) -> None:
    house = House()
    sent = as_bytes(a_cdr_document(id=object_id))

    location = house.ask("POST", CDRS, sent).headers["location"]
    path = location.removeprefix("http://settle.example")

    assert house.ask("GET", path).body.startswith(b'{"data":' + sent + b",")
    assert house.ask("GET", path + "/").envelope["data"]["id"] == object_id


def test_ids_are_found_in_any_case() -> None:
    house = House()
    house.ask("POST", CDRS, a_cdr_document(id="abc"))

    assert house.ask("GET", f"{CDRS}/nl/tnm/ABC").envelope["data"]["id"] == "abc"


def test_a_cdr_is_read_back_through_another_process() -> None:
    house = House()
    house.ask("POST", CDRS, a_cdr_document())
    house.parts.recent._cdrs.clear()

    assert house.ask("GET", f"{CDRS}/NL/TNM/cdr-1").envelope["data"]["id"] == "CDR-1"


def test_of_copies_that_differ_the_first_is_read_back() -> None:
    house = House()
    house.ask("POST", CDRS, a_cdr_document(total_energy=1))
    house.ask("POST", CDRS, a_cdr_document(total_energy=2))
    answers = [house.ask("GET", f"{CDRS}/NL/TNM/CDR-1")]
    house.parts.recent._cdrs.clear()
    answers.append(house.ask("GET", f"{CDRS}/NL/TNM/CDR-1"))

    assert [one.envelope["data"]["total_energy"] for one in answers] == [1, 1]
    assert len(house.inbox) == 2


def test_a_cdr_that_never_came_is_404() -> None:
    assert House().ask("GET", f"{CDRS}/NL/TNM/nothing").statuses == (404, 2001)


def test_no_404_while_the_sink_is_behind() -> None:
    house = House()
    house.ask("POST", CDRS, a_cdr_document())
    house.store.stored = 0

    assert house.ask("GET", f"{CDRS}/NL/TNM/other").statuses == (503, 3000)


def test_no_404_where_clickhouse_or_kafka_is_away() -> None:
    house = House()
    house.store.is_away = True
    without_clickhouse = house.ask("GET", f"{CDRS}/NL/TNM/other")
    house.store.is_away = False
    house.pen.is_away = True

    assert without_clickhouse.statuses == (503, 3000)
    assert house.ask("GET", f"{CDRS}/NL/TNM/other").statuses == (503, 3000)


def test_all_looks_for_a_cdr_end_within_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    look = house.store.documents

    async def slow(**named: str) -> Sequence[StoredDocument]:
        await asyncio.sleep(0.15)
        return await look(**named)

    monkeypatch.setattr(house.store, "documents", slow)
    monkeypatch.setattr(archive, "ANSWER_SECONDS", 0.2)

    assert house.ask("GET", f"{CDRS}/NL/TNM/nothing").statuses == (503, 3000)


def test_another_partys_cdr_cannot_be_read() -> None:
    assert House().ask("GET", f"{CDRS}/DE/ABC/CDR-1").statuses == (404, 2001)


@pytest.mark.parametrize(
    ("body", "http_status", "code", "paths"),
    [
        (b"", 400, "not_json", []),
        (b"{", 400, "not_json", []),
        (b"[]", 400, "not_json", []),
        (b'"cdr"', 400, "not_json", []),
        (a_cdr_document(id=None), 200, "no_usable_id", ["$.id"]),
        (a_cdr_document(id=" "), 200, "no_usable_id", ["$.id"]),
        (a_cdr_document(id="x" * 256), 200, "no_usable_id", ["$.id"]),
        (a_cdr_document(id="a\nb"), 200, "no_usable_id", ["$.id"]),
        (a_cdr_document(start_date_time=None), 200, "incomplete", ["$.start_date_time"]),
        (a_cdr_document(end_date_time=None), 200, "incomplete", ["$.end_date_time"]),
        (a_cdr_document(currency=None), 200, "incomplete", ["$.currency"]),
        (
            a_cdr_document(charging_periods=[], total_energy=None),
            200,
            "incomplete",
            ["$.charging_periods"],
        ),
        (
            a_cdr_document(party_id="ABC"),
            200,
            "party_not_the_partners",
            ["$.party_id"],
        ),
        (
            a_cdr_document(party_id="TOOLONG"),
            200,
            "party_not_the_partners",
            ["$.party_id"],
        ),
    ],
)
def test_what_is_refused_is_kept_with_its_reason(
    body: Any, http_status: int, code: str, paths: list[str]
) -> None:
    house = House()

    answer = house.ask("POST", CDRS, body)

    assert (http_status, 2001) == answer.statuses
    assert house.inbox == []
    kept = house.rejected[0]
    assert ("NL*TNM", body if isinstance(body, bytes) else json.dumps(body).encode()) == (
        kept.key,
        kept.value,
    )
    assert (code, json.dumps(paths).replace(" ", ""), str(http_status), "2001") == (
        kept.headers["reason_code"],
        kept.headers["paths"],
        kept.headers["http_status"],
        kept.headers["ocpi_status"],
    )
    assert answer.envelope["status_message"] == kept.headers["reason"]
    assert kept.envelope.ce_type == "DocumentRejected"


# What differs from a CDR that is accepted, and what the answer says of it.
OWN = "must name a party of this partner: NL*TNM"
TOLD: list[tuple[dict[str, Any], str]] = [
    ({"party_id": "ABC"}, f'none of this partner\'s; $.party_id: "ABC": {OWN}'),
    ({"country_code": "de"}, f'none of this partner\'s; $.country_code: "de": {OWN}'),
    (
        {"country_code": "DE", "party_id": "ABC"},
        f'; $.country_code: "DE": {OWN}; $.party_id: "ABC": {OWN}',
    ),
    (
        {"country_code": None, "party_id": 17.5},
        f"; $.country_code: nothing: {OWN}; $.party_id: 17.5: {OWN}",
    ),
    ({"id": "x" * 300}, "...: may have 255 characters and has 300"),
    ({"id": "a\nb"}, r'$.id: "a\nb": must be an id of printable characters'),
    ({"id": None}, "$.id: null: must be an id: a text that is not blank"),
    (
        {"start_date_time": "yesterday"},
        '; $.start_date_time: "yesterday": must be the start, a time such as 2024-03-01T10:00:00Z',
    ),
    (
        {"currency": 978, "end_date_time": 5},
        "a time such as 2024-03-01T10:00:00Z; $.currency: 978: must be a currency, such as EUR",
    ),
    (
        {"end_date_time": 5},
        "; $.end_date_time: 5: must be the end, a time such as 2024-03-01T10:00:00Z",
    ),
    (
        {"charging_periods": "", "total_energy": None},
        '$.charging_periods: "": must hold periods where there is no total_energy',
    ),
]


@pytest.mark.parametrize(("changes", "told"), TOLD, ids=lambda one: str(one)[:40])
def test_the_refusal_names_field_value_and_rule(changes: dict[str, Any], told: str) -> None:
    answer = House().ask("POST", CDRS, a_cdr_document(**changes))

    assert told in answer.envelope["status_message"]


def test_a_cdr_of_ocpi_2_1_1_is_told_so() -> None:
    house = House()

    answer = house.ask("POST", CDRS, in_2_1_1(a_cdr_document()))

    assert "stop_date_time is of OCPI 2.1.1, and OCPI 2.2.1 is" in answer.envelope["status_message"]
    assert house.rejected[0].headers["paths"] == '["$.end_date_time"]'


def test_of_many_parties_the_refusal_names_ten() -> None:
    roles = tuple(PartnerRole(f"NL*A{number:02}", "CPO") for number in range(12))
    house = House(partners=[Partner(party="NL*A00", roles=roles, tokens=(hashed(TOKEN),))])

    answer = house.ask("POST", CDRS, a_cdr_document(country_code=None, party_id=None))

    assert "$.country_code: nothing: must name a party" in answer.envelope["status_message"]
    assert answer.envelope["status_message"].endswith("NL*A08, NL*A09 and 2 more")


@pytest.mark.parametrize(
    "changes",
    [
        {"start_date_time": "1970-1-1T00:00:00Z"},
        {"charging_periods": []},
        {"total_energy": None},
        {"total_cost": "12.30"},
        {"cdr_token": None, "cdr_location": None, "auth_method": "UNHEARD_OF"},
        {"country_code": None, "party_id": None},
        {"currency": "eur", "unknown": {"nested": [None]}},
        {"credit": True, "total_cost": {"excl_vat": -5}},
    ],
)
def test_everything_else_is_accepted(changes: dict[str, Any]) -> None:
    house = House()

    assert house.ask("POST", CDRS, a_cdr_document(**changes)).statuses == (201, 1000)
    assert [one.key for one in house.inbox] == ["NL*TNM"]


def test_a_cdr_without_owner_from_a_partner_of_two_cpo_parties_is_refused() -> None:
    roles = (PartnerRole("NL*TNM", "CPO"), PartnerRole("BE*TNM", "CPO"))
    house = House(partners=[Partner(party="NL*TNM", roles=roles, tokens=(hashed(TOKEN),))])

    refused = house.ask("POST", CDRS, a_cdr_document(country_code=None, party_id=None))
    accepted = house.ask("POST", CDRS, a_cdr_document(country_code="BE"))

    assert refused.statuses == (200, 2001)
    assert accepted.statuses == (201, 1000)
    assert house.inbox[0].key == "BE*TNM"


def test_a_document_larger_than_the_inbox_takes_is_refused_and_kept() -> None:
    house = House()
    body = as_bytes(a_cdr_document(remark="x" * (5 * 1024 * 1024 - 20_000)))

    answer = house.ask("POST", CDRS, body)

    assert answer.statuses == (413, 2001)
    assert f"larger than the {MAX_BODY_BYTES} bytes" in answer.envelope["status_message"]
    assert body == house.rejected[0].value


def test_of_a_document_that_fits_nowhere_the_refusal_is_kept() -> None:
    house = House()
    body = as_bytes(a_cdr_document(remark="x" * (6 * 1024 * 1024)))

    answer = house.ask("POST", CDRS, body)

    assert answer.statuses == (413, 2001)
    assert (b"", str(len(body))) == (
        house.rejected[0].value,
        house.rejected[0].headers["body_bytes"],
    )


def test_an_unknown_token_leaves_no_trace_but_a_count() -> None:
    house = House()

    answer = house.ask("POST", CDRS, a_cdr_document(), token=STRANGER)

    assert answer.statuses == (401, 2000)
    assert house.pen.records == []
    assert house.metrics.unknown_tokens._value.get() == 1


def test_a_token_that_cannot_be_looked_up_is_not_called_unknown() -> None:
    house = House()
    house.partners.is_away = True

    assert house.ask("POST", CDRS, a_cdr_document(), token=STRANGER).statuses == (503, 3000)
    assert house.ask("POST", CDRS, a_cdr_document()).statuses == (201, 1000)


def test_a_revoked_partner_is_unknown() -> None:
    house = House(partners=[Partner(party=PARTNER.party, roles=PARTNER.roles, tokens=())])

    assert house.ask("POST", CDRS, a_cdr_document()).statuses == (401, 2000)
