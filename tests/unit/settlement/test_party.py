"""Parties are compared upper case."""

import pytest

from settlement.party import PartyId, parse_party, party_of


def test_a_party_is_written_upper_case() -> None:
    assert str(parse_party("nl*tnm")) == "NL*TNM"


@pytest.mark.parametrize("text", ["NLTNM", "NL*TN", "N1*TNM", "NL*TNM*", ""])
def test_what_is_no_party_says_so(text: str) -> None:
    with pytest.raises(ValueError, match="two letters"):
        parse_party(text)


@pytest.mark.parametrize(
    ("country_code", "party_id", "expected"),
    [
        ("nl", "tnm", PartyId("NL", "TNM")),
        (None, "TNM", None),
        ("NL", "", None),
        ("NLD", "X", None),
    ],
)
def test_a_party_needs_both_fields(
    country_code: str | None, party_id: str | None, expected: PartyId | None
) -> None:
    assert expected == party_of(country_code, party_id)
