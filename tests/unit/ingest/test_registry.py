"""The registry: partners found by token, whatever form the header has."""

import base64

import msgspec
import pytest

from ingest.partner import ROLES, new_token
from ingest.registry import Partner, PartnerRole, Registry, hashed, token_digests
from settlement.party import PartyId

TOKENS = ["first-token", "second.token_"]
PARTNER = Partner(
    party="NL*TNM",
    roles=(PartnerRole("NL*TNM", "CPO"), PartnerRole("BE*TNM", "EMSP")),
    tokens=tuple(hashed(token) for token in TOKENS),
)


def registry_of(*partners: Partner) -> Registry:
    registry = Registry()
    for partner in partners:
        registry.apply(key=partner.party, value=msgspec.json.encode(partner))
    return registry


def found(registry: Registry, header: str) -> str | None:
    caller = registry.find(token_digests(header.encode()))
    return None if caller is None else caller.party


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize(
    "header",
    ["Token {raw}", "Token {coded}", "Token {newline}", "token   {raw}  ", "TOKEN {unpadded}"],
)
def test_each_token_is_found_in_each_form(token: str, header: str) -> None:
    text = header.format(
        raw=token,
        coded=encoded(token),
        newline=encoded(token + "\n"),
        unpadded=encoded(token).rstrip("="),
    )

    assert found(registry_of(PARTNER), text) == "NL*TNM"


@pytest.mark.parametrize(
    "header",
    ["", "Token", "Token ", "Bearer first-token", "first-token", "Token first-toke", "Token \xff"],
)
def test_everything_else_is_nobody(header: str) -> None:
    assert found(registry_of(PARTNER), header) is None


def test_a_token_that_is_base64_of_something_is_found_as_it_is() -> None:
    token = "abcdefgh"  # noqa: S105 - opens nothing
    partner = Partner(party="NL*TNM", tokens=(hashed(token),))

    assert found(registry_of(partner), f"Token {token}") == "NL*TNM"


def test_a_caller_speaks_for_its_parties() -> None:
    caller = registry_of(PARTNER).find(token_digests(b"Token first-token"))

    assert caller is not None
    assert caller.parties == {PartyId("NL", "TNM"), PartyId("BE", "TNM")}
    assert caller.cpo_parties == {PartyId("NL", "TNM")}


def test_the_newest_record_of_a_partner_counts() -> None:
    registry = registry_of(PARTNER, msgspec.structs.replace(PARTNER, tokens=PARTNER.tokens[1:]))

    assert found(registry, "Token first-token") is None
    assert found(registry, "Token second.token_") == "NL*TNM"
    assert len(registry.partners) == 1


def test_a_removed_partner_is_nobody() -> None:
    registry = registry_of(PARTNER)

    registry.apply(key="NL*TNM", value=None)

    assert found(registry, "Token first-token") is None
    assert registry.partners == []


@pytest.mark.parametrize("value", [b"x", b"[]", b'{"name": 1}'])
def test_what_is_no_partner_changes_nothing(value: bytes) -> None:
    registry = registry_of(PARTNER)

    with pytest.raises(msgspec.DecodeError):
        registry.apply(key="NL*TNM", value=value)

    assert found(registry, "Token first-token") == "NL*TNM"


def test_a_partner_of_a_bad_party_changes_nothing() -> None:
    registry = registry_of(PARTNER)
    bad = msgspec.structs.replace(PARTNER, roles=(PartnerRole("nonsense", "CPO"),), tokens=())

    with pytest.raises(ValueError, match="nonsense"):
        registry.apply(key="NL*TNM", value=msgspec.json.encode(bad))

    assert found(registry, "Token first-token") == "NL*TNM"


def test_tokens_are_long_and_use_what_headers_and_shells_take() -> None:
    tokens = {new_token() for _ in range(50)}

    assert len(tokens) == 50
    assert {len(token) for token in tokens} == {43}
    assert all(set(token) <= set(ALPHABET) for token in tokens)


ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"


def test_the_roles_are_those_of_ocpi() -> None:
    assert "CPO" in ROLES
    assert "EMSP" in ROLES
    assert len(ROLES) == 7
