"""A party of the roaming network.

Rule: a party is compared and stored upper case, so that `nl*tnm` and `NL*TNM` are one.
"""

import re

import msgspec

_PARTY = re.compile(r"([A-Z]{2})\*([A-Z0-9]{3})")


class PartyId(msgspec.Struct, frozen=True, order=True):
    """`country_code` and `party_id` together: an OCPI id is unique only within both."""

    country_code: str
    party_id: str

    def __str__(self) -> str:
        """Give the written form, `NL*TNM`."""
        return f"{self.country_code}*{self.party_id}"


def parse_party(text: str) -> PartyId:
    """Read `CC*PPP` in any case; ValueError names the value and the rule."""
    match = _PARTY.fullmatch(text.upper())
    if match is None:
        message = f"party {text!r}: two letters, '*', three letters or digits, such as NL*TNM"
        raise ValueError(message)
    return PartyId(match[1], match[2])


def party_of(country_code: str | None, party_id: str | None) -> PartyId | None:
    """Join the two OCPI fields; None where either is missing or is not a party's form."""
    if not country_code or not party_id:
        return None
    match = _PARTY.fullmatch(f"{country_code}*{party_id}".upper())
    return None if match is None else PartyId(match[1], match[2])
