"""The partners: who may talk to the gateway, for which parties, by which tokens.

Rule: tokens exist here only as SHA-256 digests; what is registered comes from the topic
`partner` alone (ingest/follower.py reads it, ingest/partner.py writes it).
"""

import base64
import binascii
import hashlib
import hmac

import msgspec

from settlement.party import PartyId, parse_party

SCHEMA_VERSION = 1


class PartnerRole(msgspec.Struct, frozen=True, order=True):
    """One party of a partner and the role it plays there (OCPI CredentialsRole)."""

    party: str  # NL*TNM
    role: str  # CPO, EMSP, HUB, NAP, NSP, OTHER, SCSP


class Partner(msgspec.Struct, frozen=True, kw_only=True):
    """What the topic `partner` holds of one partner; the newest record of a key counts."""

    party: str  # the key of the record
    name: str = ""
    roles: tuple[PartnerRole, ...] = ()
    tokens: tuple[str, ...] = ()  # SHA-256 of each token, hexadecimal
    schema_version: int = SCHEMA_VERSION

    def owned_parties(self, role: str | None = None) -> frozenset[PartyId]:
        """Give the parties this partner may speak for, in one role or in any."""
        return frozenset(
            parse_party(held.party) for held in self.roles if role is None or held.role == role
        )


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """A partner as the request path needs it."""

    party: str
    parties: frozenset[PartyId]
    cpo_parties: frozenset[PartyId]


class Registry:
    """All partners of this process, found by token."""

    def __init__(self) -> None:
        self._partners: dict[str, Partner] = {}
        self._callers: dict[bytes, Caller] = {}

    @property
    def partners(self) -> list[Partner]:
        """All partners, by party."""
        return [self._partners[party] for party in sorted(self._partners)]

    def apply(self, *, key: str, value: bytes | None) -> None:
        """Take one record of the topic; None removes the partner.

        Raises ValueError (msgspec.DecodeError) for what is no record of a partner, and then
        changes nothing.
        """
        partner = msgspec.json.decode(value, type=Partner) if value else None
        added = {} if partner is None else _callers_of(key, partner)
        if before := self._partners.pop(key, None):
            for token in before.tokens:
                self._callers.pop(bytes.fromhex(token), None)
        if partner is not None:
            self._partners[key] = partner
            self._callers.update(added)

    def find(self, digests: tuple[bytes, ...]) -> Caller | None:
        """Find whose token has one of these digests.

        The table is looked up by a digest nobody can steer, and the digest is compared in
        constant time: the time taken says nothing about a token.
        """
        found = None
        for digest in digests:
            caller = self._callers.get(digest)
            known = digest if caller is not None else b""
            if hmac.compare_digest(known, digest):
                found = found or caller
        return found


def _callers_of(key: str, partner: Partner) -> dict[bytes, Caller]:
    caller = Caller(
        party=key, parties=partner.owned_parties(), cpo_parties=partner.owned_parties("CPO")
    )
    return {bytes.fromhex(token): caller for token in partner.tokens}


def hashed(token: str) -> str:
    """Give the form in which a token is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def token_digests(authorization: bytes | None) -> tuple[bytes, ...]:
    """Give the digests an `Authorization: Token ...` header may stand for; none: no token.

    OCPI 2.2.1 sends the token base64-encoded, many peers send it as it is;
    the specification's own examples encode a trailing newline, which is no part of a token.
    """
    scheme, _, value = (authorization or b"").strip().partition(b" ")
    value = value.strip()
    if scheme.lower() != b"token" or not value:
        return ()
    candidates = [value]
    try:
        padded = value + b"=" * (-len(value) % 4)
        candidates.append(base64.b64decode(padded, validate=True).rstrip())
    except binascii.Error:
        candidates.append(value)  # the same work for both forms
    return tuple(hashlib.sha256(candidate).digest() for candidate in candidates)
